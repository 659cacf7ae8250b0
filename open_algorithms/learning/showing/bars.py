"""Bar charts as inline HTML: a table whose names wrap, each bar a stretched picture in the colours of the page.

The page brings the style of bars.css, and the colours --line, --accent and --minus.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from markupsafe import Markup, escape

from open_algorithms.learning.showing.words import cut_middle, format_rounded

UNITS = 1000  # across a bar chart, whatever its width
LONGEST_NAME = 120  # letters of a name, beyond which it is cut
NOISE = 1e-7  # of the largest value, what float32 makes of nothing
LEAST_PART = 1.0  # units that a value other than 0 has

_BARS = Markup('<table class="bars" aria-label="{label}"><tbody>\n{rows}</tbody></table>')
_BAR = Markup(
    '<tr><th scope="row"{whole}>{name}</th><td class="bar">'
    '<svg viewBox="0 0 {units} 16" preserveAspectRatio="none" aria-hidden="true">'
    '<rect x="{x:.1f}" y="2" width="{length:.1f}" height="12" fill="var({colour})"/>'
    '<path d="M{zero:.1f} 0V16" stroke="var(--line)" vector-effect="non-scaling-stroke"/></svg></td>'
    "<td>{text}</td></tr>\n"
)
_WHOLE = Markup(' title="{}"')


def read_bar_style() -> str:
    """Return the style of bar charts, as CSS."""
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def format_short(value: float) -> str:
    """Write a number in three digits."""
    return format_rounded(value)


def break_name(name: str) -> Markup:
    """Let a name break behind its underscores and its signs of equality."""
    return Markup(escape(name).replace("_", Markup("_<wbr>")).replace("=", Markup("=<wbr>")))


def draw_bars(
    names: Sequence[str], values: Sequence[float], label: str, format_value: Callable[[float], str] = format_short
) -> Markup:
    """Draw one horizontal bar a value, left or right of zero, between its name and its value; all values are finite."""
    largest = max(map(abs, values), default=0) or 1
    values = [0.0 if abs(value) < NOISE * largest else value for value in values]
    lengths = [value / largest for value in values]
    low, high = min([0, *lengths]), max([0, *lengths])
    unit = UNITS / ((high - low) or 1)
    zero = -low * unit
    rows = [
        _BAR.format(
            whole=_WHOLE.format(name) if len(name) > LONGEST_NAME else "",
            name=break_name(cut_middle(name, LONGEST_NAME)),
            units=UNITS,
            x=zero + min(0, length) * unit,
            length=max(abs(length) * unit, LEAST_PART if length else 0),
            zero=min(zero, UNITS),
            text=format_value(value),
            colour="--minus" if length < 0 else "--accent",
        )
        for name, value, length in zip(names, values, lengths, strict=True)
    ]
    return _BARS.format(label=label, rows=Markup("").join(rows))
