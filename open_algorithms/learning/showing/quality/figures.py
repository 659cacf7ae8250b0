"""The charts of how good a model is: ROC, precision and recall, calibration, predictions and residuals.

Tests: tests/learning/showing/quality/test_section.py, tests/linear_learner/report/test_page.py.
"""

from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.frame import Figure
from open_algorithms.learning.showing.plots import Curve, draw_curves, draw_histogram
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    CalibrationCurve,
    Quality,
    RegressionQuality,
    choose_main_channel,
)
from open_algorithms.learning.showing.words import format_count, format_number

COLOURS = {"train": "--faint", "validation": "--accent", "test": "--minus"}
UNIT = (0.0, 1.0)


def quality_figures(channels: Mapping[str, Quality]) -> list[Figure]:
    """Draw the quality of a model on its channels, by what it predicts; none of more than two classes."""
    if binary := {name: found for name, found in channels.items() if isinstance(found, BinaryQuality)}:
        return binary_figures(binary)
    name = choose_main_channel(channels)
    main = channels[name]
    return regression_figures(name, main) if isinstance(main, RegressionQuality) else []


def binary_figures(channels: Mapping[str, BinaryQuality]) -> list[Figure]:
    """Draw ROC, precision-recall and calibration curves."""
    name = choose_main_channel(channels)
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
    key = [*((COLOURS[channel], channel) for channel in channels), ("--ink", "the threshold")]
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
