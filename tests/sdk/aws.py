"""Programs that need an AWS account, and the calls that they would make: AWS is made up, and takes each request."""

import json
from pathlib import Path
from typing import Any

from tests.needs import SDK
from tests.sdk.programs import prepare_sdk

# Every call ends where it would be sent: its parameters are noted, with what is wrong with them by the service's own
# model, of which botocore itself checks only types, names and lower bounds, and answered as by a service that is done.
AWS = r"""
import io
import json
import re
import time
from types import SimpleNamespace

import botocore.session

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
    if model.name.startswith("Create"):
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
        "HyperParameterTuningJobStatus": "Completed",
        "BestTrainingJob": {
            "TrainingJobName": "best", "TrainingJobArn": "x", "TrainingJobStatus": "Completed",
            "CreationTime": time.time(), "TunedHyperParameters": {},
        },
    },
    "DescribeTransformJob": lambda: {"TransformJobStatus": "Completed"},
    "DescribeEndpoint": lambda: {"EndpointStatus": "InService", "EndpointConfigName": "x", "EndpointArn": "x"},
    "CreateEndpoint": lambda: {"EndpointArn": "x"},
    "DescribeLogStreams": lambda: {"logStreams": []},
    "HeadObject": lambda: {"ContentLength": 1},
    "InvokeEndpoint": lambda: {"Body": io.BytesIO(b'{"predictions": []}'), "ContentType": "application/json"},
}


def answer(model, **context):
    return SimpleNamespace(status_code=200, headers={}), {
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}},
        **created.get(model.name.replace("Describe", "Create"), {}),
        **ANSWERS.get(model.name, dict)(),
    }


def make_session(*arguments, make=botocore.session.get_session, **options):
    session = make(*arguments, **options)
    session.register("provide-client-params", note)
    session.register("before-call", answer)
    return session


time.sleep = lambda seconds: None
botocore.session.get_session = make_session
"""


Call = tuple[str, dict[str, Any], list[str]]


def note_calls(folder: Path, program: str, python: Path = SDK) -> list[Call]:
    """Run a program in a folder; give the calls it makes: operation, parameters and what is wrong with them."""
    settings = folder / "config.yaml"
    settings.write_text("{SchemaVersion: '1.0', SageMaker: {PythonSDK: {Modules: {TelemetryOptOut: true}}}}")
    run = prepare_sdk(folder, python, SAGEMAKER_USER_CONFIG_OVERRIDE=str(settings), AWS_DEFAULT_REGION="us-east-1")
    run(f"{AWS}\n{program}\nwith open('calls', 'w') as file:\n    json.dump(calls, file)")
    return [tuple(call) for call in json.loads((folder / "calls").read_text())]
