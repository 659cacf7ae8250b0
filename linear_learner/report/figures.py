"""The charts of the report page."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from linear_learner.report.content import LISTED_CLASS_WEIGHTS as CLASS_BARS
from linear_learner.report.content import PICTURED_CLASSES as PICTURES
from linear_learner.report.words import describe_settings, format_count, format_number, main_channel
from open_algorithms.learning.showing.axes import Curve, draw_curves, draw_histogram
from open_algorithms.learning.showing.bars import draw_bars

Plain = Mapping[str, Any]
Chart = tuple[str, Markup] | tuple[str, Markup, list[tuple[str, str]]]  # caption, picture, and what its colours mean

COLOURS = {"train": "--faint", "validation": "--accent", "test": "--minus"}
MAX_BARS = 20


def learning_curve_charts(report: Plain, winner: Plain) -> list[Chart]:
    """Draw the learning curves of all candidates, with the winner's on top."""
    epochs = [epoch + 1 for epoch in report["curves"]["epochs"]]
    if not epochs:
        return []
    names = {
        entry["candidate"]: f"candidate {entry['candidate']}: {describe_settings(entry)}" for entry in report["bank"]
    }
    best = report["training"]["best_epoch"]
    charts: list[Chart] = []
    for name, drawn in report["curves"]["losses"].items():
        own = nan_for_none(drawn[winner["candidate"]])
        final = sorted(value for curve in drawn for value in nan_for_none(curve)[-1:] if value == value)
        top = max([value for value in own if value == value] + final[: max(1, len(final) * 3 // 4)], default=1)
        bottom = min((value for curve in drawn for value in nan_for_none(curve) if value == value), default=0)
        others = [
            Curve(epochs, nan_for_none(curve), names[m], "--faint", 1) for m, curve in enumerate(drawn) if m in names
        ]
        mark = Curve(
            [best + 1], [own[epochs.index(best + 1)]], f"epoch {best + 1}, whose weights were taken", "--minus"
        )
        picture = draw_curves(
            [*others, Curve(epochs, own, names[winner["candidate"]], width=2.5), mark],
            f"Loss of every candidate on the {name} rows by epoch",
            "epoch",
            report["objective"],
            x_range=(0.5, len(epochs) + 0.5) if len(epochs) < 4 else None,
            y_range=(bottom, top),
            logarithmic=True,
            whole=True,
        )
        key = [("--accent", f"candidate {winner['candidate']}"), ("--faint", "the others"), ("--minus", "taken")]
        charts.append((f"Loss on the {name} rows", picture, key))
    early = report["curves"]["early_stopping"]
    if early["criterion"] != report["objective"]:
        values = nan_for_none(early["values"])
        picture = draw_curves(
            [
                Curve(epochs, values, "the best candidate of each epoch"),
                Curve([best + 1], [values[epochs.index(best + 1)]], f"epoch {best + 1}, which was best", "--minus"),
            ],
            f"Best {early['criterion']} by epoch",
            "epoch",
            early["criterion"],
            x_range=(0.5, len(epochs) + 0.5) if len(epochs) < 4 else None,
            whole=True,
        )
        key = [("--accent", "the best candidate of each epoch"), ("--minus", "taken")]
        charts.append((f"What decides: {early['criterion']} on the validation rows", picture, key))
    return charts


def nan_for_none(values: Iterable[float | None]) -> list[float]:
    """Replace None by NaN."""
    return [float("nan") if value is None else value for value in values]


def quality_charts(report: Plain) -> list[Chart]:
    """Draw the quality of the model, by its predictor type."""
    if report["predictor_type"] == "binary_classifier":
        return binary_charts(report)
    return regression_charts(report) if report["predictor_type"] == "regressor" else []


def binary_charts(report: Plain) -> list[Chart]:
    """Draw ROC, precision-recall and calibration curves."""
    channels = report["channels"]
    key = [(COLOURS[name], name) for name in channels] + [("--ink", "the calibrated threshold")]
    name, main = main_channel(report)
    own = next(entry for entry in main["thresholds"] if entry["calibrated"])
    (true_negatives, wrong), _ = main["confusion"]
    fallout = wrong / (true_negatives + wrong) if true_negatives + wrong else 0.0
    where = f"threshold {format_number(report['threshold'])} on the {name} rows"
    roc = [Curve((0, 1), (0, 1), "by chance", "--line", 1, dashed=True)]
    roc += [
        Curve(channel["roc"]["false_positive_rate"], channel["roc"]["true_positive_rate"], channel_name, colour)
        for channel_name, channel, colour in coloured_channels(channels)
    ]
    roc.append(Curve([fallout], [own["recall"]], where, "--ink"))
    precision = [
        Curve(channel["precision_recall"]["recall"], channel["precision_recall"]["precision"], channel_name, colour)
        for channel_name, channel, colour in coloured_channels(channels)
    ]
    precision.append(Curve([own["recall"]], [own["precision"]], where, "--ink"))
    unit = (0, 1)
    charts: list[Chart] = [
        (
            "Receiver operating characteristic",
            draw_curves(roc, "ROC curve", "false positive rate", "true positive rate", x_range=unit, y_range=unit),
            key,
        ),
        (
            "Precision and recall",
            draw_curves(precision, "Precision-recall curve", "recall", "precision", x_range=unit, y_range=unit),
            key,
        ),
    ]
    if "calibration" in main:
        found = main["calibration"]
        picture = draw_curves(
            [
                Curve(unit, unit, "as it should be", "--line", 1, dashed=True),
                Curve(found["mean_score"], found["positive_share"], f"{name} rows", COLOURS[name]),
                Curve(found["mean_score"], found["positive_share"], f"{name} rows", COLOURS[name], dot_radius=4),
            ],
            "Calibration curve",
            "mean score of ten ranges of it",
            "share of rows that are positive",
            x_range=unit,
            y_range=unit,
        )
        charts.append(("Is a score a probability?", picture, [(COLOURS[name], f"{name} rows")]))
    return charts


def coloured_channels(channels: Plain) -> Iterable[tuple[str, Plain, str]]:
    """Return the channels with their names and colours."""
    return [(name, channel, COLOURS[name]) for name, channel in channels.items()]


def regression_charts(report: Plain) -> list[Chart]:
    """Draw predictions against labels, and a histogram of residuals."""
    name, main = main_channel(report)
    if not main["sampled_rows"]:
        return []
    label, score = main["predictions"]["label"], main["predictions"]["score"]
    ends = (min(label), max(label))
    residuals = main["residuals"]
    return [
        (
            f"Predictions on the {name} rows, of a sample",
            draw_curves(
                [
                    Curve(label, score, f"{len(label)} rows", "--accent", dot_radius=2),
                    Curve(ends, ends, "as it should be", "--ink", 1, dashed=True),
                ],
                "Predictions against labels",
                "label",
                "prediction",
            ),
        ),
        (
            f"Residuals on the {name} rows, of {format_count(main['sampled_rows'])}",
            draw_histogram(
                residuals["edges"],
                residuals["counts"],
                "Histogram of residuals",
                "prediction minus label; the ends hold all beyond",
                "rows",
            ),
        ),
    ]


def weight_charts(report: Plain) -> list[Chart]:
    """Draw the largest weights; of a multiclass classifier those of each of the first classes."""
    entries = report["weights"]
    charts: list[Chart] = []
    if report["predictor_type"] != "multiclass_classifier":
        some = entries[:MAX_BARS]
        names, values = [entry["feature"] for entry in some], [entry["standardised"][0] for entry in some]
        charts.append(("The largest weights", draw_bars(names, values, "The largest weights")))
    elif entries and len(entries[0]["classes"]) > 1:
        for c in entries[0]["classes"][:PICTURES]:
            some = sorted(entries, key=lambda entry: -abs(entry["standardised"][c]))[:CLASS_BARS]
            names, values = [entry["feature"] for entry in some], [entry["standardised"][c] for entry in some]
            charts.append((f"Class {c}", draw_bars(names, values, f"The largest weights of class {c}")))
    return charts


def time_chart(report: Plain) -> Chart:
    """Draw the duration of each part of the job."""
    seconds = report["seconds"]
    total = sum(seconds.values())
    return f"Seconds of each part, {total:.2f} in all", draw_bars(list(seconds), list(seconds.values()), "Time line")
