"""The native dense bank: what MXNet's operators compute, whoever does the work."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from linear_learner.bank.native import dense
from linear_learner.bank.native.dense import DenseJob, NativeDenseBank
from linear_learner.bank.operators.dense import DenseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.native.build import FOLDER, library_name
from open_algorithms.learning.engine.native.library import Library, SharedWork, has_level
from open_algorithms.learning.rows.dense import DenseRows, DenseRowsBuilder, Design, epoch_order
from open_algorithms.learning.types.arrays import Floats
from tests.linear_learner.bank.problems import (
    BATCH,
    CANDIDATES,
    PARAMETER,
    MakeBank,
    draw_dense_rows,
    draw_start,
    native_library,
)

pytestmark = pytest.mark.native
LEVELS = ("x86-64-v4", "x86-64-v3")


def train_twice(
    make_bank: MakeBank, rows: DenseRows, outputs: int, objective: Objective, **named: object
) -> list[Floats]:
    """Train for two epochs; return losses, weights, and losses and margins of an evaluation."""
    bank = make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), objective, BATCH, **named)
    lost = [bank.train(rows, epoch_order(len(rows), np.random.default_rng(epoch))) for epoch in range(2)]
    return [*lost, bank.take_snapshot(), *bank.evaluate(rows, margin_rows=90 if outputs == 1 else 0)]


def assert_alike(ours: list[Floats], theirs: list[Floats]) -> None:
    """Adam makes much of small gradients, and kinks make steps of roundings."""
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("loss", LOSSES)
def test_both_engines_train_the_same_models(loss: str, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "OPERATIONS_PER_PART", 1.0)
    rows, outputs = draw_dense_rows(loss)
    objective = Objective(LOSSES[loss], PARAMETER)
    ours = train_twice(NativeDenseBank, rows, outputs, objective, library=native_library(), processors=parts)
    assert_alike(ours, train_twice(DenseBank, rows, outputs, objective))


@pytest.mark.parametrize("loss", LOSSES)
def test_an_update_is_the_same_but_for_the_last_digits(loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    start, objective = draw_start(outputs, rows.feature_dim), Objective(LOSSES[loss], PARAMETER)
    banks = (
        DenseBank(CANDIDATES, start, objective, BATCH),
        NativeDenseBank(CANDIDATES, start, objective, BATCH, library=native_library()),
    )
    (theirs, ours) = (bank.train(rows, epoch_order(BATCH, None)) for bank in banks)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6)  # MXNet's softmax is off by so much
    by_operators, native = (bank.take_snapshot() for bank in banks)
    np.testing.assert_allclose(native, by_operators, atol=2e-6)  # and its 1 - beta_2


@pytest.mark.parametrize("reported", [False, True])
@pytest.mark.parametrize("loss", ["logistic", "hinge_loss", "softmax_loss"])
def test_classes_and_rows_weigh_the_same_in_both(loss: str, reported: bool) -> None:
    rows, outputs = draw_dense_rows(loss)
    weights = np.linspace(1, 3, max(outputs, 2))
    rows = rows.weigh_rows(np.linspace(0, 2, len(rows), dtype=np.float32))
    objective = Objective(
        LOSSES[loss],
        class_weights=np.tile(weights, (len(CANDIDATES), 1)),
        reported_weights=weights if reported else None,
        has_row_weights=True,
    )
    ours = train_twice(NativeDenseBank, rows, outputs, objective, library=native_library())
    assert_alike(ours, train_twice(DenseBank, rows, outputs, objective))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("rows", "features", "classes"), [(230, 6, 3), (500, 200, 37), (40, 401, 2), (3, 1, 2)])
def test_each_level_of_instructions_trains_the_same_models(level: str, rows: int, features: int, classes: int) -> None:
    """Whatever the sizes leave over of tiles, slabs and panels."""
    if not has_level(level):
        pytest.skip(f"this processor has no {level}")
    library = Library(ctypes.CDLL(str(FOLDER / library_name(level))), level)
    generator = np.random.default_rng(0)
    builder = DenseRowsBuilder(features, rows, Design())
    builder.try_add(
        generator.standard_normal((rows, features), np.float32), generator.integers(0, classes, rows).astype(np.float32)
    )
    data, objective = builder.build_rows(), Objective(LOSSES["softmax_loss"])
    ours = train_twice(NativeDenseBank, data, classes, objective, library=library)
    assert_alike(ours, train_twice(DenseBank, data, classes, objective))


@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
def test_whoever_does_the_work_the_bits_are_the_same(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "OPERATIONS_PER_PART", 1.0)
    rows, outputs = draw_dense_rows(loss, rows=3000, features=50)
    shared, objective = SharedWork.run, Objective(LOSSES[loss])
    runs = []
    for run in (shared, lambda self, work: work(2), lambda self, work: work(0), shared, shared):
        monkeypatch.setattr(SharedWork, "run", run)
        results = train_twice(NativeDenseBank, rows, outputs, objective, library=native_library(), processors=4)
        runs.append([array.tobytes() for array in results])
    assert runs == [runs[0]] * 5


@pytest.mark.parametrize("loss", LOSSES)
def test_a_bank_that_goes_on_from_a_saved_state_keeps_its_bits(loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    whole, cut = (
        NativeDenseBank(
            CANDIDATES, draw_start(outputs, 6), Objective(LOSSES[loss], PARAMETER), BATCH, library=native_library()
        )
        for _ in range(2)
    )
    order = epoch_order(len(rows), None)
    whole.train(rows, order)
    cut.load_state(dict(whole.state_arrays()), "")
    np.testing.assert_array_equal(whole.train(rows, order), cut.train(rows, order))
    np.testing.assert_array_equal(whole.take_snapshot(), cut.take_snapshot())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("margin", [np.nan, 1e30, -1e30, 200.0, -200.0, 1e-30, 0.0])
def test_a_loss_is_what_it_is_of_any_margin(loss: str, margin: float) -> None:
    """And what is not a number stays so, or a candidate that diverged would pass for a good one."""
    outputs = 3 if loss == "softmax_loss" else 1
    builder = DenseRowsBuilder(1, 2, Design(LOSSES[loss].takes_signed_rows))
    builder.try_add(np.ones((2, 1), np.float32), np.array([0, 1], np.float32))
    start = np.zeros((1, outputs, 2), np.float32)
    start[0, 0, 0] = margin
    objective = Objective(LOSSES[loss], PARAMETER)
    bank = NativeDenseBank([Candidate()], start, objective, 2, library=native_library())
    z = np.ones((2, 1)) @ start[0, :, :1].T.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = np.float32(LOSSES[loss].value(z, np.array([0.0, 1.0]), PARAMETER).sum())
        (found,) = bank.evaluate(builder.build_rows())[0].astype(np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_candidate_that_diverges_does_not_touch_the_others() -> None:
    rows, outputs = draw_dense_rows("squared_loss")
    wild = [Candidate("sgd", 1e30), *CANDIDATES]
    start = draw_start(outputs, rows.feature_dim)
    objective = Objective(LOSSES["squared_loss"])
    bank = NativeDenseBank(wild, np.concatenate([start[:1], start]), objective, BATCH, library=native_library())
    alone = NativeDenseBank(CANDIDATES, start, objective, BATCH, library=native_library())
    for order in (epoch_order(len(rows), None),) * 2:
        with_wild, without = bank.train(rows, order), alone.train(rows, order)
    assert not np.isfinite(with_wild[0])
    np.testing.assert_array_equal(with_wild[1:], without)
    np.testing.assert_array_equal(bank.take_snapshot()[1:], alone.take_snapshot())


def test_the_structure_is_that_of_the_library() -> None:
    size = native_library().functions.dense_size
    size.restype = ctypes.c_int64
    assert ctypes.sizeof(DenseJob) == size()


def test_a_signal_that_interrupts_the_work_waits_until_nobody_is_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What threads still write to must not be given back to the system, nor to the next call."""
    monkeypatch.setattr(dense, "OPERATIONS_PER_PART", 1.0)
    rows, _ = draw_dense_rows("logistic", rows=20_000, features=50)
    at_work: list[int] = []

    def interrupt(self: SharedWork, work: Callable[[int], object]) -> None:
        def come_and_go(number: int) -> None:
            if number == 0:
                raise KeyboardInterrupt
            at_work.append(number)
            work(number)
            at_work.remove(number)

        run(self, come_and_go)

    run = SharedWork.run
    monkeypatch.setattr(SharedWork, "run", interrupt)
    bank = NativeDenseBank(
        CANDIDATES, draw_start(1, 50), Objective(LOSSES["logistic"]), BATCH, library=native_library(), processors=3
    )
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            bank.train(rows, epoch_order(len(rows), None))
        assert at_work == []


@pytest.mark.parametrize("first", [0, 1])
def test_rows_that_follow_those_that_are_scored_do_not_touch_them(first: int) -> None:
    builder = DenseRowsBuilder(1, 3, Design())
    builder.try_add(np.array([[1], [1], [1e30]], np.float32), np.zeros(3, np.float32))
    start, objective = np.ones((1, 1, 2), np.float32), Objective(LOSSES["squared_loss"])
    bank = NativeDenseBank([Candidate()], start, objective, 2, library=native_library())
    assert bank.evaluate(builder.build_rows().slice_rows(first, 2))[0] == 4 * (2 - first)


@pytest.mark.parametrize("odd", [0, 1, 2])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_one_class_that_is_not_a_number_makes_the_loss_none(odd: int, label: int) -> None:
    builder = DenseRowsBuilder(1, 1, Design())
    builder.try_add(np.ones((1, 1), np.float32), np.array([label], np.float32))
    start = np.full((1, 3, 2), 0.1, np.float32)
    start[0, odd, 0] = np.nan
    objective = Objective(LOSSES["softmax_loss"])
    bank = NativeDenseBank([Candidate()], start, objective, 1, library=native_library())
    assert np.isnan(bank.evaluate(builder.build_rows())[0]).all()
