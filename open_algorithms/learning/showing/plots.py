"""Plots as inline SVG, in the colours of the surrounding page: --muted, --line and those of what is drawn.

Tests: tests/learning/showing/test_frame.py, tests/linear_learner/report/test_page.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from open_algorithms.learning.showing.axes import Axis, Scale, format_axis_number, make_axis

WIDTH, HEIGHT = 420, 300  # in pixels, where there is room for them
LEFT, RIGHT, TOP, BOTTOM = 62, 22, 30, 40  # that the axes take
EDGE = 6  # beyond the axes that dots may reach
HORIZONTAL, VERTICAL = (LEFT, WIDTH - LEFT - RIGHT), (HEIGHT - BOTTOM, TOP + BOTTOM - HEIGHT)  # first pixel, length
FONT = 13
MARK_RADIUS = 3.5

_PLOT = Markup(
    '<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-size="{font}"'
    ' fill="var(--muted)" font-variant-numeric="tabular-nums">\n<title>{title}</title>\n{grid}{marks}'
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
_AREA = Markup('<path d="{path}" fill="var({colour})" fill-opacity="0.16"><title>{title}</title></path>\n')
_WHISKER = Markup('<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="var({colour})" stroke-width="1.5"/>')
_DOTS = Markup('<g fill="var({colour})" fill-opacity="{opacity}"><title>{title}</title>{dots}</g>\n')
_DOT = Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')
_MARK = Markup(
    '<g transform="translate({x:.1f} {y:.1f})"><title>{title}</title>'
    '<circle r="{radius}" fill="var(--surface)" stroke="var({colour})" stroke-width="2"/>'
    '<text y="-7" font-size="12" font-weight="650" text-anchor="middle" fill="var(--ink)" stroke="var(--surface)"'
    ' stroke-width="3" paint-order="stroke">{text}</text></g>\n'
)
_COLUMN = Markup(
    '<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="var({colour})">'
    "<title>{title}</title></rect>\n"
)


@dataclass(frozen=True)
class Curve:
    """Points (n,) joined by a line, or drawn as dots of radius `dot_radius`, many of them faintly; NaN is left out.

    `colour` is a CSS custom property.
    """

    x: Sequence[float]
    y: Sequence[float]
    title: str
    colour: str = "--accent"
    width: float = 2
    dashed: bool = False
    dot_radius: float = 0
    dot_opacity: float | None = None


@dataclass(frozen=True)
class Mark:
    """A place that is pointed out: a ring, with a short text above it."""

    x: float
    y: float
    text: str
    title: str
    colour: str = "--ink"


@dataclass(frozen=True)
class Range:
    """What a number at each x (n,) may be, from `low` to `high` (n,): a band behind the curves, or whiskers."""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    title: str
    colour: str = "--accent"
    whiskers: bool = False


@dataclass(frozen=True)
class Columns:
    """The columns of a histogram: `counts` (n,) of `name`, in a colour that is a CSS custom property."""

    counts: Sequence[int]
    name: str = ""
    colour: str = "--accent"


def draw_curves(
    curves: Sequence[Curve],
    title: str,
    x: Scale,
    y: Scale,
    marks: Sequence[Mark] = (),
    ranges: Sequence[Range] = (),
) -> Markup:
    """Draw curves over each other, the last on top, ranges behind them and marks over them.

    Points beyond the ends of a scale, and those that a logarithmic axis cannot show, are clipped.
    """
    across = make_axis(x, [value for curve in curves for value in curve.x], *HORIZONTAL)
    up = make_axis(
        y,
        [value for curve in curves for value in curve.y] + [end for one in ranges for end in (*one.low, *one.high)],
        *VERTICAL,
    )
    drawn = [draw_range(one, across, up) for one in ranges]
    drawn += [*(draw_curve(curve, across, up) for curve in curves), *(draw_mark(mark, across, up) for mark in marks)]
    return draw_axes(Markup("").join(drawn), title, across, up)


def draw_histogram(edges: Sequence[float], layers: Sequence[Columns], title: str, x_label: str, y_label: str) -> Markup:
    """Draw a histogram between `edges` (n + 1,): the columns of each layer stand on those of the ones before."""
    across = make_axis(Scale(x_label), edges, *HORIZONTAL)
    heights = [0] * (len(edges) - 1)
    tops = [sum(counts) for counts in zip(*(layer.counts for layer in layers), strict=True)]
    up = make_axis(Scale(y_label, whole=True), [0, max(tops, default=0)], *VERTICAL)
    bars = []
    for layer in layers:
        for i, count in enumerate(layer.counts):
            low, high, foot = edges[i], edges[i + 1], heights[i]
            heights[i] += count
            span = f"{format_axis_number(low)} to {format_axis_number(high)}"
            bars.append(
                _COLUMN.format(
                    x=across.position(low),
                    y=up.position(foot + count),
                    width=max(across.position(high) - across.position(low) - 1, 0.5),
                    height=up.position(foot) - up.position(foot + count),
                    colour=layer.colour,
                    title=f"{span}: {count:,}{' ' * bool(layer.name)}{layer.name}",
                )
            )
    return draw_axes(Markup("").join(bars), title, across, up)


def draw_range(one: Range, across: Axis, up: Axis) -> Markup:
    """Draw a band, or whiskers, between two axes."""
    points = [
        (across.position(x), up.position(low), up.position(high))
        for x, low, high in zip(one.x, one.low, one.high, strict=True)
    ]
    if one.whiskers:
        return Markup("").join(_WHISKER.format(x=x, low=low, high=high, colour=one.colour) for x, low, high in points)
    outline = [*((x, high) for x, _, high in points), *((x, low) for x, low, _ in reversed(points))]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in outline) + "Z" if outline else ""
    return _AREA.format(path=path, colour=one.colour, title=one.title)


def draw_curve(curve: Curve, across: Axis, up: Axis) -> Markup:
    """Draw one curve between two axes."""
    points = [
        (across.position(x), up.position(y))
        for x, y in zip(curve.x, curve.y, strict=True)
        if math.isfinite(x) and math.isfinite(y) and (y > 0 or not up.logarithmic)
    ]
    if curve.dot_radius or len(points) == 1:
        dots = Markup("").join(_DOT.format(x=x, y=y, radius=curve.dot_radius or curve.width + 1) for x, y in points)
        opacity = (0.35 if len(points) > 100 else 1) if curve.dot_opacity is None else curve.dot_opacity
        return _DOTS.format(colour=curve.colour, opacity=opacity, title=curve.title, dots=dots)
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""
    dash = Markup(' stroke-dasharray="4 4"') if curve.dashed else ""
    return _LINE.format(path=path, colour=curve.colour, width=curve.width, title=curve.title, dash=dash)


def draw_mark(mark: Mark, across: Axis, up: Axis) -> Markup:
    """Draw one mark between two axes."""
    return _MARK.format(
        x=across.position(mark.x),
        y=up.position(mark.y),
        radius=MARK_RADIUS,
        colour=mark.colour,
        text=mark.text,
        title=mark.title,
    )


def draw_axes(marks: Markup, title: str, across: Axis, up: Axis) -> Markup:
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
        title=title,
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
        x_label=across.label,
        y_label=up.label,
    )
