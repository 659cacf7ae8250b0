"""The charts of how good a model is: ROC, precision and recall, calibration, scores, predictions and residuals.

Tests: tests/learning/showing/quality/test_section.py, tests/linear_learner/report/test_page.py.
"""

from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.frame import Figure, Key
from open_algorithms.learning.showing.plots import Columns, Curve, Range, draw_curves, draw_histogram
from open_algorithms.learning.showing.quality.answer import name_rows
from open_algorithms.learning.showing.quality.schema import (
    FOLDS,
    BinaryQuality,
    CalibrationCurve,
    Judgement,
    RegressionQuality,
    ScoreHistogram,
)
from open_algorithms.learning.showing.words import count_noun, format_count, format_rounded

COLOURS = {"train": "--faint", "validation": "--accent", FOLDS: "--accent", "test": "--minus"}
UNIT = (0.0, 1.0)
ABOUT = 1.2  # times as many rows in one bin as in another are about as many


def curve_figures(judgement: Judgement) -> list[Figure]:
    """Draw what a binary classifier does at other thresholds, and what its scores are worth as probabilities."""
    channels = {name: found for name, found in judgement.channels.items() if isinstance(found, BinaryQuality)}
    if not channels:
        return []
    name, positive = judgement.main, judgement.name_class(1)
    main = channels[name]
    figures = trade_figures(name, channels)
    if main.calibration is not None:
        figures.append(calibration_figure(name, main.calibration, positive))
    if main.histogram is not None:
        figures.append(score_figure(judgement, main.histogram))
    return figures


def trade_figures(name: str, channels: Mapping[str, BinaryQuality]) -> list[Figure]:
    """Draw ROC and precision-recall curves, with the threshold on the rows of a channel."""
    main = channels[name]
    own = next(entry for entry in main.thresholds if entry.calibrated)
    where = f"threshold {format_rounded(own.threshold)} on the {name_rows(name)}"
    recall, precision = own.metrics["recall"], own.metrics["precision"]
    roc = [
        Curve(found.roc.false_positive_rate, found.roc.true_positive_rate, name_rows(channel), COLOURS[channel])
        for channel, found in channels.items()
    ]
    by_chance = Curve(UNIT, UNIT, "by chance", "--muted", 1.5, dashed=True)
    roc = [by_chance, *roc, Curve([fallout(main)], [recall], where, "--ink")]
    curves = [
        Curve(found.precision_recall.recall, found.precision_recall.precision, name_rows(channel), COLOURS[channel])
        for channel, found in channels.items()
    ]
    (true_negatives, false_positives), (missed, hits) = main.confusion
    share = (missed + hits) / max(1, true_negatives + false_positives + missed + hits)
    chance = Curve(UNIT, (share, share), "by chance", "--muted", 1.5, dashed=True)
    curves = [chance, *curves, Curve([recall], [precision], where, "--ink")]
    key = [
        *(Key(COLOURS[channel], name_rows(channel)) for channel in channels),
        Key("--ink", "the threshold", "dot"),
        Key("--muted", "by chance", "dashed"),
    ]
    return [
        Figure(
            "Receiver operating characteristic",
            draw_rates(roc, "ROC curve", "false positive rate", "true positive rate"),
            key,
        ),
        Figure("Precision and recall", draw_rates(curves, "Precision-recall curve", "recall", "precision"), key),
    ]


def fallout(quality: BinaryQuality) -> float:
    """Return the false positive rate at the calibrated threshold."""
    (true_negatives, false_positives), _ = quality.confusion
    negatives = true_negatives + false_positives
    return false_positives / negatives if negatives else 0.0


def calibration_figure(name: str, found: CalibrationCurve, positive: str) -> Figure:
    """Draw the share of positives by score, with intervals, on the rows of one channel."""
    colour = COLOURS[name]
    if name == "train":
        colour = "--accent"
    bins = len(found.rows)
    shares = Curve(found.mean_score, found.positive_share, name_rows(name), colour)
    top = min(1.0, 1.05 * max([*found.high, *found.mean_score], default=1.0))
    ends = (0.0, 1.0 if top > 0.5 else top)
    diagonal = Curve(ends, ends, "as it should be", "--muted", 1.5, dashed=True)
    picture = draw_curves(
        [diagonal, shares, replace(shares, dot_radius=4)],
        "Calibration curve",
        Scale("mean score", ends=ends),
        Scale(f"share of rows that are {positive}", ends=ends),
        ranges=[Range(found.mean_score, found.low, found.high, "95% interval", colour, whiskers=True)],
    )
    few, many = min(found.rows, default=0), max(found.rows, default=0)
    of_rows = f"each of {format_count(few)} to {count_noun(many, 'row')}, as equal scores share one"
    if many <= ABOUT * few:
        of_rows = f"each of about {count_noun(round(sum(found.rows) / max(1, bins)), 'row')}"
    return Figure(
        "Is a score a probability?",
        picture,
        [
            Key(colour, f"{name_rows(name)}, with 95% intervals", "dot"),
            Key("--muted", "as it should be", "dashed"),
        ],
        f"Rows in the order of their score, in {count_noun(bins, 'bin')}, {of_rows}: where dots lie on the dashed "
        "line, a score of 0.7 means that 7 in 10 such rows are of that class.",
    )


def score_figure(judgement: Judgement, found: ScoreHistogram) -> Figure:
    """Draw how many rows of either class have which score."""
    negative, positive = judgement.name_class(0), judgement.name_class(1)
    picture = draw_histogram(
        found.edges,
        [
            Columns(found.negatives, f"are {negative}", "--faint"),
            Columns(found.positives, f"are {positive}", "--accent"),
        ],
        "Histogram of scores",
        "score",
        "rows",
    )
    key = [Key("--faint", f"are {negative}", "block"), Key("--accent", f"are {positive}", "block")]
    return Figure(
        f"Which scores the {name_rows(judgement.main)} have",
        picture,
        key,
        "The two colours stand on each other. The farther apart they lie, the better scores tell the classes apart.",
    )


def draw_rates(curves: list[Curve], title: str, x_label: str, y_label: str) -> Markup:
    """Draw curves between axes from 0 to 1."""
    return draw_curves(curves, title, Scale(x_label, ends=UNIT), Scale(y_label, ends=UNIT))


def prediction_figures(judgement: Judgement) -> list[Figure]:
    """Draw a regressor's predictions against labels, and what they are off by over what they are."""
    found, rows, label = judgement.quality, judgement.rows, judgement.label or "label"
    right = "as it should be" if judgement.quantile is None else "prediction = label"
    if not isinstance(found, RegressionQuality) or found.predictions is None:
        return []
    labels, scores = found.predictions.label, found.predictions.score
    some = (
        f"{format_count(len(labels))} of the {format_count(rows)}"
        if len(labels) < rows
        else f"the {format_count(rows)}"
    )
    name = f"{some} {name_rows(judgement.main)}"
    ends = (min(labels), max(labels))
    diagonal = Curve(ends, ends, right, "--muted", 1.5, dashed=True)
    points = Curve(labels, scores, name, "--accent", dot_radius=2)
    residuals = Curve(scores, [s - y for s, y in zip(scores, labels, strict=True)], name, "--accent", dot_radius=2)
    across = (min(scores), max(scores))
    level = Curve(across, (0.0, 0.0), right, "--muted", 1.5, dashed=True)
    key = [Key("--accent", name, "dot"), Key("--muted", right, "dashed")]
    return [
        Figure(
            "Predictions against labels",
            draw_curves([points, diagonal], "Predictions against labels", Scale(label), Scale("prediction")),
            key,
        ),
        Figure(
            "What they are off by, over the prediction",
            draw_curves(
                [residuals, level], "Residuals over predictions", Scale("prediction"), Scale("prediction minus label")
            ),
            key,
        ),
    ]


def residual_figures(judgement: Judgement) -> list[Figure]:
    """Draw a histogram of a regressor's residuals."""
    found, rows = judgement.quality, judgement.rows
    if not isinstance(found, RegressionQuality) or found.residuals is None:
        return []
    residuals = found.residuals
    sample = f", of a sample of {format_count(found.sampled_rows)}" if found.sampled_rows < rows else ""
    low, middle, high = (format_rounded(residuals.quantiles[level]) for level in ("0.05", "0.5", "0.95"))
    return [
        Figure(
            f"How far predictions are off on the {name_rows(judgement.main)}{sample}",
            draw_histogram(
                residuals.edges,
                [Columns(residuals.counts)],
                "Histogram of residuals",
                "prediction minus label; the ends hold all beyond",
                "rows",
            ),
            note=f"One in twenty predictions is off by {low} or further down, one in twenty by {high} or further up; "
            f"the one in the middle is off by {middle}.",
        )
    ]
