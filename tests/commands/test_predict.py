"""`linear_learner predict` answers rows of any format as the server does, in their order, as a whole or not at all."""

import csv
import gzip
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet as pq

from container.codecs import lines
from container.codecs.recordio import encode_records, encode_sparse_records
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.rows.csr import compress_matrix
from tests.commands.command import Command
from tests.contract.formats import encode_libsvm
from tests.contract.table_models import CLASSES, TARGET, ModelWithRows, draw_table_model, with_header, write_csv
from tests.linear_learner.artifacts import KINDS, artifact_files, draw_model, draw_rows, write_files
from tests.needs import TOP
from tests.waiting import HANG_SECONDS, wait_until

WIDTH = 5
NAMES = tuple("abcde")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, which has folders for models."""
    for name in ("m", "named", "table"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model() -> LinearModel:
    """A model whose features have no names, in the folder m, and with names in the folder named."""
    drawn = draw_model()
    write_files(Path("m"), artifact_files(drawn))
    named = LinearModel("binary_classifier", "logistic", drawn.weight, drawn.bias, 0.4, names=NAMES, label_name="y")
    write_files(Path("named"), artifact_files(named))
    return drawn


@pytest.fixture
def table() -> ModelWithRows:
    """A model of a table with every kind of column, in the folder table."""
    drawn = draw_table_model()
    write_files(Path("table"), artifact_files(drawn.model))
    return drawn


def write_text(name: str, rows: Sequence[Sequence[Any]], sign: str = ",") -> None:
    Path(name).write_text("".join(sign.join(map(str, row)) + "\n" for row in rows))


def read_output(text: str) -> tuple[list[str], list[list[str]]]:
    names, *rows = csv.reader(io.StringIO(text, newline=""))
    return names, rows


def assert_predicted(text: str, model: LinearModel, X: NDArray[Any]) -> None:
    names, rows = read_output(text)
    answer = model.predict(X)
    assert names == ["predicted_label", "score"]
    assert [int(row[0]) for row in rows] == answer["predicted_label"].tolist()
    assert np.array([row[1] for row in rows], np.float32).tolist() == answer["score"].tolist()


WRITERS: dict[str, Callable[[NDArray[Any]], bytes]] = {
    "rows.csv": lambda X: write_csv(X.tolist()),
    "labelled.csv": lambda X: write_csv([["7", *row] for row in X.tolist()]),
    "named.csv": lambda X: write_csv([NAMES, *X.tolist()]),
    "shuffled.csv": lambda X: write_csv([("e", "y", *NAMES[:4]), *([row[4], 1, *row[:4]] for row in X.tolist())]),
    "index.csv": lambda X: write_csv([("", *NAMES), *([i, *row] for i, row in enumerate(X.tolist()))]),
    "tabs.tsv": lambda X: write_csv(X.tolist(), delimiter="\t"),
    "semicolons.csv": lambda X: write_csv([NAMES, *X.tolist()], "\r\n", ";"),
    "quoted": lambda X: (
        b"\xef\xbb\xbf" + write_csv([[f" {x!r}" for x in row] for row in X.tolist()]).replace(b" ", b'"'[:0])
    ),
    "rows.svm": lambda X: encode_libsvm(X, np.ones(len(X))),
    "rows.rec": lambda X: encode_records(X),
    "labelled.rec": lambda X: encode_records(X, np.ones(len(X), np.float32)),
    "sparse.rec": lambda X: encode_sparse_records(compress_matrix(X)),
}


def encode_named_parquet(X: NDArray[Any], names: Sequence[str]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"y": ["x"] * len(X), **dict(zip(names, X.T, strict=True))}), file)
    return file.getvalue()


@pytest.mark.parametrize("name", [*WRITERS, "named.parquet", "places.parquet"])
@pytest.mark.parametrize("way", ["file", "gzip", "stdin"])
@pytest.mark.parametrize("folder", ["m", "named"])
def test_rows_of_every_format_are_answered(
    command: Command, model: LinearModel, monkeypatch: pytest.MonkeyPatch, name: str, way: str, folder: str
) -> None:
    if folder == "m" and name == "shuffled.csv":
        pytest.skip("a model without names takes columns by their places")
    if folder == "named" and name == "places.parquet":
        pytest.skip("a model with names takes columns by these")
    X = draw_rows()
    if name.endswith(".parquet"):
        content = encode_named_parquet(X, [f"f{i}" for i in range(WIDTH)] if folder == "m" else NAMES)
        if way == "gzip":
            pytest.skip("Parquet compresses itself")
    else:
        content = WRITERS[name](X)
    Path(name).write_bytes(gzip.compress(content) if way == "gzip" else content)
    words: list[object] = [folder, name]
    if way == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        words = [folder, "-", *(["--separator", "tab"] if name.endswith("tsv") else [])]
    status, out, said = command("predict", *words)
    assert status == 0, said
    assert_predicted(out, model, X)


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_every_kind_of_model_predicts(command: Command, predictor: str, loss: str) -> None:
    drawn, X = draw_model(predictor, loss), draw_rows()
    write_files(Path("m"), artifact_files(drawn))
    Path("x.csv").write_bytes(write_csv(X.tolist()))
    status, out, said = command("predict", "m", "x.csv")
    assert (status, said) == (0, "")
    names, rows = read_output(out)
    score = drawn.predict(X)["score"].reshape(len(X), -1)
    scores = [f"score_{k}" for k in range(4)] if predictor.startswith("multi") else ["score"]
    labels = [] if predictor == "regressor" else ["predicted_label"]
    assert names == [*labels, *scores]
    np.testing.assert_array_equal(np.array([row[len(labels) :] for row in rows], np.float32), score)


@pytest.mark.parametrize("predictor", CLASSES)
@pytest.mark.parametrize("header", [True, False])
def test_rows_of_a_table_are_answered_by_the_names_of_classes(command: Command, predictor: str, header: bool) -> None:
    drawn = draw_table_model(predictor)
    write_files(Path("table"), artifact_files(drawn.model))
    names = ["id", "note", *reversed(drawn.names[1:]), TARGET]
    rows = [{**row, "note": 'said "so",\nand so'} for row in drawn.rows]
    plain = write_csv([[row[name] for name in drawn.names] for row in drawn.rows])
    Path("rows.csv").write_bytes(with_header(rows, names) if header else plain)
    keep = ["--keep", "note,id"] if header else ["--keep", "id"]
    status, out, said = command("predict", "table", "rows.csv", *keep)
    told = (
        "" if header else "the first row does not name the columns of the model: they go by their places, 'id', 'Age'"
    )
    assert (status, told in said, bool(said)) == (0, True, not header)
    found, lines = read_output(out)
    answer = drawn.score(drawn.rows)
    kept = ["note", "id"] if header else ["id"]
    assert found[: len(kept)] == kept
    assert lines[3][: len(kept)] == (['said "so",\nand so', "3"] if header else ["3"])
    if predictor == "regressor":
        assert found[len(kept) :] == ["score"]
        assert np.array([line[-1] for line in lines], np.float32).tolist() == answer["score"].tolist()
        return
    classes = CLASSES[predictor]
    assert [line[len(kept)] for line in lines] == [classes[label] for label in answer["predicted_label"]]
    scores = [f"score_{name}" for name in classes] if len(classes) > 2 else ["score"]
    assert found[len(kept) :] == ["predicted_label", *scores]


def test_kept_columns_are_as_they_are_written(command: Command, model: LinearModel) -> None:
    odd = ["007", "1.50", "", "NA", "12345678901234567890", " x ", "=1+1", "1e5"]
    X = draw_rows()[: len(odd)]
    write_text("rows.csv", [("id", *NAMES), *([one, *row] for one, row in zip(odd, X.tolist(), strict=True))])
    names, rows = read_output(command("predict", "named", "rows.csv", "--keep", "id,a").out)
    assert names == ["id", "a", "predicted_label", "score"]
    assert [row[0] for row in rows] == odd
    assert [row[1] for row in rows] == [repr(x) for x in X[:, 0].tolist()]
    assert_predicted(command("predict", "named", "rows.csv").out, model, X)


def test_several_files_and_folders_are_read_in_their_order(command: Command, model: LinearModel) -> None:
    X = draw_rows()
    Path("d/x").mkdir(parents=True)
    for name, part in {"d/b.csv": X[:2], "d/x/a.csv": X[2:5], "z.csv": X[5:6], "a.csv": X[6:]}.items():
        Path(name).write_bytes(write_csv(part.tolist()))
    assert command("predict", "m", "d", "z.csv", "a.csv", "--out", "o.csv") == (0, "", "")
    assert_predicted(Path("o.csv").read_text(), model, X)


def test_the_names_of_predictions_differ_from_those_of_kept_columns(command: Command, model: LinearModel) -> None:
    X = draw_rows()
    names = ("score", "predicted_score", "contribution_of_a", *NAMES)
    write_text("rows.csv", [names, *([1, 2, 3, *row] for row in X.tolist())])
    kept = "score,predicted_score,contribution_of_a"
    found = read_output(command("predict", "named", "rows.csv", "--keep", kept, "--explain").out)[0]
    assert len(set(found)) == len(found)
    assert found[:5] == [*names[:3], "predicted_label", "predicted_predicted_score"]
    assert "predicted_contribution_of_a" in found


@pytest.mark.parametrize("predictor", CLASSES)
def test_contributions_and_their_base_add_up_to_the_margin(command: Command, predictor: str) -> None:
    drawn = draw_table_model(predictor)
    write_files(Path("table"), artifact_files(drawn.model))
    Path("rows.csv").write_bytes(with_header(drawn.rows, drawn.names))
    names, rows = read_output(command("predict", "table", "rows.csv", "--explain").out)
    first = names.index("contribution_base")
    assert names[first + 1 :] == [f"contribution_of_{name}" for name in drawn.names[1:]]
    found = np.array([row[first:] for row in rows], np.float64).sum(axis=1)
    np.testing.assert_allclose(found, drawn.model.margins(drawn.encode(drawn.rows)).max(axis=1), rtol=1e-4, atol=1e-5)


BAD = {
    "x": "row 4, column 'b': expected a number, found 'x'. Write categories as numbers",
    "": "row 4, column 'b': expected a number, found a missing value. Remove rows with missing values or fill them in",
    "1e39": "row 4, column 'b': expected a number that a 32-bit float can hold, found '1e+39'",
    "3,4": "row 4: expected 5 columns, found 6",
}


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("to_file", [True, False])
def test_a_bad_row_is_named_and_nothing_is_written(
    command: Command, model: LinearModel, text: str, to_file: bool
) -> None:
    rows: list[list[Any]] = [[*NAMES], *draw_rows().tolist()]
    rows[3][1] = text
    write_text("rows.csv", rows)
    Path("o.csv").write_text("as before")
    status, out, said = command("predict", "named", "rows.csv", *(["--out", "o.csv"] if to_file else []))
    assert (status, out) == (1, "")
    assert said.startswith(f"linear_learner: rows.csv, {BAD[text]}")
    assert said.endswith(". Nothing was written.\n")
    assert said.count("\n") == 1
    assert Path("o.csv").read_text() == "as before"
    assert {path.name for path in Path().iterdir()} == {"m", "named", "table", "rows.csv", "o.csv"}


@pytest.mark.parametrize("text", BAD)
def test_bad_rows_are_skipped_and_counted_where_that_is_said(command: Command, model: LinearModel, text: str) -> None:
    X = draw_rows()
    rows: list[list[Any]] = [[*NAMES], *X.tolist()]
    for row in (3, 4, 9):
        rows[row][1] = text
    write_text("rows.csv", rows)
    status, out, said = command("predict", "named", "rows.csv", "--skip-bad")
    assert status == 0
    assert_predicted(out, model, X[[0, 1, 4, 5, 6, 7]])
    first, *others, last = said.splitlines()
    assert first.startswith(f"linear_learner: skipped: rows.csv, {BAD[text]}")
    assert [other.partition(", row ")[2][:2].strip(",:") for other in others] == ["5", "10"]
    assert last == "linear_learner: skipped 3 rows in all."


def test_of_many_bad_rows_the_first_are_told(command: Command, table: ModelWithRows) -> None:
    rows = [{**row, "Fare": "much"} if i % 2 else row for i, row in enumerate(table.rows)]
    Path("rows.csv").write_bytes(with_header(rows, table.names))
    status, out, said = command("predict", "table", "rows.csv", "--skip-bad", "--keep", "id")
    assert status == 0
    assert [row[0] for row in read_output(out)[1]] == [str(i) for i in range(0, len(rows), 2)]
    assert said.splitlines()[-1] == "linear_learner: skipped 200 rows in all."
    assert [line.partition("rows.csv, ")[2].partition(":")[0] for line in said.splitlines()[:-1]] == [
        f"row {row}, column 'Fare'" for row in (3, 5, 7, 9, 11)
    ]


def test_bad_lines_of_libsvm_are_skipped(command: Command, model: LinearModel) -> None:
    X = draw_rows()
    lines = encode_libsvm(X, np.ones(len(X))).splitlines(keepends=True)
    Path("rows.svm").write_bytes(b"".join([lines[0], b"1 9:1\n", *lines[1:4], b"x\n", *lines[4:]]))
    status, out, said = command("predict", "m", "rows.svm", "--skip-bad")
    assert status == 0
    assert_predicted(out, model, X)
    assert [line.partition("rows.svm, record ")[2][:1] for line in said.splitlines()] == ["2", "6", ""]
    assert command("predict", "m", "rows.svm").complaint.startswith("linear_learner: rows.svm, record 2, column 2: ")


def test_a_score_that_is_no_number_makes_a_row_bad(command: Command) -> None:
    huge = LinearModel("regressor", "squared_loss", np.full((1, 1), 1e30, np.float32), np.zeros(1, np.float32))
    write_files(Path("m"), artifact_files(huge))
    write_text("rows.csv", [[0, 4], [0, 1e30], [0, 2]])
    assert command("predict", "m", "rows.csv").complaint.endswith(
        "rows.csv, row 2: its score is not finite: its features are too large. Nothing was written.\n"
    )
    status, out, _ = command("predict", "m", "rows.csv", "--skip-bad")
    assert (status, out) == (0, "score\n4e+30\n2e+30\n")


def test_what_was_written_before_a_bad_row_is_counted(
    command: Command, model: LinearModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 300)
    X = np.tile(draw_rows(), (5, 1))
    Path("rows.csv").write_bytes(write_csv([NAMES, *X.tolist(), ["1", "2", "x", "4", "5"]]))
    status, out, said = command("predict", "named", "rows.csv")
    assert status == 1
    count = out.count("\n") - 1
    assert 9 <= count < 45
    assert out.endswith("\n")
    assert_predicted(out, model, X[:count])
    assert said.endswith(f" {count} rows before it were written.\n")
    assert "rows.csv, row 47, column 'c': expected a number, found 'x'" in said


@pytest.mark.parametrize(
    ("words", "text", "complaint"),
    [
        (("m", "rows.csv"), "1,2,3\n", "row 1: expected 5 columns, as the model has features, or one more, the label"),
        (
            ("named", "rows.csv"),
            "a,b,c,d,é\n1,2,3,4,5\n",
            "row 1: expected the features of the model: 'e' is missing, 'é'",
        ),
        (("table", "rows.csv"), "Age,Sex\n1,male\n", "row 1: expected 9 columns, 'id', 'Age', 'Größe, in cm', "),
        (
            ("table", "rows.csv", "--content-type", "text/csv;header=present"),
            "Age,Sex\n1,male\n",
            "row 1: expected the col",
        ),
        (
            ("named", "rows.csv", "--keep", "id"),
            "a,b,c,d,e\n1,2,3,4,5\n",
            "row 1: there is no column 'id' to keep",
        ),
        (("named", "rows.csv"), "a,b,c,d,e\n", "there is no row in 'rows.csv'; expected rows"),
        (("m", "rows.svm", "--keep", "id"), "1:2\n", "--keep takes columns by their names, and text/libsvm has none"),
        (
            ("m", "rows.csv", "--separator", ";"),
            "1,5;4;3;9.5;2\n",
            "row 1, column 'f0': expected a number, found '1,5'",
        ),
        (("m", "rows.csv", "--out", "rows.csv"), "1,2,3,4,5\n", "rows.csv is among the rows of rows.csv. Say another"),
        (("m", "-", "-"), "", "- is stdin, which can be read once. Name it once"),
        (("m", "nothing.csv"), "", "nothing.csv: there is no such file or folder"),
    ],
)
def test_what_cannot_be_predicted_is_told_in_one_line(
    command: Command, model: LinearModel, table: ModelWithRows, words: tuple[str, ...], text: str, complaint: str
) -> None:
    for name in ("rows.csv", "rows.svm"):
        Path(name).write_text(text)
    status, out, said = command("predict", *words)
    assert status in (1, 2)
    assert out == ""
    assert complaint in said
    assert said.count("\n") == 1


def test_an_extra_column_in_front_is_told_to_be_left_out(command: Command, model: LinearModel) -> None:
    X = draw_rows()
    write_text("rows.csv", [("outcome", "q", "r", "s", "t", "u"), *([1, *row] for row in X.tolist())])
    status, out, said = command("predict", "m", "rows.csv")
    assert status == 0
    assert said == (
        "linear_learner: the model does not know its features' names: columns go by their places, but for the first, "
        "'outcome', which is taken for the label.\n"
    )
    assert_predicted(out, model, X)


def keep_writing(stream: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError), stream:
        stream.write(content)


def write_endlessly(stream: IO[bytes], content: bytes) -> None:
    with suppress(BrokenPipeError), stream:
        while True:
            stream.write(content)


@pytest.mark.processes
def test_a_large_stream_is_answered_while_it_comes_and_whoever_reads_may_end_early(model: LinearModel) -> None:
    words = [sys.executable, "-m", "open_algorithms.commands", "predict", str(Path("m").resolve()), "-"]
    X = draw_rows()
    with subprocess.Popen(words, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        part = write_csv(X.tolist())
        writer = Thread(target=keep_writing, args=(running.stdin, part * (12_000_000 // len(part))))
        writer.start()
        head = [running.stdout.readline().decode() for _ in range(10)]
        assert_predicted("".join(head), model, X)
        running.stdout.close()
        assert running.wait(timeout=HANG_SECONDS) == 141
        writer.join()


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_unfinished_file(model: LinearModel, here: Path, number: signal.Signals) -> None:
    temporary = here / "temporary"
    temporary.mkdir()
    words = ["predict", str(here / "m"), "-", "--out", str(here / "out.csv")]
    with subprocess.Popen(
        [sys.executable, "-m", "open_algorithms.commands", *words],
        cwd=TOP,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as running:
        assert running.stdin is not None
        part = write_csv(draw_rows().tolist())
        writer = Thread(target=write_endlessly, args=(running.stdin, part * (1_000_000 // len(part))))
        writer.start()
        wait_until(lambda: [*here.glob(".out.csv.*")] and [*temporary.iterdir()])
        running.send_signal(number)
        assert running.wait(timeout=HANG_SECONDS) == 128 + number
        writer.join()
    assert [*here.glob("*out.csv*"), *temporary.iterdir()] == []


def test_a_file_whose_name_says_so_is_compressed(command: Command, model: LinearModel) -> None:
    X = draw_rows()
    Path("rows.csv").write_bytes(write_csv(X.tolist()))
    assert command("predict", "m", "rows.csv", "--out", "out.csv.gz").status == 0
    assert_predicted(gzip.decompress(Path("out.csv.gz").read_bytes()).decode(), model, X)
