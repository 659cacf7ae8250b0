"""`linear_learner report` writes the report of any model, of this project or of Amazon's, on any labelled rows."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from tests.commands.command import Command
from tests.contract.example import DATA, read_example
from tests.linear_learner.artifacts import KINDS, artifact_files, draw_model, draw_rows, write_files
from tests.reader import PageReader

TEST = DATA / "test.csv"


def read_report(folder: Path) -> tuple[dict[str, float], str]:
    """Return the scores of a report and the texts of its page."""
    report = json.loads((folder / "report.json").read_text())
    assert list(report["channels"]) == ["test"]
    return report["channels"]["test"]["scores"], " ".join(PageReader((folder / "report.html").read_text()).texts)


def test_its_scores_are_those_of_evaluate_and_its_page_names_the_file(
    command: Command, model: Path, tmp_path: Path
) -> None:
    status, out, complaint = command("report", model, "--test", TEST, "--out", tmp_path / "new" / "report")
    assert (status, out) == (0, "")
    assert complaint == f"linear_learner: report: {tmp_path}/new/report/report.html\n"
    scores, page = read_report(tmp_path / "new" / "report")
    assert scores == json.loads(command("evaluate", model, TEST, "--json").out)
    rows = len(read_example("test")[1])
    assert f"measured on {rows} rows of test.csv." in page
    assert f"On {rows} test rows, it is right in " in page
    assert "candidate" not in page


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_a_model_of_any_kind_is_reported(command: Command, tmp_path: Path, predictor: str, loss: str) -> None:
    X = draw_rows()
    file = tmp_path / "rows.csv"
    np.savetxt(file, np.column_stack([np.arange(len(X)) % 2, X]), "%.9g", ",")
    model = write_files(tmp_path, artifact_files(draw_model(predictor, loss)))
    status, _, complaint = command("report", model, "--test", file, "--out", tmp_path / "report")
    assert status == 0, complaint
    scores, page = read_report(tmp_path / "report")
    assert scores
    assert all(map(np.isfinite, scores.values()))
    assert "What one unit more of a feature adds to" in page


def test_an_older_report_is_replaced_and_kept_where_there_is_no_new_one(
    command: Command, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text("old")
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2\n")
    assert command("report", model, "--test", bad, "--out", tmp_path).status == 1
    assert (tmp_path / "report.html").read_text() == "old"
    assert command("report", model, "--test", TEST, "--out", tmp_path).status == 0
    assert (tmp_path / "report.html").read_text() != "old"


def test_rows_are_required_and_a_place_to_write_to(command: Command, model: Path, tmp_path: Path) -> None:
    assert "--test" in command("report", model).complaint
    file = tmp_path / "file"
    file.write_text("")
    status, _, complaint = command("report", model, "--test", TEST, "--out", file)
    assert status == 1
    assert str(file) in complaint
    assert complaint.count("\n") == 1


def test_a_disk_that_is_full_leaves_the_whole_older_report(command: Command, model: Path, tmp_path: Path) -> None:
    assert command("report", model, "--test", TEST, "--out", tmp_path).status == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert len(before["report.json"]) < len(before["report.html"]) // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before["report.html"]) // 2, resource.RLIM_INFINITY))
    try:
        status, _, complaint = command("report", model, "--test", TEST, "--out", tmp_path)
        assert command("report", model, "--test", TEST, "--out", tmp_path / "new").status == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert status == 1
    assert complaint.endswith("cannot be written: File too large.\n")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
