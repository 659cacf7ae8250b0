"""A fit leaves the process as it was, and runs in any: in threads, after a fork, beside other users of OpenMP."""

import logging
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from joblib import Parallel, delayed
from sklearn.cluster import KMeans

from open_algorithms.estimators.fitting.engine import use_engine
from open_algorithms.estimators.fitting.progress import LearningWarning
from tests.estimators.examples import X, fit_quickly, weight_bits
from tests.waiting import HANG_SECONDS

TOP = Path(__file__).parents[3]
SETTINGS = ("OMP_NUM_THREADS", "MXNET_USE_OPERATOR_TUNING", "GOMP_SPINCOUNT")


def learn_bits(*_: Any) -> bytes:
    """Learn, and return the weights as bytes."""
    return weight_bits(fit_quickly())


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MXNET_USE_OPERATOR_TUNING", raising=False)
    before = dict(os.environ)
    fit_quickly()
    assert dict(os.environ) == before
    with pytest.raises(ValueError, match="epochs"):
        fit_quickly(epochs=0)
    assert dict(os.environ) == before


def test_no_more_processors_are_used_than_the_caller_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    for threads in ("1", "7"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        with use_engine() as processors:
            assert (processors, os.environ["OMP_NUM_THREADS"]) == (int(threads), "1")


def test_fits_in_several_threads_take_turns() -> None:
    found: list[bytes] = []
    before = dict(os.environ)
    threads = [threading.Thread(target=lambda: found.append(learn_bits())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)
    assert found == [learn_bits()] * 4
    assert dict(os.environ) == before


def test_a_process_that_has_used_openmp_learns_the_same() -> None:
    expected = learn_bits()
    KMeans(3, n_init=1).fit(X)
    assert learn_bits() == expected


@pytest.mark.processes
def test_a_process_that_has_loaded_openmp_before_learns_the_same() -> None:
    code = (
        "import ctypes, sys; ctypes.CDLL('libgomp.so.1').omp_get_max_threads()\n"
        "from tests.estimators.fitting.test_run import learn_bits; sys.stdout.buffer.write(learn_bits())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG_SECONDS, cwd=TOP)
    assert done.stdout == learn_bits(), done.stderr.decode()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_that_is_forked_after_a_fit_learns_the_same() -> None:
    expected = learn_bits()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map_async(learn_bits, [1, 2]).get(HANG_SECONDS) == [expected] * 2
    assert learn_bits() == expected


@pytest.mark.processes
def test_workers_of_joblib_learn_the_same() -> None:
    for prefer in ("processes", "threads"):
        found = Parallel(n_jobs=2, prefer=prefer)(delayed(learn_bits)(i) for i in range(3))
        assert found == [learn_bits()] * 3


def test_lines_go_to_logging_and_warnings_to_warnings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "linear_learner"), pytest.warns(LearningWarning, match="margin") as caught:
        fit_quickly(margin=3.0)
    assert "holdout=0.2: 115 rows are held out at random, by class" in caplog.text
    assert [str(warning.message) for warning in caught] == [
        "margin has no effect on this job: it goes with other hyperparameters than these."
    ]
    assert {Path(warning.filename).name for warning in caught} == {"examples.py"}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    fit_quickly().report()
    assert capfd.readouterr() == ("", "")
