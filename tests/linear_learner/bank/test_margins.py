"""Margins of many models are the products that they stand for, however rows are stored and divided into blocks."""

import numpy as np
import pytest

from linear_learner.bank import margins
from linear_learner.bank.margins import row_losses, score_rows
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Floats
from tests.linear_learner.bank.problems import PARAMETER, draw_both_forms
from tests.linear_learner.solving.by_hand import margins_by_hand

MODELS = 5


def draw_weights(outputs: int, width: int) -> Floats:
    return np.random.default_rng(3).normal(size=(MODELS, outputs, width)).astype(np.float32)


def join_scores(rows: AnyRows, weights: Floats) -> Floats:
    """Return the margins of all blocks, which follow each other without a gap."""
    parts = list(score_rows(rows, weights))
    assert [first for first, _, _ in parts] == [0, *(last for _, last, _ in parts[:-1])]
    assert parts[-1][1] == len(rows)
    return np.concatenate([z for _, _, z in parts])


@pytest.mark.parametrize("at_once", [margins.NUMBERS_AT_ONCE, 1])
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("loss", ["logistic", "softmax_loss", "squared_loss"])
def test_dense_and_sparse_rows_have_the_margins_of_the_formula(
    loss: str, centred: bool, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(margins, "NUMBERS_AT_ONCE", at_once)
    dense, sparse, outputs = draw_both_forms(loss, centred=centred)
    weights = draw_weights(outputs, dense.feature_dim + 1)
    expected = margins_by_hand(dense, weights)
    assert expected.shape == (len(dense), MODELS, outputs)
    for rows in (dense, sparse):
        assert len(list(score_rows(rows, weights))) == (4 if at_once == 1 else 1)
        np.testing.assert_allclose(join_scores(rows, weights), expected, atol=2e-5)


def test_blocks_are_smaller_the_more_models_there_are() -> None:
    _, sparse, _ = draw_both_forms("squared_loss")
    assert [*margins.row_blocks(sparse, 2**10)] == [(0, 230)]
    assert [*margins.row_blocks(sparse, 2**13)] == [(0, 128), (128, 230)]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_each_row_is_that_of_the_formula(loss: str) -> None:
    dense, _, outputs = draw_both_forms(loss)
    z = (3 * np.random.default_rng(4).normal(size=(len(dense), MODELS, outputs))).astype(np.float32)
    found = row_losses(Objective(LOSSES[loss], PARAMETER), z, dense.labels)
    each = [LOSSES[loss].value(z[:, m].astype(np.float64), dense.labels, PARAMETER) for m in range(MODELS)]
    np.testing.assert_allclose(found, np.stack(each, axis=1), rtol=1e-4, atol=1e-5)


def test_the_loss_of_a_row_does_not_weigh_classes() -> None:
    dense, _, outputs = draw_both_forms("logistic")
    z = np.zeros((len(dense), 1, outputs), np.float32)
    weighted = Objective(LOSSES["logistic"], class_weights=np.array([[1.0, 9.0]]), reported_weights=np.array([1.0, 9]))
    np.testing.assert_allclose(row_losses(weighted, z, dense.labels), np.log(2), rtol=1e-6)
