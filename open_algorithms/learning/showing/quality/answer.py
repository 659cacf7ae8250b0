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
from open_algorithms.learning.showing.words import count_noun, format_count, format_percent, join_words

MAIN_SCORES: dict[type[Quality], tuple[str, ...]] = {
    BinaryQuality: ("binary_classification_accuracy",),
    MulticlassQuality: ("multiclass_accuracy",),
    RegressionQuality: ("absolute_loss", "r2"),
}
FEWEST_ROWS = 10  # of a class, from which on its share tells something
AREA = "roc_auc_score"
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
    channel = judgement.main
    if channel == FOLDS:
        return f"On the {count_noun(judgement.rows, 'train row')}, each judged by what was learned without it,"
    rows = count_noun(judgement.rows, f"{channel} row")
    if channel == "train":
        return f"On the {rows}, which it has learned from, so that figures look better than they are,"
    if judgement.deciding is None:
        return f"On {rows},"
    if channel == judgement.deciding:
        return f"On {rows}, which it has not learned from but was chosen on,"
    return f"On {rows}, which it has not learned from,"


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
        text += f"; always saying {name_usual(judgement, base)} would be right in {usual}{no_better}"
    yield f"{text}."
    if isinstance(quality, BinaryQuality):
        yield from describe_positives(judgement, quality)
    elif len(classes := [found for found in quality.classes if found.rows]) > 1:
        many = [found for found in classes if found.rows >= FEWEST_ROWS]
        hardest = min(many or classes, key=lambda found: found.recall)
        yield (
            f"Hardest is {judgement.name_class(hardest.class_)}: of its {count_noun(hardest.rows, 'row')} it finds "
            f"{format_score('recall', hardest.recall, rows)}."
        )


def describe_positives(judgement: Judgement, quality: BinaryQuality) -> Iterator[str]:
    """Yield sentences on the rows of the positive class, on those said to be of it, and on the order of scores."""
    rows, positive, negative = judgement.rows, judgement.name_class(1), judgement.name_class(0)
    (right, wrong), (missed, hits) = quality.confusion
    if missed + hits:
        found = format_score("recall", hits / (missed + hits), rows)
        text = f"Of the {count_noun(missed + hits, 'row')} that {'is' if missed + hits == 1 else 'are'} {positive} "
        text += f"it finds {found}"
        if flagged := hits + wrong:
            share = format_score("precision", hits / flagged, rows)
            text += f"; of the {format_count(flagged)} that it calls {positive}, {share} are"
        yield f"{text}."
    if missed + hits and right + wrong and AREA in quality.scores:
        area = format_percent(quality.scores[AREA])
        yield f"In {area} of pairs a row that is {positive} scores above one that is {negative}; by chance 50% do."


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
        usual, rows_of = (
            format_score(distance, base.answer, rows),
            "these" if judgement.deciding is None else "the train",
        )
        off = format_score(distance, base.scores[distance], rows)
        text += f"; always saying {usual}, the mean of {rows_of} rows, would be off by {off}"
    yield text + "."
    if (residuals := quality.residuals) is not None:
        half, most = (format_score(distance, residuals.sizes[level], rows) for level in ("0.5", "0.9"))
        text = f"Half of them are off by less than {half}, nine in ten by less than {most}."
        if judgement.quantile is not None:
            below = format_percent(1 - residuals.share_below)
            text += f" {below} of the labels are below their prediction; the aim is {judgement.quantile:.3g} of all."
        moments = judgement.count_rows(judgement.main).label
        if moments is not None and moments.deviation:
            means = "the share of the label's variance that they explain, is"
            if quality.scores[share] < 0:
                means = "which is below 0 where predictions are worse than the mean of these rows, is"
            text += f" R\N{SUPERSCRIPT TWO}, {means} {write(share)}."
        yield text


def headline_facts(judgement: Judgement) -> list[tuple[str, str]]:
    """Return the figures that a reader sees first, as pairs of a name and a text."""
    quality, rows = judgement.quality, judgement.rows
    facts, base = list[tuple[str, str]](), quality.baseline
    for score in MAIN_SCORES[type(quality)]:
        if score not in quality.scores:
            continue
        value = format_score(score, quality.scores[score], rows)
        facts.append((f"{name_score(score)} on {name_rows(judgement.main)}", value))
        if score in quality.intervals:
            facts.append(("95% interval", format_interval(score, quality.intervals[score], rows)))
        if base is not None and score == main_score(quality):
            off = ": off by" if isinstance(quality, RegressionQuality) else ""
            usual = format_score(score, base.scores[score], rows)
            facts.append((f"always saying {name_usual(judgement, base)}{off}", usual))
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
