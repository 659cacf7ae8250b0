"""`train` as SageMaker starts it."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from linear_learner.loading import load
from tests.contract.conftest import CSV, RECORDIO, Job, example_job, read_example

ARTIFACT = ["additional-params.json", "manifest.json", "model_algo-1", "mx-mod-0000.params", "mx-mod-symbol.json"]


def test_a_job_leaves_the_documented_artifact_and_its_package(trained: Job) -> None:
    assert sorted(path.name for path in (trained.root / "model").iterdir()) == ARTIFACT
    with tarfile.open(trained.root / "output" / "model.tar.gz") as package:
        assert sorted(package.getnames()) == ARTIFACT
    assert not (trained.root / "output" / "failure").exists()


def test_the_model_is_right_on_rows_it_never_saw(trained: Job) -> None:
    X, y = read_example("test")
    assert (load(trained.root / "model").predict(X)["predicted_label"] == y).mean() >= 0.96


@pytest.mark.parametrize("content_type", [CSV, RECORDIO, None])
def test_csv_and_recordio_give_the_same_model_to_the_last_bit(
    trained: Job, tmp_path: Path, content_type: str | None
) -> None:
    job = example_job(tmp_path, content_type)
    assert job.train().returncode == 0
    np.testing.assert_array_equal(load(tmp_path / "model").weight, load(trained.root / "model").weight)
    assert load(tmp_path / "model").threshold == load(trained.root / "model").threshold


def test_on_the_platform_sagemaker_packs_the_model(tmp_path: Path) -> None:
    job = example_job(tmp_path, CSV, epochs="1", num_models="1")
    job.environment["TRAINING_JOB_ARN"] = "arn:aws:sagemaker:eu-west-1:000000000000:training-job/x"
    assert job.train().returncode == 0
    assert (tmp_path / "model" / "mx-mod-0000.params").is_file()
    assert not (tmp_path / "output" / "model.tar.gz").exists()


def test_every_bad_hyperparameter_is_named_at_once_without_a_trace(tmp_path: Path) -> None:
    job = example_job(tmp_path, CSV, epoch="3", learning_rate="fast")
    result = job.train()
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert job.failure.splitlines() == [
        "ClientError: The hyperparameters have these faults:",
        "- epoch: there is no such hyperparameter; did you mean epochs?",
        "- learning_rate: expected auto or a number in (0, inf), found 'fast'",
    ]


def test_a_label_out_of_range_fails_the_job_with_channel_and_row(tmp_path: Path) -> None:
    job = example_job(tmp_path, CSV)
    job.channel("train", "part.csv", b"0,1,2\n1,3,4\n7,5,6\n")
    result = job.train()
    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert job.failure.startswith("ClientError: Channel 'train', row 3: expected a label among the integers 0 to 1")


def test_quoted_values_and_capital_booleans_are_understood(tmp_path: Path) -> None:
    job = example_job(tmp_path, CSV)
    job.write(
        "hyperparameters",
        {"predictor_type": '"binary_classifier"', "use_bias": "True", "epochs": "2.0", "num_models": 2},
    )
    result = job.train()
    assert result.returncode == 0, result.stdout
    assert '"epoch": 1, "model": 1}' in result.stdout


def test_the_log_is_in_the_originals_format(tmp_path: Path) -> None:
    log = example_job(tmp_path, CSV, epochs="2").train().stdout
    assert "#quality_metric: host=algo-1, epoch=0, train binary_classification_cross_entropy_objective <loss>=" in log
    assert "#progress_metric: host=algo-1, completed 50.0 % of epochs" in log
    assert "#validation_score (algo-1) : ('binary_classification_accuracy', " in log
    assert 'Best model found for hyperparameters: {"optimizer": ' in log
    for line in log.splitlines():
        if line.startswith("#metrics "):
            assert json.loads(line.removeprefix("#metrics "))["Dimensions"]["Algorithm"] == "Linear Learner"
