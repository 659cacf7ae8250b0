"""The charts of the report page.

Tests: tests/pca/report/test_page.py.
"""

from markupsafe import Markup

from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Key
from open_algorithms.learning.showing.plots import HORIZONTAL, VERTICAL, Curve, draw_curves
from open_algorithms.learning.showing.words import format_count
from open_algorithms.pca.describing.spectrum import accumulate_ratios
from open_algorithms.pca.report.schema import ComponentEntry, Report

MOST_DRAWN = 500  # components of a curve
FEW_COMPONENTS = 40  # of a curve, up to which each is a dot
PICTURED_COMPONENTS, LOADING_BARS = 6, 10  # whose loadings are drawn, and bars of each
FEATURE_BARS = 12
MARGIN = 0.05  # of the range of points, beside them
KEY = [Key("--accent", "in the model"), Key("--faint", "left out")]


def spectrum_figures(report: Report) -> list[Figure]:
    """Draw the share of the variance of each known component, and of the first ones together."""
    ratios = report.spectrum.explained_variance_ratios[:MOST_DRAWN]
    key = KEY if len(ratios) > len(report.components) else KEY[:1]
    shares = draw_ratios(report, ratios, "Share of the variance by component", "component", (0.0, max(ratios)))
    totals = draw_ratios(
        report, accumulate_ratios(ratios), "Share of the variance by number of components", "components", (0.0, 1.0)
    )
    return [
        Figure("What each component explains", shares, key),
        Figure("What the first ones explain together", totals, key),
    ]


def draw_ratios(report: Report, ratios: list[float], title: str, label: str, ends: tuple[float, float]) -> Markup:
    """Draw a curve of ratios, as far as components are in the model in another colour."""
    numbers, count = [float(number) for number in range(1, len(ratios) + 1)], len(report.components)
    curves = [Curve(numbers, ratios, "left out", "--faint"), Curve(numbers[:count], ratios[:count], "in the model")]
    if len(ratios) <= FEW_COMPONENTS:
        curves += [
            Curve(numbers, ratios, "left out", "--faint", dot_radius=3),
            Curve(numbers[:count], ratios[:count], "in the model", dot_radius=3),
        ]
    across = Scale(label, ends=(0.5, 2.5) if len(ratios) < 2 else None, whole=True)
    return draw_curves(curves, title, across, Scale("share of the variance", ends=ends if ends[1] else (0.0, 1.0)))


def loading_figures(report: Report) -> list[Figure]:
    """Draw the largest loadings of the first components."""
    return [loading_figure(entry) for entry in report.components[:PICTURED_COMPONENTS]]


def loading_figure(entry: ComponentEntry) -> Figure:
    """Draw the largest loadings of a component."""
    caption = f"Component {entry.component}, {entry.explained_variance_ratio:.1%} of the variance"
    shown = entry.loadings[:LOADING_BARS]
    return Figure(caption, draw_bars([one.feature for one in shown], [one.loading for one in shown], caption))


def sample_figure(report: Report) -> Figure | None:
    """Draw rows by their two largest components, on axes of one unit; None where there is one component."""
    x, y = report.sample.x, report.sample.y
    if not y:
        return None
    across, up = equal_scales(report)
    points = Curve(x, y, f"{format_count(len(x))} rows", "--accent", dot_radius=2)
    caption = f"The first {format_count(len(x))} rows by their two largest components"
    return Figure(caption, draw_curves([points], caption, across, up))


def equal_scales(report: Report) -> tuple[Scale, Scale]:
    """Return scales of the two components on which a pixel is as far across as up."""
    axes = [report.sample.x, report.sample.y]
    lengths = (HORIZONTAL[1], -VERTICAL[1])
    spans = [(1 + 2 * MARGIN) * (max(axis) - min(axis)) for axis in axes]
    unit = max(span / length for span, length in zip(spans, lengths, strict=True)) or 1 / lengths[0]
    scales = []
    for axis, length, entry in zip(axes, lengths, report.components, strict=False):
        middle, half = (min(axis) + max(axis)) / 2, unit * length / 2
        label = f"component {entry.component}, {entry.explained_variance_ratio:.0%}"
        scales.append(Scale(label, (middle - half, middle + half)))
    return scales[0], scales[1]


def feature_figure(report: Report) -> Figure | None:
    """Draw what the components keep of the variance of the features that they lose most of; None where that is all."""
    shown = [entry for entry in report.features[:FEATURE_BARS] if entry.explained < 0.9999]
    if not shown:
        return None
    caption = "What is kept of the variance of features, in percent"
    return Figure(
        caption, draw_bars([entry.feature for entry in shown], [100 * entry.explained for entry in shown], caption)
    )
