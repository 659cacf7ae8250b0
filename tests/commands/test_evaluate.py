"""`linear_learner evaluate` measures a model on labelled rows of any format, as a job does."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from container.codecs.recordio import encode_records
from open_algorithms.commands.evaluate import write_json
from tests.commands.command import Command
from tests.contract.example import DATA, read_example
from tests.contract.formats import encode_libsvm, encode_parquet
from tests.contract.jobs import TrainingJob
from tests.estimators.examples import NAMES, NUMBERS, X, fit_quickly
from tests.linear_learner.artifacts import KINDS, artifact_files, draw_model, draw_rows, write_files

TEST = DATA / "test.csv"


def logged(log: str) -> list[tuple[str, float]]:
    return [(name, float(value)) for name, value in re.findall(r"#test_score .*\('(.*)', (.*)\)", log)]


def printed(out: str) -> list[tuple[str, float]]:
    return [(name, float(value)) for name, value in map(str.split, out.splitlines())]


def assert_as_logged(out: str, log: str) -> None:
    """The job restores its rows from what it standardised, which costs a loss its last digits."""
    names, values = zip(*printed(out), strict=True)
    wanted_names, wanted = zip(*logged(log), strict=True)
    assert names == wanted_names
    np.testing.assert_allclose(values, wanted, rtol=1e-6)


def test_the_metrics_are_those_that_the_job_logged(command: Command, job: tuple[TrainingJob, str], model: Path) -> None:
    status, out, complaint = command("evaluate", model, TEST)
    assert (status, complaint) == (0, "")
    assert_as_logged(out, job[1])


def test_programs_get_the_same_as_one_object_of_json(command: Command, model: Path) -> None:
    status, out, complaint = command("evaluate", model, TEST, "--json")
    assert (status, complaint) == (0, "")
    assert list(json.loads(out).items()) == printed(command("evaluate", model, TEST).out)


def test_a_metric_that_is_no_number_is_null_in_json() -> None:
    assert write_json({"recall": 1.0, "roc_auc_score": float("nan")}) == '{"recall": 1.0, "roc_auc_score": null}\n'


@pytest.mark.parametrize(
    "name", ["rows.csv", "rows.CSV.gz", "rows.parquet", "rows.svm", "rows.rec", "rows", "_rows.pbr"]
)
def test_every_format_is_read_whatever_tells_it(
    command: Command, job: tuple[TrainingJob, str], model: Path, tmp_path: Path, name: str
) -> None:
    X, y = read_example("test")
    writers = {
        ".parquet": encode_parquet,
        ".svm": encode_libsvm,
        ".rec": encode_records,
        ".pbr": encode_records,
        "": encode_records,
    }
    file = tmp_path / name
    text = TEST.read_bytes()
    file.write_bytes(
        writers[file.suffix](X, y) if file.suffix in writers else gzip.compress(text) if "gz" in name else text
    )
    assert_as_logged(command("evaluate", model, file).out, job[1])


def test_several_files_and_folders_are_one_set_of_rows(
    command: Command, job: tuple[TrainingJob, str], model: Path, tmp_path: Path
) -> None:
    lines = TEST.read_bytes().splitlines(keepends=True)
    for name, part in {"a": lines[:50], "b": lines[50:60], "c": lines[60:]}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_bytes(b"".join(part))
    assert_as_logged(command("evaluate", model, tmp_path / "a", tmp_path / "b/rows.csv", tmp_path / "c").out, job[1])


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_every_kind_of_model_is_measured(command: Command, tmp_path: Path, predictor: str, loss: str) -> None:
    X = draw_rows()
    file = tmp_path / "rows.csv"
    np.savetxt(file, np.column_stack([np.arange(len(X)) % 2, X]), "%.9g", ",")
    status, out, complaint = command(
        "evaluate", write_files(tmp_path, artifact_files(draw_model(predictor, loss))), file
    )
    assert (status, complaint) == (0, "")
    assert all(np.isfinite(value) for _, value in printed(out))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1,7,3\n", "expected 30 features a row, found 2"),
        ("3," + ",".join(["1"] * 30), "expected a label among the integers 0 to 1, found 3. Number the classes from 0"),
        ("1," + ",".join(["x"] * 30), "file 'rows.csv', row 1, column 2"),
        ("", "is empty; expected rows"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_named(
    command: Command, model: Path, tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "rows.csv").write_text(text)
    status, out, said = command("evaluate", model, tmp_path / "rows.csv")
    assert (status, out) == (1, "")
    assert said.startswith("linear_learner: ")
    assert said.count("\n") == 1
    assert complaint in said


@pytest.mark.parametrize("weights", ["heavy", 3, [1]])
def test_weights_of_classes_that_no_job_wrote_are_refused(command: Command, tmp_path: Path, weights: object) -> None:
    unlikely = replace(draw_model(), metrics_params={"class_weights": weights})
    status, out, said = command("evaluate", write_files(tmp_path, artifact_files(unlikely)), TEST)
    assert (status, out) == (1, "")
    assert "expected a number for each of its 2 classes" in said


def test_files_of_no_known_type_or_of_several_are_refused(command: Command, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.bin"
    file.write_bytes(b"\0\1\2\3")
    status, _, said = command("evaluate", model, file)
    assert status == 1
    assert said == f"linear_learner: {file}: expected text/csv, found bytes of no known type: 00 01 02 03.\n"
    (tmp_path / "more.csv").write_text("1,2\n")
    (tmp_path / "more.svm").write_text("1 1:2\n")
    assert "files of one type" in command("evaluate", model, tmp_path / "more.csv", tmp_path / "more.svm").complaint
    assert command("evaluate", model, TEST, "--content-type", "text/plain").status == 2
    assert command("evaluate", model, tmp_path / "nothing").complaint.endswith("there is no such file or folder.\n")


def test_what_is_no_class_is_told_with_its_place(tmp_path: Path, command: Command) -> None:
    np.savetxt(tmp_path / "rows.csv", np.column_stack([NUMBERS, X]), delimiter=",")
    fit_quickly(y=2 * NUMBERS - 1).save(tmp_path / "m")
    complaint = command("evaluate", tmp_path / "m", tmp_path / "rows.csv").complaint
    assert complaint.endswith("row 1: expected one of the classes -1, 1, found 0. It is row 1 of file 'rows.csv'.\n")


def test_a_model_of_numbers_tells_the_numbers_of_classes_that_are_texts(tmp_path: Path, command: Command) -> None:
    np.savetxt(tmp_path / "rows.csv", np.column_stack([NUMBERS, X]), delimiter=",")
    fit_quickly(y=NAMES, positive_label="benign").save(tmp_path / "m")
    ended = command("evaluate", tmp_path / "m", tmp_path / "rows.csv", "--json")
    assert json.loads(ended.out)["binary_classification_accuracy"] > 0.8
    assert ended.complaint.endswith(
        "expects labels as the numbers of its classes, 0 for 'malignant', 1 for 'benign'.\n"
    )


def test_the_label_of_a_frame_is_found_by_its_name(tmp_path: Path, command: Command) -> None:
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(30)])
    fit_quickly(frame).save(tmp_path / "m")
    frame.assign(label=NUMBERS).to_csv(tmp_path / "rows.csv", index=False)
    assert command("evaluate", tmp_path / "m", tmp_path / "rows.csv").status == 0
