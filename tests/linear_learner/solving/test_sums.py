"""Losses, gradients and curvatures are the sums that they stand for, however rows are stored, weighed and divided."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from linear_learner.bank import margins
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.solving.problems import Problems, build_problems
from linear_learner.solving.sums import RowSums, Sums
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Int64s
from tests.linear_learner.bank.problems import draw_both_forms
from tests.linear_learner.solving.by_hand import (
    KINKED,
    PARAMETER,
    SMOOTH,
    Array,
    candidates,
    design_matrix,
    margins_by_hand,
    row_slopes,
    row_values,
)

MODELS = 3
STEP = 1e-4  # of second differences


def make_problems(loss: str, class_weights: Float64s | None = None, folds: int = 0) -> Problems:
    objective = Objective(LOSSES[loss], PARAMETER, class_weights)
    return build_problems(candidates(*[0.1] * MODELS), objective, 1000, folds)


def draw_weights(problems: Problems, outputs: int, width: int) -> Float64s:
    return np.random.default_rng(3).normal(0, 0.3, (len(problems), outputs, width))


def sum_rows(problems: Problems, rows: AnyRows, weights: Float64s, folds: Int64s | None = None) -> Sums:
    _, outputs, width = weights.shape
    return RowSums(problems, outputs, width, is_sparse=isinstance(rows, SparseRows)).sum_rows(rows, folds, weights)


def sum_by_hand(loss: str, rows: AnyRows, weights: Float64s, counts: Array) -> Sums:
    """Return the sums where row n counts `counts[n, p]` times for model p."""
    X, y, margins_ = design_matrix(rows), rows.labels.astype(np.float64), margins_by_hand(rows, weights)
    losses, gradients, curvatures = [], [], []
    for z, count in zip(margins_.transpose(1, 0, 2), counts.T, strict=True):
        bends = np.stack(
            [
                (row_slopes(loss, z + e, y, STEP) - row_slopes(loss, z - e, y, STEP))[:, k] / (2 * STEP)
                for k, e in enumerate(np.eye(z.shape[1]) * STEP)
            ],
            axis=1,
        )
        losses.append(count @ row_values(loss, z, y))
        gradients.append((count[:, None] * row_slopes(loss, z, y)).T @ X)
        if LOSSES[loss].predictor_type == "regressor":
            bends = row_slopes(loss, z, y) / (z - y[:, None])  # of a parabola above the loss
        curvatures.append(count @ bends)
    return Sums(*(np.array(part) for part in (losses, gradients, curvatures)))


def assert_same_sums(found: Sums, expected: Sums, accuracy: float = 2e-5) -> None:
    for part, by_hand in zip(found, expected, strict=True):
        np.testing.assert_allclose(part, by_hand, atol=accuracy * np.abs(by_hand).max())


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("loss", SMOOTH)
def test_sums_of_dense_and_sparse_rows_are_those_of_the_formula(loss: str, centred: bool) -> None:
    dense, sparse, outputs = draw_both_forms(loss, 12, centred=centred)
    problems = make_problems(loss)
    weights = draw_weights(problems, outputs, 13)
    expected = sum_by_hand(loss, dense, weights, np.ones((len(dense), MODELS)))
    for rows in (dense, sparse):
        assert_same_sums(sum_rows(problems, rows, weights), expected)


@pytest.mark.parametrize("loss", SMOOTH)
def test_rows_count_by_their_weights_and_classes_and_not_in_their_own_fold(loss: str) -> None:
    dense, sparse, outputs = draw_both_forms(loss, 12)
    generator = np.random.default_rng(8)
    folds, row_weights = generator.integers(0, 4, len(dense)), generator.integers(0, 4, len(dense))
    classes = max(outputs, 2)
    is_classifier = LOSSES[loss].predictor_type != "regressor"
    class_weights = generator.uniform(0.5, 2, (MODELS, classes)) if is_classifier else None
    problems = make_problems(loss, class_weights, 4)
    weights = draw_weights(problems, outputs, 13)
    counts = row_weights[:, None] * (np.arange(-1, 4) != folds[:, None])  # of all rows, then without each fold
    by_class = np.ones((MODELS, classes)) if class_weights is None else class_weights
    both = (counts[:, :, None] * by_class.T[dense.labels.astype(int)][:, None]).reshape(len(dense), -1)
    expected = sum_by_hand(loss, dense, weights, both)
    assert_same_sums(sum_rows(problems, dense.weigh_rows(row_weights.astype(np.float32)), weights, folds), expected)
    assert_same_sums(sum_rows(problems, sparse.weigh_rows(row_weights.astype(np.float32)), weights, folds), expected)


@pytest.mark.parametrize("loss", KINKED)
def test_kinks_are_rounded_over_the_width_of_each_model(loss: str) -> None:
    dense, sparse, _ = draw_both_forms(loss, 12)
    folds = np.random.default_rng(8).integers(0, 2, len(dense))
    problems = make_problems(loss, folds=2)
    weights, widths = draw_weights(problems, 1, 13), np.geomspace(0.01, 3, len(problems))
    z, build = margins_by_hand(dense, weights)[:, :, 0], LOSSES[loss].rounded_graph
    assert build is not None
    z_, y_, widths_ = (as_ndarray(part.astype(np.float32)) for part in (z, dense.labels[:, None], widths[None, :]))
    rounded: Sequence[Any] = build(mx.nd, z_, y_, PARAMETER, widths_)
    value, slope, curvature = (part.asnumpy() for part in rounded)
    counts = np.repeat(np.arange(-1, 2) != folds[:, None], MODELS, axis=1)
    expected = Sums(
        LOSSES[loss].gradient_factor * (counts * value).sum(axis=0),
        ((counts * slope).T @ design_matrix(dense))[:, None],
        (counts * curvature).sum(axis=0)[:, None],
    )
    for rows in (dense, sparse):
        sums = RowSums(problems, 1, 13, is_sparse=isinstance(rows, SparseRows))
        assert_same_sums(sums.sum_rows(rows, folds, weights, widths=widths), expected, 1e-3)


@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_classes_have_the_weights_that_each_model_gives_them(loss: str) -> None:
    dense, sparse, outputs = draw_both_forms(loss, 12)
    class_weights = np.random.default_rng(8).uniform(0.5, 2, (MODELS, max(outputs, 2)))
    problems = make_problems(loss, class_weights)
    weights = draw_weights(problems, outputs, 13)
    expected = sum_by_hand(loss, dense, weights, class_weights.T[dense.labels.astype(int)])
    for rows in (dense, sparse):
        assert_same_sums(sum_rows(problems, rows, weights), expected)


def test_a_row_of_weight_two_is_two_rows() -> None:
    dense, sparse, outputs = draw_both_forms("logistic", 12)
    problems, one = make_problems("logistic"), np.ones(len(dense), np.float32)
    weights = draw_weights(problems, outputs, 13)
    for rows, first in ((dense, dense.copy_head(50)), (sparse, sparse.copy_head(50))):
        doubled = sum_rows(problems, rows.weigh_rows(np.where(np.arange(len(rows)) < 50, 2, one)), weights)
        parts = sum_rows(problems, rows, weights), sum_rows(problems, first, weights)
        assert_same_sums(doubled, Sums(*(whole + part for whole, part in zip(*parts, strict=True))))


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_many_blocks_have_the_sums_of_one(loss: str, is_sparse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    dense, sparse, outputs = draw_both_forms(loss, 12)
    rows = sparse if is_sparse else dense
    rows = rows.weigh_rows(np.random.default_rng(8).random(len(rows)).astype(np.float32))
    folds = np.arange(len(rows)) % 2
    problems = make_problems(loss, np.ones((MODELS, max(outputs, 2))), 2)
    weights = draw_weights(problems, outputs, 13)
    whole = sum_rows(problems, rows, weights, folds)
    monkeypatch.setattr(margins, "MOST_ROWS", 50)
    monkeypatch.setattr(margins, "FEWEST_ROWS", 50)
    assert len(list(margins.row_blocks(rows, 1))) == 5  # the last one is smaller
    assert_same_sums(sum_rows(problems, rows, weights, folds), whole, 1e-6)


def test_a_model_alone_has_the_sums_that_it_has_among_others() -> None:
    dense, _, outputs = draw_both_forms("softmax_loss", 12)
    folds = np.arange(len(dense)) % 2
    problems = make_problems("softmax_loss", np.arange(1.0, 10).reshape(MODELS, 3), 2)
    weights = draw_weights(problems, outputs, 13)
    together = sum_rows(problems, dense, weights, folds)
    chosen = np.array([7, 2])
    alone = sum_rows(problems.select(chosen), dense, weights[chosen], folds)
    assert_same_sums(alone, Sums(*(part[chosen] for part in together)), 1e-6)


def test_a_job_can_be_stopped_before_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margins, "MOST_ROWS", 100)
    dense, _, outputs = draw_both_forms("logistic", 12)
    assert isinstance(dense, DenseRows)
    problems, looks = make_problems("logistic"), [0, 0, 1]
    weights = draw_weights(problems, outputs, 13)

    def stop_at_the_third() -> None:
        if looks.pop(0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RowSums(problems, outputs, 13, is_sparse=False).sum_rows(dense, None, weights, stop_at_the_third)
    assert looks == []
