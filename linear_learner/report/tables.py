"""The tables of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

from linear_learner.report.schema import BinaryQuality, CandidateEntry, MulticlassQuality, RegressionQuality, Report
from linear_learner.report.words import format_setting
from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_number

Matrix = list[list[tuple[str, float]]]
Titled = tuple[str, Table]

MAX_CANDIDATES = MAX_CLASSES = 100  # rows of a table
MAX_MATRIX_CLASSES = 20  # up to so many have a confusion matrix


def candidate_table(report: Report) -> Table:
    """Tabulate the candidates, the best first, with the settings in which they differ."""
    criterion = [report.training.criterion] if report.training.maximise else []
    settings = differing_settings(report)
    heads = ["candidate", *criterion, "loss", "train loss", "wins", *settings, ""]
    rows = [
        [
            entry.candidate,
            *(format_number(entry.value) for _ in criterion),
            format_number(entry.loss),
            format_number(entry.train_loss),
            NO_VALUE if entry.left_after_epoch else f"{entry.win_share:.0%}",
            *(format_setting(entry.settings.get(name)) for name in settings),
            "won" if entry.candidate == report.winner else fate_text(entry),
        ]
        for entry in report.bank[:MAX_CANDIDATES]
    ]
    return Table(
        heads,
        rows,
        chosen=report.bank.index(report.winning_entry),
        texts=[i for i, head in enumerate(heads) if head in ("optimizer", "")],
    )


def differing_settings(report: Report) -> list[str]:
    """Return the names of the settings in which candidates differ, else of the first three."""
    names = list(dict.fromkeys(name for entry in report.bank for name in entry.settings))
    differing = [name for name in names if len({repr(entry.settings.get(name)) for entry in report.bank}) > 1]
    return differing or names[:3]


def fate_text(entry: CandidateEntry) -> str:
    """Say what became of a candidate that did not win, where it did not simply train to the end."""
    if entry.left_after_epoch is not None:
        return f"left after epoch {entry.left_after_epoch}"
    return "diverged" if entry.diverged else ""


def class_name(report: Report, number: int) -> str:
    """Return the name of a class of a table, else its number."""
    return report.classes[number] if report.classes else str(number)


def score_table(report: Report) -> Table:
    """Tabulate the final scores, a column for each channel."""
    scores = [channel.scores for channel in report.channels.values()]
    rows = [[name, *(format_number(found[name]) for found in scores)] for name in scores[0]]
    return Table(["metric", *report.channels], rows)


def confusion_matrices(report: Report) -> list[tuple[str, Matrix]]:
    """Return the confusion matrices: of every channel for two classes, of the main channel for more.

    Each count comes with a shade from 0 to 1, the square root of its share of the row.
    """
    matrices = []
    for name, channel in report.channels.items():
        if isinstance(channel, RegressionQuality) or not channel.confusion:
            continue
        if isinstance(channel, MulticlassQuality) and name != report.main_channel:
            continue
        if len(channel.confusion) <= MAX_MATRIX_CLASSES:
            matrices.append((name, shade_counts(channel.confusion)))
    return matrices


def shade_counts(counts: list[list[int]]) -> Matrix:
    """Return each count as a text with its shade."""
    return [[(format_count(n), round((n / max(1, sum(row))) ** 0.5, 3)) for n in row] for row in counts]


def threshold_table(report: Report) -> list[Titled]:
    """Tabulate the thresholds of a binary classifier with a title; empty for other predictors."""
    deciding = report.training.deciding
    channel = report.channels[deciding]
    if not isinstance(channel, BinaryQuality):
        return []
    rows = [
        [format_number(entry.threshold), format_count(entry.flagged), *map(format_number, entry.metrics.values())]
        for entry in channel.thresholds
    ]
    chosen = next(i for i, entry in enumerate(channel.thresholds) if entry.calibrated)
    heads = ["threshold", f"said to be {class_name(report, 1)}", *channel.thresholds[0].metrics]
    return [(f"The threshold and its neighbours, on the {deciding} rows", Table(heads, rows, chosen))]


def class_table(report: Report) -> list[Titled]:
    """Tabulate the classes of a multiclass classifier with a title; empty for other predictors."""
    name = report.main_channel
    channel = report.channels[name]
    if not isinstance(channel, MulticlassQuality):
        return []
    rows = [
        [
            class_name(report, found.class_),
            format_count(found.rows),
            format_count(found.flagged),
            format_number(found.recall) if found.rows else NO_VALUE,
            format_number(found.precision) if found.flagged else NO_VALUE,
        ]
        for found in channel.classes[:MAX_CLASSES]
    ]
    classes = len(report.data.channels[name].classes or ())
    title = f"Each class on the {name} rows"
    if classes > MAX_CLASSES:
        title = f"The first {MAX_CLASSES} of {format_count(classes)} classes on the {name} rows"
    return [(title, Table(["class", "rows", "said to be it", "recall", "precision"], rows))]


def weight_table(report: Report) -> Table:
    """Tabulate the largest weights; of a multiclass classifier that of the class with the largest, for each feature."""
    has_classes = report.predictor_type == "multiclass_classifier"
    normalized = report.data.normalized
    rows = []
    for entry in report.weights:
        i = max(range(len(entry.classes)), key=lambda i: abs(entry.standardised[i]))
        of_class = [class_name(report, entry.classes[i])] if has_classes else []
        rows.append([entry.feature, *of_class, format_number(entry.standardised[i]), format_number(entry.raw[i])])
    standardised = "standardised" if normalized.features or normalized.label else "as trained"
    return Table(["feature", *(["class"] if has_classes else []), standardised, "original units"], rows)


def channel_table(report: Report) -> Table:
    """Tabulate rows and labels, a column for each channel."""
    channels = list(report.data.channels.values())
    rows = [["rows", *(format_count(channel.rows) for channel in channels)]]
    labels = [channel.label for channel in channels if channel.label is not None]
    if labels:
        rows.append(["label's mean", *(format_number(label.mean) for label in labels)])
        rows.append(["label's deviation", *(format_number(label.deviation) for label in labels)])
    by_class = list(zip(*(channel.classes for channel in channels if channel.classes is not None), strict=True))
    rows += [
        [f"of class {class_name(report, c)}", *map(format_count, counts)]
        for c, counts in enumerate(by_class[:MAX_MATRIX_CLASSES])
    ]
    if others := by_class[MAX_MATRIX_CLASSES:]:
        rows.append(["of the others", *(format_count(sum(counts)) for counts in zip(*others, strict=True))])
    kind = "sparse" if report.data.sparse else "dense"
    return Table([f"{format_count(report.data.features)} {kind} features", *report.data.channels], rows)
