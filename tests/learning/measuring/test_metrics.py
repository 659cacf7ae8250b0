"""Every metric equals scikit-learn's, however the rows come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge

from open_algorithms.learning.measuring import metrics, tallies
from open_algorithms.learning.measuring.metrics import Tally
from open_algorithms.learning.types.arrays import Floats
from tests.chance import draw_examples

Answer = dict[str, Floats]
ROWS = 400
SPLITS = st.lists(st.integers(1, ROWS - 1), max_size=8, unique=True).map(sorted)


def found(tally: Tally, y: Floats, answer: Answer, splits: list[int] | None = None) -> dict[str, float]:
    """Return the metrics of rows that come in as many parts as the splits cut them into."""
    for rows in np.split(np.arange(len(y)), splits or []):
        tally.add(y[rows], {name: column[rows] for name, column in answer.items()})
    return {name: value for name, _, value in tally.metrics()}


def binary() -> tuple[Floats, Answer]:
    generator = np.random.default_rng(8)
    y = (generator.random(ROWS) < 0.3).astype(np.float32)
    score = np.round(np.clip(y * 0.3 + generator.random(ROWS) * 0.7, 0, 1), 2).astype(np.float32)
    return y, {"score": score, "predicted_label": (score >= 0.5).astype(np.int64)}


def multiclass() -> tuple[Floats, Answer]:
    generator = np.random.default_rng(8)
    y = generator.integers(0, 5, ROWS).astype(np.float32)
    score = generator.random((ROWS, 5)) + np.eye(5)[y.astype(int)] * 0.4
    return y, {"score": score, "predicted_label": score.argmax(axis=1)}


def regressor() -> tuple[Floats, Answer]:
    generator = np.random.default_rng(8)
    y = generator.normal(100, 20, ROWS).astype(np.float32)
    return y, {"score": (y + generator.normal(0, 5, ROWS)).astype(np.float32)}


def many(rows: int) -> tuple[Floats, Answer]:
    """Return more rows than are ranked one by one, with scores of a logistic model."""
    generator = np.random.default_rng(8)
    z = 4 * generator.normal(size=rows)
    y = (generator.random(rows) < 1 / (1 + np.exp(-z))).astype(np.float32)
    score = (1 / (1 + np.exp(-z))).astype(np.float32)
    return y, {"score": score, "predicted_label": (score >= 0.5).astype(np.int64)}


@draw_examples(15)
@given(SPLITS)
def test_binary_metrics_equal_scikit_learns(splits: list[int]) -> None:
    y, answer = binary()
    label = answer["predicted_label"]
    assert found(metrics.BinaryTally(beta=2.0), y, answer, splits) == pytest.approx(
        {
            "binary_classification_accuracy": judge.accuracy_score(y, label),
            "binary_f_2.000": judge.fbeta_score(y, label, beta=2.0),
            "precision": judge.precision_score(y, label),
            "recall": judge.recall_score(y, label),
            "roc_auc_score": judge.roc_auc_score(y, answer["score"]),
            "binary_balanced_accuracy": judge.balanced_accuracy_score(y, label),
        },
        rel=1e-12,
    )


@draw_examples(15)
@given(SPLITS)
def test_multiclass_metrics_equal_scikit_learns(splits: list[int]) -> None:
    y, answer = multiclass()
    score, label = answer["score"], answer["predicted_label"]
    rank = (score >= score[np.arange(ROWS), y.astype(int)][:, None]).sum(axis=1)
    assert found(metrics.MulticlassTally(classes=5, beta=1.0, top_k=3), y, answer, splits) == pytest.approx(
        {
            "multiclass_accuracy": judge.accuracy_score(y, label),
            "multiclass_top_k_accuracy_3": judge.top_k_accuracy_score(y, score, k=3),
            "dcg": np.mean(1 / np.log2(1 + rank)),
            "macro_recall": judge.recall_score(y, label, average="macro"),
            "macro_precision": judge.precision_score(y, label, average="macro"),
            "macro_f_1.000": judge.f1_score(y, label, average="macro"),
            "multiclass_balanced_accuracy": judge.balanced_accuracy_score(y, label),
        },
        rel=1e-12,
    )


@draw_examples(15)
@given(SPLITS)
def test_regression_metrics_equal_scikit_learns(splits: list[int]) -> None:
    y, answer = regressor()
    pair = y.astype(np.float64), answer["score"].astype(np.float64)
    assert found(metrics.RegressorTally(), y, answer, splits) == pytest.approx(
        {
            "mse": judge.mean_squared_error(*pair),
            "absolute_loss": judge.mean_absolute_error(*pair),
            "rmse": judge.root_mean_squared_error(*pair),
            "r2": judge.r2_score(*pair),
            "mae": judge.mean_absolute_error(*pair),
        },
        rel=1e-12,
    )


@draw_examples(15)
@given(SPLITS, st.sampled_from([1e6, -3e7, 1e12]))
def test_r2_survives_labels_far_from_zero(splits: list[int], offset: float) -> None:
    generator = np.random.default_rng(8)
    y = (offset * (1 + 1e-5 * generator.normal(size=ROWS))).astype(np.float32)
    score = (y + offset * 1e-6 * generator.normal(size=ROWS)).astype(np.float32)
    expected = judge.r2_score(y.astype(np.float64), score.astype(np.float64))
    assert found(metrics.RegressorTally(), y, {"score": score}, splits)["r2"] == pytest.approx(expected, rel=1e-8)


def test_r2_of_labels_that_are_all_the_same_is_zero() -> None:
    y = np.full(ROWS, 0.1, np.float32)
    assert found(metrics.RegressorTally(), y, {"score": y + np.float32(1)}, [7, 150])["r2"] == 0


def test_one_class_only_gives_finite_metrics() -> None:
    y, score = np.zeros(4, np.float32), np.array([0.1, 0.2, 0.3, 0.6], np.float32)
    values = found(
        metrics.BinaryTally(beta=1.0), y, {"score": score, "predicted_label": (score > 0.5).astype(np.int64)}
    )
    assert np.isfinite(list(values.values())).all()


def test_of_more_rows_than_are_ranked_one_by_one_the_area_under_roc_stays_true() -> None:
    y, answer = many(tallies.RANKED_ROWS + 5000)
    area = found(metrics.BinaryTally(beta=1.0), y, answer, [1000, 200_000, 900_000, tallies.RANKED_ROWS + 1])[
        "roc_auc_score"
    ]
    assert area == pytest.approx(judge.roc_auc_score(y, answer["score"]), abs=1e-6)


def test_of_more_rows_than_are_ranked_one_by_one_those_of_one_score_count_half() -> None:
    rows = tallies.RANKED_ROWS + 1
    y, score = np.zeros(rows, np.float32), np.full(rows, 0.7, np.float32)
    y[:1000] = 1
    score[:250] = 0.8
    area = found(metrics.BinaryTally(beta=1.0), y, {"score": score, "predicted_label": y.astype(np.int64)})[
        "roc_auc_score"
    ]
    assert area == pytest.approx(0.25 + 0.75 / 2, rel=1e-12)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=20))
def test_scores_are_numbered_in_their_order(values: list[float]) -> None:
    score = np.array(values, np.float32)
    numbers = tallies.ordinals_from_floats(score)
    assert ((numbers[:, None] < numbers) == (score[:, None] < score)).all()
    assert 0 <= numbers.min() <= numbers.max() < 2**32


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_a_sample_is_every_so_manyth_row_however_the_rows_come(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "SAMPLED_ROWS", 10)
    sample, rows = tallies.RowSample(), np.arange(1000.0)[:, None]
    for start in range(0, 1000, size):
        sample.add(rows[start : start + size])
        assert len(sample.kept) <= 10
    np.testing.assert_array_equal(sample.kept_rows, rows[:: sample.step])
    assert sample.step == 128
