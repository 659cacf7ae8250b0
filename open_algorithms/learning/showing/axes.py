"""Charts with two axes as inline SVG, in the colours of the surrounding page, as in `charts`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 420, 300  # in pixels, where there is room for them
LEFT, RIGHT, TOP, BOTTOM = 62, 22, 30, 40  # that the axes take
EDGE = 6  # beyond the axes that dots may reach
FONT = 13
DIVISIONS = 5  # of an axis, about
LOGARITHMIC_DECADES = 1.5  # of a range, from which on an axis is logarithmic
MAX_LABELS = 8  # of a logarithmic axis, at most
DIGITS, MOST_DIGITS = 4, 9  # of a number: usually, and where its neighbours differ only then

_PLOT = Markup(
    '<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-size="{font}"'
    ' fill="var(--muted)" font-variant-numeric="tabular-nums">\n<title>{label}</title>\n{grid}{marks}'
    '<text x="{middle}" y="{bottom}" text-anchor="middle">{x_label}</text>'
    '<text x="0" y="13">{y_label}</text>\n</svg>'
)
_WINDOW = Markup(
    '<svg x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{x} {y} {width} {height}">{marks}</svg>\n'
)
_ACROSS = Markup(
    '<path d="M{left} {y:.1f}H{right}" stroke="var(--line)"/>'
    '<text x="{edge}" y="{base:.1f}" text-anchor="end">{text}</text>\n'
)
_DOWN = Markup('<text x="{x:.1f}" y="{y}" text-anchor="middle">{text}</text>\n')
_LINE = Markup(
    '<path d="{path}" fill="none" stroke="var({colour})" stroke-width="{width}" stroke-linejoin="round"{dash}>'
    "<title>{title}</title></path>\n"
)
_DOTS = Markup('<g fill="var({colour})" fill-opacity="{opacity}"><title>{title}</title>{dots}</g>\n')
_DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')
_COLUMN = Markup(
    '<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="var({colour})">'
    "<title>{title}</title></rect>\n"
)


@dataclass(frozen=True)
class Curve:
    """Points (n,) joined by a line, or drawn as dots of radius `dot_radius`; NaN is left out.

    `colour` is a CSS custom property.
    """

    x: Sequence[float]
    y: Sequence[float]
    title: str
    colour: str = "--accent"
    width: float = 2
    dashed: bool = False
    dot_radius: float = 0


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, drawn from the pixel `start` over `length` pixels, which may be negative.

    A `whole` axis, such as epochs, has no ticks closer than 1.
    """

    low: float
    high: float
    start: float
    length: float
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


def make_axis(
    values: Sequence[float], start: float, length: float, *, logarithmic: bool = False, whole: bool = False
) -> Axis:
    """Return an axis that covers all finite values; logarithmic where that is requested, possible and useful."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    size = max(abs(low), abs(high))
    if high - low <= size * 10.0**-MOST_DIGITS:
        low, high = low - (size or 1) / 2, high + (size or 1) / 2
    elif logarithmic and low > 0 and math.log10(high / low) > LOGARITHMIC_DECADES:
        return Axis(low, high, start, length, logarithmic=True)
    return Axis(low, high, start, length, whole=whole)


def draw_curves(
    curves: Sequence[Curve],
    label: str,
    x_label: str,
    y_label: str,
    *,
    x_range: Sequence[float] | None = None,
    y_range: Sequence[float] | None = None,
    logarithmic: bool = False,
    whole: bool = False,
) -> Markup:
    """Draw curves over each other, the last on top; the axes cover all points unless ranges are given.

    `logarithmic` applies to the y axis, `whole` to the x axis. Points outside a range, and those that a logarithmic
    axis cannot show, are clipped.
    """
    across = make_axis(x_range or [x for curve in curves for x in curve.x], LEFT, WIDTH - LEFT - RIGHT, whole=whole)
    up = make_axis(
        y_range or [y for curve in curves for y in curve.y],
        HEIGHT - BOTTOM,
        TOP + BOTTOM - HEIGHT,
        logarithmic=logarithmic,
    )
    return draw_axes(
        Markup("").join(draw_curve(curve, across, up) for curve in curves), across, up, label, x_label, y_label
    )


def draw_histogram(edges: Sequence[float], counts: Sequence[int], label: str, x_label: str, y_label: str) -> Markup:
    """Draw a histogram: `counts` (n,) between `edges` (n + 1,)."""
    across = make_axis(edges, LEFT, WIDTH - LEFT - RIGHT)
    up = make_axis([0, max(counts, default=0)], HEIGHT - BOTTOM, TOP + BOTTOM - HEIGHT, whole=True)
    marks = [
        _COLUMN.format(
            x=across.position(low),
            y=up.position(count),
            width=max(across.position(high) - across.position(low) - 1, 0.5),
            height=up.position(0) - up.position(count),
            colour="--accent",
            title=f"{format_axis_number(low)} to {format_axis_number(high)}: {count}",
        )
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    return draw_axes(Markup("").join(marks), across, up, label, x_label, y_label)


def draw_curve(curve: Curve, across: Axis, up: Axis) -> Markup:
    """Draw one curve between two axes."""
    points = [
        (across.position(x), up.position(y))
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y) and (y > 0 or not up.logarithmic)
    ]
    if curve.dot_radius or len(points) == 1:
        dots = Markup("").join(_DOT.format(x=x, y=y, radius=curve.dot_radius or curve.width + 1) for x, y in points)
        return _DOTS.format(colour=curve.colour, opacity=0.35 if len(points) > 100 else 1, title=curve.title, dots=dots)
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""
    dash = Markup(' stroke-dasharray="4 4"') if curve.dashed else ""
    return _LINE.format(path=path, colour=curve.colour, width=curve.width, title=curve.title, dash=dash)


def draw_axes(marks: Markup, across: Axis, up: Axis, label: str, x_label: str, y_label: str) -> Markup:
    """Draw axes, grid and labels around `marks`."""
    grid = [
        _ACROSS.format(
            left=LEFT,
            right=WIDTH - RIGHT,
            edge=LEFT - 6,
            y=up.position(tick),
            base=up.position(tick) + 4,
            text=up.tick_text(tick),
        )
        for tick in up.tick_values()
    ]
    grid += [
        _DOWN.format(x=across.position(tick), y=HEIGHT - BOTTOM + 17, text=across.tick_text(tick))
        for tick in across.tick_values()
    ]
    return _PLOT.format(
        width=WIDTH,
        height=HEIGHT,
        font=FONT,
        label=label,
        grid=Markup("").join(grid),
        marks=_WINDOW.format(
            x=LEFT - EDGE,
            y=TOP - EDGE,
            width=WIDTH - LEFT - RIGHT + 2 * EDGE,
            height=HEIGHT - TOP - BOTTOM + 2 * EDGE,
            marks=marks,
        ),
        middle=(LEFT + WIDTH - RIGHT) / 2,
        bottom=HEIGHT - 4,
        x_label=x_label,
        y_label=y_label,
    )


def format_axis_number(value: float, digits: int = DIGITS) -> str:
    """Format a number with `digits` significant digits; those from 10,000 to 10 million with thousands separators."""
    text = f"{value:.{digits}g}"
    if 1e4 <= abs(value) < 1e7:
        text = f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"
    return text.replace("-", "\N{MINUS SIGN}")
