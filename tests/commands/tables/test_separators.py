"""Files whose fields are separated by other signs than commas are trained on and measured as those with commas are."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linear_learner.objective.model import LinearModel
from tests.commands.command import Command, Ended
from tests.linear_learner.artifacts import artifact_files, write_files

QUICK = ("--set", "mini_batch_size=10", "--set", "epochs=1", "--set", "num_models=1")
ROWS = [[f"{i % 2}", f"{i * 0.37 % 1:.3f}", f"{i * 0.61 % 1:.3f}"] for i in range(40)]
NAMES = ["y", "a", "b"]
SIGNS = {";": "semicolon", "\t": "tab", "|": "pipe"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def train(command: Command) -> Command:
    """Train in a moment."""

    def run(*words: object) -> Ended:
        return command("train", *words, "--out", "model", *QUICK)

    return run


def write(name: str, sign: str, rows: list[list[str]]) -> None:
    Path(name).write_text("".join(sign.join(row) + "\n" for row in rows))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("said", [(), ("--separator", "{}"), ("--content-type", "text/csv;sep={}")])
def test_files_of_numbers_are_read_with_a_header_and_without(
    train: Command, command: Command, sign: str, named: bool, said: tuple[str, ...]
) -> None:
    write("t.csv", ",", [NAMES, *ROWS] if named else ROWS)
    write("other.csv", sign, [NAMES, *ROWS] if named else ROWS)
    weight, bias = np.array([[1], [-2]], np.float32), np.array([0.25], np.float32)
    Path("model").mkdir()
    model = LinearModel("binary_classifier", "logistic", weight, bias)
    model = replace(model, names=tuple(NAMES[1:]), label_name=NAMES[0]) if named else model
    write_files(Path("model"), artifact_files(model))
    expected = command("evaluate", "model", "t.csv").out
    words = [word.format(SIGNS[sign]) for word in said]
    found = command("evaluate", "model", "other.csv", *words)
    assert found == (0, expected, "")
    status, _, told = train("other.csv", "--target-first", *words)
    assert status == 0, told
    assert "the label is column 1" in told
    assert told.count("2 features") == 1
    following = told.partition("evaluate model other.csv")[2].partition(", or")[0].replace("'", "").split()
    expected = command("evaluate", "model", "t.csv").out
    assert command("evaluate", "model", "other.csv", *following).out == expected


@pytest.mark.parametrize("name", ["t.tsv", "t.TAB"])
def test_a_suffix_says_that_tabs_separate(train: Command, name: str) -> None:
    write(name, "\t", [["y", "a,b,c", "d,e"], *ROWS])
    status, _, told = train(name, "--target", "y")
    assert status == 0, told
    assert "2 other columns: 'a,b,c', 'd,e'" in told


@pytest.mark.parametrize("sign", ["|", "pipe"])
def test_what_is_said_counts_where_the_first_line_would_show_another(train: Command, sign: str) -> None:
    write("t.csv", "|", [["y", "a,b,c", "d,e"], *ROWS])
    status, _, told = train("t.csv", "--target", "y", "--separator", sign)
    assert status == 0, told
    assert "2 other columns: 'a,b,c', 'd,e'" in told


def test_decimal_commas_are_told_where_there_are_no_names_and_read_where_there_are(train: Command) -> None:
    decimal = [[field.replace(".", ",") for field in row] for row in ROWS]
    write("t.csv", ";", decimal)
    status, _, told = train("t.csv", "--target-first")
    assert status == 1
    assert told.endswith(
        "file 't.csv', row 1, column 2: expected a number, found '0,000': a number with a decimal comma. Write 0.000.\n"
    )
    write("t.csv", ";", [NAMES, *decimal])
    assert train("t.csv", "--target", "y").status == 0


@pytest.mark.parametrize("sign", SIGNS)
def test_the_advised_commands_leave_files_of_the_same_kind(train: Command, sign: str) -> None:
    write("t.csv", sign, [[*row[1:], row[0]] for row in ROWS])
    subprocess.run(["bash", "-euc", train("t.csv").complaint.partition("\n")[2]], check=True)
    assert train("t-label-first.csv", "--target-first").status == 0
    write("signs.csv", sign, [[str(2 * int(row[0]) - 1), *row[1:]] for row in ROWS])
    told = train("signs.csv", "--target-first").complaint
    subprocess.run(["bash", "-euc", next(line for line in told.splitlines() if line.startswith("awk"))], check=True)
    assert Path("signs-numbered.csv").read_text() == "".join(sign.join(row) + "\n" for row in ROWS)


def test_files_that_differ_in_it_are_named(train: Command) -> None:
    Path("d").mkdir()
    write("d/a.csv", ",", ROWS)
    write("d/b.csv", ";", ROWS)
    status, _, told = train("d", "--target-first")
    assert (status, told) == (
        1,
        "linear_learner: d/a.csv has commas between its fields, but d/b.csv has semicolons. Give files of one kind, or "
        "say --separator.\n",
    )


def test_a_separator_that_is_none_or_of_no_csv_is_refused(train: Command) -> None:
    write("t.csv", ",", ROWS)
    for sign in ("~", ""):
        status, _, told = train("t.csv", "--target-first", "--separator", sign)
        assert status == 2
        assert told.endswith(f"expected one of comma, semicolon, tab, pipe, or the sign itself, found {sign!r}\n")
    assert train("t.csv", "--separator", ";", "--content-type", "text/libsvm").complaint.endswith(
        "--separator goes with text/csv, and not with 'text/libsvm'.\n"
    )
    told = train("t.csv", "--target-first", "--content-type", "text/csv;sep=~").complaint
    assert told.endswith("expected a sep among comma, semicolon, tab, pipe in the content type, found '~'.\n")
