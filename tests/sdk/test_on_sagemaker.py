"""The programs of docs/sagemaker.md and the README that need an account: AWS takes each of their requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from linear_learner.measuring.log_metrics import METRICS
from linear_learner.options.hyperparameters import declarations, parse_hyperparameters
from open_algorithms import VERSION
from tests.page import describe_algorithm, read_blocks
from tests.sdk.programs import prepare_sdk

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


# Every call ends where it would be sent: its parameters are noted, with what is wrong with them by the service's own
# model, of which botocore itself checks only types, names and lower bounds, and answered as by a service that is done.
AWS = r"""
import io
import json
import re
import time
from types import SimpleNamespace

import boto3
from sagemaker import utils

ACCOUNT, ROLE_ARN = "0" * 12, "arn:aws:iam::000000000000:role/service-role/sagemaker"
created, calls = {}, []


def faults(shape, value, place):
    limits = shape.metadata
    if shape.type_name == "structure":
        for name, member in value.items():
            yield from faults(shape.members[name], member, f"{place}.{name}")
    elif shape.type_name == "list":
        for member in value:
            yield from faults(shape.member, member, f"{place}[]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from faults(shape.key, name, f"{place} key")
            yield from faults(shape.value, member, f"{place}.{name}")
    size = len(value) if hasattr(value, "__len__") else value
    if "max" in limits and size > limits["max"]:
        yield f"{place}: {size} is over {limits['max']}"
    if getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{place}: {value} is none of {shape.enum}"
    if r"\p" not in limits.get("pattern", r"\p") and not re.fullmatch(limits["pattern"], value):
        yield f"{place}: {value} does not match {limits['pattern']}"


def note(params, model, **context):
    ours = model.service_model.service_name.startswith("sagemaker")
    calls.append([model.name, params, list(faults(model.input_shape, params, model.name)) if ours else []])
    if model.name in ("CreateTrainingJob", "CreateHyperParameterTuningJob"):
        created[model.name] = params


def job():
    tuned = created.get("CreateHyperParameterTuningJob", {}).get("TrainingJobDefinition", {})
    one = created.get("CreateTrainingJob", tuned)
    return {
        **one,
        "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/x",
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": one["OutputDataConfig"]["S3OutputPath"] + "/x/output/model.tar.gz"},
    }


ANSWERS = {
    "GetCallerIdentity": lambda: {
        "Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/sagemaker/x", "UserId": "x"
    },
    "ListBuckets": lambda: {"Buckets": []},
    "GetRole": lambda: {"Role": {"Arn": ROLE_ARN}},
    "DescribeRepositories": lambda: {"repositories": [{"repositoryUri": "registry.example/open-linear-learner"}]},
    "CreateTrainingJob": lambda: {"TrainingJobArn": "x"},
    "DescribeTrainingJob": job,
    "CreateHyperParameterTuningJob": lambda: {"HyperParameterTuningJobArn": "x"},
    "DescribeHyperParameterTuningJob": lambda: {
        "HyperParameterTuningJobStatus": "Completed", "BestTrainingJob": {"TrainingJobName": "best"}
    },
    "DescribeTransformJob": lambda: {"TransformJobStatus": "Completed", "TransformResources": {"InstanceCount": 1}},
    "DescribeEndpoint": lambda: {"EndpointStatus": "InService", "EndpointConfigName": "x", "EndpointArn": "x"},
    "CreateEndpoint": lambda: {"EndpointArn": "x"},
    "DescribeLogStreams": lambda: {"logStreams": []},
    "HeadObject": lambda: {"ContentLength": 1},
    "InvokeEndpoint": lambda: {"Body": io.BytesIO(b'{"predictions": []}'), "ContentType": "application/json"},
}


def answer(model, **context):
    return SimpleNamespace(status_code=200, headers={}), {
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}, **ANSWERS.get(model.name, dict)()
    }


time.sleep = utils.validate_sagemaker_config = lambda *arguments: None  # what takes time
boto3.setup_default_session(region_name="us-east-1")
boto3.DEFAULT_SESSION.events.register("provide-client-params", note)
boto3.DEFAULT_SESSION.events.register("before-call", answer)
"""


Call = tuple[str, dict[str, Any], list[str]]


def note_calls(folder: Path, program: str) -> list[Call]:
    """Run a program in a folder; give the calls it makes: operation, parameters and what is wrong with them."""
    settings = folder / "config.yaml"
    settings.write_text("{SchemaVersion: '1.0', SageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}}")
    run = prepare_sdk(folder, SAGEMAKER_USER_CONFIG_OVERRIDE=str(settings))
    run(f"{AWS}\n{program}\nwith open('calls', 'w') as file:\n    json.dump(calls, file)")
    return [tuple(call) for call in json.loads((folder / "calls").read_text())]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Give the calls that the programs make, one after the other."""
    folder = tmp_path_factory.mktemp("on_sagemaker")
    describe_algorithm(folder)
    blocks = read_blocks("python")
    return note_calls(folder, "".join(blocks[title] for title in PROGRAMS))


def test_the_notebook_of_the_readme_sends_valid_requests_for_the_image(tmp_path: Path) -> None:
    calls = note_calls(tmp_path, read_blocks("python", "../README.md")["A SageMaker notebook that does not change"])
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
