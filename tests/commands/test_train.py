"""`linear_learner train` runs the very job of `train` on files that lie anywhere."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from open_algorithms.commands.telling.doors import run_program
from open_algorithms.commands.train import copy_outputs
from tests.commands.command import Command
from tests.container.terminal import PseudoTerminal
from tests.contract.example import DATA
from tests.contract.jobs import lay_out_example_job
from tests.contract.launch import Process
from tests.contract.models import ARTIFACT
from tests.needs import TOP
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes

QUICK = ("--set", "mini_batch_size=20", "--set", "epochs=2", "--set", "num_models=2")
FILES = (DATA / "train.csv", "--validation", DATA / "validation.csv", "--test", DATA / "test.csv")


def test_the_model_is_that_of_the_job(
    command: Command, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("my rows")
    folder.mkdir()
    shutil.copy(DATA / "train.csv", folder / ".hidden.csv")
    status, log, said = command(
        *("train", folder / ".hidden.csv", *FILES[1:]), "--target-first", "--out", "new/my model", *QUICK
    )
    assert status == 0, log
    assert re.sub(r"\d\.[\d.e-]+|1e-\d+", "#", said).splitlines() == [
        "linear_learner: data: 1 file, hidden.csv; the label is column 1; 30 features",
        "linear_learner: all labels are 0 or 1, so this trains a binary_classifier; say --set predictor_type=... for "
        "another.",
        "linear_learner: scores: train accuracy #, F1 #; validation accuracy #, F1 #; test accuracy #, F1 #",
        "linear_learner: threshold: #; a score from there on is called 1",
        "linear_learner: winner: candidate 0 of 2 (optimizer adam, learning_rate #, wd #, l1 0), best in epoch 0, by "
        "accuracy # on the validation rows",
        "linear_learner: model: new/my model; report: new/my model/report.html",
        f"linear_learner: next: linear_learner evaluate 'new/my model' {DATA / 'test.csv'}, or linear_learner serve "
        "'new/my model'",
    ]
    assert "Reading provided configuration from the command line: {" in log
    assert "The channel 'train' is in File input mode under my rows/.hidden.csv." in log
    assert "The report is new/my model/report.json and new/my model/report.html." in log
    assert str(Path(tempfile.gettempdir(), "linear_learner-")) not in log
    assert "#test_score (algo-1)" in log
    assert sorted(path.name for path in Path("new/my model").iterdir()) == [*ARTIFACT, "report.html", "report.json"]
    np.testing.assert_array_equal(load_model(Path("new/my model")).weight, load_model(model).weight)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my rows", "new"]


def test_without_a_validation_channel_and_where_none_is_solved_a_fifth_of_the_rows_is_held_out_unless_told_otherwise(
    command: Command, tmp_path: Path
) -> None:
    words = ("train", DATA / "train.csv", "--target-first", "--out", tmp_path, *QUICK)
    status, log, said = command(*words)
    assert status == 0, said
    line = (
        "5 folds of the rows are selected on, or 20% of them held out where they are many; say --validation DATA for "
        "other rows, or --set holdout=0 for none."
    )
    assert said.splitlines().count(f"linear_learner: {line}") == 1
    assert re.search(r"selecting on \d+ validation rows", log)
    for more in (("--set", "holdout=0"), ("--set", "holdout=.5"), FILES[1:3]):
        status, log, said = command(*words, *more)
        assert status == 0, said
        assert "held out" not in said
        assert ("holdout=0.5: " in log) == ("holdout=.5" in more)


def test_without_a_validation_channel_the_rows_are_dealt_to_folds_where_candidates_may_be_solved(
    command: Command, tmp_path: Path
) -> None:
    words = ("train", DATA / "train.csv", "--target-first", "--out", tmp_path)
    status, log, said = command(*words)
    assert status == 0, said
    assert "folds=5: the rows are dealt to folds" in log
    assert "on 5 folds of the rows" in said
    status, log, said = command(*words, "--set", "folds=0", "--set", "epochs=2")
    assert "20% of the rows are held out to select on;" in said
    assert "holdout=0.2: " in log


def test_an_algorithm_that_holds_rows_out_by_itself_is_not_told_how_many(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALGORITHM", "factorization_machines")
    words = ("train", DATA / "train.csv", "--target-first", "--out", tmp_path)
    for more, held_out in (((), 102), (("--set", "holdout=0.2"), 68), (("--set", "holdout=0"), 0)):
        status, log, said = command(*words, "--set", "epochs=2", *more)
        assert status == 0, said
        assert "of the rows" not in said
        assert re.findall(r"(\d+) train rows are held out", log) == ([str(held_out)] if held_out else [])


def test_a_job_that_fails_leaves_the_earlier_model_and_no_new_folder(
    command: Command, model: Path, tmp_path: Path
) -> None:
    shutil.copytree(model, tmp_path / "old")
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}
    for out in ("old", "new"):
        wrong = ("train", *FILES, "--target-first", "--out", tmp_path / out, "--set", "epochs=none")
        status, log, said = command(*wrong, "--set", "predictor_type=regressor")
        assert status == 1
        assert "epochs: expected" in log
        assert said == (
            "linear_learner: data: 1 file, train.csv; the label is column 1; 30 features\n"
            "train: ClientError: The hyperparameters have these faults:\n"
            "- epochs: expected an integer in [1, inf), found 'none'\n"
        )
    assert {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()} == before
    assert not (tmp_path / "new").exists()


def test_ctrl_c_gives_the_best_model_so_far(tmp_path: Path) -> None:
    endless = ("--set", "mini_batch_size=20", "--set", "epochs=1000000", "--set", "early_stopping_patience=1000000")
    job = ["train", str(DATA / "train.csv"), "--target-first", "--out", str(tmp_path), *endless]
    words = [sys.executable, "-m", "open_algorithms.commands", *job]
    with subprocess.Popen(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "#progress_metric" in line:
                running.send_signal(signal.SIGINT)
                break
        log, _ = running.communicate(timeout=HANG_SECONDS)
    assert running.returncode == 0, log
    assert sorted(path.name for path in tmp_path.iterdir()) == [*ARTIFACT, "report.html", "report.json"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--out", "{}/new"], "its first row begins with "),
        (["--out", "{}/new", "--target-first", "--set", "epochs"], "expected NAME=VALUE, found 'epochs'"),
        (["--target-first"], "required: --out"),
        (
            ["--out", "{}/new", "--target-first", "--content-type", "text/plain"],
            "expected a --content-type of application/jsonlines or text/csv",
        ),
    ],
)
def test_words_that_do_not_go_together_are_explained(
    command: Command, tmp_path: Path, words: list[str], complaint: str
) -> None:
    status, out, said = command("train", *FILES, *(word.format(tmp_path) for word in words))
    assert (status, out) == (2, "")
    assert complaint in said
    assert not list(tmp_path.iterdir())


def test_a_model_is_not_written_where_there_is_a_file_or_no_way(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in ("file", "file/model"):
        status, _, said = command("train", *FILES, "--target-first", "--out", tmp_path / out)
        assert status == 1
        assert said.startswith(f"linear_learner: {tmp_path / out} cannot be written: ")
        assert said.endswith("is a file; expected a folder. Move the file away.\n")
        assert str(tmp_path / "file") in said


def test_what_the_job_leaves_beside_the_model_is_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "data", tmp_path / "model"
    (source / "more").mkdir(parents=True)
    out.mkdir()
    (source / "report.html").write_text("new")
    (source / "more" / "x").write_text("x")
    (out / "report.html").write_text("old")
    copy_outputs(source, out)
    assert (out / "report.html").read_text() == "new"
    assert (out / "more" / "x").read_text() == "x"


def test_a_header_names_the_features_wherever_the_model_goes(command: Command, tmp_path: Path) -> None:
    names = [f"cell, {i}" for i in range(29)] + ['"größe"']
    header = ",".join(["label", *('"' + name.replace('"', '""') + '"' for name in names)]) + "\n"
    for name in ("train", "test"):
        text = (DATA / f"{name}.csv").read_text(encoding="utf-8")
        (tmp_path / f"{name}.csv").write_text(header + text, encoding="utf-8")
    out = tmp_path / "model"
    assert command("train", tmp_path / "train.csv", "--target-first", "--out", out, *QUICK).status == 0
    assert load_model(out).names == tuple(names)
    features = {weight["feature"] for weight in json.loads((out / "report.json").read_text())["weights"]}
    assert features == set(names)
    assert '"""größe"""' in command("export", out, "--to", "sql").out
    assert command("evaluate", out, tmp_path / "test.csv").status == 0
    other = (tmp_path / "test.csv").read_text(encoding="utf-8").replace("cell, 3", "cell, 4", 1)
    (tmp_path / "test.csv").write_text(other, encoding="utf-8")
    status, _, complaint = command("evaluate", out, tmp_path / "test.csv")
    assert status == 1
    assert "expected the columns of the model: 'cell, 3' is missing, 'cell, 4.4' is not known" in complaint


def test_where_both_streams_are_one_the_cause_is_told_once(tmp_path: Path) -> None:
    wrong = ["train", str(DATA / "train.csv"), "--target-first", "--out", str(tmp_path / "new"), "--set", "epochs=none"]
    words = [sys.executable, "-m", "open_algorithms.commands", *wrong]
    ended = subprocess.run(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ended.returncode == 1
    assert ended.stdout.count("epochs: expected an integer") == 1


def test_without_a_report_the_earlier_one_goes_and_the_model_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", DATA / "train.csv", "--target-first", "--out", tmp_path, *QUICK)
    assert command(*words).status == 0
    monkeypatch.setenv("LINEAR_LEARNER_REPORT", "off")
    status, _, said = command(*words)
    assert status == 0
    assert said.splitlines()[3:] == [
        f"linear_learner: model: {tmp_path}; there is no report",
        f"linear_learner: next: linear_learner evaluate {tmp_path} {DATA / 'train.csv'}, or linear_learner serve "
        f"{tmp_path}",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ARTIFACT


def test_on_a_terminal_the_summary_stands_below_the_log(tmp_path: Path) -> None:
    words = ["train", str(DATA / "train.csv"), "--target-first", "--out", str(tmp_path / "new"), *QUICK]
    with PseudoTerminal() as terminal:
        ended = subprocess.run(
            [sys.executable, "-m", "open_algorithms.commands", *words],
            cwd=TOP,
            stdout=terminal.end,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TERM": "xterm"},
        )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("\n") == 3
    assert [line.partition(":")[0] for line in terminal.text.splitlines()[-5:]] == [
        "scores",
        "threshold",
        "winner",
        "model",
        "next",
    ]


def test_a_model_is_not_put_among_the_data(command: Command, tmp_path: Path) -> None:
    shutil.copy(DATA / "train.csv", tmp_path)
    status, _, complaint = command("train", tmp_path, "--target-first", "--out", tmp_path / "." / "", *QUICK)
    assert status == 2
    assert "is among the data of" in complaint
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]


def test_what_the_log_warns_of_is_seen_where_the_log_is_not(command: Command, tmp_path: Path) -> None:
    names = ",".join(["", "y", *(f"f{i}" for i in range(30))])
    rows = [f"{i},{row}" for i, row in enumerate((DATA / "train.csv").read_text(encoding="utf-8").splitlines())]
    (tmp_path / "indexed.csv").write_text("\n".join([names, *rows]), encoding="utf-8")
    status, log, said = command("train", tmp_path / "indexed.csv", "--target-first", "--out", tmp_path / "m", *QUICK)
    assert status == 0, log
    warning = "channel 'train': the column '' is an index, as pandas writes one without a name, and left out."
    assert log.count(warning) == 1
    assert said.count(f"train: {warning}\n") == 1


@pytest.mark.parametrize("shell", ["{} > /dev/full", "{} | head -n 2", "{} 2>&1 | head -n 1", "{} > /dev/full 2>&1"])
def test_a_log_that_cannot_be_written_costs_no_model(tmp_path: Path, shell: str) -> None:
    words = shlex.join(
        [sys.executable, "-m", "open_algorithms.commands", "train", str(DATA / "train.csv"), "--target-first"]
    )
    line = shell.format(f"{words} --out {shlex.quote(str(tmp_path / 'new'))} {' '.join(QUICK)}")
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=TOP, capture_output=True, text=True)
    assert ended.returncode == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [*ARTIFACT, "report.html", "report.json"]
    assert "Traceback" not in ended.stdout + ended.stderr
    reason = "Broken pipe" if "head" in shell else "No space left on device"
    told = f"train: the log cannot be written: {reason}. The job goes on without it.\n"
    assert ended.stderr.count(told) == ("2>&1" not in shell)
    assert ended.stderr.count("linear_learner: next: ") == ("2>&1" not in shell)


@pytest.mark.parametrize(
    ("place", "reason"), [("/dev/full", "No space left on device"), ("&-", "stdout is closed")], ids=["full", "closed"]
)
@pytest.mark.parametrize("epochs", ["1", "none"])
def test_without_a_log_a_job_ends_as_with_one(tmp_path: Path, place: str, reason: str, epochs: str) -> None:
    job = lay_out_example_job(tmp_path, Process, epochs=epochs, num_models="1")
    ended = subprocess.run(
        ["bash", "-c", f'"$0" "$1" >{place}', sys.executable, TOP / "train"],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(job.root)},
        stderr=subprocess.PIPE,
        text=True,
    )
    told, *cause = ended.stderr.splitlines()
    assert told == f"train: the log cannot be written: {reason}. The job goes on without it."
    assert (job.root / "model" / "additional-params.json").exists() == (epochs == "1")
    if epochs == "1":
        assert (ended.returncode, cause) == (0, [])
    else:
        assert ended.returncode == 1
        assert cause == [
            "train: ClientError: The hyperparameters have these faults:",
            "- epochs: expected an integer in [1, inf), found 'none'",
        ]


def test_a_signal_that_comes_while_a_program_is_started_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **options: Any) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().__init__(*words, **options)

    (tmp_path / "sleeping.py").write_text("import time\n\ndef train(): time.sleep(3600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("open_algorithms.commands.telling.doors.PROGRAMS", "sleeping")
    monkeypatch.setattr("subprocess.Popen", Interrupted)
    assert run_program("train", tmp_path, dict(os.environ)) == 128 + signal.SIGTERM


def test_a_folder_whose_files_are_called_like_modules_does_no_harm(tmp_path: Path) -> None:
    for name in ("random.py", "numpy.py", "container.py", "open_algorithms.py"):
        (tmp_path / name).write_text("raise ImportError('a file of the user')\n")
    words = [sys.executable, "-P", "-m", "open_algorithms.commands", "train"]
    data = (str(DATA / "train.csv"), "--target-first", "--out", "new")
    ended = subprocess.run([*words, *data, *QUICK], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (tmp_path / "new" / "report.html").exists()
