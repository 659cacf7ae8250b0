"""The report of a job as one self-contained HTML page."""

from pathlib import Path

from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.job import column_table, describe_rerun, time_figure
from open_algorithms.learning.showing.words import format_count, format_number
from open_algorithms.pca.report.figures import feature_figure, loading_figures, sample_figure, spectrum_figures
from open_algorithms.pca.report.schema import Report
from open_algorithms.pca.report.tables import (
    MOST_COMPONENTS,
    channel_table,
    component_table,
    feature_table,
    share_table,
)
from open_algorithms.pca.report.words import (
    choice_note,
    count_components,
    error_note,
    list_next_steps,
    list_warnings,
    order_note,
    summary_text,
)

TEMPLATE = Path(__file__).parent / "report.html"


def render_report(report: Report) -> str:
    """Render the report as HTML."""
    sample, lost = sample_figure(report), feature_figure(report)
    return render_page(
        TEMPLATE,
        PageHead(
            f"{count_components(report).capitalize()} of {format_count(report.data.features)} features",
            summary_text(report),
            list(list_warnings(report)),
            headline_figures(report),
        ),
        spectrum=spectrum_figures(report),
        needed=share_table(report),
        choice=choice_note(report),
        components=component_table(report),
        left_out=max(0, len(report.components) - MOST_COMPONENTS),
        order=order_note(report),
        loadings=loading_figures(report),
        sample=[] if sample is None else [sample],
        channels=channel_table(report),
        errors=error_note(report),
        lost=[] if lost is None else [lost],
        features=feature_table(report),
        next=list(list_next_steps(report)),
        columns=column_table(report.columns),
        time=time_figure(report.seconds),
        again=describe_rerun(report.hyperparameters, report.versions),
    )


def headline_figures(report: Report) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    channels = report.data.channels
    pairs = [(f"{name} rows", format_count(found.rows)) for name, found in channels.items()]
    pairs += [("features", format_count(report.data.features)), ("components", format_count(len(report.components)))]
    pairs += [(f"variance kept of {name}", f"{found.explained_variance_ratio:.1%}") for name, found in channels.items()]
    return [*pairs, ("total variance", format_number(report.data.total_variance))]
