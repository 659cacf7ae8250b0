"""The report of a job as one self-contained HTML page."""

from pathlib import Path

from open_algorithms.factorization_machines.report.figures import (
    learning_figures,
    recommendation_figures,
    weight_figure,
)
from open_algorithms.factorization_machines.report.schema import RecommendationSummary, Report
from open_algorithms.factorization_machines.report.tables import (
    MAX_CANDIDATES,
    SHOWN_PAIRS,
    candidate_table,
    describe_features,
    item_table,
    pair_table,
    reliability_table,
    weight_table,
)
from open_algorithms.factorization_machines.report.words import (
    SETTINGS_NOTE,
    choice_note,
    learned_note,
    list_next_steps,
    list_warnings,
    losses_note,
    recommendation_note,
)
from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.job import column_table, describe_rerun, time_figure
from open_algorithms.learning.showing.quality.answer import headline_facts
from open_algorithms.learning.showing.quality.section import describe_quality
from open_algorithms.learning.showing.quality.tables import channel_table
from open_algorithms.learning.showing.quality.title import source_text, title_text
from open_algorithms.learning.showing.words import format_count, format_rounded

TEMPLATE = Path(__file__).parent / "report.html"
PREDICTORS = {
    "binary_classifier": "binary classifier by pairs of features",
    "regressor": "regressor by pairs of features",
}


def render_report(report: Report) -> str:
    """Render the report as HTML."""
    kind, features = PREDICTORS[report.predictor_type], report.data.features
    summary = source_text(report.judgement, kind, features, report.columns, report.data.files)
    return render_page(
        TEMPLATE,
        PageHead(title_text(report.judgement), summary, list(list_warnings(report)), headline_figures(report)),
        judged=describe_quality(report.judgement),
        reliability=reliability_table(report),
        learning=learning_figures(report),
        losses=losses_note(report),
        choice=choice_note(report),
        candidates=candidate_table(report),
        settings=SETTINGS_NOTE,
        left_out=max(0, len(report.candidates) - MAX_CANDIDATES),
        learned=learned_note(report),
        weights=weight_figure(report),
        some_pairs=pair_table(report, SHOWN_PAIRS),
        all_weights=weight_table(report),
        all_pairs=pair_table(report),
        recommended=describe_recommended(report.recommendations),
        next=list(list_next_steps(report)),
        channels=channel_table(report.data.channels, report.classes, describe_features(report)),
        columns=column_table(report.columns),
        time=time_figure(report.seconds),
        again=describe_rerun(report.hyperparameters, report.versions),
    )


def describe_recommended(found: RecommendationSummary | None) -> dict[str, object] | None:
    """Return what the page shows of recommendations; None where there are none."""
    if found is None:
        return None
    note, figures = recommendation_note(found), recommendation_figures(found)
    return {"note": note, "figures": figures, "items": item_table(found)}


def headline_figures(report: Report) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    training, pairs = report.training, headline_facts(report.judgement)
    pairs += [(f"{channel} rows", format_count(rows.rows)) for channel, rows in report.data.channels.items()]
    pairs += [
        ("candidates", format_count(len(report.candidates))),
        ("epochs", f"{training.epochs} of {training.epochs_wanted}"),
        ("factors", format_count(report.num_factors)),
    ]
    return pairs if report.threshold is None else [*pairs, ("threshold", format_rounded(report.threshold))]
