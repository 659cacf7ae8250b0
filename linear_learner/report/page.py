"""The report of a training job as one self-contained HTML page."""

from pathlib import Path

from linear_learner.describing.facts import PICTURED_CLASSES
from linear_learner.report.figures import learning_figures, weight_figures
from linear_learner.report.schema import CandidateEntry, Report
from linear_learner.report.tables import MAX_CANDIDATES, candidate_table, weight_table
from linear_learner.report.words import describe_settings
from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.job import column_table, describe_rerun, time_figure
from open_algorithms.learning.showing.quality.section import describe_quality
from open_algorithms.learning.showing.quality.tables import channel_table
from open_algorithms.learning.showing.quality.words import warn_of_figures
from open_algorithms.learning.showing.words import format_count, format_number

TEMPLATE = Path(__file__).parent / "report.html"
PREDICTOR_TITLES = {
    "binary_classifier": "Binary classifier",
    "multiclass_classifier": "Multiclass classifier",
    "regressor": "Regressor",
}


def render_report(report: Report) -> str:
    """Render the report as HTML."""
    title = f"{PREDICTOR_TITLES[report.predictor_type]} of {format_count(report.data.features)} features"
    return render_page(
        TEMPLATE,
        PageHead(title, summary_text(report), warning_texts(report), headline_figures(report)),
        learning=learning_figures(report),
        solved=report.training.passes > 0,
        losses=losses_note(report) if report.curves.epochs else "",
        choice=choice_note(report),
        bank=candidate_table(report),
        left_out=max(0, len(report.bank) - MAX_CANDIDATES),
        judged=describe_quality(report.channels, report.data.channels, report.training.deciding, report.classes),
        weights_note=weights_note(report),
        weights=weight_figures(report),
        largest=weight_table(report),
        channels=channel_table(report.data.channels, report.classes, describe_features(report)),
        columns=column_table(report.columns),
        time=time_figure(report.seconds),
        again=describe_rerun(report.hyperparameters, report.versions),
    )


def summary_text(report: Report) -> str:
    """Summarise the result in a sentence or two."""
    training, winner, name = report.training, report.winning_entry, report.main_channel
    scores = list(report.channels[name].scores.items())[1:3]
    then = "that its unfinished first epoch had come to"
    if is_solved(report):
        then = f"solved in {training.passes} passes over the rows"
    elif training.best_epoch is not None:
        then = f"after epoch {training.best_epoch + 1} of {training.epochs}"
    return (
        f"Of {len(report.bank)} candidates number {winner.candidate} won ({describe_settings(winner)}), with its "
        f"weights {then}. On the {name} rows: "
        f"{', '.join(f'{metric} {format_number(value)}' for metric, value in scores)}."
    )


def is_solved(report: Report) -> bool:
    """Tell whether the winner was solved, and not trained step by step."""
    return "learning_rate" not in report.winning_entry.settings


def deciding_rows(report: Report) -> str:
    """Name the rows that candidates were chosen on."""
    folds = report.training.folds
    return f"the {report.training.deciding} rows" + (f" in {folds} folds" if folds else "")


def warning_texts(report: Report) -> list[str]:
    """Return the caveats that a reader should know before the figures."""
    texts = []
    if report.stopped:
        texts.append(
            "The job was asked to stop before its end: the model is the best that there was by then, and the figures "
            "are those of the first rows of each channel."
        )
    if report.training.deciding == "train" and not report.training.folds:
        texts.append(
            "There was no validation channel: candidates and threshold were chosen on the rows they learned from, so "
            "the figures look better than they are."
        )
    if report.training.folds:
        texts.append(
            "There was no validation channel: candidates and threshold were chosen in folds, on rows that were left "
            "out of training. The figures of the train rows below are those of the final model, which has learned from "
            f"them, and look better than they are; in folds, its {report.training.criterion} is "
            f"{format_number(report.winning_entry.value)}."
        )
    if diverged := [str(entry.candidate) for entry in report.bank if entry.diverged]:
        texts.append(f"Left out, since their loss is not finite: the candidates {', '.join(diverged)}.")
    return [*texts, *warn_of_figures(report.channels, report.data.channels)]


def headline_figures(report: Report) -> list[tuple[str, str]]:
    """Return the headline figures as pairs of a name and a text."""
    training, name = report.training, report.main_channel
    pairs = [(f"{channel} rows", format_count(rows.rows)) for channel, rows in report.data.channels.items()]
    pairs.append(("candidates", format_count(len(report.bank))))
    if report.curves.epochs or not training.passes:
        pairs.append(("epochs", f"{training.epochs} of {training.epochs_wanted}"))
    if training.passes:
        pairs.append(("passes to solve", format_count(training.passes)))
    if training.folds:
        pairs.append(("folds", format_count(training.folds)))
    if report.threshold is not None:
        pairs.append(("threshold", format_number(report.threshold)))
    scores = list(report.channels[name].scores.items())[1:2]
    return pairs + [(f"{metric} on {name}", format_number(value)) for metric, value in scores]


def losses_note(report: Report) -> str:
    """Explain how the losses are computed."""
    text = "A loss on the train rows is that before each update, in the mean of the epoch"
    if report.data.normalized.label:
        text += ", of the label divided by its standard deviation; those by which candidates are chosen, "
        text += f"on {deciding_rows(report)}, once an epoch is over, are in the label's own units"
    return text + "."


def choice_note(report: Report) -> str:
    """Explain how the winner was chosen, and how sure that is."""
    training, winner, others = report.training, report.winning_entry, other_finalists(report)
    way, criterion = "highest" if training.maximise else "lowest", training.criterion
    text = f"Candidate {winner.candidate} has the {way} {criterion} on {deciding_rows(report)}: "
    text += format_number(winner.value)
    if others:
        text = text + compare_with_next(winner, others[0]) if is_best(report, winner) else explain_noise(report)
    if training.folds:
        text += "; each row was judged by what was learned without its fold"
    text += ". The others are sorted by that, and among equals by the loss."
    if training.maximise and winner.value < 0:
        text += " None reaches the target: a value below 0 is by how much it is missed."
    if others:
        text += f" Were the rows drawn anew, candidate {winner.candidate} would have the {way} {criterion} in "
        text += f"about {winner.win_share:.0%} of all cases."
    return text


def is_best(report: Report, entry: CandidateEntry) -> bool:
    """Tell whether no other finalist has a better value of the criterion."""
    values = [other.value for other in other_finalists(report)]
    return entry.value >= max(values) if report.training.maximise else entry.value <= min(values)


def explain_noise(report: Report) -> str:
    """Explain why the winner is not the candidate with the best value."""
    training, winner, best = report.training, report.winning_entry, other_finalists(report)[0]
    return (
        f"Candidate {best.candidate} has the {'highest' if training.maximise else 'lowest'} {training.criterion} on "
        f"{deciding_rows(report)}: {format_number(best.value)}. But the {format_number(winner.value)} of candidate "
        f"{winner.candidate} is within three standard errors of that, and of all such candidates, or of those that "
        "were solved if there are some, its loss is the lowest"
    )


def compare_with_next(winner: CandidateEntry, second: CandidateEntry) -> str:
    """Compare the winner, which has the best value, with the next best."""
    text = f"; the next best, candidate {second.candidate}, has {format_number(second.value)}"
    if second.value == winner.value:
        text += " too, and the higher loss" if second.loss > winner.loss else " too, and the same loss"
    return text


def other_finalists(report: Report) -> list[CandidateEntry]:
    """Return the candidates beside the winner that trained to the end and did not diverge, the best value first."""
    others = [entry for entry in report.bank if entry.candidate != report.winner]
    return [entry for entry in others if entry.left_after_epoch is None and not entry.diverged]


def weights_note(report: Report) -> str:
    """Explain in what units the weights are."""
    normalized, entries = report.data.normalized, report.weights
    text = "The largest weights in the features' own units: normalize_data is off, so that they depend on these. "
    if normalized.features:
        text = "The largest weights per standard deviation of their feature, which makes them comparable. "
    text += "Above 0 they raise the score, below 0 they lower it"
    text += ", in standard deviations of the label." if normalized.label else "."
    if entries and len(entries[0].classes) > PICTURED_CLASSES:
        text += f" Shown are the first {PICTURED_CLASSES} classes."
    return text


def describe_features(report: Report) -> str:
    """Say how many features there are, and of which kind."""
    return f"{format_count(report.data.features)} {'sparse' if report.data.sparse else 'dense'} features"
