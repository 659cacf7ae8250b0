"""Every metric equals scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as judge

from linear_learner import metrics

GENERATOR = np.random.default_rng(8)


def test_binary_metrics_equal_scikit_learns() -> None:
    y = (GENERATOR.random(500) < 0.3).astype(np.float32)
    score = np.round(np.clip(y * 0.3 + GENERATOR.random(500) * 0.7, 0, 1), 2).astype(np.float32)
    label = (score >= 0.5).astype(np.int64)
    found = {name: value for name, _, value in metrics.binary(y, score, label, beta=2.0)}
    assert found == pytest.approx(
        {
            "binary_classification_accuracy": judge.accuracy_score(y, label),
            "binary_f_2.000": judge.fbeta_score(y, label, beta=2.0),
            "precision": judge.precision_score(y, label),
            "recall": judge.recall_score(y, label),
            "roc_auc_score": judge.roc_auc_score(y, score),
            "binary_balanced_accuracy": judge.balanced_accuracy_score(y, label),
        }
    )


def test_multiclass_metrics_equal_scikit_learns() -> None:
    y = GENERATOR.integers(0, 5, 400).astype(np.float32)
    score = GENERATOR.random((400, 5)) + np.eye(5)[y.astype(int)] * 0.4
    label = score.argmax(axis=1)
    found = {name: value for name, _, value in metrics.multiclass(y, score, label, beta=1.0, k=3)}
    rank = (score >= score[np.arange(400), y.astype(int)][:, None]).sum(axis=1)
    assert found == pytest.approx(
        {
            "multiclass_accuracy": judge.accuracy_score(y, label),
            "multiclass_top_k_accuracy_3": judge.top_k_accuracy_score(y, score, k=3),
            "dcg": np.mean(1 / np.log2(1 + rank)),
            "macro_recall": judge.recall_score(y, label, average="macro"),
            "macro_precision": judge.precision_score(y, label, average="macro"),
            "macro_f_1.000": judge.f1_score(y, label, average="macro"),
            "multiclass_balanced_accuracy": judge.balanced_accuracy_score(y, label),
        }
    )


def test_regression_metrics_equal_scikit_learns() -> None:
    y = GENERATOR.normal(100, 20, 300).astype(np.float32)
    score = (y + GENERATOR.normal(0, 5, 300)).astype(np.float32)
    found = {name: value for name, _, value in metrics.regressor(y, score)}
    assert found == pytest.approx(
        {
            "mse": judge.mean_squared_error(y, score),
            "absolute_loss": judge.mean_absolute_error(y, score),
            "rmse": judge.root_mean_squared_error(y, score),
            "r2": judge.r2_score(y, score),
            "mae": judge.mean_absolute_error(y, score),
        },
        rel=1e-6,
    )


def test_one_class_only_gives_finite_metrics() -> None:
    y, score = np.zeros(4, np.float32), np.array([0.1, 0.2, 0.3, 0.6], np.float32)
    values = [value for _, _, value in metrics.binary(y, score, (score > 0.5).astype(np.int64), beta=1.0)]
    assert np.isfinite(values).all()
