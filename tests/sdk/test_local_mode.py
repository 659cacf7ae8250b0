"""The programs of docs/sagemaker.md as printed there, run by Amazon's SDK against the image."""

import ast
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.demo import lay_out
from linear_learner.loading import load
from tests.contract.conftest import DATA, free_port
from tests.contract.launch import IMAGE
from tests.page import read_blocks

pytestmark = pytest.mark.usefixtures("image")
Run = Callable[[str, str], Any]

# docker-compose 1.29 passes over the status of a container that the engine still calls running, and tells the SDK 0.
COMPOSE_TRIES = 4


@pytest.fixture
def run(sdk: Callable[[str], str], tmp_path: Path) -> Iterator[Run]:
    """Run the program under a heading on the example and give an expression of its end.

    The containers that the SDK leaves are removed. What it prints is no answer: the server's log runs in between.
    """
    lay_out(tmp_path / "opt_ml")
    blocks = read_blocks("python")
    beginning = blocks.pop("Local mode of the SageMaker Python SDK")
    port = str(free_port())
    before = containers()

    def run(title: str, expression: str) -> Any:
        program = (beginning + blocks[title]).replace("8080", port).replace("open-linear-learner:dev", IMAGE)
        sdk(f"{program}\nPath('answer').write_text(repr({expression}))")
        return ast.literal_eval((tmp_path / "answer").read_text())

    yield run
    if left := containers() - before:
        subprocess.run(["docker", "rm", "--force", *left], check=True, stdout=subprocess.DEVNULL)


def containers() -> set[str]:
    command = ["docker", "ps", "--all", "--quiet", f"--filter=ancestor={IMAGE}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def expected(tmp_path: Path, split: str, rows: int) -> dict[str, list[Any]]:
    """What the model that the SDK was given says about the first rows."""
    with tarfile.open(next((tmp_path / "opt_ml").rglob("output/**/model.tar.gz"))) as package:
        package.extractall(tmp_path / "model", filter="data")
    X = np.loadtxt(DATA / f"{split}.csv", delimiter=",", dtype=np.float32)[:rows, 1:]
    return {name: column.tolist() for name, column in load(tmp_path / "model").predict(X).items()}


def test_an_estimator_is_fitted_deployed_and_asked_in_csv_and_json(run: Run, tmp_path: Path) -> None:
    as_csv, as_json = run("Train, deploy, predict", "(as_csv, as_json)")
    model = expected(tmp_path, "validation", 1)
    answer = {"score": model["score"][0], "predicted_label": model["predicted_label"][0]}
    assert as_json == {"predictions": [answer]}
    assert as_csv == {"predictions": [answer, answer]}


def test_the_linear_learner_classes_of_the_sdk_work_as_they_are(run: Run, tmp_path: Path) -> None:
    answers = run("The SDK's own LinearLearner classes", "answers")
    model = expected(tmp_path, "train", 2)
    assert [answer["predicted_label"] for answer in answers] == model["predicted_label"]
    np.testing.assert_allclose([answer["score"] for answer in answers], model["score"], atol=1e-7)


def test_a_job_that_fails_raises_and_leaves_its_reason(run: Run) -> None:
    reason = None
    for _ in range(COMPOSE_TRIES):
        try:
            reason = run("A job that fails", "reason")
            break
        except AssertionError as error:
            if "name 'reason' is not defined" not in str(error):
                raise
    assert reason == (
        "ClientError: The hyperparameters have these faults:\n"
        "- epoch: there is no such hyperparameter; did you mean epochs?"
    )
