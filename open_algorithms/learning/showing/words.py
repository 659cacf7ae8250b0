"""Numbers as texts for a report page."""

import math
from collections.abc import Sequence

NO_VALUE = "\N{EN DASH}"
LEAST_PLAIN, MOST_PLAIN = 1e-4, 1e15  # numbers that are written without a power of ten


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


def format_rounded(value: float, digits: int = 3) -> str:
    """Write a number as people do: rounded to so many digits, with thousands separators; very small ones by powers.

    >>> format_rounded(1646930.4), format_rounded(0.71034), format_rounded(1.2345e17)
    ('1,650,000', '0.710', '1.23e+17')
    """
    if not math.isfinite(value):
        return NO_VALUE
    if value and not LEAST_PLAIN <= abs(value) < MOST_PLAIN:
        return f"{value:.{digits - 1}e}".replace("-", "\N{MINUS SIGN}")
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0
    return f"{rounded:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def format_percent(share: float, decimals: int = 1) -> str:
    """Write a share in percent; neither as all of it where it is less, nor as nothing where it is more.

    >>> format_percent(0.8119), format_percent(0.99999), format_percent(0.00002), format_percent(1)
    ('81.2%', '>99.9%', '<0.1%', '100%')
    """
    if not math.isfinite(share):
        return NO_VALUE
    if share in (0, 1):
        return f"{share:.0%}"
    text, least = f"{100 * share:.{decimals}f}", 10.0**-decimals
    if float(text) == 0:
        return f"<{least:.{decimals}f}%"
    if float(text) == 100:
        return f">{100 - least:.{decimals}f}%"
    return f"{text}%".replace("-", "\N{MINUS SIGN}")


def count_noun(count: int, noun: str) -> str:
    """Write a number of things.

    >>> count_noun(1, "factor"), count_noun(1200, "factor")
    ('1 factor', '1,200 factors')
    """
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Join words as in a sentence.

    >>> join_words(["a", "b", "c"], "or")
    'a, b or c'
    """
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


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
