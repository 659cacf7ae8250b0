"""The charts of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

from collections.abc import Sequence

from linear_learner.describing.facts import CLASS_BARS, MAX_BARS, PICTURED_CLASSES
from linear_learner.report.schema import Report, WeightEntry
from linear_learner.report.words import describe_settings
from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure
from open_algorithms.learning.showing.learning_curves import epoch_scale, loss_range
from open_algorithms.learning.showing.plots import Curve, draw_curves

FEWEST_STRENGTHS = 3  # of a path that is drawn


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
    strengths, deciding = [wd for wd, _ in path], f"{report.training.deciding} rows"
    folds = report.training.folds
    unseen = f"{folds} folds" if folds else deciding
    curves = [Curve(strengths, [entry.loss for _, entry in path], f"on {unseen}", "--accent", 2.5)]
    key = [("--accent", f"on {unseen}")]
    if report.training.deciding != "train" or folds:
        curves.append(Curve(strengths, [entry.train_loss for _, entry in path], "on all train rows", "--faint"))
        key.append(("--faint", "on all train rows"))
    for wd, entry in path:
        if entry.candidate == report.winner:
            curves.append(Curve([wd], [entry.loss], f"candidate {entry.candidate}, which won", "--minus"))
            key.append(("--minus", "taken"))
    picture = draw_curves(
        curves,
        "Loss of the candidates solved with L2, by its strength",
        Scale("wd", logarithmic=True),
        Scale(report.objective, logarithmic=True),
    )
    return [Figure("Loss by strength of L2, solved", picture, key)]


def loss_figure(report: Report, channel: str) -> Figure:
    """Draw the losses of all candidates on a channel, the winner's on top."""
    epochs, drawn = [epoch + 1 for epoch in report.curves.epochs], report.curves.losses[channel]
    names = {entry.candidate: f"candidate {entry.candidate}: {describe_settings(entry)}" for entry in report.bank}
    curves = [Curve(epochs, curve, names[m], "--faint", 1) for m, curve in enumerate(drawn)]
    key, own = [("--faint", "the candidates that train step by step")], list[float]()
    if report.winner < len(drawn):
        own = drawn[report.winner]
        key = [("--accent", f"candidate {report.winner}"), ("--faint", "the others"), ("--minus", "taken")]
        curves.append(Curve(epochs, own, names[report.winner], width=2.5))
        curves.append(taken_mark(report, own, "whose weights were taken"))
    picture = draw_curves(
        curves,
        f"Loss of every candidate on the {channel} rows by epoch",
        epoch_scale(len(report.curves.epochs)),
        Scale(report.objective, ends=loss_range(drawn, own), logarithmic=True),
    )
    return Figure(f"Loss on the {channel} rows", picture, key)


def criterion_figure(report: Report) -> Figure:
    """Draw the best candidate's value of the criterion by epoch."""
    early = report.curves.early_stopping
    best = Curve([epoch + 1 for epoch in report.curves.epochs], early.values, "the best candidate of each epoch")
    picture = draw_curves(
        [best, taken_mark(report, early.values, "which was best")],
        f"Best {early.criterion} by epoch",
        epoch_scale(len(report.curves.epochs)),
        Scale(early.criterion),
    )
    key = [("--accent", "the best candidate of each epoch"), ("--minus", "taken")]
    return Figure(f"What decides: {early.criterion} on the validation rows", picture, key)


def taken_mark(report: Report, values: list[float], why: str) -> Curve:
    """Return a dot at the best epoch of a curve."""
    best = report.training.best_epoch
    assert best is not None
    return Curve([best + 1], [values[report.curves.epochs.index(best)]], f"epoch {best + 1}, {why}", "--minus")


def weight_figures(report: Report) -> list[Figure]:
    """Draw the largest weights; of a multiclass classifier those of each of the first classes."""
    entries = report.weights
    if report.predictor_type != "multiclass_classifier":
        return [weight_figure(entries[:MAX_BARS], 0, "The largest weights", "The largest weights")]
    if not entries or len(entries[0].classes) == 1:
        return []
    return [
        weight_figure(
            sorted(entries, key=lambda entry: -abs(entry.standardised[c]))[:CLASS_BARS],
            c,
            f"Class {c}",
            f"The largest weights of class {c}",
        )
        for c in entries[0].classes[:PICTURED_CLASSES]
    ]


def weight_figure(entries: Sequence[WeightEntry], i: int, caption: str, title: str) -> Figure:
    """Draw the weights of some features for class number `i`."""
    values = [entry.standardised[i] for entry in entries]
    return Figure(caption, draw_bars([entry.feature for entry in entries], values, title))
