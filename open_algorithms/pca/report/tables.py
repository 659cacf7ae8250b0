"""The tables of the report page.

Tests: tests/pca/report/test_page.py.
"""

from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.words import format_count, format_number
from open_algorithms.pca.measuring.metrics import ERROR, RATIO
from open_algorithms.pca.report.schema import ComponentEntry, Report

MOST_COMPONENTS = 100  # rows of a table
NAMED_LOADINGS = 2
LONGEST_NAME = 30  # letters of a feature's name


def component_table(report: Report) -> Table:
    """Tabulate the components, the largest first."""
    rows = [
        [
            entry.component,
            f"projection[{entry.place}]",
            format_number(entry.singular_value),
            format_number(entry.variance),
            f"{entry.explained_variance_ratio:.2%}",
            f"{entry.cumulative_ratio:.2%}",
            describe_loadings(entry),
        ]
        for entry in report.components[:MOST_COMPONENTS]
    ]
    heads = ["component", "in an answer", "singular value", "variance", "explains", "so far", "largest loadings"]
    return Table(heads, rows, texts=[1, 6])


def describe_loadings(entry: ComponentEntry) -> str:
    """Write the largest loadings of a component."""
    return ", ".join(
        f"{format_signed(one.loading)} {one.feature[:LONGEST_NAME]}" for one in entry.loadings[:NAMED_LOADINGS]
    )


def format_signed(value: float) -> str:
    """Write a loading with its sign."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def share_table(report: Report) -> Table:
    """Tabulate how many components explain some shares of the variance."""
    known = len(report.spectrum.singular_values)
    rows = [
        [f"{one.share:.0%}", f"more than {format_count(known)}" if one.components is None else one.components]
        for one in report.needed
    ]
    return Table(["share of the variance", "components"], rows)


def channel_table(report: Report) -> Table:
    """Tabulate how well the rows of each channel are reconstructed."""
    rows = [
        [
            name,
            format_count(found.rows),
            f"{found.explained_variance_ratio:.4%}",
            format_number(found.reconstruction_mse),
        ]
        for name, found in report.data.channels.items()
    ]
    return Table(["channel", "rows", RATIO, ERROR], rows)


def feature_table(report: Report) -> Table:
    """Tabulate the features that components lose most of."""
    rows = [[entry.feature, f"{entry.share:.2%}", f"{entry.explained:.2%}"] for entry in report.features]
    return Table(["feature", "share of all variance", "kept of its own"], rows)
