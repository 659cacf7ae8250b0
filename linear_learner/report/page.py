"""The report of a training job, or of any model, as one self-contained HTML page."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linear_learner.describing.facts import PICTURED_CLASSES
from linear_learner.report.advice import list_next_steps
from linear_learner.report.choice import choice_note
from linear_learner.report.figures import learning_figures, weight_figures
from linear_learner.report.schema import ModelReport, Report
from linear_learner.report.tables import MAX_CANDIDATES, SHOWN_CANDIDATES, candidate_table, weight_table
from open_algorithms.learning.showing.frame import PageHead, Table, render_page
from open_algorithms.learning.showing.job import column_table, describe_rerun, time_figure
from open_algorithms.learning.showing.quality.answer import headline_facts, main_score
from open_algorithms.learning.showing.quality.scores import format_score, name_score
from open_algorithms.learning.showing.quality.section import describe_quality
from open_algorithms.learning.showing.quality.tables import channel_table
from open_algorithms.learning.showing.quality.title import name_files, source_text, title_text
from open_algorithms.learning.showing.quality.words import warn_of_figures
from open_algorithms.learning.showing.words import format_count, format_rounded

TEMPLATE = Path(__file__).parent / "report.html"
PREDICTORS = {
    "binary_classifier": "binary classifier",
    "multiclass_classifier": "multiclass classifier",
    "regressor": "regressor",
}


def render_report(report: ModelReport) -> str:
    """Render the report as HTML."""
    summary = source_text(
        report.judgement, PREDICTORS[report.predictor_type], report.data.features, report.columns, report.data.files
    )
    return render_page(
        TEMPLATE,
        PageHead(title_text(report.judgement), summary, list(list_warnings(report)), headline_figures(report)),
        judged=describe_quality(report.judgement),
        weights_note=weights_note(report),
        weights=weight_figures(report),
        largest=weight_table(report),
        next=list(list_next_steps(report)),
        channels=data_table(report),
        columns=column_table(report.columns),
        versions=Table(("version of", ""), list(report.versions.items())),
        job=describe_job(report) if isinstance(report, Report) else None,
    )


def describe_job(report: Report) -> dict[str, Any]:
    """Return what the page shows of a job beside its model."""
    count = len(report.bank)
    return {
        "learning": learning_figures(report),
        "solved": report.training.passes > 0,
        "epochs": f"{report.training.epochs} of {report.training.epochs_wanted}" if report.curves.epochs else "",
        "choice": choice_note(report),
        "best": candidate_table(report, 0, SHOWN_CANDIDATES),
        "others": candidate_table(report, SHOWN_CANDIDATES, MAX_CANDIDATES) if count > SHOWN_CANDIDATES else None,
        "left_out": max(0, count - MAX_CANDIDATES),
        "time": time_figure(report.seconds),
        "again": describe_rerun(report.hyperparameters, report.versions),
    }


def list_warnings(report: ModelReport) -> Iterator[str]:
    """Yield the caveats that a reader should know before the figures."""
    if isinstance(report, Report):
        yield from warn_of_job(report)
    yield from warn_of_figures(report.judgement)


def warn_of_job(report: Report) -> Iterator[str]:
    """Yield the caveats of how a job has trained and chosen."""
    training, judgement = report.training, report.judgement
    if report.stopped:
        yield (
            "The job was asked to stop before its end: the model is the best that there was by then, and the figures "
            "are those of the first rows of each channel."
        )
    if training.deciding == "train" and not training.folds:
        yield (
            "There was no validation channel: the model was chosen on the rows that it has learned from, so the "
            "figures of the train rows look better than they are."
        )
    if training.folds:
        score, rows = main_score(judgement.quality), judgement.count_rows("train").rows
        own = format_score(score, judgement.channels["train"].scores[score], rows)
        chosen = "candidates and threshold" if report.threshold is not None else "candidates"
        yield (
            f"There was no validation channel: {chosen} were chosen in folds, on rows that were left out of training. "
            f"The figures of the train rows, such as the {name_score(score)} of {own}, are those of the final model, "
            "which has learned from them: they mostly look better than they are."
        )
    if diverged := [str(entry.candidate) for entry in report.bank if entry.diverged]:
        yield f"Left out, since their loss is not finite: the candidates {', '.join(diverged)}."


def headline_figures(report: ModelReport) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    pairs = headline_facts(report.judgement)
    pairs += [(f"{channel} rows", format_count(rows.rows)) for channel, rows in report.data.channels.items()]
    if report.threshold is not None:
        pairs.append(("threshold", format_rounded(report.threshold)))
    return pairs


def weights_note(report: ModelReport) -> str:
    """Explain in what units the weights are, and what they do."""
    entries, judgement = report.weights, report.judgement
    if not any(any(entry.raw) for entry in entries):
        return "All weights are 0: the model gives the same answer for all rows."
    adds, means = {
        "binary_classifier": (
            f"the {'log odds' if 'cross_entropy' in report.objective else 'score'} of {judgement.name_class(1)}",
            f"Above 0 it speaks for {judgement.name_class(1)}, below 0 for {judgement.name_class(0)}.",
        ),
        "multiclass_classifier": ("the score of a class", "Above 0 it speaks for that class, below 0 against it."),
        "regressor": ("the prediction, in the label's own units", "Above 0 it raises it, below 0 it lowers it."),
    }[report.predictor_type]
    if entries and all(map(math.isfinite, entries[0].standardised)):
        text = (
            f"What one standard deviation more of a feature adds to {adds}, so that features can be compared. {means}"
        )
    else:
        text = f"What one unit more of a feature adds to {adds}: that depends on the feature's unit. {means}"
    if entries and len(entries[0].classes) > PICTURED_CLASSES:
        text += f" Shown are the first {PICTURED_CLASSES} classes."
    return text


def data_table(report: ModelReport) -> Table:
    """Tabulate rows, labels and files by channel."""
    kind = {None: "", True: "sparse ", False: "dense "}[report.data.sparse]
    table = channel_table(report.data.channels, report.classes, f"{format_count(report.data.features)} {kind}features")
    files = [name_files(report.data.files.get(name) or []) for name in report.data.channels]
    rows = [*table.rows, ["files", *files]] if any(files) else table.rows
    return Table(table.heads, rows)
