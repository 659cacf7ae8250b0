"""Numbers as people write them, all of a column in one way: `1,151`, `$1,151.50`, `12%`, `1.234,5`, `36 months`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MISSING_WORDS = ("", "na", "n/a", "nan", "null", "none", "\\n", "?", "<na>", "#n/a", "nat", "-", "--", ".")
PLAIN_PATTERN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?"
CODE_PATTERN = r"0\d+"  # a number that begins with 0 is no amount but a code, as zip codes are
CURRENCIES = "$€£¥₹₽₩₺₴₫₪¢₿"
CURRENCY_WORDS = (
    "USD",
    "EUR",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "INR",
    "AUD",
    "CAD",
    "BRL",
    "US$",
    "R$",
    "A$",
    "C$",
    "Rs.",
    "Rs",
    "kr",
    "zł",
)
BLANKS = " \u00a0\u202f\u2009"
MINUS = "\N{MINUS SIGN}"
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_SIGN, _BLANK = f"[-+{MINUS}]", f"[{BLANKS}]?"
_CURRENCY = rf"[{re.escape(CURRENCIES)}]|{'|'.join(map(re.escape, CURRENCY_WORDS))}"
_AMOUNT = re.compile(
    rf"(?P<open>\()?{_SIGN}?{_BLANK}(?P<prefix>{_CURRENCY})?{_BLANK}{_SIGN}?"
    rf"(?P<digits>[.,]?\d[\d.,{_APOSTROPHES}_{BLANKS}]*?)([eE][+-]?\d{{1,4}})?"
    rf"{_BLANK}(?P<suffix>%|‰|°|{_CURRENCY}|[^\W\d_][^\d,;()]{{0,11}})?(?P<close>\))?"
)
_GROUPS = {",": ",", ".": r"\.", "'": f"[{_APOSTROPHES}]", "_": "_", " ": f"[{BLANKS}]"}


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written: the decimal sign, the sign between groups of digits, and the unit.

    `group` and `unit` are empty where there is none.
    """

    decimal: str = "."
    group: str = ""
    unit: str = ""

    def __str__(self) -> str:
        parts = [f"in {self.unit}"] if self.unit else []
        parts += [f"with {self.group!r} between digits"] if self.group else []
        return ", ".join([*parts, "with a decimal comma"] if self.decimal == "," else parts)

    @cached_property
    def pattern(self) -> str:
        """The regular expression that a whole text in this notation matches."""
        decimal, group = re.escape(self.decimal), _GROUPS.get(self.group)
        whole = rf"(\d{{1,3}}({group}\d{{2,3}})*{group}\d{{3}}|\d+)" if group else r"\d+"
        unit = rf"({re.escape(self.unit)})?" if self.unit else ""
        number = rf"({whole}({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d{{1,4}})?"
        return rf"^\(?{_SIGN}?{_BLANK}{unit}{_BLANK}{_SIGN}?{number}{_BLANK}{unit}\)?$"


PLAIN = Notation()


def trim_texts(texts: Any) -> Any:
    """Return texts (n,) without white space at their ends."""
    from pyarrow import compute

    return compute.utf8_trim_whitespace(texts)


def is_missing(texts: Any) -> Any:
    """Return which of trimmed texts (n,) mean that the value is missing, in any case."""
    import pyarrow
    from pyarrow import compute

    return compute.is_in(compute.utf8_lower(texts), value_set=pyarrow.array(MISSING_WORDS, pyarrow.string()))


def parse_numbers(texts: Any, notation: Notation) -> Any:
    """Return trimmed texts (n,) as float64, null where a text is no number, neither in `notation` nor a plain one."""
    import pyarrow
    from pyarrow import compute

    numbers = _parse_plain(texts)
    if notation == PLAIN:
        return numbers
    fits = compute.match_substring_regex(texts, notation.pattern)
    written = compute.if_else(fits, texts, pyarrow.scalar(None, pyarrow.string()))
    written = compute.replace_substring(written, MINUS, "-")
    negative = compute.match_substring_regex(written, r"^\(.*\)$")
    if notation.unit:
        written = compute.replace_substring(written, notation.unit, "")
    written = compute.replace_substring_regex(written, f"[(){BLANKS}]", "")
    if notation.group and notation.group != " ":
        written = compute.replace_substring_regex(written, _GROUPS[notation.group], "")
    if notation.decimal != ".":
        written = compute.replace_substring(written, notation.decimal, ".")
    found = _parse_plain(written)
    return compute.coalesce(compute.if_else(negative, compute.negate(found), found), numbers)


def _parse_plain(texts: Any) -> Any:
    import pyarrow
    from pyarrow import compute

    fits = compute.match_substring_regex(texts, f"^{PLAIN_PATTERN}$")
    numbers = compute.if_else(fits, texts, pyarrow.scalar(None, pyarrow.string()))
    return compute.cast(compute.replace_substring_regex(numbers, r"^\+", ""), pyarrow.float64())


def find_notation(texts: Iterable[str]) -> Notation | None:
    """Return the one notation that all texts are written in; None where there is none."""
    plain, amounts = re.compile(PLAIN_PATTERN), []
    has_plain = False
    for text in texts:
        if plain.fullmatch(text):
            if re.fullmatch(CODE_PATTERN, text):
                return None
            has_plain = True
        if not (found := _AMOUNT.fullmatch(text)) or bool(found["open"]) != bool(found["close"]):
            return None
        amounts.append(found)
    units = {(found["prefix"] or found["suffix"] or "").strip() for found in amounts}
    unit = _choose_unit(units, amounts)
    digits = [found["digits"] for found in amounts]
    signs = _choose_signs(digits) if unit is not None else None
    if unit is None or signs is None:
        return None
    decimal, group = signs
    notation = Notation(decimal, group, unit)
    fits = re.compile(notation.pattern)
    if not all(fits.fullmatch(found[0]) for found in amounts):
        return None
    return PLAIN if has_plain and notation == PLAIN else notation


def _choose_unit(units: set[str], amounts: list[re.Match[str]]) -> str | None:
    """Return the unit of all amounts, or of those that have one; None where they are of several."""
    named = units - {""}
    if len(named) != len(units) and named:
        without = [found["digits"] for found in amounts if not (found["prefix"] or found["suffix"])]
        money = all(re.fullmatch(_CURRENCY, unit) for unit in named)
        if not money and any(digits.strip("0.,") for digits in without):
            return None
    return None if len(named) > 1 else next(iter(named), "")


def _choose_signs(digits: list[str]) -> tuple[str, str] | None:
    """Return the decimal sign and the group sign that all digits agree with; None where they do not agree."""
    for decimal, group in (
        (".", ""),
        (".", ","),
        (",", "."),
        (",", ""),
        (".", "'"),
        (",", "'"),
        (".", " "),
        (",", " "),
        (".", "_"),
    ):
        fits = re.compile(Notation(decimal, group).pattern)
        if all(map(fits.fullmatch, digits)):
            return decimal, group
    return None
