"""Numbers as texts for a report page."""

import math

NO_VALUE = "\N{EN DASH}"


def format_number(value: float, digits: int = 6) -> str:
    """Write a number in so many digits, with a real minus sign; a dash where it is not finite."""
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else NO_VALUE


def format_decimals(value: float, decimals: int) -> str:
    """Write a number with so many decimals, with a real minus sign; a dash where it is not finite.

    >>> format_decimals(-0.001, 2)
    '0.00'
    """
    if not math.isfinite(value):
        return NO_VALUE
    return f"{round(value, decimals) or 0.0:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def format_count(value: int) -> str:
    """Write a count with thousands separators."""
    return f"{value:,}"


def format_share(value: float) -> str:
    """Write a part of a whole in percent, never as all of it where it is less.

    >>> format_share(0.9999)
    '99.9%'
    """
    return f"{math.floor(1000 * value) / 10:g}%" if math.isfinite(value) else NO_VALUE


def cut_middle(text: str, most: int) -> str:
    """Cut a text of more than so many letters in its middle: names often differ only at their ends.

    >>> cut_middle("native-country=Poland", 16)
    'native-c…=Poland'
    """
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"
