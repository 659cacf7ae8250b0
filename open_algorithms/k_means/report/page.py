"""The report of a job as one self-contained HTML page."""

from pathlib import Path

from open_algorithms.k_means.report.figures import count_figures, feature_figure, plane_figure, size_figure
from open_algorithms.k_means.report.schema import ClusterEntry, Report
from open_algorithms.k_means.report.tables import channel_table, cluster_table, count_table, nearest_table
from open_algorithms.k_means.report.words import (
    choice_note,
    count_clusters,
    distance_note,
    list_next_steps,
    list_warnings,
    sample_note,
    summary_text,
)
from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.job import column_table, describe_rerun, time_figure
from open_algorithms.learning.showing.words import format_count, format_decimals, format_number, format_share

TEMPLATE = Path(__file__).parent / "report.html"
MOST_SHOWN, MOST_LISTED = 20, 100  # clusters, at once and in all


def render_report(report: Report) -> str:
    """Render the report as HTML."""
    rows = report.data.channels["train"].rows
    first, others = divide_clusters(report)
    explained = feature_figure(report)
    return render_page(
        TEMPLATE,
        PageHead(
            f"{count_clusters(report.k).capitalize()} of {format_count(rows)} rows",
            summary_text(report),
            list(list_warnings(report)),
            headline_figures(report),
        ),
        choice=choice_note(report),
        counts=count_figures(report),
        tried=count_table(report),
        clusters=[size_figure(report, first), plane_figure(report)],
        table=cluster_table(first),
        others=cluster_table(others),
        left_out=report.k - len(first) - len(others),
        note=sample_note(report),
        features=[] if explained is None else [explained],
        nearest=nearest_table(first),
        distances=distance_note(report),
        channels=channel_table(report),
        next=list(list_next_steps(report)),
        columns=column_table(report.columns),
        time=time_figure(report.seconds),
        again=describe_rerun(report.hyperparameters, report.versions),
    )


def divide_clusters(report: Report) -> tuple[list[ClusterEntry], list[ClusterEntry]]:
    """Return the clusters that are shown, and those that are listed; of many the largest come first."""
    if report.k <= MOST_SHOWN:
        return report.clusters, []
    largest = sorted(report.clusters, key=lambda entry: -entry.rows)
    return largest[:MOST_SHOWN], largest[MOST_SHOWN:MOST_LISTED]


def headline_figures(report: Report) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    pairs = [(f"{name} rows", format_count(found.rows)) for name, found in report.data.channels.items()]
    pairs.append(("features", format_count(report.data.features)))
    pairs += [(f"msd on {name}", format_number(found.msd)) for name, found in report.data.channels.items()]
    if report.k > 1:
        pairs.append(("variance explained", format_share(report.sample.explained)))
        pairs.append(("silhouette", format_decimals(report.count.silhouette, 3)))
    return pairs
