"""The programs of docs/local_mode.md as printed there, run by Amazon's SDK against the image."""

import ast
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.demo import lay_out_job
from linear_learner.artifact.read import load_model
from linear_learner.measuring.log_metrics import METRICS
from linear_learner.objective.model import LinearModel
from open_algorithms.factorization_machines.artifact.read import load_model as load_machine
from open_algorithms.k_means.artifact.read import load_model as load_centers
from open_algorithms.pca.artifact.read import load_model as load_components
from tests.contract.example import read_example
from tests.contract.leftovers import remove_containers
from tests.needs import IMAGE, TOP
from tests.page import describe_algorithm, read_blocks
from tests.ports import claim_port
from tests.sdk.programs import run_failing

pytestmark = [pytest.mark.image, pytest.mark.sdk]
Run = Callable[..., Any]


@pytest.fixture
def run(sdk: Callable[[str], str], tmp_path: Path) -> Iterator[Run]:
    """Run the programs under some headings as one on the example and give an expression of its end.

    The containers that the SDK leaves are removed. What it prints is no answer: the server's log runs in between.
    """
    lay_out_job(tmp_path / "opt_ml")
    blocks = read_blocks("python")
    beginning = blocks.pop("Local mode of the SageMaker Python SDK")
    port = str(claim_port())

    def run(*titles: str, expression: str) -> Any:
        program = (
            "".join([beginning, *(blocks[title] for title in titles)])
            .replace("8080", port)
            .replace("open-linear-learner:dev", IMAGE)
        )
        sdk(f"{program}\nPath('answer').write_text(repr({expression}))")
        return ast.literal_eval((tmp_path / "answer").read_text())

    yield run
    remove_containers(tmp_path)


def unpacked(package: Path) -> LinearModel:
    """Read a packed model."""
    folder = package.parent / "unpacked"
    with tarfile.open(package) as files:
        files.extractall(folder, filter="data")
    return load_model(folder)


def expected(package: Path, split: str, rows: int | None) -> dict[str, list[Any]]:
    """What a packed model says about the first rows."""
    X, _ = read_example(split)
    return {name: column.tolist() for name, column in unpacked(package).predict(X[:rows]).items()}


def fitted(tmp_path: Path) -> Path:
    """Find the model that the SDK was given."""
    return next((tmp_path / "opt_ml").rglob("output/**/model.tar.gz"))


def test_an_estimator_is_fitted_deployed_asked_in_csv_and_json_and_transforms_a_file(run: Run, tmp_path: Path) -> None:
    as_csv, as_json, scores = run("Train, deploy, predict", "Batch transform", expression="(as_csv, as_json, scores)")
    model = expected(fitted(tmp_path), "validation", None)
    answer = {"score": model["score"][0], "predicted_label": model["predicted_label"][0]}
    assert as_json == {"predictions": [answer]}
    assert as_csv == {"predictions": [answer, answer]}
    rows = [[float(text) for text in line.split(",")] for line in scores]
    np.testing.assert_allclose(rows, np.column_stack([model["score"], model["predicted_label"]]), atol=1e-7)


def test_the_linear_learner_classes_of_the_sdk_work_as_they_are(run: Run, tmp_path: Path) -> None:
    answers = run("The SDK's own LinearLearner classes", expression="answers")
    model = expected(fitted(tmp_path), "train", 2)
    assert [answer["predicted_label"] for answer in answers] == model["predicted_label"]
    np.testing.assert_allclose([answer["score"] for answer in answers], model["score"], atol=1e-7)


def test_the_pca_and_kmeans_classes_of_the_sdk_work_as_they_are(run: Run, tmp_path: Path) -> None:
    title = "The SDK's own PCA and KMeans classes"
    (components, clusters), features, projections, nearest, distances = run(
        title, expression="((components, clusters), features.tolist(), projections.tolist(), nearest, distances)"
    )
    packages = [Path(package.removeprefix("file://")) for package in (components, clusters)]
    X, projected = np.array(features, np.float32), np.array(projections, np.float32)
    np.testing.assert_array_equal(load_components(packages[0]).predict(X)["projection"], projected)
    answers = load_centers(packages[1]).predict(projected)
    np.testing.assert_array_equal(answers["closest_cluster"][:, None], nearest)
    np.testing.assert_array_equal(answers["distance_to_cluster"][:, None], np.array(distances, np.float32))
    assert [*map(len, (features, features[0], projections[0], set(map(tuple, nearest))))] == [342, 30, 5, 4]


def test_the_factorization_machines_classes_of_the_sdk_work_as_they_are(run: Run) -> None:
    package, kind, answers = run(
        "The SDK's own FactorizationMachines classes",
        expression="(learner.model_data, type(predictor).__name__, answers)",
    )
    X, y = read_example("train")
    model = load_machine(Path(package.removeprefix("file://")))
    expected = model.predict(X)
    assert kind == "FactorizationMachinesPredictor"
    assert [answer["predicted_label"] for answer in answers] == expected["predicted_label"][:5].tolist()
    np.testing.assert_allclose([answer["score"] for answer in answers], expected["score"][:5], atol=1e-6)
    assert np.mean(expected["predicted_label"] == y) > 0.95


def test_a_tuning_loop_finds_the_figures_of_its_jobs_in_the_log_and_keeps_the_best(run: Run, tmp_path: Path) -> None:
    describe_algorithm(tmp_path)
    (tmp_path / "linear_learner").symlink_to(TOP / "linear_learner")
    trials, best, figures = run(
        "Tune",
        expression="([(figure, drawn, job.model_data) for figure, drawn, job in trials], job.model_data,"
        " {name: [float(text) for text in re.findall(regex, log.getvalue())] for name, regex in regexes.items()})",
    )
    assert len({str(drawn) for _, drawn, _ in trials}) == 3
    assert best == min(trials, key=lambda trial: trial[0])[2]
    X, y = read_example("validation")
    for figure, _, package in trials:
        model = unpacked(Path(package.removeprefix("file://")))
        margin = (X @ model.weight + model.bias)[:, 0] * (2 * y - 1)
        assert figure == pytest.approx(np.mean(np.logaddexp(0, -margin)), rel=1e-4)
    assert figures["validation:binary_classification_accuracy"] == [np.mean(model.predict(X)["predicted_label"] == y)]
    printed = {metric.name for metric in METRICS if "binary_classifier" in metric.predictors}
    assert {name for name, values in figures.items() if values} == {
        name for name in printed if not name.startswith("test:")
    }


def test_two_hosts_train_one_model(run: Run) -> None:
    package = run("Two hosts", expression="estimator.model_data")
    X, y = read_example("validation")
    model = unpacked(Path(package.removeprefix("file://")))
    assert np.mean(model.predict(X)["predicted_label"] == y) >= 0.96


def test_a_job_that_fails_raises_and_leaves_its_reason(run: Run) -> None:
    assert run_failing(run, "A job that fails") == (
        "ClientError: The hyperparameters have these faults:\n"
        "- epoch: there is no such hyperparameter; did you mean epochs?"
    )
