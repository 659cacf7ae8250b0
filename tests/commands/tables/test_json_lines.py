"""Lines of JSON are trained on, measured and predicted as the same rows of CSV are."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.command import Command, Ended

QUICK = ("--set", "mini_batch_size=10", "--set", "epochs=1", "--set", "num_models=1")
ROWS = [(i % 2, i * 37 % 100 / 100, i * 61 % 100 / 100) for i in range(40)]
NAMES = ("y", "a", "b")
FORMS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "objects": lambda row: dict(zip(NAMES, row, strict=True)),
    "lists": list,
    "records": lambda row: {"features": row[1:], "label": row[0]},
    "sparse": lambda row: {"data": {"features": {"keys": [0, 1], "values": row[1:], "shape": [2]}}, "label": row[0]},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of its own, which has the rows as CSV."""
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in ROWS))


@pytest.fixture
def train(command: Command) -> Command:
    """Train in a moment."""

    def run(*words: object) -> Ended:
        return command("train", *words, "--out", "model", *QUICK)

    return run


def write_lines(name: str, values: list[Any]) -> None:
    content = "".join(json.dumps(value) + "\n" for value in values).encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.ndjson.gz", "rows"])
def test_every_form_is_read_as_the_same_rows_of_csv(train: Command, command: Command, form: str, name: str) -> None:
    write_lines(name, [FORMS[form](row) for row in ROWS])
    assert train("rows.csv", "--target-first").status == 0
    assert command("evaluate", "model", name).out == command("evaluate", "model", "rows.csv").out
    status, expected, told = command("predict", "model", "rows.csv")
    assert status == 0, told
    status, out, told = command("predict", "model", name)
    assert (status, out) == (0, expected), told
    status, _, told = train(name, *([] if form in ("records", "sparse") else ["--target-first"]))
    assert status == 0, told
    assert command("evaluate", "model", name).out == command("evaluate", "model", "rows.csv").out


def test_objects_of_any_values_are_a_table_whose_missing_keys_are_gaps(train: Command, command: Command) -> None:
    rows: list[dict[str, Any]] = [
        {"id": i, "port": "Cork" if i % 3 else None, "age": i % 7, "won": "yes" if i % 2 else "no"} for i in range(60)
    ]
    for row in rows[::5]:
        del row["age"]
    write_lines("rows.jsonl", rows)
    status, _, told = train("rows.jsonl", "--target", "won", "--ignore", "id")
    assert status == 0, told
    assert "the label is the column 'won'; 3 other columns: 'id', 'port', 'age'" in told
    assert command("evaluate", "model", "rows.jsonl").status == 0
    status, out, told = command("predict", "model", "rows.jsonl", "--keep", "id")
    assert (status, told) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "id,predicted_label,score"
    assert [line.partition(",")[0] for line in lines[1:]] == [str(i) for i in range(60)]
    assert {line.split(",")[1] for line in lines[1:]} <= {"yes", "no"}
    write_lines("lists.jsonl", [[row["id"], row["port"], row.get("age")] for row in rows])
    expected = command("predict", "model", "rows.jsonl").out
    assert command("predict", "model", "lists.jsonl").out == expected
    write_lines("records.jsonl", [{"features": row} for row in rows])
    assert command("predict", "model", "records.jsonl").out == expected


def test_the_label_is_asked_for(train: Command) -> None:
    write_lines("rows.jsonl", [FORMS["objects"](row) for row in ROWS])
    assert train("rows.jsonl").complaint == (
        "linear_learner: which column of rows.jsonl is to be predicted? Say --target NAME. Its columns are 'y', 'a', "
        "'b'.\n"
    )
    write_lines("rows.jsonl", [FORMS["lists"](row) for row in ROWS])
    assert train("rows.jsonl").complaint == (
        "linear_learner: rows.jsonl holds lists of values, whose first must be the label. If it is, say "
        "--target-first.\n"
    )
    status, _, told = train("rows.jsonl", "--target", "y")
    assert status == 2
    assert "rows.jsonl, which is application/jsonlines, has no such names" in told


def test_bad_lines_are_named_or_skipped(train: Command, command: Command) -> None:
    assert train("rows.csv", "--target-first").status == 0
    expected = command("predict", "model", "rows.csv").out
    objects = [FORMS["objects"](row) for row in ROWS]
    write_lines("rows.jsonl", [*objects[:3], {"y": 1, "a": "x", "b": 2}, {"y": 1, "a": 2}, *objects[3:]])
    status, _, told = command("predict", "model", "rows.jsonl")
    assert status == 1
    assert "rows.jsonl, row 4, column 'a': expected a number, found 'x'" in told
    status, out, told = command("predict", "model", "rows.jsonl", "--skip-bad")
    assert (status, out) == (0, expected)
    assert told.endswith("linear_learner: skipped 2 rows in all.\n")
    write_lines("rows.jsonl", [*(FORMS["records"](row) for row in ROWS), {"features": [1]}])
    status, out, told = command("predict", "model", "rows.jsonl", "--skip-bad")
    assert (status, out) == (0, expected)
    assert "skipped: rows.jsonl, record 41: " in told
    Path("rows.jsonl").write_text('{"y": 1, "a": 2, "b": 3}\n{"y": 1, "a"\n{"y": 1, "a": "x", "b": 3}\n')
    assert "rows.jsonl, row 2" in command("predict", "model", "rows.jsonl").complaint
    status, out, told = command("predict", "model", "rows.jsonl", "--skip-bad")
    assert (status, out.count("\n")) == (0, 2)
    found = [line.partition("skipped: rows.jsonl, ")[2][:5] for line in told.splitlines()]
    assert list(filter(None, found)) == ["row 2", "row 3"]
