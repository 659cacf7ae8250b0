"""The programs of docs/sdk_v3.md that need an account: AWS takes each of their requests."""

from pathlib import Path
from typing import Any

import pytest

from linear_learner.measuring.log_metrics import METRICS
from linear_learner.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms import VERSION
from tests.needs import SDK3
from tests.page import describe_algorithm, read_blocks
from tests.sdk.aws import Call, note_calls

pytestmark = pytest.mark.sdk3

PROGRAMS = (
    "With an AWS account",
    "A trainer on SageMaker",
    "An endpoint and its resources",
    "A transformer on SageMaker",
    "A tuner on SageMaker",
    "An algorithm of your account",
    "Many models behind one endpoint",
    "Spot instances by a trainer",
    "From one trainer to the next",
)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Give the calls that the programs make, one after the other."""
    folder = tmp_path_factory.mktemp("v3_on_sagemaker")
    describe_algorithm(folder)
    blocks = read_blocks("python", "sdk_v3.md")
    return note_calls(folder, "".join(blocks[title] for title in PROGRAMS), SDK3)


@pytest.fixture(scope="module")
def sent(calls: list[Call]) -> dict[str, list[dict[str, Any]]]:
    """Give the parameters of the calls by operation."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, parameters, _ in calls:
        found.setdefault(name, []).append(parameters)
    return found


def test_the_programs_send_valid_requests_and_leave_no_endpoint(
    calls: list[Call], sent: dict[str, list[dict[str, Any]]]
) -> None:
    assert [(name, faults) for name, _, faults in calls if faults] == []
    assert [model["PrimaryContainer"].get("Mode") for model in sent["CreateModel"]] == [None, "MultiModel"]
    assert sent["CreateTransformJob"][0]["DataProcessing"] == {"InputFilter": "$[1:]", "JoinSource": "Input"}
    assert sent["InvokeEndpoint"][1]["TargetModel"] == Path(sent["CopyObject"][0]["Key"]).name
    assert sent["CreateModel"][1]["PrimaryContainer"]["ModelDataUrl"].endswith(
        f"/{Path(sent['CopyObject'][0]['Key']).parent}/"
    )
    names = [[request["EndpointName"] for request in sent[f"{what}Endpoint"]] for what in ("Create", "Delete")]
    assert names[0] == names[1] == ["linear", "many"]


def test_every_job_is_one_that_the_image_accepts(sent: dict[str, list[dict[str, Any]]]) -> None:
    first, by_name, spot, later = sent["CreateTrainingJob"]
    for job in (first, by_name, spot, later):
        assert parse_hyperparameters(job["HyperParameters"]).predictor_type == "binary_classifier"
    specification = first["AlgorithmSpecification"]
    assert specification["TrainingImage"].endswith(f":{VERSION}")  # what make push pushes
    assert {metric["Name"] for metric in specification["MetricDefinitions"]} == {metric.name for metric in METRICS}
    assert [channel["InputMode"] for channel in first["InputDataConfig"]] == ["FastFile", "FastFile"]
    assert first["EnableNetworkIsolation"]
    assert by_name["AlgorithmSpecification"]["AlgorithmName"] == "open-linear-learner"
    assert spot["EnableManagedSpotTraining"]
    assert spot["CheckpointConfig"]["S3Uri"].startswith("s3://")
    assert spot["StoppingCondition"]["MaxWaitTimeInSeconds"] >= spot["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert [channel["ChannelName"] for channel in later["InputDataConfig"]] == ["train", "validation", "model"]


def test_what_is_tuned_is_what_the_algorithm_lets_be_tuned(sent: dict[str, list[dict[str, Any]]]) -> None:
    (tuning,) = sent["CreateHyperParameterTuningJob"]
    fixed = tuning["TrainingJobDefinition"]["StaticHyperParameters"]
    ranges = tuning["HyperParameterTuningJobConfig"]["ParameterRanges"]
    tuned = ranges["ContinuousParameterRanges"] + ranges["IntegerParameterRanges"]
    assert len(tuned) == 3
    for one in tuned:
        assert declarations()[one["Name"]].tunable
        for bound in ("MinValue", "MaxValue"):
            parse_hyperparameters({**fixed, one["Name"]: one[bound]})
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    assert objective in [{"Type": metric.direction, "MetricName": metric.name} for metric in METRICS]


def test_the_trainer_of_the_readme_sends_a_valid_request_for_the_image(tmp_path: Path) -> None:
    calls = note_calls(tmp_path, read_blocks("python", "../README.md")["With version 3 of the SDK"], SDK3)
    assert [(name, faults) for name, _, faults in calls if faults] == []
    (job,) = (parameters for name, parameters, _ in calls if name == "CreateTrainingJob")
    assert parse_hyperparameters(job["HyperParameters"]).feature_dim == 784
    assert job["AlgorithmSpecification"]["TrainingImage"].endswith(f"/open-linear-learner:{VERSION}")
