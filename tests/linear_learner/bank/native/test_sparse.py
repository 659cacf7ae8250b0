"""The native sparse bank: what MXNet's operators compute, whoever does the work."""

import ctypes
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.bank.native import sparse
from linear_learner.bank.native.dense import NativeDenseBank
from linear_learner.bank.native.sparse import NativeSparseBank, SparseJob
from linear_learner.bank.operators.sparse import SparseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.native.build import FOLDER, library_name
from open_algorithms.learning.engine.native.library import Library, SharedWork, has_level
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import epoch_order
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Floats
from tests.linear_learner.bank.problems import (
    BATCH,
    CANDIDATES,
    PARAMETER,
    build_sparse_rows,
    draw_both_forms,
    draw_start,
    native_library,
)

pytestmark = pytest.mark.native
LEVELS = ("x86-64-v4", "x86-64-v3")
MakeBank = Callable[..., NativeSparseBank | SparseBank]


@pytest.fixture(params=[1, 7], ids=["whole", "in parts"])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Divide mini-batches into so many parts, for threads that take any work; return their number."""
    monkeypatch.setattr(sparse, "MOST_PARTS", request.param)
    monkeypatch.setattr(sparse, "NUMBERS_PER_PART", 1)
    monkeypatch.setattr(sparse, "PRODUCTS_PER_THREAD", 1)
    return int(request.param)


def make_native(
    start: Floats,
    objective: Objective,
    *,
    lazy: bool | None = None,
    processors: int = 2,
    candidates: list[Candidate] = CANDIDATES,
) -> NativeSparseBank:
    return NativeSparseBank(
        candidates, start, objective, BATCH, library=native_library(), processors=processors, lazy=lazy
    )


def train_twice(
    make_bank: MakeBank, rows: SparseRows, outputs: int, objective: Objective, **named: object
) -> list[Floats]:
    """Train for two epochs; return losses, weights, and losses and margins of an evaluation."""
    bank = make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), objective, BATCH, **named)
    lost = [bank.train(rows, epoch_order(len(rows), np.random.default_rng(epoch))) for epoch in range(2)]
    return [*lost, bank.take_snapshot(), *bank.evaluate(rows, margin_rows=90 if outputs == 1 else 0)]


def assert_alike(ours: list[Floats], theirs: list[Floats]) -> None:
    """Adam makes much of small gradients, and kinks make steps of roundings."""
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(own, other, rtol=3e-4, atol=5e-4)


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_both_engines_train_the_same_models(loss: str, lazy: bool, parts: int) -> None:
    _, rows, outputs = draw_both_forms(loss, centred=not lazy, held=0.02 if lazy else 0.2)
    objective = Objective(LOSSES[loss], PARAMETER)
    ours = train_twice(NativeSparseBank, rows, outputs, objective, library=native_library(), processors=2, lazy=lazy)
    assert_alike(ours, train_twice(SparseBank, rows, outputs, objective, lazy=lazy))


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_update_is_the_same_but_for_the_last_digits(loss: str, lazy: bool) -> None:
    _, rows, outputs = draw_both_forms(loss, centred=not lazy)
    start, objective = draw_start(outputs, rows.feature_dim), Objective(LOSSES[loss], PARAMETER)
    banks = SparseBank(CANDIDATES, start, objective, BATCH, lazy=lazy), make_native(start, objective, lazy=lazy)
    theirs, ours = (bank.train(rows, epoch_order(BATCH, None)) for bank in banks)
    np.testing.assert_allclose(ours, theirs, rtol=3e-6)
    np.testing.assert_allclose(banks[1].take_snapshot(), banks[0].take_snapshot(), atol=5e-5)  # of gradients near 0


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("reported", [False, True])
@pytest.mark.parametrize("loss", ["logistic", "hinge_loss", "softmax_loss"])
def test_classes_and_rows_weigh_the_same_in_both(loss: str, reported: bool, lazy: bool) -> None:
    _, rows, outputs = draw_both_forms(loss, centred=not lazy)
    weights = np.linspace(1, 3, max(outputs, 2))
    rows = rows.weigh_rows(np.linspace(0, 2, len(rows), dtype=np.float32))
    objective = Objective(
        LOSSES[loss],
        class_weights=np.tile(weights, (len(CANDIDATES), 1)),
        reported_weights=weights if reported else None,
        has_row_weights=True,
    )
    ours = train_twice(NativeSparseBank, rows, outputs, objective, library=native_library(), lazy=lazy)
    assert_alike(ours, train_twice(SparseBank, rows, outputs, objective, lazy=lazy))


@pytest.mark.parametrize("loss", LOSSES)
def test_sparse_rows_train_what_their_dense_form_does(loss: str) -> None:
    rows, same, outputs = draw_both_forms(loss)
    start, objective = draw_start(outputs, rows.feature_dim), Objective(LOSSES[loss], PARAMETER)
    dense = NativeDenseBank(CANDIDATES, start, objective, BATCH, library=native_library())
    ours = make_native(start, objective)
    order = epoch_order(len(rows), None)
    np.testing.assert_allclose(ours.train(same, order), dense.train(rows, order), rtol=1e-4)
    np.testing.assert_allclose(ours.take_snapshot(), dense.take_snapshot(), atol=1e-4)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("models", [1, 2, 3, 7])
@pytest.mark.parametrize("classes", [2, 3, 19])
def test_each_level_of_instructions_trains_the_same_models(level: str, models: int, classes: int) -> None:
    """Whatever number of columns there is."""
    if not has_level(level):
        pytest.skip(f"this processor has no {level}")
    library = Library(ctypes.CDLL(str(FOLDER / library_name(level))), level)
    _, rows, _ = draw_both_forms("softmax_loss", centred=False)
    rows = replace(rows, y=np.random.default_rng(0).integers(0, classes, rows.y.shape).astype(np.float32))
    start, objective = draw_start(classes, rows.feature_dim, range(models)), Objective(LOSSES["softmax_loss"])
    ours = NativeSparseBank(CANDIDATES[:models], start, objective, BATCH, library=library, lazy=True)
    theirs = SparseBank(CANDIDATES[:models], start, objective, BATCH, lazy=True)
    order = epoch_order(len(rows), None)
    np.testing.assert_allclose(ours.train(rows, order), theirs.train(rows, order), rtol=1e-4)
    np.testing.assert_allclose(ours.take_snapshot(), theirs.take_snapshot(), atol=1e-4)


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_whoever_does_the_work_the_bits_are_the_same(
    loss: str, lazy: bool, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows, outputs = draw_both_forms(loss, rows=1000, centred=not lazy)
    shared, runs = SharedWork.run, []
    for run, processors in ((shared, 1), (shared, 2), (lambda self, work: work(parts - 1), 2), (shared, parts)):
        monkeypatch.setattr(SharedWork, "run", run)
        named = {"library": native_library(), "processors": processors, "lazy": lazy}
        results = train_twice(NativeSparseBank, rows, outputs, Objective(LOSSES[loss]), **named)
        runs.append([array.tobytes() for array in results])
    assert runs == [runs[0]] * 4


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_a_model_alone_has_the_bits_that_it_has_beside_others(loss: str, lazy: bool) -> None:
    _, rows, outputs = draw_both_forms(loss, centred=not lazy)
    start, objective, order = (
        draw_start(outputs, rows.feature_dim),
        Objective(LOSSES[loss]),
        epoch_order(len(rows), None),
    )
    bank = make_native(start, objective, lazy=lazy)
    bank.train(rows, order)
    for m in (1, 2, 3):
        alone = make_native(start[m : m + 1], objective, lazy=lazy, candidates=CANDIDATES[m : m + 1])
        alone.train(rows, order)
        np.testing.assert_array_equal(alone.take_snapshot()[0], bank.take_snapshot()[m])


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_a_bank_that_goes_on_from_a_saved_state_keeps_its_bits(loss: str, lazy: bool) -> None:
    _, rows, outputs = draw_both_forms(loss, centred=not lazy)
    start, order = draw_start(outputs, rows.feature_dim), epoch_order(len(rows), None)
    whole, cut = (make_native(start, Objective(LOSSES[loss]), lazy=lazy) for _ in range(2))
    whole.train(rows, order)
    cut.load_state({f"a.{name}": np.array(array) for name, array in whole.state_arrays()}, "a.")
    np.testing.assert_array_equal(whole.train(rows, order), cut.train(rows, order))
    np.testing.assert_array_equal(whole.take_snapshot(), cut.take_snapshot())


@pytest.mark.parametrize("lazy", [True, False])
def test_the_state_is_that_of_the_other_engine(lazy: bool) -> None:
    _, rows, outputs = draw_both_forms("softmax_loss", centred=not lazy)
    start, order = draw_start(outputs, rows.feature_dim), epoch_order(len(rows), None)
    ours = make_native(start, Objective(LOSSES["softmax_loss"]), lazy=lazy)
    theirs = SparseBank(CANDIDATES, start, Objective(LOSSES["softmax_loss"]), BATCH, lazy=lazy)
    ours.train(rows, order)
    theirs.load_state(dict(ours.state_arrays()), "")
    layouts = [
        {bank.state_layout(name, array) for name, array in bank.state_arrays() if array.ndim == 2}
        for bank in (ours, theirs)
    ]
    assert layouts[0] == layouts[1]
    np.testing.assert_allclose(theirs.train(rows, order), ours.train(rows, order), rtol=1e-5)
    np.testing.assert_allclose(theirs.take_snapshot(), ours.take_snapshot(), atol=1e-5)


@pytest.mark.parametrize("lazy", [True, False])
def test_snapshots_come_back(lazy: bool) -> None:
    _, rows, outputs = draw_both_forms("softmax_loss", centred=not lazy)
    bank = make_native(draw_start(outputs, rows.feature_dim), Objective(LOSSES["softmax_loss"]), lazy=lazy)
    bank.train(rows, epoch_order(len(rows), None))
    before, score = bank.take_snapshot(), bank.evaluate(rows)[0]
    bank.train(rows, epoch_order(len(rows), None))
    bank.restore_snapshot(before)
    np.testing.assert_array_equal(bank.take_snapshot(), before)
    np.testing.assert_allclose(bank.evaluate(rows)[0], score, rtol=1e-6)


@pytest.mark.parametrize("lazy", [True, False])
def test_runs_may_be_of_any_length(lazy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pending steps of L1 do not grow with them, lags are put into new units, and slots start anew."""
    _, rows, _ = draw_both_forms("logistic", centred=not lazy)
    start = draw_start(1, rows.feature_dim)
    whole, cut = (make_native(start, Objective(LOSSES["logistic"]), lazy=lazy) for _ in range(2))
    stops = []
    for bank, updates, gain, largest in ((whole, 4096, 2.0**40, 2**31 - 2), (cut, 2, 2.0**6, 400)):
        monkeypatch.setattr(sparse, "RUN_UPDATES", updates)
        monkeypatch.setattr(sparse, "LARGEST_GAIN", gain)
        monkeypatch.setattr("linear_learner.bank.updating.lag.LARGEST_GAIN", gain)
        monkeypatch.setattr(sparse, "LARGEST", largest)
        for epoch in range(8):
            bank.train(rows, epoch_order(len(rows), np.random.default_rng(epoch)), lambda: stops.append(0))
    assert len(stops) >= 8 * (1 + 3)
    assert len(cut.l1_sums) <= 2 + 2 + 1
    assert cut.lag.unit < 1
    np.testing.assert_allclose(cut.take_snapshot(), whole.take_snapshot(), atol=2e-6)


def test_a_mini_batch_without_any_value_trains_the_bias_alone() -> None:
    unit = Scaler(np.zeros(4, np.float32), np.ones(4, np.float32))
    rows = build_sparse_rows(np.zeros((10, 4), np.float32), np.ones(10, np.float32), unit)
    for lazy in (True, False):
        start = np.zeros((1, 1, 5), np.float32)
        bank = make_native(start, Objective(LOSSES["logistic"]), lazy=lazy, candidates=[Candidate("sgd", 0.1)])
        bank.train(rows, epoch_order(10, None))
        weights = bank.take_snapshot()[0, 0]
        assert weights[:4].tolist() == [0, 0, 0, 0]
        assert weights[4] > 0


@pytest.mark.parametrize("lazy", [True, False])
def test_a_candidate_that_diverges_does_not_touch_the_others(lazy: bool) -> None:
    _, rows, outputs = draw_both_forms("squared_loss", centred=not lazy)
    wild, start = [Candidate("sgd", 1e30, l1=1.0), *CANDIDATES], draw_start(outputs, rows.feature_dim)
    objective = Objective(LOSSES["squared_loss"])
    bank = make_native(np.concatenate([start[:1], start]), objective, lazy=lazy, candidates=wild)
    alone = make_native(start, objective, lazy=lazy)
    for order in (epoch_order(len(rows), None),) * 2:
        with_wild, without = bank.train(rows, order), alone.train(rows, order)
    assert not np.isfinite(with_wild[0])
    np.testing.assert_array_equal(with_wild[1:], without)
    np.testing.assert_array_equal(bank.take_snapshot()[1:], alone.take_snapshot())


def test_only_what_a_mini_batch_holds_is_touched() -> None:
    X = np.zeros((BATCH, 6), np.float32)
    X[:, 2] = np.arange(BATCH)
    rows = SparseRows(compress_matrix(X), np.ones((BATCH, 1), np.float32), None, np.zeros(0, np.int64))
    start = draw_start(1, 6, range(2))
    bank = make_native(start, Objective(LOSSES["logistic"]), lazy=True, candidates=CANDIDATES[:2])
    bank.train(rows, epoch_order(BATCH, None))
    changed = (bank.take_snapshot() != start).any(axis=(0, 1))
    assert changed.tolist() == [False, False, True, False, False, False, True]


def test_the_structure_is_that_of_the_library() -> None:
    size = native_library().functions.sparse_size
    size.restype = ctypes.c_int64
    assert ctypes.sizeof(SparseJob) == size()
