"""What a training job asks of the algorithm, without a job's folders."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.answer import describe_report
from linear_learner.artifact.read import load_model
from linear_learner.artifact.write import write_artifact
from linear_learner.learn import fit, save_model, write_report
from open_algorithms.learning.columns.recipe import CategoryColumn, NumberColumn, Recipe, Target
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.work import ColumnRequest, Columns, Work
from tests.learning.job.recorder import Recorder
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.examples import HYPERPARAMETERS, draw_example, split_example

FEW = {"epochs": "2", "num_models": "2"}
NAMES = ("a", "b", "c", "d", "e")


def work(predictor: str, log: Recorder, **more: Any) -> Work:
    return Work(HYPERPARAMETERS[predictor] | FEW, split_example(predictor), log, **more)


def columns_asked_for(columns: Columns, asked: list[bool]) -> Any:
    def read_columns(request: ColumnRequest) -> Columns:
        asked.append(request.may_shift)
        return columns

    return read_columns


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_the_model_is_for_raw_features_under_their_names(predictor: str) -> None:
    shift, asked, log = np.array([1e6, 0, 0, -3e6, 0]), list[bool](), Recorder()
    plain = fit(work(predictor, Recorder())).model
    model = fit(work(predictor, log, read_columns=columns_asked_for(Columns(NAMES, "y", shift), asked))).model
    assert (model.names, model.label_name, asked) == (NAMES, "y", [True])
    X, _ = draw_example(predictor)
    raw = X.astype(np.float64) + shift
    np.testing.assert_allclose(model.margins(raw), plain.margins(X), atol=1e-3)
    assert any("'a', 'd'" in line for line in log.said)


def test_no_shift_is_wanted_of_features_that_are_not_centred() -> None:
    asked = list[bool]()
    texts = HYPERPARAMETERS["regressor"] | FEW | {"unbias_data": "false"}
    fit(Work(texts, split_example("regressor"), Recorder(), read_columns=columns_asked_for(Columns(), asked)))
    assert asked == [False]


def test_features_that_vary_late_are_named_unless_an_earlier_model_knows_them(tmp_path: Path) -> None:
    X, y = draw_example("regressor", rows=3000)
    X = X.copy()
    X[:1000, 2] = 7
    texts = HYPERPARAMETERS["regressor"] | FEW | {"mini_batch_size": "100", "num_point_for_scaler": "500"}
    first, second = Recorder(), Recorder()
    result = fit(Work(texts, {"train": [(X, y)]}, first))
    assert any(
        line.startswith("Features that vary, but not in the first rows") and "'f2'" in line for line in first.said
    )
    write_artifact(result.model, tmp_path)
    fit(Work(texts, {"train": [(X, y)]}, second, start_folder=tmp_path))
    assert not any("not in the first rows" in line for line in second.said)


def test_a_job_that_starts_from_a_model_keeps_the_names_of_its_classes(tmp_path: Path) -> None:
    first = fit(
        work("binary_classifier", Recorder(), read_columns=columns_asked_for(Columns(classes=("no", "yes")), []))
    )
    save_model(first, tmp_path)
    assert fit(work("binary_classifier", Recorder(), start_folder=tmp_path)).model.class_names == ("no", "yes")


def test_an_earlier_model_of_other_features_is_refused(tmp_path: Path) -> None:
    columns = columns_asked_for(Columns(NAMES, "y"), [])
    save_model(fit(work("regressor", Recorder(), read_columns=columns)), tmp_path)
    assert load_model(tmp_path).names == NAMES
    others = columns_asked_for(Columns(("a", "b", "c", "d", "z"), "y"), [])
    with pytest.raises(InputError, match=r"Only the model has 'e', only the channel 'z'"):
        fit(work("regressor", Recorder(), read_columns=others, start_folder=tmp_path))


def test_the_report_tells_the_hyperparameters_and_the_seconds_of_the_job() -> None:
    job = work("binary_classifier", Recorder(), seconds_by_part={"train": 1.5})
    files = write_report(fit(job), job)
    assert {*files} == {"report.json", "report.html"}
    report = json.loads(files["report.json"])
    assert (report["seconds"], report["hyperparameters"]["given"]) == ({"train": 1.5}, job.hyperparameters)


RECIPE = Recipe(
    (NumberColumn("a", 0.5), CategoryColumn("b", ("x", "y", "z", "w"))),
    Target("bought", ("no", "yes")),
)


def test_what_the_user_says_of_columns_is_asked_for_and_the_recipe_stays_with_the_model(tmp_path: Path) -> None:
    asked = list[ColumnRequest]()

    def read_columns(request: ColumnRequest) -> Columns:
        asked.append(request)
        return Columns(RECIPE.feature_names, "bought", recipe=request.recipe or RECIPE)

    words = {"target": "bought", "positive_label": "yes", "ignore": "id, note", "column_types": "zip=category"}
    words["weight"] = "copies"
    job = work("binary_classifier", Recorder(), read_columns=read_columns)
    result = fit(replace(job, hyperparameters={**job.hyperparameters, **words}))
    kinds = {"zip": "category", "id": "ignore", "note": "ignore"}
    assert asked[0].wishes == ColumnWishes("bought", kinds, 2, "yes", weight="copies")
    assert asked[0].weighed_channels == ("train", "validation")
    assert (result.model.recipe, result.model.names, result.model.label_name) == (
        RECIPE,
        ("a", "b=x", "b=y", "b=z", "b=w"),
        "bought",
    )
    assert result.model.class_names == ("no", "yes")
    save_model(result, tmp_path)
    assert load_model(tmp_path).recipe == RECIPE
    fit(replace(work("binary_classifier", Recorder(), read_columns=read_columns), start_folder=tmp_path))
    assert asked[1].recipe == RECIPE


def test_rows_count_by_what_their_columns_say() -> None:
    weights = {"train": np.tile(np.array([0.5, 1.5], np.float32), 200)}
    columns = columns_asked_for(Columns(row_weights=weights), [])
    asked = fit(work("binary_classifier", Recorder(), read_columns=columns)).model
    assert_same_bits(asked, fit(work("binary_classifier", Recorder(), row_weights=weights)).model)
    assert asked.weight.tobytes() != fit(work("binary_classifier", Recorder())).model.weight.tobytes()


def test_the_report_tells_of_the_columns_and_names_the_classes() -> None:
    columns = columns_asked_for(Columns(RECIPE.feature_names, "bought", recipe=RECIPE), [])
    job = work("binary_classifier", Recorder(), read_columns=columns)
    files = write_report(fit(job), job)
    report = json.loads(files["report.json"])
    assert report["classes"] == ["no", "yes"]
    assert [entry["column"] for entry in report["columns"]] == ["bought", "a", "b"]
    features = [entry["feature"].partition("=")[0] for entry in report["weights"]]
    assert features in (["a", *"bbbb"], [*"bbbb", "a"])
    for text in ("said yes", "is no", "What became of the columns", "said to be yes"):
        assert text in files["report.html"]
    assert any("is called yes" in line for line in describe_report(report))
