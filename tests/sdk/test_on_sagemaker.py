"""The programs of docs/sagemaker.md and the README that need an account: AWS takes each of their requests."""

from pathlib import Path
from typing import Any

import pytest

from linear_learner.measuring.log_metrics import METRICS
from linear_learner.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms import VERSION
from tests.page import describe_algorithm, read_blocks
from tests.sdk.aws import Call, note_calls

pytestmark = pytest.mark.sdk

PROGRAMS = (
    "On SageMaker",
    "A training job",
    "An endpoint",
    "A transform job",
    "A tuning job",
    "An endpoint of many models",
    "Spot instances and checkpoints",
    "From a model to the next",
)
QUICK = "from sagemaker import utils\nutils.validate_sagemaker_config = lambda *arguments: None\n"  # it takes seconds


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Give the calls that the programs make, one after the other."""
    folder = tmp_path_factory.mktemp("on_sagemaker")
    describe_algorithm(folder)
    blocks = read_blocks("python")
    return note_calls(folder, f"{QUICK}{''.join(blocks[title] for title in PROGRAMS)}")


def test_the_notebook_of_the_readme_sends_valid_requests_for_the_image(tmp_path: Path) -> None:
    program = read_blocks("python", "../README.md")["A SageMaker notebook that does not change"]
    calls = note_calls(tmp_path, f"{QUICK}{program}")
    assert [(name, faults) for name, _, faults in calls if faults] == []
    sent = {name: parameters for name, parameters, _ in calls}
    job = sent["CreateTrainingJob"]
    assert parse_hyperparameters(job["HyperParameters"]).feature_dim == 784
    image = job["AlgorithmSpecification"]["TrainingImage"]
    assert image.endswith(f"/open-linear-learner:{VERSION}")  # what make push pushes
    assert sent["CreateModel"]["PrimaryContainer"]["Image"] == image
    assert "CreateEndpoint" in sent


def test_the_programs_that_need_an_account_send_valid_requests_and_leave_no_endpoint(calls: list[Call]) -> None:
    assert [(name, faults) for name, _, faults in calls if faults] == []
    sent: dict[str, list[dict[str, Any]]] = {}
    for name, parameters, _ in calls:
        sent.setdefault(name, []).append(parameters)
    first, spot, later = sent["CreateTrainingJob"]
    for job in (first, spot, later):
        assert parse_hyperparameters(job["HyperParameters"]).predictor_type == "binary_classifier"
    assert first["AlgorithmSpecification"]["TrainingImage"].endswith(f":{VERSION}")  # what make push pushes
    assert first["EnableNetworkIsolation"]
    assert spot["EnableManagedSpotTraining"]
    assert spot["CheckpointConfig"]["S3Uri"].startswith("s3://")
    assert spot["StoppingCondition"]["MaxWaitTimeInSeconds"] >= spot["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert [channel["ChannelName"] for channel in later["InputDataConfig"]] == ["train", "validation", "model"]
    assert sent["CreateTransformJob"][0]["DataProcessing"] == {"InputFilter": "$[1:]", "JoinSource": "Input"}
    assert [model["PrimaryContainer"].get("Mode") for model in sent["CreateModel"]] == [None, None, "MultiModel"]
    assert sent["InvokeEndpoint"][1]["TargetModel"] == Path(sent["CopyObject"][0]["Key"]).name
    names = [[request["EndpointName"] for request in sent[f"{what}Endpoint"]] for what in ("Create", "Delete")]
    assert names[0] == names[1]


def test_what_the_page_tunes_is_what_the_algorithm_lets_be_tuned(calls: list[Call]) -> None:
    tuning = next(parameters for name, parameters, _ in calls if name == "CreateHyperParameterTuningJob")
    fixed = tuning["TrainingJobDefinition"]["StaticHyperParameters"]
    ranges = tuning["HyperParameterTuningJobConfig"]["ParameterRanges"]
    for tuned in ranges["ContinuousParameterRanges"] + ranges["IntegerParameterRanges"]:
        assert declarations()[tuned["Name"]].tunable
        for bound in ("MinValue", "MaxValue"):
            parse_hyperparameters({**fixed, tuned["Name"]: tuned[bound]})
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    assert objective in [{"Type": metric.direction, "MetricName": metric.name} for metric in METRICS]
