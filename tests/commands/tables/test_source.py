"""Before it trains, `train` says what it takes the data for, and what cannot be meant is refused."""

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records
from tests.commands.command import Command, Ended
from tests.contract.rights import BOUNDED, USER
from tests.needs import TOP

QUICK = ("--set", "mini_batch_size=10", "--set", "epochs=1", "--set", "num_models=1")
NUMBERS = [f"{i % 2},{i * 0.37 % 1:.3f},{i * 0.61 % 1:.3f}\n" for i in range(40)]
ROWS = "".join(NUMBERS)
LAST = "y,a,b\n" + ROWS


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(command: Command) -> Command:
    """Train on a file or a folder, whose label is first unless it is said otherwise."""

    def run(data: str, *words: object, first: bool = True) -> Ended:
        return command("train", data, *(["--target-first"] if first else []), "--out", "model", *QUICK, *words)

    return run


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"t.csv": LAST}, "1 file, t.csv; the label is column 1, 'y'; 2 features: 'a', 'b'"),
        ({"t.csv": ROWS}, "1 file, t.csv; the label is column 1; 2 features"),
        ({"t.csv": "y,a\n0,1.5\n1,2\n" * 9}, "1 file, t.csv; the label is column 1, 'y'; 1 feature: 'a'"),
        (
            {"t.csv": ",y,a,b\n" + "".join(f"{i},{row}" for i, row in enumerate(NUMBERS))},
            "1 file, t.csv; the label is column 2, 'y'; 2 features: 'a', 'b'",
        ),
        (
            {"t.csv": "y,a,b,c,d,e,f,g\n" + "0,1,1,3,4,5,6,7\n1,2,5,3,4,5,2,1\n" * 9},
            "1 file, t.csv; the label is column 1, 'y'; 7 features: 'a', 'b', 'c', 'd', 'e' and 2 more",
        ),
        ({"d/1.csv": ROWS, "d/x/2.csv": ROWS}, "2 files, 1.csv, x/2.csv; the label is column 1; 2 features"),
        (
            {f"d/{i}.csv": ROWS for i in range(7)},
            "7 files, 0.csv, 1.csv, 2.csv, 3.csv, 4.csv, ...; the label is column 1; 2 features",
        ),
        ({"t.svm": "1 1:5\n0 1:6 3:2\n" * 9}, "1 file, t.svm; the label is the first number of a line"),
    ],
)
def test_files_label_and_features_are_said(train: Command, files: dict[str, str], told: str) -> None:
    for name, text in files.items():
        write(name, text)
    for words in ((), ("--set", "predictor_type=regressor")):
        status, _, said = train(next(iter(files)).partition("/")[0], *words)
        assert status == 0, said
        assert said.startswith(f"linear_learner: data: {told}\n")


def test_the_label_of_parquet_and_of_records_is_said_too(train: Command) -> None:
    X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    y = np.resize(np.array([0, 1], np.float32), 40)
    pq.write_table(pa.table({"age": y, "x": X[:, 0], "churn": X[:, 1]}), "t.parquet")
    Path("t.rec").write_bytes(encode_records(X, y))
    told = {
        "t.parquet": "the label is column 1, 'age'; 2 features: 'x', 'churn'",
        "t.rec": "the label is that of each record; 2 features",
    }
    for name, what in told.items():
        status, _, said = train(name)
        assert status == 0, said
        assert said.startswith(f"linear_learner: data: 1 file, {name}; {what}\n")


def test_inspect_names_the_label(train: Command, command: Command) -> None:
    for text, told in ((LAST, [["label", "y"]]), (ROWS, [])):
        write("t.csv", text)
        assert train("t.csv").status == 0
        lines = map(str.split, command("inspect", "model").out.splitlines())
        assert [line for line in lines if line[:1] == ["label"]] == told


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("a.csv.bak", "a.csv"),
        ("a.csv~", "a.csv"),
        ("A (1).csv", "a.csv"),
        ("a - Copy.csv", "a.csv"),
        ("Copy of a.csv", "a.csv"),
        ("a.csv.old", "a.csv"),
        ("x/a.csv", None),
        ("a2.csv", None),
    ],
)
def test_what_looks_like_a_copy_is_named(train: Command, copy: str, original: str | None) -> None:
    write("d/a.csv", ROWS)
    write(f"d/{copy}", ROWS)
    status, _, said = train("d")
    assert status == 0, said
    told = f"; a copy, whose rows count twice, seems to be {copy} of {original}; the label is column 1;"
    assert told in said if original else "copy" not in said


def test_a_packed_file_beside_itself_is_named(train: Command) -> None:
    write("d/a.csv", ROWS)
    Path("d/a.csv.gz").write_bytes(gzip.compress(ROWS.encode()))
    assert "; a copy, whose rows count twice, seems to be a.csv.gz of a.csv;" in train("d").complaint


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (["train.csv", "test.csv"], "Name the parts: linear_learner train d/train.csv --test d/test.csv ..."),
        (
            ["X-Train.csv", "x_val.csv", "x.test.csv"],
            "Name the parts: linear_learner train d/X-Train.csv --validation d/x_val.csv --test d/x.test.csv ...",
        ),
        (
            ["train/1.csv", "train/2.csv", "test/1.csv"],
            "Name the parts: linear_learner train d/train --test d/test ...",
        ),
        (
            ["train-1.csv", "train-2.csv", "test.csv"],
            "Put each part into a folder of its own, and name these: DATA, --validation, --test.",
        ),
    ],
)
def test_the_parts_of_a_split_are_not_trained_on_as_a_whole(train: Command, names: list[str], advice: str) -> None:
    for name in names:
        write(f"d/{name}", ROWS)
    status, log, said = train("d")
    assert (status, log) == (2, "")
    assert said.endswith(f", and would be trained on as a whole. {advice}\n")
    if "--" in advice and "..." in advice:
        words = advice.partition("linear_learner train ")[2].removesuffix(" ...").split()
        assert train(words[0], *words[1:]).status == 0


def test_files_that_are_only_called_alike_are_one_set(train: Command) -> None:
    for name in ("training-1.csv", "train_2.csv", "trainer.csv", "latest.csv", "contest.csv"):
        write(f"d/{name}", ROWS)
    assert train("d").status == 0


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("index", [False, True])
def test_without_a_target_the_columns_are_listed_and_one_is_asked_for(
    train: Command, packed: bool, index: bool
) -> None:
    rows = [f'{f"{i}," if index else ""}{i % 9},"{i / 8}",{i % 2}\n' for i in range(40)]
    text = f'\ufeff{"," if index else ""}age,"a, b",churn\n' + "".join(rows)
    name = "my rows.csv.gz" if packed else "my rows.csv"
    Path(name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    status, log, said = train(name, first=False)
    assert (status, log) == (2, "")
    assert said == (
        f"linear_learner: which column of {name} is to be predicted? Say --target NAME. Its columns are 'age', 'a, b', "
        "'churn'.\n"
    )
    status, _, said = train(name, "--target", "churn", first=False)
    assert status == 0, said
    assert f"1 file, {name}; the label is the column 'churn'; 2 other columns: 'age', 'a, b'\n" in said


def test_the_column_of_weights_is_told_and_no_model_needs_it(train: Command, command: Command) -> None:
    rows = [(i % 9, "low" if i % 4 else "high", i % 3, "yes" if i % 2 else "no") for i in range(60)]
    write("t.csv", "age,risk,copies,churn\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows))
    write("without.csv", "age,risk,churn\n" + "".join(f"{a},{b},{d}\n" for a, b, _, d in rows))
    status, log, said = train("t.csv", "--target", "churn", "--weight", "copies", first=False)
    assert status == 0, said
    what = "the label is the column 'churn'; rows count by the column 'copies'; 2 other columns: 'age', 'risk'"
    assert f"linear_learner: data: 1 file, t.csv; {what}\n" in said
    assert "The rows of the channel 'train' count by the column 'copies'; 20 of weight 0 are left out." in log
    assert " ".join(command("inspect", "model").out.split()).count("copies weight 0 how much each row counts") == 1
    for words in (("evaluate", "model"), ("predict", "model")):
        with_weights, without = (command(*words, name) for name in ("t.csv", "without.csv"))
        assert (with_weights.status, with_weights.out) == (0, without.out)


def test_a_weight_that_is_no_column_is_refused_before_training(train: Command) -> None:
    write("t.csv", "age,churn\n" + "".join(f"{i % 9},{i % 2}\n" for i in range(40)))
    said = train("t.csv", "--target", "churn", "--weight", "copies", first=False).complaint
    assert said == "linear_learner: there is no column 'copies'; the columns are 'age', 'churn'.\n"


def test_the_columns_of_parquet_are_listed_too(train: Command) -> None:
    pq.write_table(pa.table({"age": [1, 2], "churn": [0, 1]}), "t.parquet")
    assert "Say --target NAME. Its columns are 'age', 'churn'." in train("t.parquet", first=False).complaint


def test_without_names_another_column_can_be_put_first_in_every_file(train: Command) -> None:
    for name in ("d/1.csv", "d/x/2.csv"):
        write(name, "".join(f"{i % 5},{i % 3},{i % 2}\n" for i in range(40)))
    said = train("d", first=False).complaint
    assert "this does with the last column, which is number 2 counted from 0:" in said
    subprocess.run(["bash", "-euc", said.partition("\n")[2]], check=True)
    status, _, said = train("d-label-first")
    assert status == 0, said
    assert "data: 2 files, 1.csv, x/2.csv; the label is column 1; 2 features\n" in said
    assert "all labels are 0 or 1" in said


def test_without_names_the_first_row_is_shown(train: Command) -> None:
    write("t.csv", ROWS)
    said = train("t.csv", first=False).complaint
    assert "; its first row begins with '0', '0.000', '0.000'. If that is the label, say --target-first." in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("PK\3\4" + "a" * 26 + "xl/workbook", "t.csv: expected text/csv, found an Excel workbook. Save the sheet"),
        ("a b\n", "t.csv: expected a label and at least one feature, found one column, 'a b'. Are its columns"),
        ("", "t.csv is empty."),
    ],
)
def test_what_is_no_table_of_columns_is_not_asked_for_its_label(train: Command, text: str, complaint: str) -> None:
    write("t.csv", text)
    status, _, said = train("t.csv", first=False)
    assert status == 1
    assert said.startswith(f"linear_learner: {complaint}")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("b.xlsx", b"PK\3\4" + b"a" * 26 + b"xl/", "found an Excel workbook. Save the sheet as CSV (UTF-8)"),
        (
            "b.json",
            b'{"a": 1}',
            "found JSON, which is read as application/jsonlines only. Write one row a line as text/csv",
        ),
        ("b.npy", b"\x93NUMPY\1\0", "found a NumPy array (npy). Write its rows as text/csv"),
        ("b.sql", b"CREATE TABLE t (a int);", "found SQL. Write its rows as text/csv"),
        ("b.pdf", b"%PDF-1.5", "found a PDF document. Rows of numbers are needed"),
        ("b.bin", bytes(range(20)), "found bytes of no known type: 00 01"),
    ],
)
def test_a_file_that_is_no_data_is_called_what_it_is(train: Command, name: str, content: bytes, problem: str) -> None:
    write("d/a.csv", ROWS)
    Path("d", name).write_bytes(content)
    for data, advice in ((f"d/{name}", ""), ("d", "If it is no data, move it out of the folder.")):
        status, _, said = train(data)
        assert status == 1
        assert said.startswith(f"linear_learner: d/{name}: expected text/csv, {problem}")
        assert said.endswith(f"{advice}\n")
    Path("d", name).unlink()
    assert train("d").status == 0


def test_a_model_beside_the_data_is_told(train: Command) -> None:
    write("d/a.csv", ROWS)
    assert train("d", "--out", "d/model").complaint.startswith("linear_learner: d/model is among the data of d: ")
    assert train("d/a.csv", "--out", "d").status == 0
    status, _, said = train("d")
    assert status == 1
    assert said.startswith("linear_learner: d holds a model beside data: 'additional-params.json', 'model_algo-1', ")
    assert said.endswith(". Move the model out of it, or name one file with data.\n")


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ("sep=,\ny,a,b\n", "sep=,, is for Excel and no data. Remove the line sep=,."),
        ("sep=;\ny;a;b\n", "sep=;, is for Excel and no data. Remove the line sep=;."),
        (",,\ny,a,b\n", ",,, is empty. Remove it."),
        ("Churn report Q3,,\n,,\ny,a,b\n", "Churn report Q3,,, looks like a title: one of its 3 fields is filled."),
        ("Churn report Q3\n\ny,a,b\n", "Churn report Q3, looks like a title: the next line has 3 columns."),
        ("Report,\ny,a\n", "Report,, looks like a title: one of its 2 fields is filled."),
    ],
)
def test_what_stands_above_the_names_must_go(train: Command, head: str, problem: str) -> None:
    write("t.csv", head + ROWS)
    for words in ((), ("--content-type", "text/csv;header=present"), ("--content-type", "text/csv")):
        status, log, said = train("t.csv", *words)
        assert (status, log) == (1, "")
        assert said.startswith(f"linear_learner: the first line of t.csv, {problem}")


@pytest.mark.parametrize(
    ("name", "text", "width"),
    [
        ("README.md", "# Rows, of people\n", "2 columns"),
        ("README", "Rows of people\n\nAnd more, and more\n", "1 column"),
        ("0.txt", "1\n", "1 column"),
        ("notes.csv", "who,what,when,where\n", "4 columns"),
    ],
)
@pytest.mark.parametrize("header", ["y,a,b\n", ""])
def test_a_text_beside_the_data_is_told_from_a_part_of_them(
    train: Command, name: str, text: str, width: str, header: str
) -> None:
    for part in ("d/a.csv", "d/b.csv"):
        write(part, header + ROWS)
    write(f"d/{name}", text)
    status, log, said = train("d")
    assert (status, log) == (1, "")
    if header and name == "notes.csv":
        assert "file 'notes.csv'" in said
    else:
        assert said == (
            f"linear_learner: d/{name} does not look like the data of d/a.csv: its first line has {width}, not 3. Move "
            "it out of the folder.\n"
        )


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder with another in it that may not be read."""
    write("d/a.csv", ROWS)
    write("d/x/b.csv", ROWS)
    os.chmod("d/x", 0)
    yield Path("d")
    os.chmod("d/x", 0o755)


@pytest.mark.processes
def test_a_folder_that_may_not_be_read_is_not_left_out(locked: Path) -> None:
    words = [
        *([] if USER else BOUNDED),
        sys.executable,
        "-m",
        "open_algorithms.commands",
        "train",
        str(locked.resolve()),
    ]
    ended = subprocess.run(
        [*words, "--out", str(locked.resolve().parent / "m"), "--target-first"], cwd=TOP, capture_output=True, text=True
    )
    folder = locked.resolve() / "x"
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"linear_learner: the folder {folder} cannot be read: Permission denied. Give user {USER} the right to.\n"
    )


@pytest.mark.processes
@pytest.mark.parametrize("called", [".venv/bin/linear_learner", "linear_learner"])
def test_what_to_do_next_can_be_typed_as_the_program_was_called(here: Path, called: str) -> None:
    shutil.copytree(TOP / ".venv/bin", here / ".venv/bin", symlinks=True)
    write("t.csv", ROWS)
    path = "/usr/bin:/bin" if "/" in called else f"{here / '.venv/bin'}:/usr/bin:/bin"
    words = [called, "train", "t.csv", "--target-first", "--out", "m", *QUICK]
    ended = subprocess.run(words, env={"PATH": path}, capture_output=True, text=True)
    assert ended.stderr.endswith(f"\nlinear_learner: next: {called} evaluate m t.csv, or {called} serve m\n")
    following = ended.stderr.splitlines()[-1].partition("next: ")[2].partition(", or")[0]
    subprocess.run(["sh", "-ec", following], env={"PATH": path}, check=True, stdout=subprocess.DEVNULL)


def test_a_target_that_is_no_column_is_told_beside_those_that_are(train: Command) -> None:
    write("t.csv", LAST)
    status, _, said = train("t.csv", "--target", "z", first=False)
    assert (status, said) == (1, "linear_learner: there is no column 'z'; the columns are 'y', 'a', 'b'.\n")


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"t.csv": "y,a,b\n"}, "channel 'train': file 't.csv' holds a header only; expected rows."),
        ({"t.csv": ""}, "t.csv is empty."),
        ({"t.csv": "\0\1\2\3"}, "t.csv: expected text/csv, found "),
        ({"t.csv": ROWS}, "--target chooses a column by its name, but the first line of t.csv seems to be a row, '0',"),
        ({"t.svm": "1 1:5\n0 1:6\n"}, "--target chooses a column by its name, and t.svm, which is text/libsvm, has no"),
        ({"d/1.csv": LAST, "d/2.csv": "z,a,b\n1,2,3\n"}, "file '2.csv' has no column 'y', which other files have."),
        ({"t.csv": "y,a,b\n0,1,x\n"}, "every label in the column 'y' is the same: there is nothing to learn."),
        ({"t.csv": "y,a,b\n0,1,x\n1,2\n"}, "channel 'train', file 't.csv', row 3: expected 3 columns, found 2"),
    ],
)
def test_a_target_in_what_is_no_table_of_rows_ends_in_one_line(
    train: Command, files: dict[str, str], complaint: str
) -> None:
    for name, text in files.items():
        write(name, text)
    status, log, said = train(next(iter(files)).partition("/")[0], "--target", "y", first=False)
    assert status in (1, 2)
    assert log == ""
    assert said.splitlines()[-1].startswith(f"linear_learner: {complaint}")


def test_a_target_is_not_said_in_two_ways(train: Command) -> None:
    write("t.csv", LAST)
    assert train("t.csv", "--target", "a").complaint.endswith(
        "--target and --target-first say two things. Say one of them.\n"
    )
