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
    assert "per standard deviation" in shown[0]
    assert shown[0] == shown[1]
    here, there = (dict(line.split()[:2] for line in text.splitlines()[2:]) for text in (shown[0], shown[2]))
    assert "per standard deviation" not in shown[2]
    assert {name: there[name] for name in {*here} & {*there}}.items() <= here.items()


@pytest.mark.shared
def test_amazons_own_models_are_shown(command: Command) -> None:
    assert "0.531527" in command("inspect", GOLDEN / "attrition" / "model_algo-1").out
    assert "0.893729" in command("inspect", GOLDEN / "adult" / "model.tar.gz").out


def test_of_many_classes_only_the_weight_that_matters_most_is_shown() -> None:
    weight, bias = np.array([[*[1.0] * 10, -2.0]], np.float32), np.zeros(11, np.float32)
    model = replace(draw_model("multiclass_classifier", "softmax_loss"), weight=weight, bias=bias, names=("x",))
    assert weights_table(model) == ("Weights, all", ["feature", "weight", "class"], [["x", "-2", "10"]])
    heads = ["feature", "weight", "per standard deviation", "class"]
    found = weights_table(replace(model, deviations=np.array([3], np.float32)))
    assert found == ("Weights, all", heads, [["x", "-2", "-6", "10"]])


def test_weights_are_ranked_per_standard_deviation_where_the_model_knows_that() -> None:
    weight, deviations = np.array([[0.5], [-2], [0.25]], np.float32), np.array([8, 0.5, 1], np.float32)
    model = replace(draw_model(), weight=weight)
    assert weights_table(model).rows == [["f1", "-2"], ["f0", "0.5"], ["f2", "0.25"]]
    found = weights_table(replace(model, deviations=deviations))
    assert found.heads == ["feature", "weight", "per standard deviation"]
    assert found.rows == [["f0", "0.5", "4"], ["f1", "-2", "-1"], ["f2", "0.25", "0.25"]]


def test_of_some_classes_the_weights_per_standard_deviation_have_a_column_each() -> None:
    weight, bias = np.array([[0.5, 0, 0], [0, -2, 1]], np.float32), np.zeros(3, np.float32)
    model = replace(draw_model("multiclass_classifier"), weight=weight, bias=bias)
    classes = ["class 0", "class 1", "class 2"]
    assert weights_table(model) == (
        "Weights, all",
        ["feature", *classes],
        [["f1", "0", "-2", "1"], ["f0", "0.5", "0", "0"]],
    )
    found = weights_table(replace(model, deviations=np.array([8, 0.5], np.float32)))
    assert found == (
        "Weights per standard deviation, all",
        ["feature", *classes, "standard deviation"],
        [["f0", "4", "0", "0", "8"], ["f1", "0", "-1", "0.5", "0.5"]],
    )


def test_long_names_are_not_cut_where_there_is_no_terminal_and_none_steers_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("x" * 200, "\x1b[31mred", "[red]", "line\nbreak", "é")
    tables = model_tables(replace(draw_model(), names=names))
    inspect.print_tables([(table.title, inspect.draw_table(table)) for table in tables])
    out = capsys.readouterr().out
    assert all(text in out for text in ("x" * 200, "\\x1b[31mred", "[red]", "line\\nbreak", "é"))
    assert "\x1b" not in out
