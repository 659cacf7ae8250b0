"""The axes of a plot: which values they span, where their ticks are, and how these are labelled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

DIVISIONS = 5  # of an axis, about
LOGARITHMIC_DECADES = 1.5  # of a range, from which on an axis is logarithmic
MAX_LABELS = 8  # of a logarithmic axis, at most
DIGITS, MOST_DIGITS = 4, 9  # of a number: usually, and where its neighbours differ only then


@dataclass(frozen=True)
class Scale:
    """What an axis shows and how: from `ends[0]` to `ends[1]`, else all values.

    A `logarithmic` scale is so where its values make that possible and useful; a `whole` one, such as epochs, has no
    ticks closer than 1. It spans at least `least_span`, so that noise does not fill it, and never goes below `floor`.
    """

    label: str = ""
    ends: tuple[float, float] | None = None
    logarithmic: bool = False
    whole: bool = False
    least_span: float = 0.0
    floor: float = -math.inf


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, drawn from the pixel `start` over `length` pixels, which may be negative."""

    low: float
    high: float
    start: float
    length: float
    label: str = ""
    logarithmic: bool = False
    whole: bool = False

    def position(self, value: float) -> float:
        """Return the pixel of a value, which may lie beyond an end."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + self.length * (value - low) / (high - low)

    def tick_values(self) -> list[float]:
        """Return the round values at which the axis has ticks."""
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = (1, 2, 5) if len(decades) <= 4 else (1,)
            some = decades[:: -(-len(decades) // MAX_LABELS)]
            return [t for d in some for s in steps if self.low <= (t := s * 10.0**d) <= self.high]
        step = self.tick_step
        return [step * i for i in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]

    @property
    def tick_step(self) -> float:
        """Return the distance between the ticks of a linear axis."""
        rough = max((self.high - self.low) / DIVISIONS, 1 if self.whole else 0)
        unit = 10.0 ** math.floor(math.log10(rough))
        return next(unit * s for s in (1, 2, 5, 10) if unit * s >= rough * 0.999)

    def tick_text(self, tick: float) -> str:
        """Return the label of a tick, with as many digits as tell it from the next one."""
        if self.logarithmic or not tick:
            return format_axis_number(tick)
        return format_axis_number(
            tick, max(DIGITS, math.floor(math.log10(abs(tick))) - math.floor(math.log10(self.tick_step)) + 1)
        )


def make_axis(scale: Scale, values: Sequence[float], start: float, length: float) -> Axis:
    """Return an axis that spans the ends of the scale, or else all finite values."""
    finite = [value for value in scale.ends or values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    size = max(abs(low), abs(high))
    least = scale.least_span if high - low > size * 10.0**-MOST_DIGITS else scale.least_span or size or 1.0
    if high - low < least:
        middle = (low + high) / 2
        low = max(middle - least / 2, min(low, scale.floor))
        high = low + least
    elif scale.logarithmic and low > 0 and math.log10(high / low) > LOGARITHMIC_DECADES:
        return Axis(low, high, start, length, scale.label, logarithmic=True)
    return Axis(low, high, start, length, scale.label, whole=scale.whole)


def format_axis_number(value: float, digits: int = DIGITS) -> str:
    """Format a number with `digits` significant digits; those from 10,000 to 10 million with thousands separators."""
    text = f"{value:.{digits}g}"
    if 1e4 <= abs(value) < 1e7:
        text = f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return text.replace("-", "\N{MINUS SIGN}")
