"""Threads: as many as the work is worth and there are processors, where MXNet's operators run."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.bank.operators.dense import DenseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.dense import DenseRows, epoch_order
from tests.linear_learner.bank.problems import CANDIDATES, draw_dense_rows, draw_start

pytestmark = pytest.mark.processes


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
        threads.set_count(wanted)
        assert count() == wanted


@pytest.mark.parametrize(
    ("operations", "processors", "expected"), [(0, 8, 1), (4e6, 8, 1), (1e7, 8, 2), (1e9, 8, 8), (1e9, 1, 1)]
)
def test_each_thread_has_enough_to_do(operations: float, processors: int, expected: int) -> None:
    assert threads.useful_count(operations, processors) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (2, [2, 1]), (4, [4, 3, 2, 1]), (16, [16, 12, 9, 6, 4, 3, 2, 1])]
)
def test_fewer_threads_are_tried_down_to_one(count: int, expected: list[int]) -> None:
    assert threads.counts_to_try(1e9, count) == expected


def test_only_numbers_of_threads_that_end_with_the_same_bits_take_each_others_place() -> None:
    def work() -> list[Any]:
        return [mx.nd.ones((3,)), mx.nd.ones((1,)) * (count() % 3)]

    assert threads.same_result_counts([4, 3, 2, 1], work) == [4, 1]
    assert threads.same_result_counts([3, 2], work) == [3]
    threads.set_count(1)


@pytest.mark.parametrize(("operations", "processors", "expected"), [(4e6, 8, [1]), (1e8, 1, [1]), (1e10, 8, [8])])
def test_for_what_is_small_or_takes_long_there_is_no_other_number(
    operations: float, processors: int, expected: list[int]
) -> None:
    assert threads.counts_to_try(operations, processors) == expected


def train(data: DenseRows, outputs: int, loss: str, batch: int, processors: int) -> tuple[DenseBank, list[bytes]]:
    """Train a bank; return it, and all that comes of it as bits."""
    bank = DenseBank(
        CANDIDATES,
        draw_start(outputs, data.feature_dim),
        Objective(LOSSES[loss], parameter=0.3),
        batch,
        processors=processors,
    )
    lost = [bank.train(data, epoch_order(len(data), np.random.default_rng(epoch))) for epoch in range(2)]
    state = [array.tobytes() for _, array in bank.state_arrays()]
    return bank, [bank.take_snapshot().tobytes(), *(array.tobytes() for array in lost), *state]


SHAPES = [(2000, 100, 500), (700, 30, 700), (9000, 9, 3000), (400, 1500, 60), (300, 1, 100), (1100, 257, 129)]


@pytest.mark.parametrize(
    ("loss", "rows", "features", "batch"),
    [(loss, *SHAPES[0]) for loss in LOSSES]
    + [(loss, *shape) for loss in ("logistic", "softmax_loss") for shape in SHAPES[1:]],
)
def test_whoever_does_the_work_the_bits_are_the_same(
    loss: str, rows: int, features: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "OPERATIONS_PER_THREAD", 1.0)
    data, outputs = draw_dense_rows(loss, rows, features)
    bank, expected = train(data, outputs, loss, batch, 4)
    same = set(bank.paces[batch].trial_order)
    if "avx512f" in Path("/proc/cpuinfo").read_text() and "DNNL_MAX_CPU_ISA" not in os.environ:
        assert same == {1, 2, 3, 4}
    judged = []
    for bank.thread_limit in (4, 3, 2, 1):
        judged.append([array.tobytes() for array in bank.evaluate(data, margin_rows=200 if outputs == 1 else 0)])
    assert judged == 4 * judged[:1]
    monkeypatch.setattr(threads, "LONG_OPERATIONS", 0.0)  # no other number than this
    for processors in same:
        bank, found = train(data, outputs, loss, batch, processors)
        assert bank.paces[batch].trial_order == [processors]
        assert found == expected
    threads.set_count(1)


def test_on_an_older_processor_too() -> None:
    """There the order of sums depends on the number of threads, which is then left as it is."""
    environment = {**os.environ, "DNNL_MAX_CPU_ISA": "AVX2"}
    name = test_whoever_does_the_work_the_bits_are_the_same.__name__
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{name}", "-k", "logistic"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_that_is_forked_sets_the_number_anew() -> None:
    threads.set_count(3)
    child = os.fork()
    if not child:
        threads.set_count(3)
        os._exit(count())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
