"""Bar charts as inline SVG, in the colours of the surrounding page: --ink, --line, --accent and --minus.

The page fits them into its width by `svg { max-width: 100%; height: auto }`; on a phone their text stays legible.
"""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from open_algorithms.learning.showing.words import cut_middle, format_number

WIDTH, ROW_HEIGHT, GAP = 420, 24, 12  # in pixels, where there is room for them
FONT, LETTER_WIDTH = 14, 9  # the height of a letter, and the width of most
LONGEST_NAME = 18  # letters of a name, beyond which it is cut

_BARS = Markup(
    '<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-size="{font}"'
    ' fill="var(--ink)" font-variant-numeric="tabular-nums">\n<title>{label}</title>\n{rows}'
    '<path d="M{zero:.1f} 0V{height}" stroke="var(--line)"/>\n</svg>'
)
_BAR = Markup(
    '<g transform="translate(0 {top})"><title>{name}: {text}</title>'
    '<svg width="{left:.1f}" height="{height}"><text y="17">{short}</text></svg>'
    '<rect x="{x:.1f}" y="4" width="{length:.1f}" height="16" fill="var({colour})"/>'
    '<text x="{width}" y="17" text-anchor="end">{text}</text></g>\n'
)


def format_short(value: float) -> str:
    """Write a number in three digits."""
    return format_number(value, 3)


def draw_bars(
    names: Sequence[str], values: Sequence[float], label: str, format_value: Callable[[float], str] = format_short
) -> Markup:
    """Draw one horizontal bar a value, left or right of zero, between its name and its value; all values are finite."""
    shorts = [cut_middle(name, LONGEST_NAME) for name in names]
    texts = [format_value(value) for value in values]
    left = LETTER_WIDTH * max(map(len, shorts), default=0)
    room = WIDTH - left - LETTER_WIDTH * max(map(len, texts), default=0) - 2 * GAP
    largest = max(map(abs, values), default=0) or 1
    lengths = [value / largest for value in values]
    low, high = min([0, *lengths]), max([0, *lengths])
    unit = room / ((high - low) or 1)
    zero = left + GAP - low * unit
    rows = [
        _BAR.format(
            top=i * ROW_HEIGHT,
            height=ROW_HEIGHT,
            width=WIDTH,
            left=left,
            name=name,
            short=short,
            text=text,
            x=zero + min(0, length) * unit,
            length=abs(length) * unit,
            colour="--minus" if length < 0 else "--accent",
        )
        for i, (name, short, text, length) in enumerate(zip(names, shorts, texts, lengths, strict=True))
    ]
    return _BARS.format(
        width=WIDTH, height=ROW_HEIGHT * len(rows), font=FONT, label=label, rows=Markup("").join(rows), zero=zero
    )
