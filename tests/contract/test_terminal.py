"""`train` on a terminal: a bar for people, and the terminal as it was however the job ends."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linear_learner.artifact.read import load_model
from tests.container.terminal import HIDE, SHOW, PseudoTerminal
from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Process
from tests.needs import TOP
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.processes

LONG = {"epochs": "100000", "early_stopping_patience": "100000"}


def train(
    job: TrainingJob, columns: int = 100, then: Callable[[int], None] | None = None
) -> tuple[int, PseudoTerminal]:
    """Run `train` on a terminal, and do something to it once it shows what is best; return how it ends."""
    ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment = {**ours, "SAGEMAKER_BASE_DIR": str(job.root), "TERM": "xterm", **job.environment}
    terminal = PseudoTerminal(columns)
    with terminal:
        running = subprocess.Popen(
            [sys.executable, TOP / "train"],
            env=environment,
            stdin=terminal.end,
            stdout=terminal.end,
            stderr=terminal.end,
            start_new_session=True,
        )
        if then is not None:
            wait_until(lambda: "best so far" in terminal.text, lambda: terminal.text)
            then(running.pid)
        status = running.wait(timeout=HANG_SECONDS)
    return status, terminal


def test_on_a_narrow_terminal_too_a_bar_takes_the_place_of_the_figures(tmp_path: Path) -> None:
    status, terminal = train(lay_out_example_job(tmp_path, Process, epochs="3", num_models="2"), columns=20)
    assert status == 0, terminal.text
    assert HIDE in terminal.text
    assert [line for line in terminal.lines if line.startswith("epoch 3 of 3 ━")]
    assert "best so far: 0." in terminal.text
    assert "Best model found for hyperparameters" in terminal.text
    assert "#" not in terminal.text
    assert load_model(tmp_path / "model").feature_dim == 30


def test_a_job_that_stops_early_ends_with_a_whole_bar(tmp_path: Path) -> None:
    status, terminal = train(lay_out_example_job(tmp_path, Process, epochs="500", num_models="2"))
    assert status == 0, terminal.text
    assert "Early stop condition met" in terminal.text
    assert [line for line in terminal.lines if "━ 100 %" in line and "of 500" not in line]


def test_ctrl_c_ends_the_bar_and_leaves_the_model(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, Process, **LONG, num_models="2")
    status, terminal = train(job, then=lambda pid: os.killpg(pid, signal.SIGINT))
    assert status == 0, terminal.text
    assert "Told to stop: the model is the best of" in terminal.text
    assert load_model(tmp_path / "model").feature_dim == 30


def test_a_users_mistake_is_told_below_the_bar(tmp_path: Path) -> None:
    job = lay_out_example_job(
        tmp_path, Process, predictor_type="regressor", learning_rate="1e30", optimizer="sgd", num_models="1"
    )
    status, terminal = train(job)
    assert status == 1
    assert "ClientError: Every candidate" in terminal.text[terminal.text.rfind(SHOW) :]
    assert "Traceback" not in terminal.text


def test_a_job_that_is_killed_leaves_the_terminal_whole(tmp_path: Path) -> None:
    def kill(guard: int) -> None:
        (child,) = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)

    status, terminal = train(lay_out_example_job(tmp_path, Process, **LONG, num_models="2"), then=kill)
    assert status == 1
    assert "AlgorithmError: the training process was killed by signal 9" in terminal.text[terminal.text.rfind(SHOW) :]


def test_a_dumb_terminal_gets_the_plain_log(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, Process, epochs="1", num_models="1")
    job.environment["TERM"] = "dumb"
    status, terminal = train(job)
    assert status == 0, terminal.text
    assert "\x1b" not in terminal.text
    assert "#quality_metric: host=algo-1, epoch=0, train " in terminal.text


def test_what_is_no_terminal_gets_figures_and_no_bar(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, Process, epochs="1", num_models="1")
    job.environment |= {"TERM": "xterm", "FORCE_COLOR": "1", "PYTHONPROFILEIMPORTTIME": "1"}
    status, log = job.train()
    assert status == 0, log
    assert "\x1b" not in log
    assert "#quality_metric: host=algo-1, epoch=0, train " in log
    assert re.search(r"\| +container\.job\.terminal$", log, re.MULTILINE)
    assert not re.search(r"\| +rich", log)
