"""The charts of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from linear_learner.describing.facts import CLASS_BARS, MAX_BARS, PICTURED_CLASSES
from linear_learner.report.schema import BinaryQuality, CalibrationCurve, RegressionQuality, Report, WeightEntry
from linear_learner.report.words import describe_settings
from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure
from open_algorithms.learning.showing.plots import Curve, draw_curves, draw_histogram
from open_algorithms.learning.showing.words import format_count, format_number

COLOURS = {"train": "--faint", "validation": "--accent", "test": "--minus"}
UNIT = (0.0, 1.0)
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
        epoch_scale(report),
        Scale(report.objective, ends=loss_range(drawn, own), logarithmic=True),
    )
    return Figure(f"Loss on the {channel} rows", picture, key)


def loss_range(drawn: list[list[float]], own: list[float]) -> tuple[float, float]:
    """Return the range of losses to show: all of the winner's, and those at the end of three candidates in four."""
    final = sorted(value for curve in drawn for value in finite_values(curve[-1:]))
    top = max([*finite_values(own), *final[: max(1, len(final) * 3 // 4)]], default=1)
    return min((value for curve in drawn for value in finite_values(curve)), default=0), top


def finite_values(values: list[float]) -> list[float]:
    """Leave out NaN and infinities."""
    return [value for value in values if math.isfinite(value)]


def criterion_figure(report: Report) -> Figure:
    """Draw the best candidate's value of the criterion by epoch."""
    early = report.curves.early_stopping
    best = Curve([epoch + 1 for epoch in report.curves.epochs], early.values, "the best candidate of each epoch")
    picture = draw_curves(
        [best, taken_mark(report, early.values, "which was best")],
        f"Best {early.criterion} by epoch",
        epoch_scale(report),
        Scale(early.criterion),
    )
    key = [("--accent", "the best candidate of each epoch"), ("--minus", "taken")]
    return Figure(f"What decides: {early.criterion} on the validation rows", picture, key)


def taken_mark(report: Report, values: list[float], why: str) -> Curve:
    """Return a dot at the best epoch of a curve."""
    best = report.training.best_epoch
    assert best is not None
    return Curve([best + 1], [values[report.curves.epochs.index(best)]], f"epoch {best + 1}, {why}", "--minus")


def epoch_scale(report: Report) -> Scale:
    """Return the scale of epochs, with room beside each where there are few."""
    count = len(report.curves.epochs)
    return Scale("epoch", ends=(0.5, count + 0.5) if count < 4 else None, whole=True)


def quality_figures(report: Report) -> list[Figure]:
    """Draw the quality of the model, by its predictor type."""
    binary = {name: found for name, found in report.channels.items() if isinstance(found, BinaryQuality)}
    if binary:
        return binary_figures(report, binary)
    main = report.channels[report.main_channel]
    return regression_figures(report.main_channel, main) if isinstance(main, RegressionQuality) else []


def binary_figures(report: Report, channels: Mapping[str, BinaryQuality]) -> list[Figure]:
    """Draw ROC, precision-recall and calibration curves."""
    name = report.main_channel
    main = channels[name]
    own = next(entry for entry in main.thresholds if entry.calibrated)
    where = f"threshold {format_number(own.threshold)} on the {name} rows"
    recall, precision = own.metrics["recall"], own.metrics["precision"]
    roc = [
        Curve(found.roc.false_positive_rate, found.roc.true_positive_rate, channel, COLOURS[channel])
        for channel, found in channels.items()
    ]
    by_chance = Curve(UNIT, UNIT, "by chance", "--line", 1, dashed=True)
    roc = [by_chance, *roc, Curve([fallout(main)], [recall], where, "--ink")]
    curves = [
        Curve(found.precision_recall.recall, found.precision_recall.precision, channel, COLOURS[channel])
        for channel, found in channels.items()
    ]
    curves.append(Curve([recall], [precision], where, "--ink"))
    key = [*((COLOURS[channel], channel) for channel in channels), ("--ink", "the calibrated threshold")]
    return [
        Figure(
            "Receiver operating characteristic",
            draw_rates(roc, "ROC curve", "false positive rate", "true positive rate"),
            key,
        ),
        Figure("Precision and recall", draw_rates(curves, "Precision-recall curve", "recall", "precision"), key),
        *([calibration_figure(name, main.calibration)] if main.calibration else []),
    ]


def fallout(quality: BinaryQuality) -> float:
    """Return the false positive rate at the calibrated threshold."""
    (true_negatives, false_positives), _ = quality.confusion
    negatives = true_negatives + false_positives
    return false_positives / negatives if negatives else 0.0


def calibration_figure(name: str, found: CalibrationCurve) -> Figure:
    """Draw the share of positives by score, on the rows of one channel."""
    shares = Curve(found.mean_score, found.positive_share, f"{name} rows", COLOURS[name])
    picture = draw_rates(
        [Curve(UNIT, UNIT, "as it should be", "--line", 1, dashed=True), shares, replace(shares, dot_radius=4)],
        "Calibration curve",
        "mean score of ten ranges of it",
        "share of rows that are positive",
    )
    return Figure("Is a score a probability?", picture, [(COLOURS[name], f"{name} rows")])


def draw_rates(curves: list[Curve], title: str, x_label: str, y_label: str) -> Markup:
    """Draw curves between axes from 0 to 1."""
    return draw_curves(curves, title, Scale(x_label, ends=UNIT), Scale(y_label, ends=UNIT))


def regression_figures(name: str, found: RegressionQuality) -> list[Figure]:
    """Draw predictions against labels, and a histogram of residuals."""
    if found.predictions is None or found.residuals is None:
        return []
    label, residuals = found.predictions.label, found.residuals
    ends = (min(label), max(label))
    points = Curve(label, found.predictions.score, f"{len(label)} rows", "--accent", dot_radius=2)
    diagonal = Curve(ends, ends, "as it should be", "--ink", 1, dashed=True)
    return [
        Figure(
            f"Predictions on the {name} rows, of a sample",
            draw_curves([points, diagonal], "Predictions against labels", Scale("label"), Scale("prediction")),
        ),
        Figure(
            f"Residuals on the {name} rows, of {format_count(found.sampled_rows)}",
            draw_histogram(
                residuals.edges,
                residuals.counts,
                "Histogram of residuals",
                "prediction minus label; the ends hold all beyond",
                "rows",
            ),
        ),
    ]


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
