"""The charts of the report page.

Tests: tests/k_means/report/test_page.py.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from open_algorithms.k_means.report.schema import ClusterEntry, Report
from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Key
from open_algorithms.learning.showing.plots import HORIZONTAL, VERTICAL, Curve, Mark, draw_curves
from open_algorithms.learning.showing.words import format_count, format_number, format_share

HUES = 10  # colours of clusters
SHOWN_FEATURES = 12
MARGIN = 0.05  # of the range of points, beside them
DOT_RADIUS, DOT_OPACITY = 2.5, 0.55


def count_figures(report: Report) -> list[Figure]:
    """Draw squared distances and silhouettes by the number of clusters, where several were tried."""
    entries = report.counts
    if len(entries) == 1:
        return []
    ks = [float(entry.k) for entry in entries]
    scored = [entry for entry in entries if entry.k > 1]
    key = [Key("--minus", f"k={report.k}, which was {'asked for' if report.asked else 'chosen'}", "dot")]
    msd = draw_numbers(
        ks, [entry.msd for entry in entries], report, "Mean squared distance by number of clusters", "msd"
    )
    figures = [Figure("How far rows are from their centers", msd, key)]
    if len(scored) > 1:
        scores = [entry.silhouette for entry in scored]
        silhouettes = draw_numbers(
            [float(entry.k) for entry in scored], scores, report, "Silhouette by number of clusters", "silhouette"
        )
        figures.append(Figure("How clearly rows belong to their clusters", silhouettes, key if report.k > 1 else []))
    return figures


def draw_numbers(ks: list[float], values: list[float], report: Report, title: str, label: str) -> Markup:
    """Draw a figure of each number of clusters, that of the model pointed out."""
    curves = [Curve(ks, values, label), Curve(ks, values, label, dot_radius=3)]
    curves += [
        Curve([k], [value], f"k={report.k}: {format_number(value)}", "--minus", dot_radius=5)
        for k, value in zip(ks, values, strict=True)
        if k == report.k
    ]
    across = Scale("number of clusters, k", ends=(ks[0] - 0.5, ks[-1] + 0.5) if len(ks) < 4 else None, whole=True)
    return draw_curves(curves, title, across, Scale(label, ends=(min(0.0, *values), max(values))))


def size_figure(report: Report, entries: Sequence[ClusterEntry]) -> Figure:
    """Draw the sizes of clusters."""
    caption = "Rows of each cluster" if len(entries) == report.k else f"Rows of the {len(entries)} largest clusters"
    return Figure(
        caption,
        draw_bars(
            [f"cluster {entry.cluster}" for entry in entries], [entry.rows for entry in entries], caption, format_rows
        ),
    )


def format_rows(value: float) -> str:
    """Write a number of rows."""
    return format_count(round(value))


def plane_figure(report: Report) -> Figure:
    """Draw rows of the sample by their first two principal components, and the centers."""
    rows, centers, (first, second) = report.plane.rows, report.plane.centers, report.plane.explained
    largest = sorted(report.clusters, key=lambda entry: -entry.rows)[: HUES if report.k <= HUES else HUES - 1]
    numbers = sorted(entry.cluster for entry in largest)
    hues = {cluster: f"--hue-{place}" for place, cluster in enumerate(numbers)}
    curves = []
    for cluster, colour in [(None, "--faint"), *hues.items()]:
        places = [i for i, own in enumerate(rows.cluster) if own == cluster or (cluster is None and own not in hues)]
        title = "other clusters" if cluster is None else f"cluster {cluster}"
        points = [rows.x[i] for i in places], [rows.y[i] for i in places]
        curves.append(Curve(*points, title, colour, dot_radius=DOT_RADIUS, dot_opacity=DOT_OPACITY))
    marks = [
        Mark(
            x, y, str(cluster) if cluster in hues else "", f"center of cluster {cluster}", hues.get(cluster, "--muted")
        )
        for x, y, cluster in sorted(
            zip(centers.x, centers.y, centers.cluster, strict=True), key=lambda center: center[2] in hues
        )
    ]
    across, up = equal_scales([*rows.x, *centers.x], [*rows.y, *centers.y], first, second)
    key = [Key(colour, f"cluster {cluster}", "dot") for cluster, colour in hues.items()]
    if report.k > len(hues):
        key.append(Key("--faint", f"the other {format_count(report.k - len(hues))}", "dot"))
    caption = f"{format_count(len(rows.x))} rows by their only feature"
    if math.isnan(first):
        caption = f"{format_count(len(rows.x))} rows, which are all alike"
    elif report.data.features > 1:
        share = format_share(first + second)
        caption = f"{format_count(len(rows.x))} rows by their two principal components, {share} of their variance"
    return Figure(caption, draw_curves(curves, "Rows by their two principal components", across, up, marks), key)


def equal_scales(x: list[float], y: list[float], first: float, second: float) -> tuple[Scale, Scale]:
    """Return scales of the two components on which a pixel is as far across as up."""
    spans = [(1 + 2 * MARGIN) * (max(part) - min(part)) for part in (x, y)]
    unit = max(spans[0] / HORIZONTAL[1], spans[1] / -VERTICAL[1]) or 1 / HORIZONTAL[1]
    scales = []
    for part, length, share in ((x, HORIZONTAL[1], first), (y, -VERTICAL[1], second)):
        middle, half = (min(part) + max(part)) / 2, unit * length / 2
        scales.append(
            Scale(
                f"{'first' if part is x else 'second'} component, {format_share(share)}", (middle - half, middle + half)
            )
        )
    return scales[0], scales[1]


def feature_figure(report: Report) -> Figure | None:
    """Draw what part of the variance of features clusters explain; None where it is none."""
    shown = [entry for entry in report.features[:SHOWN_FEATURES] if entry.explained > 0]
    if not shown or report.k == 1:
        return None
    caption = "What clusters explain of the variance of features, in percent"
    return Figure(
        caption, draw_bars([entry.feature for entry in shown], [100 * entry.explained for entry in shown], caption)
    )
