"""The first answer of a report."""

from dataclasses import replace

import pytest

from open_algorithms.learning.showing.quality.answer import describe_answer, headline_facts
from open_algorithms.learning.showing.quality.schema import (
    FOLDS,
    BinaryQuality,
    ChannelRows,
    Judgement,
    LabelMoments,
    MulticlassQuality,
    RegressionQuality,
)
from tests.learning.showing.quality.made import ROWS, judge_channels


def answer(judgement: Judgement) -> str:
    return " ".join(describe_answer(judgement))


def test_a_classifier_is_judged_on_rows_it_has_not_learned_from_beside_the_same_class_for_all() -> None:
    judgement = judge_channels("binary", classes=["no", "yes"])
    quality = judgement.quality
    assert isinstance(quality, BinaryQuality)
    (right, wrong), (missed, hits) = quality.confusion
    low, high = quality.intervals["binary_classification_accuracy"]
    text = answer(judgement)
    assert text.startswith(
        f"On 400 test rows, which it has not learned from, it is right in {(right + hits) / ROWS:.1%} of cases (95% "
        f"interval: {low:.1%} to {high:.1%}); always saying "
    )
    assert f"would be right in {max(right + wrong, missed + hits) / ROWS:.1%}." in text
    assert f"Of the {missed + hits} rows that are yes it finds {hits / (missed + hits):.1%}" in text
    assert f"of the {wrong + hits} that it calls yes, {hits / (wrong + hits):.1%} are" in text


def test_the_class_that_is_found_least_is_named() -> None:
    judgement = judge_channels("classes", classes=["a", "b", "c"])
    quality = judgement.quality
    assert isinstance(quality, MulticlassQuality)
    hardest = min(quality.classes, key=lambda found: found.recall)
    name = "abc"[hardest.class_]
    assert f"Hardest is {name}: of its {hardest.rows} rows it finds {hardest.recall:.1%}." in answer(judgement)


def test_a_regressor_is_judged_by_its_mean_absolute_error_and_r2() -> None:
    judgement = judge_channels("numbers")
    quality = judgement.quality
    assert isinstance(quality, RegressionQuality)
    assert quality.baseline is not None
    text = answer(judgement)
    assert f"its predictions are off by {quality.scores['mae']:.3f} (95% interval: " in text
    assert f"would be off by {quality.baseline.scores['mae']:.3f}." in text
    assert f"is {quality.scores['r2']:.3f} (95% interval: " in text
    assert "mse" not in text
    names = [name for name, _ in headline_facts(judgement)]
    assert names[0] == "mean absolute error on test rows"
    assert names[2] == "always saying the mean: off by"
    assert names[3] == "R\N{SUPERSCRIPT TWO} on test rows"


@pytest.mark.parametrize(
    ("channel", "deciding", "words"),
    [
        ("test", "validation", "On 400 test rows, which it has not learned from, it is"),
        ("validation", "validation", "On 400 validation rows, which it has not learned from but was chosen on, it is"),
        (FOLDS, FOLDS, "On the 400 train rows, each judged by what was learned without it, it is"),
        ("test", None, "On 400 test rows, it is"),
        ("train", "train", "On the 400 train rows, which it has learned from, so that figures look better than they"),
    ],
)
def test_it_is_said_what_the_rows_are_worth(channel: str, deciding: str | None, words: str) -> None:
    made = judge_channels("binary")
    counted = {"train": made.counted["test"], channel: made.counted["test"]}
    judgement = Judgement({channel: made.quality}, counted, deciding)
    assert answer(judgement).startswith(words)


def test_an_answer_that_is_no_better_than_the_constant_one_is_said_to_be_so() -> None:
    judgement = judge_channels("binary", classes=["no", "yes"])
    quality = judgement.quality
    assert isinstance(quality, BinaryQuality)
    assert quality.baseline is not None
    as_good = replace(quality.baseline, scores=quality.scores)
    text = answer(replace(judgement, channels={"test": replace(quality, baseline=as_good)}))
    assert f"would be right in {quality.scores['binary_classification_accuracy']:.1%} too." in text


def test_a_class_that_is_never_said_has_no_precision() -> None:
    judgement = judge_channels("binary")
    quality = judgement.quality
    assert isinstance(quality, BinaryQuality)
    never = replace(quality, confusion=[[300, 0], [100, 0]])
    area = f"In {quality.scores['roc_auc_score']:.1%} of pairs a row that is 1 scores above one that is 0"
    text = answer(replace(judgement, channels={"test": never}))
    assert text.endswith(f"Of the 100 rows that are 1 it finds 0%. {area}; by chance 50% do.")


def test_a_regressor_of_a_quantile_is_told_by_the_share_of_labels_below() -> None:
    judgement = replace(judge_channels("numbers"), quantile=0.9)
    quality = judgement.quality
    assert isinstance(quality, RegressionQuality)
    assert quality.residuals is not None
    share = 1 - quality.residuals.share_below
    assert f"{share:.1%} of the labels are below their prediction; the aim is 0.9 of all." in answer(judgement)
    assert "labels are below" not in answer(judge_channels("numbers"))


def test_r2_below_zero_is_no_share_and_labels_that_are_all_alike_have_none() -> None:
    judgement = judge_channels("numbers")
    quality = judgement.quality
    assert isinstance(quality, RegressionQuality)
    bad = replace(quality, scores={**quality.scores, "r2": -2.5}, intervals={})
    text = answer(replace(judgement, channels={"test": bad}))
    assert "which is below 0 where predictions are worse than the mean of these rows, is \N{MINUS SIGN}2.500." in text
    alike = {"test": ChannelRows(400, label=LabelMoments(1.0, 0.0))}
    assert "R\N{SUPERSCRIPT TWO}" not in answer(replace(judgement, channels={"test": quality}, counted=alike))


def test_a_single_row_is_one_and_the_hardest_class_has_rows_enough() -> None:
    judgement = judge_channels("classes", classes=["a", "b", "c"])
    quality = judgement.quality
    assert isinstance(quality, MulticlassQuality)
    few = [replace(quality.classes[0], rows=2, recall=0.0), *quality.classes[1:]]
    text = answer(replace(judgement, channels={"test": replace(quality, classes=few)}))
    assert "Hardest is a" not in text
    one = {"test": ChannelRows(1, classes=[1, 0, 0])}
    assert answer(replace(judgement, channels={"test": quality}, counted=one)).startswith("On 1 test row, which")
