"""What to do next, as far as the quality of a model tells."""

from collections.abc import Iterator
from typing import NamedTuple

from open_algorithms.learning.measuring.reliability import CalibrationError
from open_algorithms.learning.showing.quality.answer import AREA, FEWEST_ROWS, main_score, name_rows, name_usual
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    Judgement,
    MulticlassQuality,
    RegressionQuality,
)
from open_algorithms.learning.showing.quality.scores import format_score
from open_algorithms.learning.showing.words import count_noun, format_count, join_words

WIDE_SHARE, WIDE_RATIO = 0.08, 0.3  # of an interval: of a share, and of a mean absolute error in parts of it
VERY_FEW_ROWS = 20  # which tell nothing but that they are too few
RARELY = 0.5  # share of the rows of a class, below which it is rarely found
GOOD_AREA = 0.7  # under the ROC curve, from which on scores tell classes apart that thresholds do not
NAMED_CLASSES = 3
GAP = 0.1  # between the accuracy on rows that were learned from and on others


class Remedies(NamedTuple):
    """What helps in this algorithm: a sentence on classes that are rarely found, and the end of one on overfitting."""

    rare_classes: str = ""
    overfitting: str = ""


def list_advice(judgement: Judgement, remedies: Remedies) -> Iterator[str]:
    """Yield what a reader can do about what the figures show."""
    quality = judgement.quality
    if judgement.main == "train":
        yield "Keep rows aside as the channel test, to see how good the model is on rows that it has not learned from."
    else:
        yield from advise_on_few_rows(judgement)
    if judgement.rows < VERY_FEW_ROWS:
        return
    if not is_better_than_constant(judgement):
        yield from advise_on_baseline(judgement, remedies)
    elif not isinstance(quality, RegressionQuality):
        yield from advise_on_overfitting(judgement, remedies.overfitting)
        yield from advise_on_classes(judgement, remedies.rare_classes)
    if isinstance(quality, BinaryQuality) and (found := quality.calibration) is not None:
        error = CalibrationError(found.error, found.by_chance)
        if error.is_noticeable:
            yield (
                f"Use the predicted classes alone, or the scores for their order: as probabilities they are off by "
                f"{format_score('expected_calibration_error', error.value, judgement.rows)} on average."
            )
    if isinstance(quality, BinaryQuality) and quality.calibration is None:
        yield (
            "Use the predicted classes alone, or the scores for their order: with this loss they are no probabilities. "
            "The logistic loss has some."
        )


def advise_on_few_rows(judgement: Judgement) -> Iterator[str]:
    """Yield that more rows are needed to know how good the model is, where its main score is uncertain."""
    quality, score, rows = judgement.quality, main_score(judgement.quality), judgement.rows
    if rows < VERY_FEW_ROWS:
        yield f"Judge it on more rows: {count_noun(rows, 'row')} can hardly tell how good it is."
        return
    if score not in quality.intervals:
        return
    low, high = quality.intervals[score]
    half = (high - low) / 2
    is_wide = half > (
        WIDE_RATIO * quality.scores[score] / 2 if isinstance(quality, RegressionQuality) else WIDE_SHARE / 2
    )
    if is_wide:
        unit = format_score(score, half, rows).replace("%", " percentage points")
        chosen = ", and candidates are chosen by chance" if judgement.main == judgement.deciding else ""
        yield f"Judge it on more rows: {count_noun(rows, 'row')} tell how good it is to within {unit}{chosen}."


def is_better_than_constant(judgement: Judgement) -> bool:
    """Tell whether the main score is surely better than that of the same answer for all rows."""
    quality, score = judgement.quality, main_score(judgement.quality)
    base = quality.baseline
    if base is None or score not in quality.intervals:
        return True
    low, high = quality.intervals[score]
    return high < base.scores[score] if isinstance(quality, RegressionQuality) else low > base.scores[score]


def advise_on_baseline(judgement: Judgement, remedies: Remedies) -> Iterator[str]:
    """Yield what to do where the same answer for all rows is as good: choose otherwise, or look for other features."""
    quality = judgement.quality
    assert quality.baseline is not None
    usual = name_usual(judgement, quality.baseline)
    if isinstance(quality, RegressionQuality):
        yield f"Look for features that tell more: it is not surely closer than always saying {usual}."
    elif isinstance(quality, BinaryQuality) and quality.scores.get(AREA, 0) >= GOOD_AREA:
        yield (
            f"Do not judge it by its accuracy, by which always saying {usual} is as good: its scores put rows into a "
            f"good order.{remedies.rare_classes}"
        )
    else:
        yield f"Look for features that tell more: in accuracy it is not surely better than always saying {usual}."


def advise_on_overfitting(judgement: Judgement, remedy: str) -> Iterator[str]:
    """Yield that the model knows the rows that it has learned from much better than others, where it does."""
    score, main = main_score(judgement.quality), judgement.main
    if main == "train" or "train" not in judgement.channels or score not in judgement.channels["train"].scores:
        return
    own, other = judgement.channels["train"].scores[score], judgement.quality.scores[score]
    high = judgement.quality.intervals.get(score, (0.0, 1.0))[1]
    if own - other > GAP and own > high:
        texts = [format_score(score, value, judgement.rows) for value in (own, other)]
        yield (
            f"Give it more train rows, or fewer features{remedy}: it is right in {texts[0]} of the rows that it has "
            f"learned from, and in {texts[1]} of the {name_rows(main)}."
        )


def advise_on_classes(judgement: Judgement, remedy: str) -> Iterator[str]:
    """Yield which classes are rarely found, of those that have enough rows to tell."""
    quality, rows = judgement.quality, judgement.rows
    if isinstance(quality, BinaryQuality):
        (right, wrong), (missed, hits) = quality.confusion
        found = {0: (right, right + wrong), 1: (hits, missed + hits)}
    elif isinstance(quality, MulticlassQuality):
        found = {one.class_: (round(one.recall * one.rows), one.rows) for one in quality.classes}
    else:
        return
    known = {number: (hits / count, count) for number, (hits, count) in found.items() if count >= FEWEST_ROWS}
    rare = sorted((share, number) for number, (share, _) in known.items() if share < RARELY)
    if rare:
        names = [
            f"{judgement.name_class(number)} "
            f"({format_score('recall', share, rows)} of {format_count(known[number][1])})"
            for share, number in rare[:NAMED_CLASSES]
        ]
        more = len(rare) - len(names)
        text = join_words([*names, *([f"{count_noun(more, 'other')}"] if more else [])])
        yield f"Classes that it rarely finds: {text}. More rows of them help.{remedy}"
