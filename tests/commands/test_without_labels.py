"""The command line of an algorithm that predicts no column: all columns become features, and no word is of labels."""

import csv
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest

from open_algorithms.commands.main import main_by_name
from open_algorithms.doors.algorithms import find_algorithm
from tests.commands.command import Command
from tests.needs import TOP

pytestmark = pytest.mark.processes

WORD, TITLE = "k_means", "K-Means"
ABOUT_LABELS = re.compile(r"\b(label|target|validation|threshold|held out|holdout|classifier|regressor)", re.IGNORECASE)
HEADER = "id,species,length,town,since"
ROWS = [
    f"{7 + i},{'ab'[i % 2]},{'' if i == 5 else 10 * (i % 2) + i / 100},{['Bern', 'Ulm'][i % 2]},2024-01-0{1 + i % 3}"
    for i in range(40)
]
NUMBERS = [f"{10 * (i % 2) + i / 100},{i % 2}" for i in range(40)]


@pytest.fixture(autouse=True)
def algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALGORITHM", WORD)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text("\n".join([HEADER, *ROWS, ""]))
    return file


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Rows of numbers without names."""
    file = tmp_path / "numbers.csv"
    file.write_text("\n".join([*NUMBERS, ""]))
    return file


def find_msd(log: str) -> float:
    """Return the mean squared distance that a job logs of its test channel."""
    found = re.search(r"test msd <loss>=(\S+)", log)
    assert found
    return float(found[1])


def read_answers(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(StringIO(text))


def test_a_table_is_trained_on_measured_and_predicted(command: Command, rows: Path, tmp_path: Path) -> None:
    model, test = tmp_path / "model", tmp_path / "rows.csv"
    words = ("train", rows, "--k", 2, "--ignore", "species", "--test", test, "--out", model)
    status, log, said = command(*words)
    assert status == 0, log + said
    first, *others = said.splitlines()
    assert first == (
        f"{WORD}: data: 1 file, rows.csv; 4 columns become features: 'id', 'length', 'town', 'since'; ignored: "
        "'species'; --ignore NAMES leaves some out."
    )
    assert others[-1] == f"{WORD}: next: {WORD} serve {model}, or {WORD} predict {model} {rows} --out FILE"
    assert "The column 'id' is left out: each row has a whole number of its own" in log
    assert not ABOUT_LABELS.search(log + said)

    status, out, said = command("evaluate", model, rows, "--json")
    assert (status, said) == (0, "")
    measured = json.loads(out)
    assert [*measured] == ["msd", "ssd", "silhouette", "rows_of_cluster_0", "rows_of_cluster_1"]
    assert measured["msd"] == pytest.approx(measured["ssd"] / len(ROWS))
    assert measured["ssd"] == pytest.approx(find_msd(log) * len(ROWS))
    assert measured["rows_of_cluster_0"] + measured["rows_of_cluster_1"] == len(ROWS)

    status, out, said = command("predict", model, rows, "--keep", "species")
    assert (status, said) == (0, "")
    answers = list(read_answers(out))
    del answers[5]  # which has a gap
    assert [*answers[0]] == ["species", "closest_cluster", "distance_to_cluster"]
    assert {(answer["species"], answer["closest_cluster"]) for answer in answers} in (
        {("a", "0"), ("b", "1")},
        {("a", "1"), ("b", "0")},
    )


def test_numbers_without_names_have_no_label_in_front_unless_it_is_said(
    command: Command, numbers: Path, tmp_path: Path
) -> None:
    model, labelled = tmp_path / "model", tmp_path / "labelled.csv"
    labelled.write_text("".join(f"9,{row}\n" for row in NUMBERS))
    status, log, said = command("train", numbers, "--k", 2, "--out", model)
    assert status == 0, log
    assert said.startswith(f"{WORD}: data: 1 file, numbers.csv; 2 features\n")
    expected = command("predict", model, numbers)
    assert (expected.status, expected.complaint) == (0, "")
    status, out, said = command("predict", model, labelled)
    assert (status, out) == (1, "")
    assert said == (
        f"{WORD}: {labelled}, row 1: expected 2 columns, as the model has features, found 3. If the first is no "
        "feature, say --content-type 'text/csv;label_size=1'. Nothing was written.\n"
    )
    assert command("predict", model, labelled, "--content-type", "text/csv;label_size=1") == expected


def test_what_has_to_be_told_is_an_option_and_asked_for_before_data_is_read(command: Command, tmp_path: Path) -> None:
    status, out, said = command("train", tmp_path / "absent.csv", "--out", tmp_path / "model")
    assert (status, out) == (2, "")
    assert said == f"{WORD}: {TITLE} needs k, the number of clusters. Say --k N, or --k-range VALUE.\n"
    status, out, said = command("train", "absent.csv", "--k", "few", "--out", "model")
    assert (status, said.splitlines()[-1]) == (
        2,
        f"{WORD} train: error: argument --k: expected auto or an integer in [1, 1000000], found 'few'",
    )


@pytest.mark.parametrize("word", ["", "inspect", "export", "evaluate", "predict", "train", "serve"])
def test_the_help_has_no_word_of_labels(command: Command, word: str) -> None:
    status, out, said = command(*[word] * bool(word), "--help")
    assert (status, said) == (0, "")
    assert not ABOUT_LABELS.search(out)


@pytest.mark.parametrize("option", ["--target", "--label", "--class"])
def test_whoever_wants_to_predict_a_column_is_told_that_none_is(command: Command, option: str) -> None:
    status, out, said = command("train", "rows.csv", "--k", 2, option, "species", "--out", "model")
    assert (status, out) == (2, "")
    assert said.endswith(
        f"there is no option {option}: {TITLE} predicts no column; --ignore NAMES leaves columns out\n"
    )


def test_columns_are_ignored_by_names_that_are_there(
    command: Command, rows: Path, numbers: Path, tmp_path: Path
) -> None:
    status, out, said = command("train", rows, "--k", 2, "--ignore", "specis", "--out", tmp_path / "model")
    assert (status, out) == (1, "")
    columns = ", ".join(map(repr, HEADER.split(",")))
    assert said == f"{WORD}: there is no column 'specis'; the columns are {columns}.\n"
    status, out, said = command("train", numbers, "--k", 2, "--ignore", "a", "--out", tmp_path / "model")
    assert (status, out) == (2, "")
    assert said == (
        f"{WORD}: --ignore chooses a column by its name, but the first line of {numbers} seems to be a row, '0.0', "
        "'0'. Put the names of the columns above it.\n"
    )


def test_text_below_no_names_is_answered_with_what_names_would_do(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "iris.data"
    file.write_text("5.1,3.5,setosa\n7,3.2,versicolor\n")
    status, out, said = command("train", file, "--k", 2, "--out", tmp_path / "model")
    assert (status, out) == (1, "")
    assert "row 1, column 3: expected a number, found 'setosa'" in said
    assert said.endswith(
        "put a line with the names of the columns above the rows: then texts, dates and gaps are read, too.\n"
    )


def test_the_parts_of_a_split_are_named_by_the_channels_that_there_are(command: Command, tmp_path: Path) -> None:
    for part in ("train", "validation", "test"):
        (tmp_path / f"{part}.csv").write_text("a,b\n1,2\n")
    status, out, said = command("train", tmp_path, "--k", 2, "--out", "model")
    assert (status, out) == (2, "")
    assert said.endswith(f"train {tmp_path / 'train.csv'} --test {tmp_path / 'test.csv'} ...\n")


def test_every_program_that_is_installed_is_named_after_an_algorithm() -> None:
    programs = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["scripts"]
    assert {find_algorithm({"ALGORITHM": name}).word for name in programs} >= {WORD, "linear_learner", "pca"}
    for entry in programs.values():
        module, _, function = entry.partition(":")
        assert callable(getattr(import_module(module), function))


def test_a_program_of_the_name_of_an_algorithm_runs_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALGORITHM", "linear_learner")
    monkeypatch.setattr(sys, "argv", [f"/usr/bin/{WORD}", "--help"])
    with pytest.raises(SystemExit):
        main_by_name()
    assert capsys.readouterr().out.startswith(f"usage: {WORD} ")
