"""The tables of how good a model is: scores, confusion matrices, thresholds, classes, rows and labels.

Tests: tests/learning/showing/quality/test_section.py, tests/linear_learner/report/test_page.py.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.quality.answer import name_rows, name_usual
from open_algorithms.learning.showing.quality.schema import (
    FOLDS,
    BinaryQuality,
    ChannelRows,
    Judgement,
    MulticlassQuality,
    RegressionQuality,
)
from open_algorithms.learning.showing.quality.scores import arrange_scores, format_interval, format_score, name_score
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_percent, format_rounded

Titled = tuple[str, Table]

MAX_CLASSES = 100  # rows of a table
MAX_MATRIX_CLASSES = 20  # up to so many have a confusion matrix
WHOLE_LETTERS = 16  # of an interval, up to which it stays on its line
CONFUSED_PAIRS = 10  # that are listed of classes without a matrix in sight

_NAMED = Markup('{} <span class="original">{}</span>')


class Cell(NamedTuple):
    """Rows of a label with one predicted label: their number, their share of the label's, and a shade from 0 to 1.

    Where there are none the share is empty.
    """

    rows: str
    share: str
    shade: float


class Matrix(NamedTuple):
    """A confusion matrix of the rows of a channel, by the names of the classes: labels down, predicted ones across."""

    channel: str
    title: str
    classes: list[str]
    rows: list[list[Cell]]


def score_table(judgement: Judgement) -> Table:
    """Tabulate the final scores: on the main channel, with intervals and those of a constant answer, and on others."""
    main, quality = judgement.main, judgement.quality
    channels = {main: quality.scores} | {name: found.scores for name, found in judgement.channels.items()}
    rows_of = {name: judgement.count_rows(name).rows for name in channels}
    base, rows = quality.baseline, []
    for row in arrange_scores(channels, rows_of):
        cells: list[object] = [_NAMED.format(row.words, ", ".join(row.scores)), row.texts[0]]
        if quality.intervals:
            known = [quality.intervals[score] for score in row.scores if score in quality.intervals]
            text = format_interval(row.scores[0], known[0], rows_of[main]) if known else NO_VALUE
            cells.append(text.replace(" ", "\N{NO-BREAK SPACE}") if len(text) <= WHOLE_LETTERS else text)
        if base is not None:
            usual = [base.scores[score] for score in row.scores if score in base.scores]
            cells.append(format_score(row.scores[0], usual[0], rows_of[main]) if usual else NO_VALUE)
        rows.append([*cells, *row.texts[1:]])
    first, *others = ["in folds" if name == FOLDS else name for name in channels]
    extra = ["95% interval"] * bool(quality.intervals)
    extra += [f"always saying {name_usual(judgement, base)}"] if base is not None else []
    return Table(["score", first, *extra, *others], rows)


def confusion_matrices(judgement: Judgement) -> list[Matrix]:
    """Return the confusion matrices: of every channel for two classes, of the main channel for more.

    The shade of a count is the square root of its share of the row.
    """
    matrices = []
    for name, channel in judgement.channels.items():
        if isinstance(channel, RegressionQuality) or not channel.confusion:
            continue
        if isinstance(channel, MulticlassQuality) and name != judgement.main:
            continue
        if len(channel.confusion) <= MAX_MATRIX_CLASSES:
            classes = [judgement.name_class(number) for number in range(len(channel.confusion))]
            title = f"What it says of the {name_rows(name)}"
            matrices.append(Matrix(name, title, classes, [shade_counts(row) for row in channel.confusion]))
    return matrices


def shade_counts(counts: Sequence[int]) -> list[Cell]:
    """Return the cells of a row."""
    shares = [count / max(1, sum(counts)) for count in counts]
    return [
        Cell(format_count(count), format_percent(share, 0) if count else "", round(share**0.5, 3))
        for count, share in zip(counts, shares, strict=True)
    ]


def confused_table(judgement: Judgement) -> list[Titled]:
    """Tabulate the classes that are taken for each other most, where there are too many for a matrix."""
    quality = judgement.quality
    if not isinstance(quality, MulticlassQuality) or not quality.confusion:
        return []
    classes = len(quality.confusion)
    if classes <= MAX_MATRIX_CLASSES:
        return []
    pairs = sorted(
        (-count, label, said)
        for label, row in enumerate(quality.confusion)
        for said, count in enumerate(row)
        if count and said != label
    )
    rows = [
        [judgement.name_class(label), judgement.name_class(said), format_count(-count)]
        for count, label, said in pairs[:CONFUSED_PAIRS]
    ]
    title = f"What is taken for what most, on the {name_rows(judgement.main)}"
    return [(title, Table(["is", "it says", "rows"], rows, texts=[1]))]


def threshold_table(judgement: Judgement) -> list[Titled]:
    """Tabulate the thresholds of a binary classifier with a title; empty for other predictors."""
    name = judgement.deciding or judgement.main
    channel, rows_of = judgement.channels[name], judgement.count_rows(name).rows
    if not isinstance(channel, BinaryQuality):
        return []
    digits = max(3, next((n for n in range(3, 9) if is_told_apart(channel, n)), 9))
    rows = [
        [
            format_rounded(entry.threshold, digits),
            format_count(entry.flagged),
            *(format_score(score, value, rows_of) for score, value in entry.metrics.items()),
        ]
        for entry in channel.thresholds
    ]
    chosen = next(i for i, entry in enumerate(channel.thresholds) if entry.calibrated)
    heads = ["threshold", f"said to be {judgement.name_class(1)}", *map(name_score, channel.thresholds[0].metrics)]
    return [(f"The threshold and its neighbours, on the {name_rows(name)}", Table(heads, rows, chosen))]


def is_told_apart(channel: BinaryQuality, digits: int) -> bool:
    """Tell whether all thresholds differ where they are written in so many digits."""
    texts = {format_rounded(entry.threshold, digits) for entry in channel.thresholds}
    return len(texts) == len({entry.threshold for entry in channel.thresholds})


def class_table(judgement: Judgement) -> list[Titled]:
    """Tabulate the first classes of a multiclass classifier with a title; empty for other predictors."""
    channel, rows_of = judgement.quality, judgement.rows
    if not isinstance(channel, MulticlassQuality):
        return []
    rows = [
        [
            judgement.name_class(found.class_),
            format_count(found.rows),
            format_count(found.flagged),
            format_score("recall", found.recall, rows_of) if found.rows else NO_VALUE,
            format_score("precision", found.precision, rows_of) if found.flagged else NO_VALUE,
        ]
        for found in channel.classes[:MAX_CLASSES]
    ]
    count = len(judgement.count_rows(judgement.main).classes or ())
    title = f"Each class on the {name_rows(judgement.main)}"
    if count > MAX_CLASSES:
        title = f"The first {MAX_CLASSES} of {format_count(count)} classes on the {name_rows(judgement.main)}"
    return [(title, Table(["class", "rows", "said to be it", "recall", "precision"], rows))]


def channel_table(counted: Mapping[str, ChannelRows], classes: Sequence[str] | None, features: str) -> Table:
    """Tabulate rows and labels, a column for each channel, below what is said of the features."""
    channels = list(counted.values())
    rows = [["rows", *(format_count(channel.rows) for channel in channels)]]
    labels = [channel.label for channel in channels if channel.label is not None]
    if labels:
        rows.append(["label's mean", *(format_rounded(label.mean, 4) for label in labels)])
        rows.append(["label's deviation", *(format_rounded(label.deviation, 4) for label in labels)])
    by_class = list(zip(*(channel.classes for channel in channels if channel.classes is not None), strict=True))
    rows += [
        [f"of class {classes[c] if classes else c}", *map(format_count, counts)]
        for c, counts in enumerate(by_class[:MAX_MATRIX_CLASSES])
    ]
    if others := by_class[MAX_MATRIX_CLASSES:]:
        rows.append(["of the others", *(format_count(sum(counts)) for counts in zip(*others, strict=True))])
    return Table([features, *counted], rows)
