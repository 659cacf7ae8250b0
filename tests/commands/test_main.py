"""Every mistake is one line on stderr, and its kind the exit status."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.commands.conftest import Command
from tests.contract.conftest import DATA
from tests.contract.launch import TOP
from tests.linear_learner.artifacts import ADDITIONAL, PARAMETERS, contents, example, tarred, write

ON_A_MODEL = [("inspect",), ("export", "--to", "sql"), ("evaluate", DATA / "test.csv"), ("serve",)]


@pytest.mark.parametrize("words", ON_A_MODEL, ids=lambda words: words[0])
def test_an_artifact_that_is_none_is_named_with_what_is_wrong(
    command: Command, tmp_path: Path, words: tuple[object, ...]
) -> None:
    files = contents(example())
    nan = files[ADDITIONAL].replace(b'"threshold": 0.4', b'"threshold": NaN')
    wrong = {
        "no such file or folder": None,
        "expected a finite number": {**files, ADDITIONAL: nan},
        f"lacks {PARAMETERS}": {"model.tar.gz": tarred([(ADDITIONAL, files[ADDITIONAL])])},
        "cannot be read as a gzipped tar": {"model.tar.gz": tarred(list(files.items()))[:-50]},
        PARAMETERS: {**files, PARAMETERS: files[PARAMETERS][:-1]},
    }
    for number, (complaint, artifact) in enumerate(wrong.items()):
        place = tmp_path / f"{number}"
        if artifact is not None:
            place.mkdir()
            write(place, artifact)
        status, out, said = command(words[0], place, *words[1:])
        assert (status, out) == (1, ""), said
        assert said.startswith(f"linear_learner: {place}: ")
        assert complaint in said
        assert said.count("\n") == 1


@pytest.mark.parametrize("words", ON_A_MODEL[:3], ids=lambda words: words[0])
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


def test_whoever_reads_the_output_may_have_seen_enough_and_a_full_disk_is_said(model: Path) -> None:
    words = [sys.executable, "-m", "commands", "inspect", str(model)]
    with subprocess.Popen(words, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait(timeout=30) == 141
        assert running.stderr is not None
        assert running.stderr.read() == b""
    with open("/dev/full", "wb") as full:
        found = subprocess.run(words, cwd=TOP, stdout=full, stderr=subprocess.PIPE)
    assert (found.returncode, found.stderr) == (1, b"linear_learner: No space left on device\n")


@pytest.mark.parametrize("words", [(), ("predict",), ("export", "model"), ("export", "model", "--to", "pmml")])
def test_words_that_say_nothing_get_the_usage(command: Command, words: tuple[str, ...]) -> None:
    status, out, said = command(*words)
    assert (status, out) == (2, "")
    assert said.startswith("usage: linear_learner ")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("train", "t.csv", "--target", "Churn", "--out", "m"), "there is no option --target; there is --target-first"),
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


def test_the_version_is_that_of_the_project(command: Command) -> None:
    version = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert command("--version") == (0, f"linear_learner {version}\n", "")


def test_a_closed_stdout_is_told() -> None:
    words = ["sh", "-c", 'exec "$0" -m commands inspect nothing >&-', sys.executable]
    ended = subprocess.run(words, cwd=TOP, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "linear_learner: stdout is closed; expected a place to write to, such as /dev/null.\n"
