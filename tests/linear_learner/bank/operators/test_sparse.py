"""Sparse rows train the same models as the dense form of the same data; very wide ones touch only what they hold."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linear_learner.bank.operators.dense import DenseBank
from linear_learner.bank.operators.sparse import SLAB_ROWS, SparseBank
from linear_learner.bank.operators.sparse_products import mxnet_csr_matmul
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.rows.csr import Csr, compress_matrix
from open_algorithms.learning.rows.dense import DenseRows, epoch_order
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import SparseRows, SparseRowsBuilder, compact_and_transpose
from open_algorithms.learning.types.arrays import Floats
from tests.linear_learner.bank.problems import (
    BATCH,
    CANDIDATES,
    PARAMETER,
    build_sparse_rows,
    draw_both_forms,
    draw_start,
)


def assert_alike(dense: Any, sparse: Any, rows: DenseRows, same: SparseRows, *, epochs: int = 3) -> None:
    shuffler = np.random.default_rng(0)
    for _ in range(epochs):
        order = epoch_order(len(rows), shuffler)
        np.testing.assert_allclose(sparse.train(same, order), dense.train(rows, order), rtol=1e-4)
    np.testing.assert_allclose(sparse.take_snapshot(), dense.take_snapshot(), atol=1e-4)
    wanted = 77 if dense.outputs == 1 else 0
    for found, expected in zip(
        sparse.evaluate(same, margin_rows=wanted), dense.evaluate(rows, margin_rows=wanted), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_optimizer_trains_sparse_rows_as_their_dense_form(loss: str) -> None:
    rows, same, outputs = draw_both_forms(loss)
    first = draw_start(outputs, rows.feature_dim)
    dense, sparse = (
        make(CANDIDATES, first.copy(), Objective(LOSSES[loss], PARAMETER), BATCH) for make in (DenseBank, SparseBank)
    )
    assert_alike(dense, sparse, rows, same)


def test_classes_are_weighed_as_in_the_dense_form() -> None:
    rows, same, outputs = draw_both_forms("logistic")
    objective = Objective(
        LOSSES["logistic"],
        class_weights=np.linspace(1, 3, 14).reshape(7, 2),
        reported_weights=np.array([1.0, 2.5]),
        use_bias=False,
    )
    first = draw_start(outputs, rows.feature_dim)
    dense, sparse = (make(CANDIDATES, first.copy(), objective, BATCH) for make in (DenseBank, SparseBank))
    assert_alike(dense, sparse, rows, same)


def test_more_features_than_are_updated_at_once_make_no_difference() -> None:
    rows, same, outputs = draw_both_forms("logistic", features=SLAB_ROWS + 100, held=0.02)
    first = draw_start(outputs, rows.feature_dim)
    assert_alike(
        DenseBank(CANDIDATES, first.copy(), Objective(LOSSES["logistic"]), BATCH),
        SparseBank(CANDIDATES, first, Objective(LOSSES["logistic"]), BATCH),
        rows,
        same,
    )


LAZILY_EXACT = [
    Candidate("sgd", 0.1, wd=0),
    Candidate("sgd", 0.05, wd=0, average=True),
    Candidate("adagrad", 0.1, wd=0, average=True),
]


@pytest.mark.parametrize("features", [40, SLAB_ROWS + 100])
def test_lazy_updates_are_the_full_ones_where_nothing_moves_an_unseen_weight(features: int) -> None:
    rows, same, outputs = draw_both_forms("logistic", features, centred=False, held=0.02)
    first = draw_start(outputs, features, range(3))
    dense = DenseBank(LAZILY_EXACT, first.copy(), Objective(LOSSES["logistic"]), BATCH)
    assert_alike(dense, SparseBank(LAZILY_EXACT, first, Objective(LOSSES["logistic"]), BATCH, lazy=True), rows, same)


@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_lazy_updates_are_the_full_ones_where_every_batch_holds_every_feature(loss: str) -> None:
    rows, same, outputs = draw_both_forms(loss, 12, centred=False, held=0.9)
    rows = replace(rows, X=np.delete(rows.X, 5, axis=1))
    X = rows.standardised_features
    unit = Scaler(np.zeros(11, np.float32), np.ones(11, np.float32))
    same = build_sparse_rows(X, rows.y[:-1, 0], unit)
    first = draw_start(outputs, 11)
    dense = DenseBank(CANDIDATES, first.copy(), Objective(LOSSES[loss]), BATCH)
    assert_alike(dense, SparseBank(CANDIDATES, first, Objective(LOSSES[loss]), BATCH, lazy=True), rows, same)


def test_an_unseen_weight_stays_where_it_started_but_for_what_l1_takes_away() -> None:
    _, same, _ = draw_both_forms("logistic", centred=False)
    first = draw_start(1, same.feature_dim)
    bank = SparseBank(CANDIDATES, first.copy(), Objective(LOSSES["logistic"]), BATCH, lazy=True)
    for _ in range(2):
        bank.train(same, epoch_order(len(same), None))
    t = np.arange(1, 11)
    taken = [c.l1 / BATCH / (1 - c.momentum) * c.learning_rate_at(t).sum() for c in CANDIDATES]
    before = first[:, 0, 5]
    expected = np.sign(before) * np.maximum(np.abs(before) - taken, 0)
    np.testing.assert_allclose(bank.take_snapshot()[:, 0, 5], expected, atol=1e-6)


def test_a_mini_batch_without_any_value_trains_the_bias_alone() -> None:
    empty = compress_matrix(np.zeros((10, 4), np.float32))
    builder = SparseRowsBuilder(1 << 10)
    assert builder.try_add(empty, np.ones(10, np.float32))
    rows = builder.build_rows(Scaler(np.zeros(4, np.float32), np.ones(4, np.float32)))
    for lazy in (True, False):
        bank = SparseBank(
            [Candidate("sgd", 0.1)], np.zeros((1, 1, 5), np.float32), Objective(LOSSES["logistic"]), 10, lazy=lazy
        )
        bank.train(rows, epoch_order(10, None))
        weights = bank.take_snapshot()[0, 0]
        assert weights[:4].tolist() == [0, 0, 0, 0]
        assert weights[4] > 0


def test_snapshots_come_back() -> None:
    for lazy in (True, False):
        _, same, _ = draw_both_forms("logistic", centred=not lazy)
        bank = SparseBank(CANDIDATES, draw_start(1, same.feature_dim), Objective(LOSSES["logistic"]), BATCH, lazy=lazy)
        bank.train(same, epoch_order(len(same), None))
        before, score = bank.take_snapshot(), bank.evaluate(same)[0]
        bank.train(same, epoch_order(len(same), None))
        bank.restore_snapshot(before)
        np.testing.assert_array_equal(bank.take_snapshot(), before)
        np.testing.assert_array_equal(bank.evaluate(same)[0], score)


def test_products_come_in_as_many_pieces_as_mxnet_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, same, _ = draw_both_forms("logistic")
    weights = draw_start(1, rows.feature_dim)[:, 0, :-1].T.copy()
    from open_algorithms.learning.engine.graph import as_ndarray

    whole = mxnet_csr_matmul(same.X, as_ndarray(weights)).asnumpy()
    monkeypatch.setattr("linear_learner.bank.operators.sparse_products.LARGEST_TENSOR", 7 * rows.feature_dim)
    np.testing.assert_array_equal(mxnet_csr_matmul(same.X, as_ndarray(weights)).asnumpy(), whole)


def test_chosen_rows_and_columns_are_those_of_the_matrix() -> None:
    rows, same, _ = draw_both_forms("logistic", centred=False)
    X = rows.standardised_features
    order = np.array([5, 0, 229, 5], np.int32)
    columns, _, transposed = compact_and_transpose(same.take_rows(order).X)
    written = np.zeros((X.shape[1], 4), np.float32)
    for column, first, last in zip(columns, transposed.indptr, transposed.indptr[1:], strict=False):
        written[column, transposed.indices[first:last]] = transposed.data[first:last]
    np.testing.assert_array_equal(written.T, X[order])


def test_a_feature_that_is_the_same_in_every_row_does_not_vary() -> None:
    rows, same, _ = draw_both_forms("logistic")
    np.testing.assert_array_equal(same.varying_features(), rows.varying_features())
    assert not same.varying_features()[[3, 5]].any()
    assert same.varying_features().sum() == rows.feature_dim - 2


def test_zeros_that_are_stored_are_like_zeros_that_are_not() -> None:
    rows = SparseRowsBuilder(1 << 10)
    X = Csr(np.array([0, 1], np.float32), np.array([2, 1], np.int32), np.array([0, 1, 2]), (2, 4))
    assert rows.try_add(X, np.ones(2, np.float32))
    assert rows.build_rows(Scaler(np.zeros(4, np.float32), np.ones(4, np.float32))).varying_features().tolist() == [
        0,
        1,
        0,
        0,
    ]


def test_rows_are_held_without_a_second_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.learning.rows.sparse.VALUES_AT_ONCE", 2**14)
    rows, width = 20_000, 50
    indices = np.tile(np.arange(width, dtype=np.int32), rows)
    X = Csr(np.ones(len(indices), np.float32), indices, np.arange(rows + 1) * width, (rows, width))
    builder = SparseRowsBuilder(1 << 24)
    assert builder.try_add(X, np.ones(rows, np.float32))
    tracemalloc.start()
    held = builder.build_rows(Scaler(np.full(width, 2, np.float32), np.ones(width, np.float32)))
    assert held.varying_features().all()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < held.nbytes * 1.2


@pytest.mark.parametrize("lazy", [True, False])
def test_what_is_caught_up_with_does_not_grow_with_the_rows(lazy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    _, same, _ = draw_both_forms("logistic", centred=not lazy)
    first = draw_start(1, same.feature_dim)
    whole, cut = (SparseBank(CANDIDATES, first.copy(), Objective(LOSSES["logistic"]), 5, lazy=lazy) for _ in range(2))
    whole.train(same, epoch_order(len(same), None))
    whole.train(same, epoch_order(len(same), None))
    monkeypatch.setattr("linear_learner.bank.operators.sparse.RUN_UPDATES", 4)
    for _ in range(2):
        cut.train(same, epoch_order(len(same), None))
        assert len(cut.l1_sums) <= 2 * 4 + 1
    np.testing.assert_allclose(cut.take_snapshot(), whole.take_snapshot(), atol=1e-6)


def test_memory_that_the_system_does_not_promise_is_not_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [100]

    def empty(shape: tuple[int, int], kind: Any) -> Floats:
        if shape[0] > left[0]:
            raise MemoryError
        left[0] -= shape[0]
        return np.zeros(shape, kind)

    monkeypatch.setattr("open_algorithms.learning.rows.dense.np.empty", empty)
    builder = SparseRowsBuilder(8 * 150)
    assert len(builder.data) == 75
    assert len(builder.indices) == 18
    X = Csr(np.ones(20, np.float32), np.arange(20, dtype=np.int32), np.array([0, 20]), (1, 20))
    assert not builder.try_add(X, np.ones(1, np.float32))


def test_raw_rows_come_back() -> None:
    rows, _, _ = draw_both_forms("logistic")
    generator = np.random.default_rng(5)
    X = generator.normal(2, 3, (230, 40)) * (generator.random((230, 40)) < 0.2)
    scaler = Scaler(np.zeros(40, np.float32), np.full(40, 3, np.float32))
    held = build_sparse_rows(X.astype(np.float32), rows.y[:-1, 0], scaler)
    parts = [part for part, _ in held.raw_blocks(scaler, values_at_once=300)]
    found = np.concatenate([part.data for part in parts])
    np.testing.assert_allclose(found, X[X != 0], rtol=1e-6)
