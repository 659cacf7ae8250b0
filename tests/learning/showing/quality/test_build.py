"""The quality of predictions on a channel: what others find in the same rows."""

import numpy as np
import pytest
from scipy import stats
from sklearn import calibration
from sklearn import metrics as theirs

from open_algorithms.learning.measuring.metrics import BinaryTally, RegressorTally
from open_algorithms.learning.measuring.reliability import measure_calibration
from open_algorithms.learning.showing.quality.build import (
    channel_quality,
    count_labels,
    regression_quality,
    threshold_entries,
    usual_answer,
)
from open_algorithms.learning.showing.quality.probabilities import calibration_curve
from open_algorithms.learning.showing.quality.schema import (
    FOLDS,
    BinaryQuality,
    ChannelRows,
    MulticlassQuality,
    RegressionQuality,
    choose_main_channel,
)
from tests.learning.showing.quality.made import KINDS, ROWS, THRESHOLD, judge_rows, predict_rows, tally_rows


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_tally_and_labels_are_counted(kind: str) -> None:
    rows = predict_rows(kind)
    tally = tally_rows(kind, rows)
    assert judge_rows(kind).scores == {name: value for name, _, value in tally.metrics()}
    counted = count_labels(tally)
    if kind == "numbers":
        assert counted.label is not None
        assert (counted.label.mean, counted.label.deviation) == pytest.approx((rows[1].mean(), rows[1].std()), rel=1e-5)
        assert counted == ChannelRows(ROWS, label=counted.label)
    else:
        assert counted == ChannelRows(ROWS, classes=np.bincount(rows[1].astype(int)).tolist())


@pytest.mark.parametrize("seed", range(3))
def test_a_binary_classifiers_curves_are_scikit_learns(seed: int) -> None:
    answer, y = predict_rows("binary", seed)
    score, quality = answer["score"], judge_rows("binary", seed)
    assert isinstance(quality, BinaryQuality)
    assert quality.confusion == theirs.confusion_matrix(y, answer["predicted_label"]).tolist()
    fallout, recall, _ = theirs.roc_curve(y, score, drop_intermediate=False)
    points = set(zip(fallout.tolist(), recall.tolist(), strict=True))
    ours = list(zip(quality.roc.false_positive_rate, quality.roc.true_positive_rate, strict=True))
    assert set(ours) <= points
    assert {(0.0, 0.0), (1.0, 1.0)} <= set(ours)
    area = theirs.auc(*zip(*ours, strict=True))
    assert area == pytest.approx(quality.scores["roc_auc_score"], abs=0.005)
    precision, recall, _ = theirs.precision_recall_curve(y, score)
    points = set(zip(recall.tolist(), precision.tolist(), strict=True))
    curve = quality.precision_recall
    assert set(zip(curve.recall, curve.precision, strict=True)) <= points


@pytest.mark.parametrize("seed", range(3))
def test_thresholds_have_the_metrics_that_scikit_learn_finds_there(seed: int) -> None:
    answer, y = predict_rows("binary", seed)
    score, quality = answer["score"], judge_rows("binary", seed)
    assert isinstance(quality, BinaryQuality)
    for entry in quality.thresholds:
        said = score.astype(np.float64) >= entry.threshold
        assert entry.flagged == said.sum()
        assert entry.metrics["precision"] == pytest.approx(theirs.precision_score(y, said, zero_division=0))
        assert entry.metrics["recall"] == pytest.approx(theirs.recall_score(y, said))
        assert entry.metrics["binary_classification_accuracy"] == pytest.approx((said == y).mean())
    calibrated = [entry for entry in quality.thresholds if entry.calibrated]
    assert [entry.threshold for entry in calibrated] == [THRESHOLD]
    own = calibrated[0].metrics
    assert own == {metric: quality.scores[metric] for metric in own}
    assert 3 <= len(quality.thresholds) <= 9


def test_probabilities_are_compared_with_the_share_of_positives_in_bins_of_equal_numbers_of_rows() -> None:
    answer, y = predict_rows("binary")
    quality = judge_rows("binary")
    assert isinstance(quality, BinaryQuality)
    found = quality.calibration
    assert found is not None
    positive, mean = calibration.calibration_curve(y, answer["score"], n_bins=10, strategy="quantile")
    np.testing.assert_allclose(found.positive_share, positive)
    np.testing.assert_allclose(found.mean_score, mean, rtol=1e-6)
    assert found.rows == [40] * 10
    for share, rows, low, high in zip(found.positive_share, found.rows, found.low, found.high, strict=True):
        theirs = stats.binomtest(round(share * rows), rows).proportion_ci(0.95, "wilson")
        assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)
    error = measure_calibration(*tally_rows("binary", (answer, y)).ranking.counts_by_score)  # type: ignore[union-attr]
    assert (found.error, found.by_chance) == (error.value, error.by_chance)
    margins = channel_quality([], tally_rows("binary", (answer, y)), THRESHOLD, is_probability=False, usual=0)
    assert isinstance(margins, BinaryQuality)
    assert margins.calibration is None
    assert margins.histogram is None


def test_rows_of_either_label_are_counted_by_their_score() -> None:
    answer, y = predict_rows("binary")
    quality = judge_rows("binary")
    assert isinstance(quality, BinaryQuality)
    assert quality.histogram is not None
    for label, counts in enumerate((quality.histogram.negatives, quality.histogram.positives)):
        assert counts == np.histogram(answer["score"][y == label], quality.histogram.edges)[0].tolist()


@pytest.mark.parametrize("usual", [0.0, 1.0])
def test_the_same_class_for_all_rows_has_the_scores_that_scikit_learn_finds(usual: float) -> None:
    rows = predict_rows("binary")
    tally, said = tally_rows("binary", rows), np.full(ROWS, usual)
    base = channel_quality([], tally, THRESHOLD, is_probability=True, usual=usual).baseline
    assert base is not None
    assert base.scores["binary_classification_accuracy"] == pytest.approx((rows[1] == usual).mean())
    assert base.scores["binary_balanced_accuracy"] == 0.5
    assert base.scores["recall"] == theirs.recall_score(rows[1], said)
    classes = channel_quality([], tally_rows("classes", predict_rows("classes")), 0, is_probability=True, usual=2)
    assert classes.baseline is not None
    assert classes.baseline.scores == {"multiclass_accuracy": np.mean(predict_rows("classes")[1] == 2)}


def test_the_mean_for_all_rows_has_the_errors_that_scikit_learn_finds() -> None:
    _, y = predict_rows("numbers", 1)
    usual = usual_answer(tally_rows("numbers", predict_rows("numbers", 0)))
    tally = tally_rows("numbers", predict_rows("numbers", 1))
    base = channel_quality([], tally, 0, is_probability=False, usual=usual).baseline
    assert base is not None
    said = np.full(ROWS, usual)
    assert base.scores["mae"] == pytest.approx(theirs.mean_absolute_error(y, said), rel=1e-6)
    assert base.scores["mse"] == pytest.approx(theirs.mean_squared_error(y, said), rel=1e-6)
    assert base.scores["rmse"] == pytest.approx(theirs.mean_squared_error(y, said) ** 0.5, rel=1e-6)
    assert base.scores["r2"] == pytest.approx(theirs.r2_score(y, said), abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_hold_what_is_found_and_are_as_wide_as_those_of_rows_that_are_drawn_anew(kind: str) -> None:
    answer, y = predict_rows(kind)
    quality, generator, draws = judge_rows(kind), np.random.default_rng(5), dict[str, list[float]]()
    for _ in range(300):
        drawn = generator.integers(0, ROWS, ROWS)
        tally = tally_rows(kind, ({name: column[drawn] for name, column in answer.items()}, y[drawn]))
        for name, _, value in tally.metrics():
            draws.setdefault(name, []).append(value)
    assert quality.intervals
    for name, (low, high) in quality.intervals.items():
        wide = np.subtract(*np.quantile(draws[name], (0.975, 0.025)))
        assert low < quality.scores[name] < high
        assert high - low == pytest.approx(wide, rel=0.25)


def test_rows_of_one_label_have_no_intervals_of_what_takes_two() -> None:
    tally = BinaryTally(1.0)
    tally.add(np.zeros(4, np.float32), {"score": np.arange(4, dtype=np.float32), "predicted_label": np.zeros(4)})
    assert channel_quality([], tally, THRESHOLD, is_probability=False, usual=0).intervals == {}


def test_a_multiclass_classifiers_confusion_is_scikit_learns() -> None:
    answer, y = predict_rows("classes")
    quality = judge_rows("classes")
    assert isinstance(quality, MulticlassQuality)
    assert quality.confusion == theirs.confusion_matrix(y, answer["predicted_label"]).tolist()
    precision, recall, _, rows = theirs.precision_recall_fscore_support(y, answer["predicted_label"], zero_division=0)
    assert [c.rows for c in quality.classes] == rows.tolist()
    assert [c.recall for c in quality.classes] == pytest.approx(recall.tolist())
    assert [c.precision for c in quality.classes] == pytest.approx(precision.tolist())


def test_a_regressors_residuals_are_predictions_minus_labels() -> None:
    answer, y = predict_rows("numbers")
    quality = judge_rows("numbers")
    assert isinstance(quality, RegressionQuality)
    assert quality.residuals is not None
    assert quality.predictions is not None
    residual = answer["score"].astype(np.float64) - y
    assert quality.sampled_rows == len(y) == sum(quality.residuals.counts)
    assert quality.residuals.quantiles["0.5"] == pytest.approx(np.median(residual))
    assert quality.residuals.share_below == (residual < 0).mean()
    assert quality.residuals.sizes["0.9"] == pytest.approx(np.quantile(np.abs(residual), 0.9))
    np.testing.assert_allclose(quality.predictions.label, y)
    np.testing.assert_allclose(quality.predictions.score, answer["score"])


def test_rows_that_nothing_was_learned_from_are_the_best_evidence() -> None:
    assert choose_main_channel(["train", "validation", "test"]) == "test"
    assert choose_main_channel(["validation", "train"]) == "validation"
    assert choose_main_channel(["train", FOLDS]) == FOLDS
    assert choose_main_channel(["train", FOLDS, "test"]) == "test"
    assert choose_main_channel(["train"]) == "train"


@pytest.mark.parametrize("residual", [0.0, 1e30, -1e-30, 2.0**24])
def test_residuals_that_are_as_good_as_equal_are_shown_as_one(residual: float) -> None:
    tally = RegressorTally()
    tally.add(np.zeros(100, np.float32), {"score": residual * (1 + 1e-15 * np.arange(100))})
    residuals = regression_quality({}, tally, 0).residuals
    assert residuals is not None
    assert residuals.edges[0] < residual < residuals.edges[-1]
    assert sorted(residuals.counts)[-2:] == [0, 100]


def test_scores_that_are_not_finite_are_left_out_of_pictures() -> None:
    tally, none = RegressorTally(), RegressorTally()
    tally.add(np.arange(4, dtype=np.float32), {"score": np.array([np.inf, 1.5, np.nan, 3.5])})
    predictions = regression_quality({}, tally, 0).predictions
    assert predictions is not None
    assert predictions.label == [1, 3]
    none.add(np.zeros(1, np.float32), {"score": np.array([-np.inf])})
    assert regression_quality({}, none, 0) == RegressionQuality({}, 0)
    scores = np.array([0.25, 0.75, np.nan], np.float32)
    assert sum(calibration_curve(scores, np.ones((3, 2), np.int64)).rows) == 4


@pytest.mark.parametrize("ranked", [10, 1000])
def test_thresholds_hold_in_bins_of_scores_too(ranked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.learning.measuring.tallies.RANKED_ROWS", ranked)
    generator = np.random.default_rng(0)
    score = np.float32(1) + generator.normal(size=200).astype(np.float32) * np.float32(1e-3)
    score[::2] *= -1
    y = (generator.random(200) < 0.5).astype(np.float32)
    tally, threshold = BinaryTally(1.0), float(np.median(score))
    tally.add(y, {"score": score, "predicted_label": (score >= threshold).astype(np.int64)})
    entries = threshold_entries(tally, tally.ranking.threshold_cuts(), threshold)
    assert len(entries) >= 5
    for entry in entries:
        said = score >= entry.threshold
        assert entry.flagged == said.sum()
        assert entry.metrics["recall"] == pytest.approx(theirs.recall_score(y, said))
