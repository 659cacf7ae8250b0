"""The tables of how good a model is: scores, confusion matrices, thresholds, classes, rows and labels.

Tests: tests/learning/showing/quality/test_section.py, tests/linear_learner/report/test_page.py.
"""

from collections.abc import Mapping, Sequence

from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    ChannelRows,
    MulticlassQuality,
    Quality,
    RegressionQuality,
    choose_main_channel,
)
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_number

Matrix = list[list[tuple[str, float]]]
Titled = tuple[str, Table]

MAX_CLASSES = 100  # rows of a table
MAX_MATRIX_CLASSES = 20  # up to so many have a confusion matrix


def name_class(classes: Sequence[str] | None, number: int) -> str:
    """Return the name of a class of a table, else its number."""
    return classes[number] if classes else str(number)


def score_table(channels: Mapping[str, Quality]) -> Table:
    """Tabulate the final scores, a column for each channel."""
    scores = [channel.scores for channel in channels.values()]
    rows = [[name, *(format_number(found[name]) for found in scores)] for name in scores[0]]
    return Table(["metric", *channels], rows)


def confusion_matrices(channels: Mapping[str, Quality]) -> list[tuple[str, Matrix]]:
    """Return the confusion matrices: of every channel for two classes, of the main channel for more.

    Each count comes with a shade from 0 to 1, the square root of its share of the row.
    """
    matrices = []
    for name, channel in channels.items():
        if isinstance(channel, RegressionQuality) or not channel.confusion:
            continue
        if isinstance(channel, MulticlassQuality) and name != choose_main_channel(channels):
            continue
        if len(channel.confusion) <= MAX_MATRIX_CLASSES:
            matrices.append((name, shade_counts(channel.confusion)))
    return matrices


def shade_counts(counts: list[list[int]]) -> Matrix:
    """Return each count as a text with its shade."""
    return [[(format_count(n), round((n / max(1, sum(row))) ** 0.5, 3)) for n in row] for row in counts]


def threshold_table(channels: Mapping[str, Quality], deciding: str, classes: Sequence[str] | None) -> list[Titled]:
    """Tabulate the thresholds of a binary classifier with a title; empty for other predictors."""
    channel = channels[deciding]
    if not isinstance(channel, BinaryQuality):
        return []
    rows = [
        [format_number(entry.threshold), format_count(entry.flagged), *map(format_number, entry.metrics.values())]
        for entry in channel.thresholds
    ]
    chosen = next(i for i, entry in enumerate(channel.thresholds) if entry.calibrated)
    heads = ["threshold", f"said to be {name_class(classes, 1)}", *channel.thresholds[0].metrics]
    return [(f"The threshold and its neighbours, on the {deciding} rows", Table(heads, rows, chosen))]


def class_table(channels: Mapping[str, Quality], classes: Sequence[str] | None, count: int) -> list[Titled]:
    """Tabulate the first of `count` classes of a multiclass classifier with a title; empty for other predictors."""
    name = choose_main_channel(channels)
    channel = channels[name]
    if not isinstance(channel, MulticlassQuality):
        return []
    rows = [
        [
            name_class(classes, found.class_),
            format_count(found.rows),
            format_count(found.flagged),
            format_number(found.recall) if found.rows else NO_VALUE,
            format_number(found.precision) if found.flagged else NO_VALUE,
        ]
        for found in channel.classes[:MAX_CLASSES]
    ]
    title = f"Each class on the {name} rows"
    if count > MAX_CLASSES:
        title = f"The first {MAX_CLASSES} of {format_count(count)} classes on the {name} rows"
    return [(title, Table(["class", "rows", "said to be it", "recall", "precision"], rows))]


def channel_table(counted: Mapping[str, ChannelRows], classes: Sequence[str] | None, features: str) -> Table:
    """Tabulate rows and labels, a column for each channel, below what is said of the features."""
    channels = list(counted.values())
    rows = [["rows", *(format_count(channel.rows) for channel in channels)]]
    labels = [channel.label for channel in channels if channel.label is not None]
    if labels:
        rows.append(["label's mean", *(format_number(label.mean) for label in labels)])
        rows.append(["label's deviation", *(format_number(label.deviation) for label in labels)])
    by_class = list(zip(*(channel.classes for channel in channels if channel.classes is not None), strict=True))
    rows += [
        [f"of class {name_class(classes, c)}", *map(format_count, counts)]
        for c, counts in enumerate(by_class[:MAX_MATRIX_CLASSES])
    ]
    if others := by_class[MAX_MATRIX_CLASSES:]:
        rows.append(["of the others", *(format_count(sum(counts)) for counts in zip(*others, strict=True))])
    return Table([features, *counted], rows)
