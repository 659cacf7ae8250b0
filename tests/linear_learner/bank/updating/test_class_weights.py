"""How much the rows of each class count."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from linear_learner.bank.updating.class_weights import class_weights
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters

LABELS = np.array([0] * 60 + [1] * 20 + [2] * 20, np.float32)
BINARY = np.minimum(LABELS, 1)  # 60 negatives, 40 positives


def binary(mult: str) -> Hyperparameters:
    return parse_hyperparameters({"predictor_type": "binary_classifier", "positive_example_weight_mult": mult})


def multiclass(classes: int = 3) -> Hyperparameters:
    texts = {"predictor_type": "multiclass_classifier", "num_classes": str(classes)}
    return parse_hyperparameters(texts | {"balance_multiclass_weights": "true"})


def both(weights: tuple[NDArray[Any] | None, NDArray[Any] | None]) -> tuple[list[Any], list[Any]]:
    assert weights[0] is not None
    assert weights[1] is not None
    return weights[0].tolist(), weights[1].tolist()


def test_without_a_weight_there_is_none() -> None:
    assert class_weights(binary("1"), BINARY, 3) == (None, None)
    assert class_weights(parse_hyperparameters({"predictor_type": "regressor"}), LABELS, 3) == (None, None)


def test_a_number_multiplies_positive_rows_and_counts_in_the_objective() -> None:
    assert both(class_weights(binary("2.5"), BINARY, 2)) == ([[1, 2.5], [1, 2.5]], [1, 2.5])


def test_balanced_is_negatives_over_positives() -> None:
    assert both(class_weights(binary("balanced"), BINARY, 1)) == ([[1, pytest.approx(1.5)]], [1, pytest.approx(1.5)])


def test_auto_balances_half_the_candidates_and_compares_all_unweighted() -> None:
    weights, objective = class_weights(binary("auto"), BINARY, 8)
    assert objective is None
    assert weights is not None
    balanced = pytest.approx([1, 1.5])
    assert weights.tolist() == [[1, 1], balanced, balanced, [1, 1], [1, 1], balanced, balanced, [1, 1]]


def test_balanced_classes_weigh_as_in_scikit_learn_and_an_absent_one_as_1() -> None:
    weights, objective = both(class_weights(multiclass(), LABELS, 2))
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=LABELS.astype(int))
    assert objective == pytest.approx(theirs.tolist())
    assert weights == [objective, objective]
    assert both(class_weights(multiclass(4), LABELS, 1))[1][3] == 1


def test_no_positive_row_leaves_finite_weights() -> None:
    for mult in ("balanced", "auto"):
        weights, _ = class_weights(binary(mult), np.zeros(5, np.float32), 2)
        assert weights is not None
        assert np.isfinite(weights).all()
