"""Numbers as people write them: grouped digits, decimal commas, money, percentages, quantities."""

import re

NUMBER_PATTERN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
UNSIGNED_PATTERN = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"  # each text in one way only, so that none takes long
DIGITS_PATTERN = rf"[+-]?{UNSIGNED_PATTERN}"
CURRENCY_PATTERN = (
    r"(?:[$€£¥₹₽₩₺₴₫₪¢₿]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|BRL|US\$|R\$|A\$|C\$|Rs\.?|kr|zł)(?![a-z]))"
)


def explain_amount(text: str) -> str | None:
    """Explain a number in another notation, and how to write it; None if it is a plain number or none at all."""
    return next((found for kind in _EXPLANATIONS if (found := kind(text))), None)


def _explain_money(text: str) -> str | None:
    digits = r"\d[\d., '_]*(?:[eE][+-]?\d+)?"
    found = re.fullmatch(
        rf"([+-]?) ?{CURRENCY_PATTERN} ?([+-]?) ?({digits})|([+-]?) ?({digits}) ?{CURRENCY_PATTERN}", text
    )
    return found and _advise_without("an amount of money", "".join(part or "" for part in found.groups()).strip())


def _explain_percentage(text: str) -> str | None:
    return _advise_without("a percentage", text[:-1].strip()) if text.endswith(("%", "‰")) else None


def _explain_digit_groups(text: str) -> str | None:
    found = read_amount(text)
    return found and f": a number with {found[0]}. Write {found[1]}"


def read_amount(text: str) -> tuple[str, str] | None:
    """Parse a number with grouped digits or a decimal comma: (what is unusual, the plain number), or None."""
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        return "a comma", f"{text.replace(',', '')}, or {text.replace(',', '.')} if the comma is decimal"
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d*)?", text):
        return "commas between its digits", text.replace(",", "")
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*", text):
        return "a decimal comma", text.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3}){2,}", text):
        return "points between its digits", text.replace(".", "")
    if re.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", text):
        return "a decimal comma", text.replace(",", ".")
    if re.fullmatch(r"[+-]?\d{1,3}(?:[' ]\d{3})+(?:[.,]\d*)?", text):
        return "signs between its digits", re.sub("[' ]", "", text).replace(",", ".")
    if re.fullmatch(r"[+-]?\d+(?:_\d+)+(?:\.\d*)?", text):
        return "signs between its digits", text.replace("_", "")
    return None


def _explain_sign(text: str) -> str | None:
    if found := re.fullmatch(r"([+-]) +(\d+\.?\d*|\.\d+)", text):
        return f": a blank after the sign. Write {found[1]}{found[2]}"
    if found := re.fullmatch(r"(\d+\.?\d*|\.\d+) ?-", text):
        return f": a minus sign behind the number. Write -{found[1]}"
    if found := re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)", text):
        return f": an exponent as Fortran writes it. Write {found[1]}e{found[2]}"
    return None


def _explain_quantity(text: str) -> str | None:
    if re.fullmatch(rf"(?:[<>]=?|[~≈≤≥±])\s*{DIGITS_PATTERN}|{DIGITS_PATTERN}\s*\+", text):
        return ": a bound, no number. Choose a number for it"
    if re.fullmatch(rf"{DIGITS_PATTERN}\s*(?:-|to|\.\.)\s*{DIGITS_PATTERN}", text):
        return ": a range, no number. Write its ends as two columns, or its middle"
    if re.fullmatch(r"[+-]?(?:\d+ )?\d+ ?/ ?\d+", text):
        return ": a fraction, no decimal number. Divide it"
    if found := re.fullmatch(rf"{DIGITS_PATTERN}\s?([^\W\d_]{{1,3}}|[A-Za-z°²³/]{{1,5}})", text):
        return f": a number with {found[1]!r} behind it. Write the number alone, in one unit in all rows"
    return None


def _advise_without(what: str, rest: str) -> str:
    number = rest if NUMBER_PATTERN.fullmatch(rest) else (read_amount(rest) or ("", ""))[1]
    return f": {what}. Write {number or 'the number alone'}{', without the sign' if number else ''}"


_EXPLANATIONS = (_explain_digit_groups, _explain_money, _explain_percentage, _explain_sign, _explain_quantity)
