"""The tables of the report page.

Tests: tests/k_means/report/test_page.py.
"""

from collections.abc import Sequence

from open_algorithms.k_means.describing.features import FeatureKind
from open_algorithms.k_means.report.schema import ClusterEntry, Report, TellingFeature
from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.words import (
    NO_VALUE,
    cut_middle,
    format_count,
    format_decimals,
    format_number,
)

MOST_COUNTS, MOST_COLUMNS, MOST_TELLING = 100, 6, 3
LEAST_DEVIATIONS = 0.25  # by which a feature tells a cluster apart
LONGEST_TEXT = 28  # letters of a name or a value, beyond which it is cut


def count_table(report: Report) -> Table:
    """Tabulate the numbers of clusters that were tried."""
    shown = report.counts[:MOST_COUNTS]
    rows = [
        [
            entry.k,
            format_number(entry.msd),
            format_decimals(entry.silhouette, 3) if entry.k > 1 else NO_VALUE,
            format_number(entry.msd_of_centers),
            format_count(entry.smallest),
            format_count(entry.largest),
        ]
        for entry in shown
    ]
    chosen = next((i for i, entry in enumerate(shown) if entry.k == report.k), None)
    return Table(["k", "msd", "silhouette", "msd_of_centers", "smallest cluster", "largest cluster"], rows, chosen)


def channel_table(report: Report) -> Table:
    """Tabulate how far the rows of each channel are from their centers."""
    rows = [
        [name, format_count(found.rows), format_number(found.msd), format_number(found.ssd)]
        for name, found in report.data.channels.items()
    ]
    return Table(["channel", "rows", "msd", "ssd"], rows)


def cluster_table(entries: Sequence[ClusterEntry]) -> Table:
    """Tabulate clusters, and what tells them apart."""
    rows = [
        [
            entry.cluster,
            format_count(entry.rows),
            describe_telling(entry.telling),
            f"{entry.share:.1%}",
            format_number(entry.msd),
            format_decimals(entry.silhouette, 2),
        ]
        for entry in entries
    ]
    return Table(["cluster", "rows", "what tells it apart", "share", "msd", "silhouette"], rows, sentences=[2])


def describe_telling(telling: Sequence[TellingFeature]) -> str:
    """Name the features that tell a cluster apart, with their means there, and by how much these differ."""
    texts = []
    for found in telling[:MOST_TELLING]:
        if abs(found.deviations) >= LEAST_DEVIATIONS:
            value = FeatureKind(found.kind).write(found.mean, (found.mean - found.mean_of_all) / found.deviations)
            sign = "+" if found.deviations > 0 else ""
            texts.append(
                f"{cut_middle(found.feature, LONGEST_TEXT)}: {value} ({sign}{format_decimals(found.deviations, 1)})"
            )
    return "; ".join(texts) or NO_VALUE


def nearest_table(entries: Sequence[ClusterEntry]) -> Table | None:
    """Tabulate the row that is nearest to the center of each cluster; None where there is none."""
    filled = [(entry.cluster, entry.nearest[0]) for entry in entries if entry.nearest]
    if not filled:
        return None
    names = list(filled[0][1].values)[:MOST_COLUMNS]
    rows = [
        [cluster, format_number(row.distance, 4), *(write_value(row.values[name]) for name in names)]
        for cluster, row in filled
    ]
    texts = [i for i, name in enumerate(names, 2) if any(isinstance(row.values[name], str) for _, row in filled)]
    return Table(["cluster", "distance", *(cut_middle(name, LONGEST_TEXT) for name in names)], rows, texts=texts)


def write_value(value: float | str | bool | None) -> str:
    """Write what a row has in a column."""
    match value:
        case None:
            return NO_VALUE
        case bool():
            return "true" if value else "false"
        case str():
            return cut_middle(value, LONGEST_TEXT)
        case _:
            return format_number(value, 12)
