"""The first answer of a report: how good a model is on rows that it has not learned from, beside a constant answer."""

from collections.abc import Iterator

from open_algorithms.learning.showing.quality.schema import (
    FOLDS,
    Baseline,
    BinaryQuality,
    Judgement,
    MulticlassQuality,
    Quality,
    RegressionQuality,
)
from open_algorithms.learning.showing.quality.scores import format_interval, format_score, name_score
from open_algorithms.learning.showing.words import count_noun, format_count, join_words

MAIN_SCORES: dict[type[Quality], tuple[str, ...]] = {
    BinaryQuality: ("binary_classification_accuracy",),
    MulticlassQuality: ("multiclass_accuracy",),
    RegressionQuality: ("absolute_loss", "r2"),
}
NAMED_CLASSES, NAMED_LETTERS = 6, 100  # of classes, beyond which their number is told


def main_score(quality: Quality) -> str:
    """Return the score that answers how good a model is."""
    return MAIN_SCORES[type(quality)][0]


def name_rows(channel: str) -> str:
    """Name the rows of a channel.

    >>> name_rows("test"), name_rows("folds")
    ('test rows', 'train rows in folds')
    """
    return "train rows in folds" if channel == FOLDS else f"{channel} rows"


def describe_rows(judgement: Judgement) -> str:
    """Say on which rows a model is judged, and what these are worth."""
    count, channel = format_count(judgement.rows), judgement.main
    if channel == FOLDS:
        return f"On the {count} train rows, each judged by what was learned without it,"
    if channel == "train":
        return f"On the {count} train rows, which it has learned from, so that figures look better than they are,"
    if judgement.deciding is None:
        return f"On {count} {channel} rows,"
    if channel == judgement.deciding:
        return f"On {count} {channel} rows, which it has not learned from but was chosen on,"
    return f"On {count} {channel} rows, which it has not learned from,"


def describe_answer(judgement: Judgement) -> Iterator[str]:
    """Yield how good the model is, in a paragraph or two."""
    match judgement.quality:
        case RegressionQuality() as quality:
            yield from answer_of_numbers(judgement, quality)
        case quality:
            yield " ".join(answer_of_classes(judgement, quality))


def answer_of_classes(judgement: Judgement, quality: BinaryQuality | MulticlassQuality) -> Iterator[str]:
    """Yield sentences on a classifier."""
    score, rows = main_score(quality), judgement.rows
    if score not in quality.scores:
        return
    value = quality.scores[score]
    text = f"{describe_rows(judgement)} it is right in {format_score(score, value, rows)} of cases"
    if score in quality.intervals:
        text += f" (95% interval: {format_interval(score, quality.intervals[score], rows)})"
    if (base := quality.baseline) is not None:
        usual = format_score(score, base.scores[score], rows)
        no_better = " too" if usual == format_score(score, value, rows) else ""
        text += f"; always saying {judgement.name_class(int(base.answer))} would be right in {usual}{no_better}"
    yield f"{text}."
    if isinstance(quality, BinaryQuality):
        yield from describe_positives(judgement, quality)
    elif len(classes := [found for found in quality.classes if found.rows]) > 1:
        hardest = min(classes, key=lambda found: found.recall)
        yield (
            f"Hardest is {judgement.name_class(hardest.class_)}: of its {count_noun(hardest.rows, 'row')} it finds "
            f"{format_score('recall', hardest.recall, rows)}."
        )


def describe_positives(judgement: Judgement, quality: BinaryQuality) -> Iterator[str]:
    """Yield sentences on the rows of the positive class, and on those that are said to be of it."""
    rows, positive = judgement.rows, judgement.name_class(1)
    _, (missed, hits) = quality.confusion
    flagged = hits + quality.confusion[0][1]
    if missed + hits:
        found = format_score("recall", hits / (missed + hits), rows)
        text = f"Of the {format_count(missed + hits)} rows that are {positive} it finds {found}"
        if flagged:
            right = format_score("precision", hits / flagged, rows)
            text += f"; of the {format_count(flagged)} that it calls {positive}, {right} are"
        yield f"{text}."


def answer_of_numbers(judgement: Judgement, quality: RegressionQuality) -> Iterator[str]:
    """Yield sentences on a regressor."""
    rows, (distance, share) = judgement.rows, MAIN_SCORES[RegressionQuality]
    if distance not in quality.scores:
        return

    def write(score: str) -> str:
        text = format_score(score, quality.scores[score], rows)
        if score in quality.intervals:
            text += f" (95% interval: {format_interval(score, quality.intervals[score], rows)})"
        return text

    text = f"{describe_rows(judgement)} its predictions are off by {write(distance)} on average"
    if (base := quality.baseline) is not None:
        mean = format_score(distance, base.answer, rows)
        text += f"; always saying {mean}, the mean, would be off by "
        text += format_score(distance, base.scores[distance], rows)
    yield text + "."
    sizes = quality.residuals
    if sizes is not None:
        half, most = (format_score(distance, sizes.sizes[level], rows) for level in ("0.5", "0.9"))
        yield (
            f"Half of them are off by less than {half}, nine in ten by less than {most}. R\N{SUPERSCRIPT TWO}, the "
            f"share of the label's variance that they explain, is {write(share)}."
        )


def headline_facts(judgement: Judgement) -> list[tuple[str, str]]:
    """Return the figures that a reader sees first, as pairs of a name and a text."""
    quality, rows = judgement.quality, judgement.rows
    facts = []
    for score in MAIN_SCORES[type(quality)]:
        if score not in quality.scores:
            continue
        facts.append(
            (f"{name_score(score)} on {name_rows(judgement.main)}", format_score(score, quality.scores[score], rows))
        )
        if score in quality.intervals:
            facts.append(("95% interval", format_interval(score, quality.intervals[score], rows)))
    score, base = main_score(quality), quality.baseline
    if base is not None and score in base.scores:
        facts.append((f"always saying {name_usual(judgement, base)}", format_score(score, base.scores[score], rows)))
    return facts


def name_usual(judgement: Judgement, baseline: Baseline) -> str:
    """Name the answer that is the same for all rows."""
    if isinstance(judgement.quality, RegressionQuality):
        return "the mean"
    return judgement.name_class(int(baseline.answer))


def describe_classes(names: list[str]) -> str:
    """Name the classes, of many their number.

    >>> describe_classes(["No", "Yes"])
    'No or Yes'
    """
    if len(names) > NAMED_CLASSES or sum(map(len, names)) > NAMED_LETTERS:
        return f"one of {format_count(len(names))} classes"
    return join_words(names, "or")
