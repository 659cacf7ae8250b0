"""Every mistake is one line on stderr, and its kind the exit status."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from linear_learner import __version__
from tests.commands.command import Command
from tests.contract.example import DATA
from tests.linear_learner.artifacts import PARAMETERS, artifact_files, draw_model, write_files
from tests.needs import TOP
from tests.waiting import HANG_SECONDS

LABEL = "--target NAME says which column is predicted, and --target-first that it is the first one"
PREDICT = "the command is `predict`: predict MODEL ROWS --out FILE"
ON_A_MODEL = [
    ("inspect",),
    ("export", "--to", "sql"),
    ("evaluate", DATA / "test.csv"),
    ("predict", DATA / "test.csv"),
    ("serve",),
]


@pytest.mark.parametrize("words", ON_A_MODEL, ids=lambda words: words[0])
def test_an_artifact_that_is_none_is_named_with_what_is_wrong(
    command: Command, tmp_path: Path, words: tuple[object, ...]
) -> None:
    whole = artifact_files(draw_model())
    write_files(tmp_path, whole | {PARAMETERS: whole[PARAMETERS][:-1]})
    for place, complaint in ((tmp_path, PARAMETERS), (tmp_path / "absent", "no such file or folder")):
        status, out, said = command(words[0], place, *words[1:])
        assert (status, out) == (1, ""), said
        assert said.startswith(f"linear_learner: {place}: ")
        assert complaint in said
        assert said.count("\n") == 1


@pytest.mark.parametrize("words", ON_A_MODEL[:4], ids=lambda words: words[0])
def test_a_model_whose_folder_was_packed_is_found_in_it(
    command: Command, model: Path, tmp_path: Path, words: tuple[object, ...]
) -> None:
    subprocess.run(["tar", "-czf", tmp_path / "m.tar.gz", "-C", model.parent, model.name], check=True)
    subprocess.run(["tar", "-xzf", tmp_path / "m.tar.gz", "-C", tmp_path], check=True)
    expected = command(words[0], model, *words[1:])
    assert expected.status == 0
    for place in (tmp_path / "m.tar.gz", tmp_path):
        found = command(words[0], place, *words[1:])
        assert found.status == 0, found.complaint
        assert [line for line in found.out.splitlines() if not line.startswith("Read from")] == [
            line for line in expected.out.splitlines() if not line.startswith("Read from")
        ]


@pytest.mark.processes
def test_whoever_reads_the_output_may_have_seen_enough_and_a_full_disk_is_said(model: Path) -> None:
    words = [sys.executable, "-m", "open_algorithms.commands", "inspect", str(model)]
    with subprocess.Popen(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait(timeout=HANG_SECONDS) == 141
        assert running.stderr is not None
        assert running.stderr.read() == b""
    with open("/dev/full", "wb") as full:
        found = subprocess.run(words, cwd=TOP, stdout=full, stderr=subprocess.PIPE)
    assert (found.returncode, found.stderr) == (1, b"linear_learner: No space left on device\n")


@pytest.mark.parametrize(
    "words", [(), ("predict",), ("predict", "model"), ("export", "model"), ("export", "model", "--to", "pmml")]
)
def test_words_that_say_nothing_get_the_usage(command: Command, words: tuple[str, ...]) -> None:
    status, out, said = command(*words)
    assert (status, out) == (2, "")
    assert said.startswith("usage: linear_learner ")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("train", "t.csv", "--label", "Churn", "--out", "m"), f"there is no option --label: {LABEL}"),
        (("train", "t.csv", "--label_column=Churn", "--out", "m"), f"there is no option --label_column: {LABEL}"),
        (("train", "t.csv", "-y", "Churn", "--out", "m"), f"there is no option -y: {LABEL}"),
        (
            ("train", "t.csv", "--targe", "--out", "m"),
            "there is no option --targe; there is --target-first, --target",
        ),
        (("train", "t.csv", "--val=v.csv", "--out", "m"), "there is no option --val; there is --validation"),
        (("serve", "m", "--prot", "80"), "there is no option --prot; there is --port"),
        (("export", "m", "--to", "sql", "-out", "x"), "there is no option -out; there is --out"),
        (("inspect", "m", "--rows"), "there is no option --rows; there is --help"),
        (("evaluate", "m", "d", "--content", "text/csv"), "there is no option --content; there is --content-type"),
        (("inspect", "m", "n"), "'n' is one word too many"),
    ],
)
def test_no_option_is_cut_short_and_those_that_there_are_are_named(
    command: Command, words: tuple[str, ...], complaint: str
) -> None:
    status, out, said = command(*words)
    assert (status, out) == (2, "")
    assert said.startswith(f"usage: linear_learner {words[0]} ")
    assert said.endswith(f"linear_learner {words[0]}: error: {complaint}\n")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("prediction", PREDICT),
        ("score", PREDICT),
        ("fit", "there is no command 'fit'; there is inspect, export, evaluate, report, predict, train, serve"),
    ],
)
def test_a_command_that_there_is_not_is_answered_with_what_there_is(
    command: Command, word: str, complaint: str
) -> None:
    status, out, said = command(word, "model", "rows.csv")
    assert (status, out) == (2, "")
    assert said == f"usage: linear_learner [-h] [--version] COMMAND ...\nlinear_learner: error: {complaint}\n"


@pytest.mark.parametrize("place", ["s3://bucket/rows.csv", "https://example.org/a.csv", "file:///tmp/model"])
@pytest.mark.parametrize(
    "words", [("train", "{}", "--out", "m"), ("inspect", "{}"), ("evaluate", "m", "{}"), ("predict", "m", "{}")]
)
def test_an_address_must_be_downloaded_first(command: Command, words: tuple[str, ...], place: str) -> None:
    status, out, said = command(*(word.format(place) for word in words))
    assert (status, out) == (2, "")
    assert said.endswith(
        f": {place} is an address; expected a file or a folder here. Download what lies there, and name that\n"
    )


@pytest.mark.parametrize(
    "words", [("train", DATA / "train.csv", "--out", ""), ("train", "", "--out", "m"), ("serve", "")]
)
def test_an_empty_name_is_not_the_current_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, said = command(*words)
    assert status == 2
    assert said.endswith(": expected the name of a file or a folder, found an empty one\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "looks"),
    [(b"1,2\n", "it looks like text/csv"), (b'{"a": 1}', "it looks like application/json"), (b"", "it is empty")],
)
@pytest.mark.parametrize("words", [("inspect",), ("serve",), ("evaluate", "model"), ("predict", "model")])
def test_data_in_the_place_of_a_model_is_told_from_one(
    command: Command, tmp_path: Path, words: tuple[str, ...], content: bytes, looks: str
) -> None:
    file = tmp_path / "rows"
    for packed in (False, True):
        file.write_bytes(gzip.compress(content) if packed else content)
        status, out, said = command(words[0], file, *words[1:])
        assert (status, out) == (1, "")
        assert said == (
            f"linear_learner: {file} is no model: {looks}. Expected a folder with a model, a model.tar.gz or a "
            "model_algo-1; where a command takes data too, the model comes first.\n"
        )


def test_the_version_is_that_of_the_project(command: Command) -> None:
    assert command("--version") == (0, f"linear_learner {__version__}\n", "")


def test_a_closed_stdout_is_told() -> None:
    words = ["sh", "-c", 'exec "$0" -m open_algorithms.commands inspect nothing >&-', sys.executable]
    ended = subprocess.run(words, cwd=TOP, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "linear_learner: stdout is closed; expected a place to write to, such as /dev/null.\n"
