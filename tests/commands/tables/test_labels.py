"""Labels that are classes, but not numbered from 0, or that count the rows, never become a regressor without a word."""

import gzip
import re
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records
from open_algorithms.commands.tables.labels import survey_labels
from open_algorithms.learning.types.arrays import Floats
from tests.commands.command import Command, Ended
from tests.needs import TOP

QUICK = ("--set", "mini_batch_size=10", "--set", "epochs=1", "--set", "num_models=1")
REGRESSOR = "say --set predictor_type=regressor"


@pytest.fixture
def train(command: Command, tmp_path: Path) -> Command:
    """Train on a file and leave the model in `model`."""

    def run(data: Path, *words: object) -> Ended:
        return command("train", data, "--target-first", "--out", tmp_path / "model", *QUICK, *words)

    return run


def columns(labels: list[float], rows: int = 60) -> tuple[Floats, Floats]:
    """Give labels (n,), each in turn, and features (n, 2)."""
    y = np.resize(np.array(labels, np.float64), rows)
    return y, np.random.default_rng(0).normal(size=(rows, 2))


def csv(labels: list[float], header: str = "", form: str = "{:g}", rows: int = 60) -> str:
    y, X = columns(labels, rows)
    return header + "".join(f"{form.format(label)},{a:.3f},{b:.3f}\n" for label, (a, b) in zip(y, X, strict=True))


@pytest.mark.parametrize(
    ("labels", "classes", "unnumbered"),
    [
        ([0, 1, 1], 2, False),
        ([0, 0], 2, False),
        ([0, 2, 1], 3, False),
        ([0, 2], None, True),
        ([1, 2, 3, 1], None, True),
        ([3, 4, 5, 6, 7, 8], None, True),
        ([-1, 1], None, True),
        ([5, 7], None, True),
        ([0.5, 1.5], None, True),
        ([5, 5], None, True),
        ([0, 100], None, True),
        ([1, 7, 30], None, True),
        ([0, 1, 0.5], None, False),
        ([0, 1e9], None, True),
        ([0.1, 0.2, 0.3], None, False),
        ([*range(7, 107)], None, True),
        ([*range(7, 108)], None, False),
        ([*range(1, 41, 2)], None, True),
        ([*range(1, 43, 2)], None, False),
    ],
)
def test_labels_are_classes_where_they_are_numbered_from_0_without_a_gap(
    labels: list[float], classes: int | None, unnumbered: bool
) -> None:
    found = survey_labels([np.array(labels[:1], np.float32), np.array(labels[1:], np.float32)])
    assert (found.class_count, bool(found.unnumbered_classes)) == (classes, unnumbered)
    assert survey_labels([np.arange(100), np.arange(3)]).class_count == 100
    assert survey_labels([np.arange(101)]).class_count is None


@pytest.mark.parametrize(
    ("parts", "files", "counting"),
    [
        ([range(6), range(6, 12)], 1, True),
        ([range(1, 200)], 1, True),
        ([range(9)], 1, False),
        ([range(2, 40)], 1, False),
        ([[0, 0], range(1, 30)], 1, False),
        ([range(20), range(20)], 1, False),
        ([range(20), range(20)], 2, True),
        ([range(4), range(4), range(4)], 3, False),
        ([range(20), [7, 3]], 1, False),
    ],
)
def test_labels_count_the_rows_where_each_is_one_more(parts: list[list[int]], files: int, counting: bool) -> None:
    assert survey_labels([np.array(part, np.float32) for part in parts], files).numbers_rows == counting


@pytest.mark.parametrize(
    ("labels", "unique"),
    [
        (np.random.default_rng(0).permutation(40), True),
        (np.random.default_rng(0).permutation(400)[:100], True),
        (np.random.default_rng(0).permutation(40) + 5000, True),
        (np.random.default_rng(0).permutation(40) * 10, False),
        (np.random.default_rng(0).permutation(40) - 1, False),
        (np.random.default_rng(0).permutation(40) / 2, False),
        (np.random.default_rng(0).permutation(15), False),
        (np.append(np.random.default_rng(0).permutation(40), 7), False),
        (np.random.default_rng(0).integers(0, 1000, 400), False),
    ],
)
def test_labels_are_an_index_where_chance_would_have_repeated_one(labels: Floats, unique: bool) -> None:
    assert survey_labels(np.array_split(labels.astype(np.float32), 3)).is_unique == unique


TWO: dict[str, list[float]] = {
    "-1 and 1": [-1, 1],
    "1 and 2": [2, 1],
    "0 and 2": [0, 2],
    "5 and 7": [7, 5],
    "0.5 and 1.5": [0.5, 1.5],
}


@pytest.mark.parametrize("found", TWO)
@pytest.mark.parametrize("wanted", [(), ("--set", "predictor_type=Binary_Classifier")])
def test_two_labels_are_refused_before_training_and_the_recipe_helps(
    train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str, wanted: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    low, high = sorted(TWO[found])
    Path("t.csv").write_text(csv(TWO[found]))
    status, log, said = train(Path("t.csv"), *wanted)
    assert (status, log, Path("model").exists()) == (1, "", False)
    _, first, command, last = said.splitlines()
    assert first == (
        f"linear_learner: the labels are {found}; expected classes numbered from 0. Write 0 for {low:g}, 1 for "
        f"{high:g}, in every file, those of --validation and --test too, and train on what this leaves:"
    )
    assert last == f"If they are no classes, {REGRESSOR}."
    subprocess.run(command, shell=True, check=True)
    label = np.loadtxt("t-numbered.csv", delimiter=",")[:, 0]
    np.testing.assert_array_equal(label, np.loadtxt("t.csv", delimiter=",")[:, 0] == high)
    status, log, said = train(Path("t-numbered.csv"), *wanted)
    assert status == 0, said
    assert "'predictor_type': '" in log
    assert train(Path("t.csv"), "--set", "predictor_type=regressor").status == 0


MANY: dict[str, list[float]] = {
    "1, 2 and 3": [1, 2, 3],
    "3, 4, 5, 6, 7 and 8": [8, 3, 4, 5, 6, 7],
    "-2, -1, 0, 1 and 2": [0, -2, -1, 1, 2],
    "1, 7 and 30": [7, 1, 30],
    "the whole numbers 1 to 40": [*range(40, 0, -1)],
}


def run_recipe(said: str) -> None:
    """Type what stands between the line of the data, the refusal and the last line."""
    recipe = "\n".join(said.splitlines()[2:-1])
    environment = {"PATH": f"{TOP / '.venv/bin'}:/usr/bin:/bin"}
    subprocess.run(["bash", "-euc", recipe], check=True, env=environment)


@pytest.mark.parametrize("found", MANY)
@pytest.mark.parametrize("form", ["csv", "header", "index", "quoted", "gzip", "libsvm", "parquet"])
def test_the_recipe_numbers_the_classes_of_a_file_of_any_kind(
    train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = MANY[found]
    y, X = columns(labels)
    file, out = Path("my rows.csv"), Path("my rows-numbered.csv")
    match form:
        case "csv":
            file.write_text(csv(labels))
        case "header":
            file.write_text(csv(labels, '\nquality 1,age,"x, y"\r\n\n').replace("\n", "\r\n"))
        case "quoted":
            file.write_text("\ufeff" + csv(labels, form='"{:+.1f}"'))
        case "index":
            rows = csv(labels).splitlines()
            file.write_text("\n".join([",label,a,b", *(f"{i},{row}" for i, row in enumerate(rows))]) + "\n")
        case "gzip":
            file.write_bytes(gzip.compress(csv(labels).encode()))
        case "libsvm":
            file, out = Path("t.svm"), Path("t-numbered.libsvm")
            rows = [f"{label:+g} 1:{a:.3f} 2:{b:.3f}" for label, (a, b) in zip(y, X, strict=True)]
            file.write_text("\n".join(["# rows", *rows, ""]))
        case "parquet":
            file, out = Path("t.pq"), Path("t-numbered.parquet")
            columns_of = {"__index_level_0__": np.arange(60), "y 1": y.astype(np.int8), "a": X[:, 0], "b": X[:, 1]}
            pq.write_table(pa.table(columns_of), file)
    status, log, said = train(file)
    assert (status, log) == (1, ""), said
    assert f"the labels are {found}; expected classes numbered from 0. Write 0 for {min(labels)}, 1 for " in said
    assert said.endswith(f"\nIf they are amounts, {REGRESSOR}.\n")
    run_recipe(said)
    status, log, said = train(out)
    assert status == 0, said
    assert f"the labels are the integers 0 to {len(labels) - 1}, so this trains a multiclass_classifier" in said
    numbered = [sorted(labels).index(label) for label in y]
    if form == "parquet":
        assert pq.read_table(out)["y 1"].to_pylist() == numbered
        assert pq.read_table(out).select(["a", "b"]) == pq.read_table(file).select(["a", "b"])
    elif form != "index":
        lines = [line for line in out.read_text().replace(" ", ",").splitlines() if line[:1].isdigit()]
        assert [int(line.split(",")[0]) for line in lines] == numbered


@pytest.mark.parametrize("form", ["csv", "gzip", "libsvm", "parquet", "here"])
def test_the_recipe_for_a_folder_numbers_the_classes_of_all_its_files(
    train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    folder, parts = tmp_path / "my rows", ["a", "more/b c", ".hidden/d", "_e"]
    for part in parts:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        text = csv([1, 2, 3], "y,a,b\n")
        match form:
            case "csv" | "here":
                (folder / f"{part}.csv").write_text(text)
            case "gzip":
                (folder / f"{part}.csv.gz").write_bytes(gzip.compress(text.encode()))
            case "libsvm":
                (folder / f"{part}.svm").write_text("1 1:5\n2 1:6\n3 2:5\n" * 20)
            case "parquet":
                y, X = columns([1, 2, 3])
                pq.write_table(pa.table({"y": y, "a": X[:, 0], "b": X[:, 1]}), folder / f"{part}.parquet")
    monkeypatch.chdir(folder if form == "here" else tmp_path)
    status, _, said = train(Path("." if form == "here" else "my rows"))
    assert status == 1
    assert "Write 0 for 1, 1 for 2, 2 for 3, in every file, those of --validation and --test too, and train on" in said
    run_recipe(said)
    out = tmp_path / "my rows-numbered"
    kind = {"libsvm": "svm", "parquet": "parquet"}.get(form, "csv")
    assert sorted(file for file in out.rglob("*") if file.is_file()) == [out / f"a.{kind}", out / f"more/b c.{kind}"]
    status, log, said = train(out)
    assert status == 0, said
    assert "integers 0 to 2, so this trains a multiclass_classifier" in said
    assert "held in memory: 96 rows" in log  # and 24 are held out


def test_there_is_no_recipe_where_the_label_is_in_several_columns(train: Command, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.csv").write_text(csv([1, 2, 3], "y,a,b\n"))
    rows = [row.split(",") for row in csv([1, 2, 3], "y,a,b\n").split()]
    (tmp_path / "parts" / "b.csv").write_text("".join(f"{b},{a},{y}\n" for y, a, b in rows))
    said = train(tmp_path / "parts").complaint
    assert "\nThe label is not in the same column of every file: put it first in each of them before.\n" in said


def test_records_are_told_in_words(train: Command, tmp_path: Path) -> None:
    y, X = columns([1, 2])
    (tmp_path / "t.rec").write_bytes(encode_records(X.astype(np.float32), y.astype(np.float32)))
    status, _, said = train(tmp_path / "t.rec")
    assert status == 1
    assert "Write 0 for 1, 1 for 2" in said
    assert "\nWhere the records are written, write these numbers as labels.\n" in said


@pytest.mark.parametrize(
    ("labels", "words", "complaint"),
    [
        ([1, 2, 3], ("multiclass_classifier",), "train on what this leaves, with --set num_classes=3:\n"),
        ([1, 2, 3], ("multiclass_classifier", "num_classes=3"), "Write 0 for 1, 1 for 2, 2 for 3, in every file"),
        ([0, 1, 2, 3], ("binary_classifier",), "Say --set predictor_type=multiclass_classifier --set num_classes=4."),
        ([0, 1, 2, 3], ("multiclass_classifier",), "the integers 0 to 3: say --set num_classes=4."),
        ([0, 1], ("multiclass_classifier",), "the integers 0 to 1: say --set predictor_type=binary_classifier."),
        ([5], ("binary_classifier",), "every label is 5: there is nothing to learn."),
    ],
)
def test_what_is_said_goes_with_the_labels_or_it_is_told_what_would(
    train: Command, tmp_path: Path, labels: list[float], words: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "t.csv").write_text(csv(labels))
    predictor, *others = words
    status, log, said = train(
        tmp_path / "t.csv", "--set", f"predictor_type={predictor}", *(w for o in others for w in ("--set", o))
    )
    assert (status, log) == (1, "")
    assert complaint in said


def test_classes_that_may_not_occur_are_no_fault(train: Command, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(csv([1, 2, 3]))
    said = ("--set", "predictor_type=multiclass_classifier", "--set", "num_classes=4")
    assert train(tmp_path / "t.csv", *said).status == 0


INDEX = (
    "the rows one by one, as an index does. Write the data without it (pandas: index=False), the label first; if that "
    f"is the label, {REGRESSOR}."
)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("form", ["csv", "header", "parquet", "libsvm", "folder"])
def test_an_index_is_not_taken_for_the_label(
    train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    y = np.arange(first, first + 60)
    rows = [f"{i},{i % 2},{i * 0.37 % 1:.3f}" for i in y]
    file, what = Path("t.csv"), "the first column, the label, counts"
    match form:
        case "csv":
            file.write_text("\n".join(rows))
        case "header":
            file.write_text("\n".join(["id,churn,age", *rows]))
        case "parquet":
            file = Path("t.parquet")
            pq.write_table(pa.table({"id": y, "a": y % 2, "b": y * 0.37 % 1}), file)
        case "libsvm":
            file, what = Path("t.svm"), "the label counts"
            file.write_text("".join(f"{i} 1:{i % 2} 3:0.5\n" for i in y))
        case "folder":
            file = Path("parts")
            file.mkdir()
            for part in "ab":
                (file / f"{part}.csv").write_text("\n".join(rows))
    status, log, said = train(file)
    assert (status, log) == (1, "")
    assert said.endswith(f"\nlinear_learner: {what} {INDEX}\n")
    assert train(file, "--set", "predictor_type=multiclass_classifier", "--set", "num_classes=61").complaint == said
    assert train(file, "--set", "predictor_type=regressor").status == 0


def test_a_shuffled_index_is_not_taken_for_the_label(train: Command, tmp_path: Path) -> None:
    rows = [f"{i},{i % 2},{i * 0.37 % 1:.3f}" for i in np.random.default_rng(0).permutation(80)[:60]]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    status, log, said = train(tmp_path / "t.csv")
    what = "the first column, the label, is another whole number in every row, as an index or an id is."
    assert (status, log) == (1, "")
    assert said.splitlines()[1].startswith(
        f"linear_learner: {what} Write the data without it (pandas: index=False), the label first;"
    )


def test_amounts_are_a_regressor_as_before(train: Command, tmp_path: Path) -> None:
    amounts = np.random.default_rng(0).permutation(60) * 10
    for labels, what in {
        tuple((amounts[:30]).tolist()): "30 different whole numbers with gaps between them",
        (0.25, 0.5, 0.75): "fractions, such as 0.25",
        tuple((np.arange(120) / 4).tolist()): "more than 100 different values",
    }.items():
        (tmp_path / "t.csv").write_text(csv([*labels, *labels], "price,a,b\n", rows=240))
        status, _, said = train(tmp_path / "t.csv")
        assert status == 0, said
        assert f"the label, column 1, 'price', holds {what}, so this trains a regressor" in said
        assert re.search(
            r"scores: train R2 \S+, mean absolute error \S+; validation R2 \S+, mean absolute error \S+\n", said
        )
        assert "threshold" not in said
