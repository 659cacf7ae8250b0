"""Threads: as many as the work is worth and there are processors, where MXNet's operators run."""

import ctypes

import numpy as np
import pytest

from linear_learner import threads
from linear_learner.bank import Bank
from linear_learner.batches import epoch_order
from linear_learner.engine import mx
from tests.linear_learner.test_bank import CANDIDATES, example, start


def count() -> int:
    """The threads that an operator would use now, as OpenMP says in the thread that runs it."""
    counts: list[int] = []
    openmp = ctypes.CDLL("libgomp.so.1")
    ask = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(
        lambda *_: counts.append(openmp.omp_get_max_threads())
    )
    array = mx.nd.zeros((1,))
    changes = (ctypes.c_void_p * 1)(array.handle)
    context = ctypes.byref(threads.Context(1, 0))
    mx.base._LIB.MXEnginePushSyncND(ask, None, None, context, None, 0, changes, 1, None, 0, b"ask")
    array.wait_to_read()
    return counts[0]


def test_operators_use_the_threads_that_they_are_told_to() -> None:
    for wanted in (3, 1, 2, 1):
        threads.use(wanted)
        assert count() == wanted


@pytest.mark.parametrize(
    ("operations", "processors", "expected"), [(0, 8, 1), (4e6, 8, 1), (1e7, 8, 2), (1e9, 8, 8), (1e9, 1, 1)]
)
def test_each_thread_has_enough_to_do(operations: float, processors: int, expected: int) -> None:
    assert threads.worthwhile(operations, processors) == expected


def test_a_bank_trained_by_two_threads_is_the_same_every_time_and_that_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "OPERATIONS", 1.0)
    rows, outputs = example("logistic", rows=2000, features=100)
    snapshots = []
    for processors in (2, 2, 1):
        bank = Bank(CANDIDATES, start(list(range(7)), outputs, rows.features), "logistic", 500, processors=processors)
        for _ in range(3):
            bank.train(rows, epoch_order(len(rows), None))
        assert count() == processors
        snapshots.append(bank.snapshot())
    np.testing.assert_array_equal(snapshots[0], snapshots[1])
    np.testing.assert_allclose(snapshots[0], snapshots[2], atol=1e-5)
    threads.use(1)
