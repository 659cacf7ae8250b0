"""Numbers as people write them, all of a column in one way: `1,151`, `$1,151.50`, `12%`, `1.234,5`, `36 months`."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

MISSING_WORDS = ("", "na", "n/a", "nan", "null", "none", "\\n", "?", "<na>", "#n/a", "nat", "-", "--", ".")
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
UNSEEN = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x2010))
)
MINUS = "\N{MINUS SIGN}"
MOST_EXACT_DIGITS = 15  # up to which a float64 keeps every decimal number
ENOUGH_SHARE = 0.95  # of the texts in a notation, from which on no other is looked for where not all need be
FEW_TEXTS = 100  # that are looked at one by one sooner than together
SAMPLED_TEXTS = 50  # which refute most notations and forms at once
EXPONENT_PATTERN = r"(?:[eE][+-]?[0-9]{1,4})?"
PLAIN_PATTERN = rf"[-+{MINUS}]?(([0-9]+\.?[0-9]*|\.[0-9]+){EXPONENT_PATTERN}|(?i:inf(inity)?))"
CODE_PATTERN = r"0[0-9]+"  # a number that begins with 0 is no amount but a code, as zip codes are
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_SIGN, _BLANK = f"[-+{MINUS}]", f"[{BLANKS}]?"
_CURRENCY = rf"[{re.escape(CURRENCIES)}]|{'|'.join(map(re.escape, CURRENCY_WORDS))}"
_UNIT = re.compile(
    rf"\(?{_SIGN}?{_BLANK}(?P<prefix>{_CURRENCY})?{_BLANK}{_SIGN}?"
    rf"[.,]?[0-9][0-9.,{_APOSTROPHES}_{BLANKS}]*?{EXPONENT_PATTERN}"
    rf"{_BLANK}(?P<suffix>%|‰|°|{_CURRENCY}|[^\W\d_][^\d,;()]{{0,11}})?\)?"
)
_GROUPS = {",": ",", ".": r"\.", "'": f"[{_APOSTROPHES}]", "_": "_", " ": f"[{BLANKS}]"}
_SIGNS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", "'"), (",", "'"), (".", " "), (",", " "), (".", "_"))


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

    @property
    def is_money(self) -> bool:
        """Whether the unit is a currency, which is often left out."""
        return re.fullmatch(_CURRENCY, self.unit) is not None

    @cached_property
    def pattern(self) -> str:
        """The regular expression of a whole text: sign or bracket, unit, digits and exponent, unit, bracket."""
        decimal, group = re.escape(self.decimal), _GROUPS.get(self.group)
        whole = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{2,3}})*{group}[0-9]{{3}}|[0-9]+)" if group else "[0-9]+"
        unit = rf"(?:{re.escape(self.unit)})?" if self.unit else ""
        return (
            rf"^(?P<open>\(?)(?P<sign>{_SIGN}?){_BLANK}{unit}{_BLANK}(?P<inner>{_SIGN}?)"
            rf"(?P<digits>(?:{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+){EXPONENT_PATTERN})"
            rf"{_BLANK}{unit}(?P<close>\)?)$"
        )


PLAIN = Notation()


def trim_texts(texts: Any) -> Any:
    """Return texts (n,) without what cannot be seen at their ends: white space and marks of no width."""
    from pyarrow import compute

    return compute.utf8_trim(texts, UNSEEN)


def is_missing(texts: Any) -> Any:
    """Return which of trimmed texts (n,) mean that the value is missing, in any case."""
    from pyarrow import compute

    return compute.is_in(compute.utf8_lower(texts), options=_list_missing_words())


@cache
def _list_missing_words() -> Any:
    import pyarrow
    from pyarrow import compute

    return compute.SetLookupOptions(value_set=pyarrow.array(MISSING_WORDS, pyarrow.string()))


def parse_numbers(texts: Any, notation: Notation) -> Any:
    """Return trimmed texts (n,) as float64, null where a text is no number, neither in `notation` nor a plain one.

    Where the decimal sign is a comma a point is none.
    """
    from pyarrow import compute

    if notation.decimal != ".":
        return _parse_written(texts, notation)
    plain = _parse_plain(texts)
    if plain.null_count == texts.null_count:
        return plain
    lost = compute.and_(plain.is_null(), texts.is_valid())
    return compute.replace_with_mask(plain, lost, _parse_written(texts.filter(lost), notation))


def _parse_plain(texts: Any) -> Any:
    import pyarrow
    from pyarrow import compute

    if len(texts) < FEW_TEXTS:
        fitting = [
            text if text is not None and re.fullmatch(PLAIN_PATTERN, text) else None for text in texts.to_pylist()
        ]
        numbers = [None if text is None else float(text.replace(MINUS, "-")) for text in fitting]
        return pyarrow.array(numbers, pyarrow.float64())
    try:
        numbers = compute.cast(texts, pyarrow.float64())
    except pyarrow.ArrowInvalid:
        fits = compute.match_substring_regex(texts, f"^(?:{PLAIN_PATTERN})$")
        plain = compute.replace_substring(texts, MINUS, "-")
        numbers = compute.cast(compute.if_else(fits, plain, pyarrow.scalar(None, pyarrow.string())), pyarrow.float64())
    return compute.if_else(compute.is_nan(numbers), pyarrow.scalar(None, pyarrow.float64()), numbers)


def _parse_written(texts: Any, notation: Notation) -> Any:
    import pyarrow
    from pyarrow import compute

    if len(texts) < FEW_TEXTS:
        read = [None if text is None else _read_written(text, notation) for text in texts.to_pylist()]
        return pyarrow.array(read, pyarrow.float64())
    parts = compute.extract_regex(texts, notation.pattern)
    part = {name: compute.struct_field(parts, name) for name in ("open", "sign", "inner", "digits", "close")}
    signs = compute.binary_join_element_wise(part["open"], part["sign"], part["inner"], "")
    digits = part["digits"]
    if notation.group:
        digits = compute.replace_substring_regex(digits, _GROUPS[notation.group], "")
    numbers = compute.cast(compute.replace_substring(digits, notation.decimal, "."), pyarrow.float64())
    closed = compute.equal(compute.utf8_length(part["open"]), compute.utf8_length(part["close"]))
    valid = compute.and_(closed, compute.less_equal(compute.utf8_length(signs), 1))
    negative = compute.is_in(signs, value_set=pyarrow.array(["-", MINUS, "("]))
    signed = compute.if_else(negative, compute.negate(numbers), numbers)
    return compute.if_else(valid, signed, pyarrow.scalar(None, pyarrow.float64()))


def _read_written(text: str, notation: Notation) -> float | None:
    """Return the number that one text says, as `_parse_written` does; None where it is none."""
    found = re.fullmatch(notation.pattern, text)
    signs = found["open"] + found["sign"] + found["inner"] if found else ""
    if found is None or len(found["open"]) != len(found["close"]) or len(signs) > 1:
        return None
    digits = re.sub(_GROUPS[notation.group], "", found["digits"]) if notation.group else found["digits"]
    number = float(digits.replace(notation.decimal, "."))
    return -number if signs in ("-", MINUS, "(") else number


def fits_notation(texts: Any, notation: Notation) -> Any:
    """Return which trimmed texts (n,) are numbers in a notation; without its unit only amounts of money and 0."""
    from pyarrow import compute

    numbers = parse_numbers(texts, notation)
    fits = numbers.is_valid()
    if notation.unit and not notation.is_money:
        named = compute.match_substring(texts, notation.unit)
        fits = compute.and_(fits, compute.or_(named, compute.equal(numbers, 0)))
    return compute.fill_null(fits, False)


def sample_texts(texts: Any) -> Any:
    """Return some of texts (n,), from all over."""
    import pyarrow

    return texts.take(pyarrow.array(range(0, len(texts), max(1, len(texts) // SAMPLED_TEXTS)), pyarrow.int64()))


def find_notation(texts: Any, least_share: float = 1.0) -> Notation | None:
    """Return the plainest notation that most of trimmed texts (n,) are numbers in, at least this share of them.

    None where there is none.
    """
    from pyarrow import compute

    best, most = None, 0.0
    if not len(texts):
        return None
    sample = sample_texts(texts)
    unit = _find_unit(sample.to_pylist())
    written = [] if unit is None else [Notation(*signs, unit) for signs in _SIGNS]
    for notation in dict.fromkeys([PLAIN, *written]):
        if 2 * compute.sum(fits_notation(sample, notation)).as_py() < len(sample):
            continue
        if (share := compute.mean(fits_notation(texts, notation)).as_py()) > most:
            best, most = notation, share
        if most >= max(least_share, ENOUGH_SHARE):
            break
    return best if most >= least_share else None


def _find_unit(texts: Sequence[str]) -> str | None:
    """Return the unit that the most of texts (n,) have, empty where they have none; None where none is an amount."""
    found = [amount for text in texts if (amount := _UNIT.fullmatch(text))]
    if not found:
        return None
    units = Counter((amount["prefix"] or amount["suffix"] or "").strip() for amount in found)
    return max(units, key=lambda unit: (unit != "", units[unit]))


def are_codes(texts: Any) -> bool:
    """Tell whether texts (n,) are digits, all as many, that begin with 0 or are too many for a number: as zip codes."""
    from pyarrow import compute

    lengths = compute.min_max(compute.utf8_length(texts)).as_py()
    if lengths["min"] != lengths["max"] or not compute.all(compute.match_substring_regex(texts, "^[0-9]+$")).as_py():
        return False
    return lengths["max"] > MOST_EXACT_DIGITS or bool(compute.any(find_codes(texts)).as_py())


def find_codes(texts: Any) -> Any:
    """Return which of texts (n,) are digits that begin with 0."""
    from pyarrow import compute

    return compute.match_substring_regex(texts, f"^{CODE_PATTERN}$")
