"""What to do next, as far as figures tell."""

from dataclasses import replace

from open_algorithms.learning.showing.quality.advice import Remedies, list_advice
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    ChannelRows,
    Judgement,
    MulticlassQuality,
    Quality,
    RegressionQuality,
)
from tests.learning.showing.quality.made import judge_channels

ACCURACY = "binary_classification_accuracy"
REMEDIES = Remedies(" Or balance them.", ", or a penalty")


def advise(judgement: Judgement) -> str:
    return " ".join(list_advice(judgement, REMEDIES))


def binary() -> tuple[Judgement, BinaryQuality]:
    """Return a judgement that asks for nothing, and the quality of its main channel."""
    judgement = judge_channels("binary", classes=["no", "yes"])
    quality = judgement.quality
    assert isinstance(quality, BinaryQuality)
    sure = replace(quality, intervals={ACCURACY: [quality.scores[ACCURACY] - 0.01, quality.scores[ACCURACY] + 0.01]})
    return changed(judgement, sure), sure


def changed(judgement: Judgement, quality: Quality) -> Judgement:
    """Return the judgement with another quality on its main channel."""
    return replace(judgement, channels={**judgement.channels, judgement.main: quality})


def test_a_good_model_needs_nothing() -> None:
    judgement, _ = binary()
    assert advise(judgement) == ""


def test_rows_to_judge_by_are_asked_for_where_there_are_none_or_few() -> None:
    judgement, quality = binary()
    train = Judgement({"train": quality}, judgement.counted, "train")
    assert "as the channel test" in advise(train)
    value = quality.scores[ACCURACY]
    few = advise(changed(judgement, replace(quality, intervals={ACCURACY: [value - 0.05, value + 0.07]})))
    assert "Judge it on more rows: 400 rows tell how good it is to within 6.0 percentage points." in few
    deciding = replace(changed(judgement, replace(quality, intervals={ACCURACY: [0.5, 0.9]})), deciding="test")
    assert "candidates are chosen by chance" in advise(deciding)


def test_a_wide_interval_of_an_error_is_told_in_its_unit() -> None:
    judgement = judge_channels("numbers")
    quality = judgement.quality
    assert isinstance(quality, RegressionQuality)
    wide = changed(judgement, replace(quality, intervals={"absolute_loss": [0.1, 0.3]}))
    assert "to within 0.100." in advise(wide)
    assert advise(judgement) == ""


def no_better(judgement: Judgement, quality: BinaryQuality, area: float) -> str:
    """Return the advice where always saying no is as good, and scores have such an area under the ROC curve."""
    assert quality.baseline is not None
    base = replace(quality.baseline, answer=0, scores={ACCURACY: quality.scores[ACCURACY]})
    scores, confusion = {**quality.scores, "roc_auc_score": area}, [[300, 0], [100, 0]]
    return advise(changed(judgement, replace(quality, baseline=base, scores=scores, confusion=confusion)))


def test_features_that_tell_nothing_are_told_and_nothing_of_classes() -> None:
    text = no_better(*binary(), 0.55)
    assert "not surely better than always saying no" in text
    assert "rarely finds" not in text


def test_scores_that_tell_classes_apart_are_not_judged_by_an_accuracy_that_does_not() -> None:
    text = no_better(*binary(), 0.9)
    assert "Do not judge it by its accuracy, by which always saying no is as good" in text
    assert text.endswith("Or balance them.")
    assert "Look for features" not in text


def test_a_regressor_that_is_no_closer_than_the_mean_is_told() -> None:
    judgement = judge_channels("numbers")
    quality = judgement.quality
    assert isinstance(quality, RegressionQuality)
    assert quality.baseline is not None
    as_good = replace(quality.baseline, scores=quality.scores)
    text = advise(changed(judgement, replace(quality, baseline=as_good)))
    assert "it is not surely closer than always saying the mean" in text


def test_of_very_few_rows_it_is_only_said_that_they_are_few() -> None:
    judgement, quality = binary()
    assert quality.calibration is not None
    off = replace(quality, calibration=replace(quality.calibration, error=0.9, by_chance=0.1))
    few = replace(changed(judgement, off), counted={"train": ChannelRows(3), "test": ChannelRows(3)})
    assert advise(few) == "Judge it on more rows: 3 rows can hardly tell how good it is."


def test_rows_that_are_known_by_heart_are_told() -> None:
    judgement, quality = binary()
    own = replace(quality, scores={**quality.scores, ACCURACY: 0.999})
    text = advise(replace(judgement, channels={"train": own, "test": quality}))
    assert "Give it more train rows, or fewer features, or a penalty: it is right in 99.9% of" in text


def test_classes_that_are_rarely_found_are_named() -> None:
    judgement, quality = binary()
    text = advise(changed(judgement, replace(quality, confusion=[[190, 10], [150, 50]])))
    assert "Classes that it rarely finds: yes (25.0% of 200). More rows of them help. Or balance them." in text
    classes = judge_channels("classes", classes=["a", "b", "c"])
    found = classes.quality
    assert isinstance(found, MulticlassQuality)
    rare = [replace(one, recall=0.1 * (one.class_ + 1)) for one in found.classes]
    text = advise(changed(classes, replace(found, classes=rare)))
    rows = [one.rows for one in rare]
    assert text.count("% of ") == 3
    assert f"c ({round(0.3 * rows[2]) / rows[2]:.1%} of {rows[2]})" in text


def test_probabilities_that_are_off_are_told_and_scores_that_are_none() -> None:
    judgement, quality = binary()
    assert quality.calibration is not None
    off = replace(quality, calibration=replace(quality.calibration, error=0.21, by_chance=0.03))
    assert "as probabilities they are off by 21.0% on average" in advise(changed(judgement, off))
    assert "they are no probabilities" in advise(changed(judgement, replace(quality, calibration=None)))


def test_a_class_of_a_few_rows_is_not_said_to_be_rarely_found() -> None:
    classes = judge_channels("classes", classes=["a", "b", "c"])
    found = classes.quality
    assert isinstance(found, MulticlassQuality)
    few = [replace(one, recall=0.0, rows=9) for one in found.classes]
    assert "rarely finds" not in advise(changed(classes, replace(found, classes=few)))
