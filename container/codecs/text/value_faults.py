"""Explanations of texts where a number is expected, and what to write instead."""

import re
from collections.abc import Callable

from container.codecs.text.amounts import (
    CURRENCY_PATTERN,
    DIGITS_PATTERN,
    NUMBER_PATTERN,
    UNSIGNED_PATTERN,
    explain_amount,
    read_amount,
)
from container.codecs.text.quoting import name_strange_character, to_ascii

MISSING_WORDS = {
    *("", "na", "n/a", "#n/a", "#na", "n.a.", "nan", "nat", "null", "none", "nil", "void", "undefined", "missing"),
    *("?", "-", "--", "---", ".", "..", "...", "*", "_", "\\n", "<na>", "<null>", "<nan>", "(null)", "(none)"),
    *("[null]", "(blank)", "#n/a n/a", "1.#ind", "1.#qnan", "1.#snan", "na_real_", "na_integer_", "np.nan"),
}
INFINITE_WORDS = {"inf", "infinity", "infinite", "∞", "1.#inf", "np.inf"}

_SEPARATED = re.compile(r" *[\t;|\x01\uff0c\u3001\u060c ] *")
_BLANKS = " \t\n\r\f\v"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"\d{1,3}:\d\d(?::\d\d(?:[.,]\d+)?)?"
_DAY = (
    rf"(?:\d{{4}}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d\d(?:\d\d)?|\d{{4}}-[QW]?\d\d?|\d\d?[- .]{{1,2}}{_MONTH}"
    rf"[- .,]+\d\d(?:\d\d)?|{_MONTH}[- .]+\d\d?(?:,? *\d{{4}})?)"
)
_DATE = rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?{_DAY}(?:[T ,]+{_TIME})?"
_MARKS = r"*†‡§¶^~!?#&@"
_SEPARATORS = {
    "\t": "tabs",
    ";": "';'",
    "|": "'|'",
    "\x01": "U+0001",
    "\N{FULLWIDTH COMMA}": "U+FF0C (FULLWIDTH COMMA)",
    "\N{IDEOGRAPHIC COMMA}": "U+3001 (IDEOGRAPHIC COMMA)",
    "\N{ARABIC COMMA}": "U+060C (ARABIC COMMA)",
}

_DELIMITER_WORDS = {"\t": "tab", ";": "semicolon", "|": "pipe"}  # that a content type may say


def explain_value(text: str) -> str | None:
    """Explain a text that is not a number, to be appended to a message that quotes it; None if it is of no known kind.

    Such as ": a percentage. Write 12, without the sign".
    """
    stripped = text.strip(_BLANKS)
    bare = stripped.lower().strip("'\"` ") if len(stripped) < 20 else stripped
    if NUMBER_PATTERN.fullmatch(stripped):
        return ", which is too large for a 32-bit float"
    if bare.lstrip("+-") in MISSING_WORDS or bare in MISSING_WORDS:
        return ": a missing value. Remove rows with missing values or fill them in"
    if bare.lstrip("+-") in INFINITE_WORDS:
        return ": an infinite value. Remove or replace it"
    if any(map(NUMBER_PATTERN.fullmatch, re.split(_SEPARATED, stripped))) and (
        separation := explain_separator(stripped)
    ):
        return f". {separation}"
    likely = to_ascii(stripped)
    if likely != stripped and NUMBER_PATTERN.fullmatch(likely):
        return f", with {name_strange_character(stripped)} in it. Write {likely}"
    if not likely:
        return f": nothing but {name_strange_character(stripped)}. Remove the row or fill it in"
    if likely.lower() in MISSING_WORDS:
        return ": a missing value. Remove rows with missing values or fill them in"
    return next((found for kind in _EXPLANATIONS if (found := kind(likely))), None) if len(likely) < 1000 else None


def explain_separator(text: str) -> str | None:
    """Explain that columns within a text are separated by other signs than commas; None if they are not."""
    name = next((name for sign, name in _SEPARATORS.items() if sign in text), None)
    parts = text.strip(_BLANKS).split(" ")
    if not name and (
        len(parts) < 2 or not all(NUMBER_PATTERN.fullmatch(part) for part in parts if part) or read_amount(text)
    ):
        return None
    decimals = ", and decimals written with a point" if name and (";" in text or re.search(r"\d,\d", text)) else ""
    word = next((word for sign, word in _DELIMITER_WORDS.items() if sign in text), None)
    other = f". Or say delimiter={word} in the content type" if word else ""
    return f"Columns must be separated by commas, not by {name or 'blanks'}{decimals}{other}"


def _explain_word(text: str) -> str | None:
    if text.lower() in ("true", "false", ".true.", ".false."):
        return ": a truth value. Write 1 for true and 0 for false"
    if text.startswith("#") and text.endswith(("!", "?")):
        return ": an error of a spreadsheet. Remove rows with errors or fill them in"
    return None


def _explain_quoted(text: str) -> str | None:
    found = re.fullmatch(rf"""=?['"`]*({DIGITS_PATTERN})['"`]*""", text)
    return found and f": a number with signs around it. Write {found[1]}"


def _explain_formula(text: str) -> str | None:
    if re.match(r"""\{?=\s*[\w$(@'"+-]""", text):
        return ": a formula. Write the value that it comes to"
    return None


def _explain_mark(text: str) -> str | None:
    """Explain a number with a footnote mark or another mark beside it."""
    found = re.fullmatch(rf"[{_MARKS}]*({DIGITS_PATTERN}) ?(?:[{_MARKS}]*|\[\w{{1,3}}\]|\([^\W\d]\w*\.?\))", text)
    return found and f": a number with a mark beside it. Write {found[1]}"


def _explain_printed(text: str) -> str | None:
    """Explain what Python and other languages print of a value: `np.float64(1.5)`, `b'1.5'`."""
    if re.match(r"(?:[a-z]+\.)*(?:date|datetime|timestamp|period)\(", text, re.IGNORECASE):
        return _DATE_FOUND
    if re.match(r"(?:[a-z]+\.)*(?:time|timedelta\w*)\(", text, re.IGNORECASE):
        return _TIME_FOUND
    name = r"""(?:[A-Za-z_][\w.]*\(|b(?=['"]))['"]*"""
    if found := re.match(rf"""{name}({DIGITS_PATTERN})(?:['")]|, *(?:d?type|device|grad|requires)|$)""", text):
        return f": a number as Python prints it. Write {found[1].rstrip('.')}"
    return _VECTOR_FOUND if re.match(rf"{name}[\[\d.+-]", text) else None


def _explain_brackets(text: str) -> str | None:
    if found := re.fullmatch(rf"\({CURRENCY_PATTERN}?(\d[^()]*)\)", text):
        number = found[1] if NUMBER_PATTERN.fullmatch(found[1]) else (read_amount(found[1]) or ("", ","))[1]
        if "," not in number:
            return f": a negative number in parentheses. Write -{number}"
    if found := re.fullmatch(rf"[\[{{]({DIGITS_PATTERN})[\]}}]", text):
        return f": a number in brackets. Write {found[1]}"
    return _VECTOR_FOUND if re.match(r"[\[{]|\([\d\s.,eE+-]+\)?$|[\d\s.,eE+-]+[\])}]+$", text) else None


def _explain_complex(text: str) -> str | None:
    if re.fullmatch(rf"\(?(?:{DIGITS_PATTERN})?[+-]?{UNSIGNED_PATTERN}[ij]\)?", text):
        return ": a complex number. Write its two parts as two columns"
    return None


def _explain_base(text: str) -> str | None:
    if found := re.fullmatch(r"([+-]?)(0[xX][0-9a-fA-F]{1,16}|0[bB][01]{1,64}|0[oO][0-7]{1,22})", text):
        return f": a number that is not decimal. Write {found[1]}{int(found[2], 0)}"
    if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F]{1,9}\.?[0-9a-fA-F]{0,9}[pP][+-]?\d\d?", text):
        return f": a number that is not decimal. Write {float.fromhex(text)!r}"
    return None


def _explain_date(text: str) -> str | None:
    for kind, found in ((_DATE, _DATE_FOUND), (f"-?{_TIME}", _TIME_FOUND)):
        if re.fullmatch(rf"{kind}(?: ?[ap]\.?m\.?)?(?: ?(?:z|utc|gmt|[+-]\d\d:?\d\d))?", text, re.IGNORECASE):
            return found
    return _TIME_FOUND if re.fullmatch(rf"-?\d+ days?,? *[+-]?(?:{_TIME})?", text) else None


_DATE_FOUND = ": a date or time. Write it as a number, such as days since a fixed day"
_TIME_FOUND = ": a time. Write it as a number, such as minutes"
_VECTOR_FOUND = ": brackets, as of a vector. Write every number as a column of its own, without brackets"
_EXPLANATIONS: tuple[Callable[[str], str | None], ...] = (
    _explain_word,
    _explain_quoted,
    _explain_formula,
    _explain_complex,
    _explain_printed,
    _explain_base,
    _explain_date,
    _explain_brackets,
    explain_amount,
    _explain_mark,
)
