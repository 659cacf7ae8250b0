"""A job from its files to its exit status: the model whole or absent, a failure with its reason."""

import errno
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from container.contract.errors import ClientError
from container.job.program import ChannelRole, Program, Task
from container.job.stop import StopRequest
from container.training import run_job
from tests.container.pipes import serve_fifos
from tests.container.terminal import HIDE, SHOW, PseudoTerminal
from tests.waiting import HANG_SECONDS

Model = dict[str, float]

CHANNELS = (ChannelRole("train", required=True), ChannelRole("validation"))


@pytest.fixture
def environ(root: Path, configure: Callable[[str, Any], None]) -> dict[str, str]:
    """A job of four rows in text/csv."""
    configure("hyperparameters", {"epochs": "2"})
    configure("inputdataconfig", {"train": {"TrainingInputMode": "File", "ContentType": "text/csv"}})
    (root / "input/data/train").mkdir()
    (root / "input/data/train/a.csv").write_text("1,2\n3,4\n5,6\n7,8\n")
    return {"SAGEMAKER_BASE_DIR": str(root)}


def fit(task: Task) -> Model:
    epochs = int(task.hyperparameters["epochs"])
    rows = sum(len(X) for _ in range(epochs) for X, _ in task.channels["train"])
    task.log.info(f"saw {rows} rows")
    return {"rows": rows}


def save(model: Model, directory: Path) -> None:
    (directory / "params").write_text(str(model["rows"]))
    (directory / "symbol.json").write_text("{}")


def run(
    environ: dict[str, str],
    fit: Callable[[Task], Model],
    save: Callable[[Model, Path], None],
    *,
    stop: StopRequest | None = None,
    **others: Any,
) -> int:
    program = Program("Rows", CHANNELS, fit, save, report_switch="ROWS_REPORT", start_channel="model", **others)
    return run_job(environ, program, stop)


def raising(error: BaseException) -> Callable[..., Any]:
    def fails(*_: Any) -> Any:
        raise error

    return fails


def failure(root: Path) -> str:
    return (root / "output/failure").read_text()


def test_a_job_leaves_its_model_and_no_failure(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, fit, save) == 0
    assert sorted(os.listdir(root / "model")) == ["params", "symbol.json"]
    assert (root / "model/params").read_text() == "8"
    assert not (root / "output/failure").exists()
    out = capsys.readouterr().out
    assert "Reading provided configuration from" in out
    assert "{'epochs': '2'}" in out
    assert "The channel 'train' is in File input mode under" in out
    assert "saw 8 rows" in out


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ClientError("too few rows"), 1, "ClientError: too few rows"),
        (ValueError("a mistake of ours"), 1, "AlgorithmError: ValueError: a mistake of ours"),
        (MemoryError(), 1, "AlgorithmError: not enough memory"),
        (KeyboardInterrupt(), 143, "Stopped before there was a model"),
    ],
)
def test_however_a_job_ends_below_its_bar_the_reason_is_told_last(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, message: str
) -> None:
    def fails(task: Task) -> Model:
        task.log.show_progress(0, 2, 0, 4, "mse", float("nan"))
        raise error

    with PseudoTerminal() as terminal, open(terminal.end, "w", closefd=False) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert run({**environ, "TERM": "xterm"}, fails, save) == status
        monkeypatch.undo()
    assert HIDE in terminal.text
    assert "epoch 1 of 2" in terminal.text
    assert message in terminal.text[terminal.text.rfind(SHOW) :]


def test_a_job_ends_with_where_its_time_went(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    def told(task: Task) -> Model:
        task.timeline.record_lap("read")
        return fit(task)

    assert run(environ, told, save) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"\] Time line: start \d+\.\d\d s, read \d+\.\d\d s, save \d+\.\d\d s, in all \d+\.\d\d s$", last)


def test_a_job_that_fails_says_how_far_its_time_line_is_known(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, raising(ZeroDivisionError()), save) == 1
    assert "Time line: start 0.0" in (last := capsys.readouterr().out.splitlines()[-1])
    assert ", unfinished 0.0" in last


def test_a_job_that_does_not_begin_has_no_time_line(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "input/config/hyperparameters.json").write_text("{")
    assert run(environ, fit, save) == 1
    assert "Time line" not in capsys.readouterr().out


def test_off_the_platform_the_model_is_packed_with_its_files_on_top(root: Path, environ: dict[str, str]) -> None:
    (root / "model/README").write_text("not of this model")
    assert run(environ, fit, save) == 0
    archive = root / "output/model.tar.gz"
    with tarfile.open(archive) as tar:
        assert tar.getnames() == ["params", "symbol.json"]
        assert tar.extractfile("params").read() == b"8"  # type: ignore[union-attr]
    first = archive.read_bytes()
    time.sleep(0.01)
    assert run(environ, fit, save) == 0
    assert archive.read_bytes() == first
    assert sorted(os.listdir(root / "output")) == ["data", "model.tar.gz"]


def test_on_the_platform_nothing_is_packed(root: Path, environ: dict[str, str]) -> None:
    assert run({**environ, "TRAINING_JOB_ARN": "arn"}, fit, save) == 0
    assert os.listdir(root / "output") == ["data"]
    assert (root / "model/params").exists()


def tell(model: Model, task: Task) -> dict[str, str]:
    return {"report.json": str(model["rows"]), "report.html": f"<p>{'save' in task.timeline.seconds_by_part}"}


def test_the_report_is_written_once_the_model_is_whole_and_timed_apart(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, fit, save, report=tell) == 0
    assert (root / "output/data/report.json").read_text() == "8"
    assert (root / "output/data/report.html").read_text() == "<p>True"
    assert sorted(os.listdir(root / "output/data")) == ["report.html", "report.json"]
    assert re.search(r", save \d+\.\d\d s, report \d+\.\d\d s, in all", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. The model is whole."),
        (ZeroDivisionError("float division by zero"), "ZeroDivisionError: float division by zero"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_report_that_fails_is_a_warning_and_no_failure(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    assert run(environ, fit, save, report=raising(error)) == 0
    assert (root / "model/params").read_text() == "8"
    assert not (root / "output/failure").exists()
    out = capsys.readouterr().out
    assert "WARNING" in out
    assert said in out
    assert ("Traceback" in out) == (not isinstance(error, OSError))


def test_a_report_that_cannot_be_written_leaves_no_part_of_it(root: Path, environ: dict[str, str]) -> None:
    (root / "output/data/report.html").mkdir(parents=True)
    (root / "output/data/report.html/mine").touch()
    assert run(environ, fit, save, report=tell) == 0
    assert sorted(os.listdir(root / "output/data")) == ["report.html", "report.json"]


def test_a_report_tells_what_is_no_unicode_as_it_was_escaped(root: Path, environ: dict[str, str]) -> None:
    assert run(environ, fit, save, report=lambda model, task: {"report.html": "<p>\ud800"}) == 0
    assert (root / "output/data/report.html").read_text() == r"<p>\ud800"


def test_an_environment_variable_turns_the_report_off(root: Path, environ: dict[str, str]) -> None:
    assert run({**environ, "ROWS_REPORT": "Off"}, fit, save, report=tell) == 0
    assert os.listdir(root / "output/data") == []


def test_a_wrong_switch_of_the_report_is_told_before_training(root: Path, environ: dict[str, str]) -> None:
    assert run({**environ, "ROWS_REPORT": "maybe"}, raising(AssertionError()), save, report=tell) == 1
    assert failure(root) == "ClientError: ROWS_REPORT: expected on or off, found 'maybe'."


def test_a_job_that_fails_leaves_no_report_of_an_earlier_one(root: Path, environ: dict[str, str]) -> None:
    assert run(environ, fit, save, report=tell) == 0
    (root / "output/data/other").touch()
    assert run(environ, raising(ClientError("no")), save, report=tell) == 1
    assert os.listdir(root / "output/data") == ["other"]


def test_a_save_that_fails_half_way_leaves_nothing(root: Path, environ: dict[str, str]) -> None:
    def half(model: Model, directory: Path) -> None:
        (directory / "params").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", "params")

    assert run(environ, fit, half) == 1
    assert os.listdir(root / "model") == []
    assert not (root / "output/model.tar.gz").exists()
    assert failure(root) == "AlgorithmError: no space left on the disk (params). Give the job a larger volume."


def test_a_stale_failure_and_a_stale_half_model_are_removed(root: Path, environ: dict[str, str]) -> None:
    (root / "output/failure").write_text("ClientError: of yesterday")
    (root / "model/.saving").mkdir()
    (root / "model/.saving/params").write_text("half")
    assert run(environ, fit, save) == 0
    assert not (root / "output/failure").exists()
    assert not (root / "model/.saving").exists()


class BadValueError(Exception):
    """What an algorithm raises for a bad hyperparameter."""


@pytest.mark.parametrize(
    "error", [ClientError("epochs: expected a number"), BadValueError("epochs: expected a number")]
)
def test_a_users_mistake_is_one_message_without_a_trace(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert run(environ, raising(error), save, user_errors=(BadValueError,)) == 1
    assert failure(root) == "ClientError: epochs: expected a number"
    captured = capsys.readouterr()
    assert captured.out.count("ClientError: epochs: expected a number") == 1
    assert "Traceback" not in captured.out + captured.err


def test_a_fault_of_ours_has_its_trace_in_the_log_only(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, raising(ZeroDivisionError("division by zero")), save) == 1
    assert failure(root) == "AlgorithmError: ZeroDivisionError: division by zero"
    assert "Traceback" in capsys.readouterr().out


def test_too_little_memory_is_said_in_one_line(
    root: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ, raising(MemoryError()), save) == 1
    assert failure(root).startswith("AlgorithmError: not enough memory (no details). Use an instance with more memory")
    assert "Traceback" not in capsys.readouterr().out


def test_bad_data_is_named_down_to_the_column(root: Path, environ: dict[str, str]) -> None:
    (root / "input/data/train/b.csv").write_text("1,2\n1,red\n")
    assert run(environ, fit, save) == 1
    assert failure(root) == (
        "ClientError: channel 'train', file 'b.csv', row 2, column 2: expected a number, found 'red'. "
        "Write categories as numbers."
    )


def test_a_job_may_stream_its_data(
    root: Path,
    environ: dict[str, str],
    configure: Callable[[str, Any], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("inputdataconfig", {"train": {"TrainingInputMode": "Pipe", "ContentType": "text/csv"}})
    with serve_fifos(root / "input/data/train", [b"1,2\n3,4\n"]) as ends:
        assert run(environ, fit, save) == 0
    assert ends == ["read", "read"]
    out = capsys.readouterr().out
    assert "The channel 'train' is in Pipe input mode under" in out
    assert "saw 4 rows" in out


def test_a_missing_train_channel_is_the_users_mistake(
    root: Path, environ: dict[str, str], configure: Callable[[str, Any], None]
) -> None:
    configure("inputdataconfig", {})
    assert run(environ, fit, save) == 1
    assert failure(root).startswith("ClientError: no channel 'train' in ")


def test_an_unknown_channel_is_ignored_with_a_warning(
    environ: dict[str, str], configure: Callable[[str, Any], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("inputdataconfig", {"train": {"ContentType": "text/csv"}, "pictures": {}})
    assert run(environ, fit, save) == 0
    assert "WARNING" in (out := capsys.readouterr().out)
    assert "The channel 'pictures' is ignored" in out


def test_a_job_that_is_stopped_before_it_begins_does_not_begin(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    stop = StopRequest()
    stop.is_received = True
    assert run(environ, raising(AssertionError("it has begun")), save, stop=stop) == 143
    assert "Stopped before there was a model; none is saved." in capsys.readouterr().out


def stopped(stop: StopRequest) -> Callable[[Task], Model]:
    """A job that is asked to stop and has a model by then."""

    def fit(task: Task) -> Model:
        task.raise_if_stopped()
        stop.is_received = True
        with pytest.raises(KeyboardInterrupt):
            task.raise_if_stopped()
        return {"rows": 1}

    return fit


def test_a_job_that_is_stopped_with_a_model_saves_it_and_keeps_its_checkpoint(
    root: Path, environ: dict[str, str]
) -> None:
    (root / "checkpoints").mkdir()
    (root / "checkpoints/checkpoint").write_text("course")
    stop = StopRequest()
    assert run(environ, stopped(stop), save, stop=stop) == 0
    assert (root / "model/params").read_text() == "1"
    assert (root / "checkpoints/checkpoint").read_text() == "course"
    assert not (root / "output/failure").exists()


def test_a_finished_job_removes_its_checkpoint_once_the_model_is_there(root: Path, environ: dict[str, str]) -> None:
    (root / "checkpoints").mkdir()
    (root / "checkpoints/checkpoint").write_text("course")
    (root / "checkpoints/checkpoint.sagemaker-uploaded").write_text("")

    def look(model: Model, directory: Path) -> None:
        assert (root / "checkpoints/checkpoint").exists()
        save(model, directory)

    assert run(environ, fit, look) == 0
    assert os.listdir(root / "checkpoints") == ["checkpoint.sagemaker-uploaded"]


def test_the_model_to_start_from_is_a_channel_of_its_own(
    root: Path, environ: dict[str, str], configure: Callable[[str, Any], None]
) -> None:
    starts = []

    def fit(task: Task) -> Model:
        starts.append(task.start_folder)
        assert list(task.channels) == ["train"]
        return {"rows": 0}

    assert run(environ, fit, save) == 0
    channels = {"train": {"ContentType": "text/csv"}, "model": {"ContentType": "application/x-sagemaker-model"}}
    configure("inputdataconfig", channels)
    assert run(environ, fit, save) == 0
    assert starts == [None, root / "input/data/model"]
    channels["model"]["TrainingInputMode"] = "Pipe"
    configure("inputdataconfig", channels)
    assert run(environ, fit, save) == 1
    assert failure(root).startswith("ClientError: channel 'model': expected the input mode File")


STOPPED = """
import os, sys, time
from container.job.stop import StopRequest
from container.job.program import ChannelRole, Program
from container.training import run_job

def fit(task):
    task.log.info("training")
    while True:
        time.sleep(0.01)
        task.raise_if_stopped()

stop = StopRequest()
stop.install_handlers()
sys.exit(run_job(os.environ, Program("Rows", (ChannelRole("train"),), fit, None), stop))
"""


def stop_while_training(program: str, root: Path, environ: dict[str, str], number: int = signal.SIGTERM) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while "training" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    out, _ = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 143
    assert out.count("\n") == 1
    assert "Stopped before there was a model; none is saved." in out
    assert os.listdir(root / "model") == []
    assert not (root / "output/failure").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_stopped_before_it_has_a_model_says_so_in_one_line(
    root: Path, environ: dict[str, str], number: int
) -> None:
    stop_while_training(STOPPED, root, environ, number)


WAITING = """
import os, sys
from container.job.stop import StopRequest
from container.job.program import ChannelRole, Program
from container.training import run_job

def fit(task):
    task.log.info("training")
    list(task.channels["train"])

stop = StopRequest()
stop.install_handlers()
sys.exit(run_job(os.environ, Program("Rows", (ChannelRole("train"),), fit, None), stop))
"""


@pytest.mark.parametrize("fifo", ["absent", "silent"])
def test_a_job_that_waits_for_a_stream_can_be_stopped(
    root: Path, environ: dict[str, str], configure: Callable[[str, Any], None], fifo: str
) -> None:
    configure("inputdataconfig", {"train": {"TrainingInputMode": "Pipe", "ContentType": "text/csv"}})
    if fifo == "silent":
        os.mkfifo(root / "input/data/train_0")
    stop_while_training(WAITING, root, environ)
