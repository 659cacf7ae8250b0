"""The charts of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

import math
from collections.abc import Sequence

from linear_learner.describing.facts import CLASS_BARS, MAX_BARS, PICTURED_CLASSES
from linear_learner.report.choice import deciding_rows, is_solved
from linear_learner.report.losses import shown_loss
from linear_learner.report.schema import ModelReport, Report, WeightEntry
from linear_learner.report.words import describe_settings
from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Key
from open_algorithms.learning.showing.learning_curves import epoch_scale, loss_range
from open_algorithms.learning.showing.plots import Curve, Range, draw_curves

FEWEST_STRENGTHS = 3  # of a path that is drawn
NORMAL_WIDTH = 2 * 1.959964  # standard errors in an interval of 95 %
LEAST_PART = 0.05  # of a loss that an axis spans at least, so that hardly different ones look like that
SHOWN_ERRORS = 8  # standard errors that an axis spans at least
CRITERION_SCORES = {  # what the criteria measure, by how the names of scores begin
    "accuracy": "binary_classification_accuracy",
    "f_beta": "binary_f_",
    "f1": "binary_f_",
    "precision_at_target_recall": "precision",
    "recall_at_target_precision": "recall",
}


def learning_figures(report: Report) -> list[Figure]:
    """Draw the learning curves of all candidates, the criterion where it is not the loss, and the path of L2."""
    figures = path_figures(report)
    if not report.curves.epochs:
        return figures
    figures = [*(loss_figure(report, name) for name in report.curves.losses), *figures]
    if report.curves.early_stopping.criterion != report.objective:
        figures.append(criterion_figure(report))
    return figures


def path_figures(report: Report) -> list[Figure]:
    """Draw the losses of the candidates that were solved with L2 alone, by its strength; none where they are few."""
    solved = [entry for entry in report.bank if "learning_rate" not in entry.settings and not entry.diverged]
    path = [(float(str(e.settings["wd"])), e) for e in solved if not e.settings["l1"] and e.settings["wd"]]
    if len(path) < FEWEST_STRENGTHS:
        return []
    path.sort(key=lambda pair: pair[0])
    shown, folds = shown_loss(report), report.training.folds
    strengths, unseen = [wd for wd, _ in path], f"{folds} folds" if folds else f"{report.training.deciding} rows"
    curves = [Curve(strengths, [shown.show(e.loss) for _, e in path], f"on {unseen}", "--accent", 2.5)]
    key = [Key("--accent", f"on {unseen}")]
    if report.training.deciding != "train" or folds:
        own = [shown.show(entry.train_loss, "train") for _, entry in path]
        curves.append(Curve(strengths, own, "on all train rows", "--faint"))
        key.append(Key("--faint", "on all train rows"))
    for wd, entry in path:
        if entry.candidate == report.winner:
            title = f"candidate {entry.candidate}, which won"
            curves.append(Curve([wd], [shown.show(entry.loss)], title, "--minus"))
            key.append(Key("--minus", f"candidate {entry.candidate}, which won", "dot"))
    picture = draw_curves(
        curves,
        "Loss of the candidates solved with L2, by its strength",
        Scale("wd", logarithmic=True),
        Scale(shown.words, logarithmic=True, floor=0, least_span=LEAST_PART * abs(curves[0].y[0])),
    )
    note = (
        "Each point is a candidate that was solved to its optimum. The stronger the penalty wd, the smaller the "
        "weights: too weak, and chance in the train rows is learned; too strong, and too little is."
    )
    return [Figure("Loss by strength of L2, solved", picture, key, note)]


def loss_figure(report: Report, channel: str) -> Figure:
    """Draw the losses of all candidates on a channel, the winner's on top."""
    shown = shown_loss(report)
    epochs = [epoch + 1 for epoch in report.curves.epochs]
    drawn = [[shown.show(loss, channel) for loss in curve] for curve in report.curves.losses[channel]]
    names = {entry.candidate: f"candidate {entry.candidate}: {describe_settings(entry)}" for entry in report.bank}
    curves = [Curve(epochs, curve, names[m], "--faint", 1) for m, curve in enumerate(drawn)]
    key, own = [Key("--faint", "the candidates that train step by step")], list[float]()
    note = explain_taken(report)
    if not is_solved(report):
        own = drawn[report.winner]
        key = [
            Key("--accent", f"candidate {report.winner}, which won"),
            Key("--faint", "the others"),
            Key("--minus", "taken", "dot"),
        ]
        curves.append(Curve(epochs, own, names[report.winner], width=2.5))
        curves.append(taken_mark(report, own, "whose weights were taken"))
    if channel == "train":
        note = f"Losses are those before each update, in the mean of the epoch. {note}"
    ends = loss_range(drawn, own)
    picture = draw_curves(
        curves,
        f"Loss of every candidate on the {channel} rows by epoch",
        epoch_scale(len(report.curves.epochs)),
        Scale(shown.words, ends, logarithmic=True, floor=0, least_span=LEAST_PART * abs(ends[1])),
    )
    return Figure(f"Loss on the {channel} rows", picture, key, note)


def explain_taken(report: Report) -> str:
    """Explain which epoch's weights were taken."""
    training = report.training
    if is_solved(report):
        return "The candidate that won was solved, and not trained by epochs."
    if training.best_epoch is None:
        return "No epoch came to its end."
    what = "the best candidate's " + (
        training.criterion if training.maximise and training.deciding != "train" else "loss"
    )
    return (
        f"The weights that were taken are those after epoch {training.best_epoch + 1}, in which {what} on "
        f"{deciding_rows(report)} was the best, whichever that candidate was then."
    )


def criterion_figure(report: Report) -> Figure:
    """Draw the best candidate's value of the criterion by epoch, in a band of one standard error about the best."""
    early, title = report.curves.early_stopping, f"Best {report.curves.early_stopping.criterion} by epoch"
    epochs, values = [epoch + 1 for epoch in report.curves.epochs], [100 * value for value in early.values]
    mark, taken = taken_mark(report, values, "which was best"), "best" if is_solved(report) else "taken"
    curves = [Curve(epochs, values, "the best candidate of each epoch"), mark]
    key = [Key("--accent", "the best candidate of each epoch"), Key("--minus", taken, "dot")]
    ranges, note, error = [], explain_taken(report), 100 * criterion_error(report)
    if error:
        best = mark.y[0]
        band = ([best - error] * len(epochs), [best + error] * len(epochs))
        ranges = [Range(epochs, *band, "one standard error about the best", "--muted")]
        key.append(Key("--muted", "one standard error", "band"))
        note += " Differences within the band may be chance."
    picture = draw_curves(
        curves,
        title,
        epoch_scale(len(epochs)),
        Scale(f"{early.criterion}, %", least_span=SHOWN_ERRORS * error, floor=0),
        ranges=ranges,
    )
    return Figure(f"What decides: {early.criterion} on the validation rows", picture, key, note)


def criterion_error(report: Report) -> float:
    """Return the standard error of the criterion on the deciding rows; 0 where it is not known."""
    beginning = CRITERION_SCORES.get(report.curves.early_stopping.criterion)
    for score, (low, high) in report.channels[report.deciding_rows].intervals.items():
        if beginning is not None and score.startswith(beginning):
            return (high - low) / NORMAL_WIDTH
    return 0.0


def taken_mark(report: Report, values: list[float], why: str) -> Curve:
    """Return a dot at the best epoch of a curve."""
    best = report.training.best_epoch
    assert best is not None
    return Curve([best + 1], [values[report.curves.epochs.index(best)]], f"epoch {best + 1}, {why}", "--minus")


def weight_figures(report: ModelReport) -> list[Figure]:
    """Draw the largest weights; of a multiclass classifier those of each of the first classes."""
    entries = report.weights
    if report.predictor_type != "multiclass_classifier":
        shown = [entry for entry in entries if entry.raw[0]][:MAX_BARS]
        caption = "The largest weights" if report.columns is None else "The largest weights, by column"
        return [weight_figure(shown, 0, caption, caption)] if shown else []
    if not entries or len(entries[0].classes) == 1:
        return []
    return [
        weight_figure(
            sorted(entries, key=lambda entry: -abs(shown_weight(entry, c)))[:CLASS_BARS],
            c,
            f"For {report.judgement.name_class(c)}",
            f"The largest weights of class {c}",
        )
        for c in entries[0].classes[:PICTURED_CLASSES]
    ]


def shown_weight(entry: WeightEntry, i: int) -> float:
    """Return a weight for one standard deviation, or where that is not known for one unit."""
    return entry.standardised[i] if math.isfinite(entry.standardised[i]) else entry.raw[i]


def weight_figure(entries: Sequence[WeightEntry], i: int, caption: str, title: str) -> Figure:
    """Draw the weights of some features for class number `i`."""
    values = [shown_weight(entry, i) for entry in entries]
    return Figure(caption, draw_bars([entry.feature for entry in entries], values, title))
