"""`linear_learner inspect` shows what is in a model."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import FOLDER
from linear_learner.answer import model_tables
from linear_learner.describing.facts import weights_table
from open_algorithms.commands import inspect
from tests.commands.command import Command
from tests.contract.jobs import TrainingJob
from tests.linear_learner.artifacts import KINDS, NAMES, artifact_files, draw_model, write_files

GOLDEN = FOLDER / "golden"


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_every_kind_of_model_is_shown_with_its_facts_files_and_weights(
    command: Command, tmp_path: Path, predictor: str, loss: str
) -> None:
    status, out, complaint = command("inspect", write_files(tmp_path, artifact_files(draw_model(predictor, loss))))
    assert (status, complaint) == (0, "")
    assert all(text in out for text in (predictor, loss, *NAMES, "f0", "f4"))
    assert ("class 3" in out) == (predictor == "multiclass_classifier")


def test_a_folder_and_its_packages_show_the_same_model(
    command: Command, job: tuple[TrainingJob, str], model: Path, tmp_path: Path
) -> None:
    package, zipped = job[0].root / "output" / "model.tar.gz", shutil.copy(model / "model_algo-1", tmp_path / "a name")
    shown = [command("inspect", path).out.partition("Weights")[2] for path in (model, package, zipped)]
    assert "the 20 largest of 30" in shown[0]
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.shared
def test_amazons_own_models_are_shown(command: Command) -> None:
    assert "0.531527" in command("inspect", GOLDEN / "attrition" / "model_algo-1").out
    assert "0.893729" in command("inspect", GOLDEN / "adult" / "model.tar.gz").out


def test_of_many_classes_only_the_weight_that_matters_most_is_shown() -> None:
    weight, bias = np.array([[*[1.0] * 10, -2.0]], np.float32), np.zeros(11, np.float32)
    model = replace(draw_model("multiclass_classifier", "softmax_loss"), weight=weight, bias=bias, names=("x",))
    assert weights_table(model) == ("Weights, all", ["feature", "weight", "class"], [["x", "-2", "10"]])


def test_long_names_are_not_cut_where_there_is_no_terminal_and_none_steers_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("x" * 200, "\x1b[31mred", "[red]", "line\nbreak", "é")
    tables = model_tables(replace(draw_model(), names=names))
    inspect.print_tables([(table.title, inspect.draw_table(table)) for table in tables])
    out = capsys.readouterr().out
    assert all(text in out for text in ("x" * 200, "\\x1b[31mred", "[red]", "line\\nbreak", "é"))
    assert "\x1b" not in out
