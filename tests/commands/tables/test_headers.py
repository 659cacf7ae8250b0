"""A first line of names is never trained on, and a first row is never lost."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from linear_learner.artifact.read import load_model
from open_algorithms.commands.tables.data import decide_content_type
from open_algorithms.commands.tables.headers import FirstLine, classify_first_line
from tests.commands.command import Command, Ended

ROWS = "".join(f"{i % 2},{i * 0.37 % 1:.3f},{i * 0.61 % 1:.3f}\n" for i in range(40))
QUICK = ("--set", "mini_batch_size=10", "--set", "epochs=1", "--set", "num_models=1")


@pytest.fixture
def train(command: Command, tmp_path: Path) -> Command:
    """Train on a file or folder and leave the model in `model`."""

    def run(data: Path, *words: object) -> Ended:
        return command("train", data, "--target-first", "--out", tmp_path / "model", *QUICK, *words)

    return run


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rows_read(log: str) -> int:
    """Return the rows that are trained on and those that are held out."""
    return sum(map(int, re.findall(r"held in memory: (\d+) rows", log)))


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("label,age,income", "1,2,3", FirstLine.HEADER),
        ('label,"age, in years"', "1,2", FirstLine.HEADER),
        ("RI,Na,Type", "1,2,3", FirstLine.HEADER),
        (",label,age", "0,1,2", FirstLine.HEADER),
        ("Unnamed: 0,label,age", "0,1,2", FirstLine.HEADER),
        ("label,0,1,2", "1,0.5,0.2,0.3", FirstLine.NUMBERED),
        ("Unnamed: 0,0,1", "0,1,2", FirstLine.NUMBERED),
        (",0,1,2", "0,1,2,3", FirstLine.NUMBERED),
        (",label,0,1", "0,1,2,3", FirstLine.NUMBERED),
        ("2019,age,income", "1,2,3", FirstLine.NUMBERED),
        ("0,1,2,3,4,5,6,7", "1,0,0,0,0,0,0,0", FirstLine.NUMBERED),
        ("1,2,3,4,5,6,7,8", "1,0,0,0,0,0,0,0", FirstLine.NUMBERED),
        ("y,400.5,401,402,403,404,405,406,407", "1,2,3,4,5,6,7,8,9", FirstLine.NUMBERED),
        ("0,1,2", "1,2,3", FirstLine.UNSURE),
        ("1,2", "0,0.5", FirstLine.UNSURE),
        ("y,2019,2020,2021", "1,2,3,4", FirstLine.UNSURE),
        ("1,2,3", "1,2,4", FirstLine.UNSURE),
        ("2,0,1", "0.5,2,3", FirstLine.UNSURE),
        ("3,1,2", "1,2,4", FirstLine.UNSURE),
        ("7,0,1,2,3,4,5,6", "1,0,0,0,0,0,0,0", FirstLine.NUMBERED),
        ("2018,2019,2020,2021", "0,0.5,1.5,2.5", FirstLine.UNSURE),
        ("0,30,85,90", "1,41.5,70,80", FirstLine.ROW),
        ("1,0", "0,1.5", FirstLine.ROW),
        ("0,1,3", "1,2,3", FirstLine.ROW),
        ("1,abc,3", "1,2,3", FirstLine.ROW),
        ("good,0.5,1.2", "0,0.3,1", FirstLine.ROW),
        ("good,5,3", "0,4,1", FirstLine.ROW),
        ("1,red,blue", "0,red,green", FirstLine.ROW),
        ("1,?,NA", "0,1,2", FirstLine.ROW),
        ("good,NA,?", "1,2,3", FirstLine.ROW),
        (",5,3", "0,4,1", FirstLine.ROW),
        ("a;b;c", "1;2;3", FirstLine.ROW),
        ("1e-3,", "1,2", FirstLine.ROW),
        (",,", "1,2,3", FirstLine.ROW),
    ],
)
def test_what_a_first_line_is(first: str, second: str, found: FirstLine) -> None:
    def split(line: str) -> list[str]:
        return line.split(",") if '"' not in line else ["label", "age, in years"]

    assert classify_first_line(split(first), split(second)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("label,age,income\n1,2,3\n", True),
        ('\ufeff"label","age, in years"\n1,2\n', True),
        ("\n \nlabel,age\n\n1,2\n", True),
        ("1,2,3\n", False),
        ("1,abc\n", False),
        (" 1e-3,\n", False),
        ("", False),
        (",,\n", False),
        (f"label,{'x' * 200_000}\n", False),
        (f"label,{'x,' * 900_000}\n", True),
    ],
)
def test_the_content_type_says_what_the_first_line_is(tmp_path: Path, text: str, found: bool) -> None:
    file = write(tmp_path / "rows.csv", text)
    assert decide_content_type([("rows.csv", file)], None) == ("text/csv;header=present" if found else "text/csv")
    assert decide_content_type([("rows.csv", file)], "text/csv; header=absent") == "text/csv; header=absent"


def test_a_header_of_numbers_is_said_and_can_be_overruled(train: Command, tmp_path: Path) -> None:
    rows = "".join(",".join([line, *"34567"]) + "\n" for line in ROWS.splitlines())
    for header in ("0,1,2,3,4,5,6,7", "label,0,1,2,3,4,5,6", "1,2,3,4,5,6,7,8"):
        file = write(tmp_path / "t.csv", f"{header}\n{rows}")
        status, log, said = train(file)
        assert status == 0, said
        assert rows_read(log) == 40
        assert (
            f"linear_learner: the first line of {file}, {header}, is taken for a header; if it is a row, say "
            "--content-type 'text/csv;header=absent'.\n"
        ) in said
    status, log, said = train(file, "--content-type", "text/csv;header=absent")
    assert (status, rows_read(log)) == (0, 41)
    assert "is taken for" not in said


def test_few_columns_that_count_are_asked_for_and_either_answer_is_heard(train: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", "0,1,2\n" + ROWS)
    status, log, said = train(file)
    assert (status, log) == (2, "")
    assert said == (
        f"linear_learner: the first line of {file}, 0,1,2, may be a header, as pandas writes it, or a row. Say "
        "--content-type 'text/csv;header=present' or --content-type 'text/csv;header=absent'.\n"
    )
    for answer, rows in (("present", 40), ("absent", 41)):
        status, log, _ = train(file, "--content-type", f"text/csv;header={answer}")
        assert (status, rows_read(log)) == (0, rows)
    assert load_model(tmp_path / "model").names == ()


@pytest.mark.parametrize("packed", [False, True])
def test_files_that_were_cut_from_one_are_put_together_as_it_is_said(
    train: Command, tmp_path: Path, packed: bool
) -> None:
    lines = f"label,age,income\n{ROWS}".splitlines(keepends=True)
    for number in range(3):
        file = write(tmp_path / "my parts" / f"xa{number}", "".join(lines[14 * number : 14 * number + 14]))
        if packed:
            file.write_bytes(gzip.compress(file.read_bytes()))
    status, log, said = train(tmp_path / "my parts", "--content-type", "text/csv")
    assert (status, log) == (1, "")
    first, second, third = (f"'{tmp_path}/my parts/xa{number}'" for number in range(3))
    assert said == (
        f"linear_learner: the first line of {first[1:-1]}, label,age,income, is a header, but {second[1:-1]} has none. "
        f"If the files were cut from one, put them together: `cat {first} {second} {third} > all.csv`. If not, give "
        "every file the header, or none.\n"
    )
    subprocess.run(said.split("`")[1], shell=True, cwd=tmp_path, check=True)
    status, log, said = train(tmp_path / "all.csv")
    assert (status, rows_read(log)) == (0, 40), said
    assert load_model(tmp_path / "model").names == ("age", "income")


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (["0,1,2\n1,2,3\n", "1,5,3\n0,2,3\n"], ", 0,1,2, may be a header, but "),
        (["1,5,3\n0,2,3\n", "y,a,b\n1,2,3\n"], ", y,a,b, is a header, but "),
        (["", "y,a,b\n1,2,3\n", "1,5,3\n0,2,3\n"], ", y,a,b, is a header, but "),
        (["y,0,1\n1,2,3\n", "1,5,3\n0,2,3\n"], "If it is a row, say --content-type 'text/csv;header=absent'."),
    ],
)
def test_a_header_in_some_files_of_a_folder_is_refused(
    train: Command, tmp_path: Path, files: list[str], complaint: str
) -> None:
    for number, text in enumerate(files):
        write(tmp_path / "parts" / f"{number}.csv", text)
    status, _, said = train(tmp_path / "parts")
    assert status == 1
    assert complaint in said
    assert not (tmp_path / "model").exists()


def test_each_channel_is_asked_for_itself(train: Command, tmp_path: Path) -> None:
    bare, named = write(tmp_path / "bare.csv", ROWS), write(tmp_path / "named.csv", f"label,a,b\n{ROWS}")
    for one, other in ((bare, named), (named, bare)):
        status, log, said = train(one, "--validation", other)
        assert status == 0, said
        assert "The channel 'train' is held in memory: 40 rows" in log
        assert "The channel 'validation' is held in memory: 40 rows" in log


def test_evaluate_finds_headers_likewise(train: Command, command: Command, tmp_path: Path) -> None:
    assert train(write(tmp_path / "bare.csv", ROWS)).status == 0
    bare = command("evaluate", tmp_path / "model", tmp_path / "bare.csv").out
    for header in ("label,a,b", "label,0,1"):
        file = write(tmp_path / "named.csv", f"{header}\n{ROWS}")
        assert command("evaluate", tmp_path / "model", file).out == bare
        status, _, said = command("evaluate", tmp_path / "model", tmp_path / "bare.csv", file)
        assert status == 1
        assert "put them together: `cat" in said
