"""Numbers as texts for a report page."""

import math

NO_VALUE = "\N{EN DASH}"


def format_number(value: float, digits: int = 6) -> str:
    """Write a number in so many digits, with a real minus sign; a dash where it is not finite."""
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else NO_VALUE


def format_count(value: int) -> str:
    """Write a count with thousands separators."""
    return f"{value:,}"
