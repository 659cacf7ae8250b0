"""The request that registers the image as an algorithm of an AWS account, printed as JSON for CreateAlgorithm."""

import argparse
import json
import math
import os
from typing import Any

from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS, TRAINING_TYPES
from container.contract.environment import INPUT_MODES
from open_algorithms.doors.algorithms import find_algorithm
from open_algorithms.learning.job.card import Card, ChannelCard
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.options.declaration import AUTO, BOOLEANS, Declaration, Interval, load_declarations

Json = dict[str, Any]

LARGEST_INTEGER = 2**31 - 1  # what Amazon's own images declare where there is no bound
INSTANCES = [
    *(f"ml.{family}.large" for family in ("m5", "m6i", "m7i")),
    *(
        f"ml.{family}.{size}"
        for family in ("m4", "m5", "m6i", "m7i", "c4", "c5", "c6i", "c7i")
        for size in ("xlarge", "2xlarge", "4xlarge")
    ),
    *(f"ml.{family}.{size}" for family in ("m6i", "m7i", "c6i", "c7i") for size in ("8xlarge", "16xlarge")),
]


def build_request(card: Card, image: str, name: str, digest: str | None = None, trial: Json | None = None) -> Json:
    """Return the CreateAlgorithm request for the algorithm of `card` in `image`.

    `trial` is its ValidationSpecification, if the service is to try it.
    """
    objectives = [{"Type": metric.direction, "MetricName": metric.name} for metric in card.metrics if metric.direction]
    return {
        "AlgorithmName": name,
        "AlgorithmDescription": card.about,
        "TrainingSpecification": {
            "TrainingImage": image,
            **({"TrainingImageDigest": digest} if digest else {}),
            "SupportedHyperParameters": [
                hyperparameter_specification(declaration)
                for declaration in load_declarations(card.declaration).values()
            ],
            "SupportedTrainingInstanceTypes": INSTANCES,
            "SupportsDistributedTraining": True,
            "MetricDefinitions": [{"Name": metric.name, "Regex": metric.regex} for metric in card.metrics],
            "TrainingChannels": channel_specifications(card),
            **({"SupportedTuningJobObjectiveMetrics": objectives} if objectives else {}),
        },
        "InferenceSpecification": {
            "Containers": [{"Image": image, **({"ImageDigest": digest} if digest else {})}],
            "SupportedTransformInstanceTypes": INSTANCES,
            "SupportedRealtimeInferenceInstanceTypes": INSTANCES,
            "SupportedContentTypes": list(REQUEST_DECODERS),
            "SupportedResponseMIMETypes": list(ANSWER_ENCODINGS),
        },
        **({"ValidationSpecification": trial} if trial else {}),
    }


def hyperparameter_specification(declaration: Declaration) -> Json:
    """Return the specification of one hyperparameter.

    The service tunes only ranges, and a numeric range cannot also be `auto`. A tunable hyperparameter is therefore a
    number, without a default where that is auto; any other number that may be auto is free text. The service sends
    defaults to every job, so a hyperparameter that applies to some jobs only has none either.
    """
    tunable = bool(declaration.tunable) or "optimizer" in declaration.applies
    kind, values = _type_and_range(declaration, tunable)
    number = kind in ("Integer", "Continuous")
    default = None if declaration.applies or (number and declaration.default == AUTO) else declaration.default
    return {
        "Name": declaration.name,
        "Description": declaration.about,
        "Type": kind,
        **({"Range": {f"{kind}ParameterRangeSpecification": values}} if values else {}),
        "IsTunable": tunable,
        "IsRequired": declaration.default is None,
        **({"DefaultValue": default} if default else {}),
    }


def _type_and_range(declaration: Declaration, tunable: bool) -> tuple[str, Json | None]:
    """Return the service's type of a hyperparameter, and its range if there is one."""
    auto = [AUTO] if declaration.auto else []
    if declaration.type == "switch":
        words = [form for word in BOOLEANS for form in dict.fromkeys((word, word.capitalize()))]
        return "Categorical", {"Values": [*words, *auto]}
    if declaration.range is None:
        closed = bool(declaration.choices)
        return ("Categorical", {"Values": [*declaration.choices, *auto]}) if closed else ("FreeText", None)
    if (declaration.auto or declaration.choices) and not tunable:
        return "FreeText", None
    if declaration.type == "integer":
        high = min(declaration.range.high, LARGEST_INTEGER)
        return "Integer", {"MinValue": str(int(declaration.range.low)), "MaxValue": str(int(high))}
    low, high = _closed_bounds(declaration.range)
    return "Continuous", {"MinValue": repr(low), "MaxValue": repr(high)}


def _closed_bounds(interval: Interval) -> tuple[float, float]:
    """Return the lowest and the highest float inside the interval."""
    low = interval.low if interval.closed_low else math.nextafter(interval.low, math.inf)
    high = interval.high if interval.closed_high else math.nextafter(interval.high, -math.inf)
    return low, high


def channel_specifications(card: Card) -> list[Json]:
    """Describe the channels: of data, and of a model to go on from, if there is one."""
    data = {
        "SupportedContentTypes": TRAINING_TYPES,
        "SupportedCompressionTypes": ["None", "Gzip"],
        "SupportedInputModes": list(INPUT_MODES),
    }
    model = {
        "SupportedContentTypes": ["application/x-sagemaker-model"],
        "SupportedCompressionTypes": ["None"],
        "SupportedInputModes": ["File"],
    }

    def specify(channel: ChannelCard, kind: Json) -> Json:
        return {"Name": channel.name, "Description": channel.about, "IsRequired": channel.required, **kind}

    starts = [] if card.start_channel is None else [card.start_channel]
    return [*(specify(channel, data) for channel in card.channels), *(specify(channel, model) for channel in starts)]


def validation_job(card: Card, data: str, role: str) -> Json:
    """Return the trial job: on the CSV files in the channel's folder below `data`, an S3 URI."""
    channel = card.channels[0].name
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{data}/{channel}", "S3DataDistributionType": "FullyReplicated"}
    job = {
        "TrainingInputMode": "File",
        "HyperParameters": dict(card.trial),
        "InputDataConfig": [
            {"ChannelName": channel, "DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        ],
        "OutputDataConfig": {"S3OutputPath": f"{data}/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    return {"ValidationRole": role, "ValidationProfiles": [{"ProfileName": "train", "TrainingJobDefinition": job}]}


def main() -> None:
    """Read the command line and print the request for the algorithm that ALGORITHM names."""
    parser = argparse.ArgumentParser(prog="publishing.algorithm", description=__doc__, allow_abbrev=False)
    parser.add_argument("--image", required=True, help="address of the image in ECR, with its tag")
    parser.add_argument("--digest", help="sha256:... of the image, so that no later push under the tag is taken")
    parser.add_argument("--name", help="name of the algorithm in the account (open-linear-learner)")
    parser.add_argument("--role", help="IAM role by which the service tries the algorithm; needs --data")
    parser.add_argument("--data", help="S3 address below which train/ holds the example's CSV; needs --role")
    chosen = parser.parse_args()
    if bool(chosen.role) != bool(chosen.data):
        found = "a role without data" if chosen.role else "data without a role"
        parser.error(f"expected --role and --data or neither of them, found {found}.")
    try:
        algorithm = find_algorithm(os.environ)
    except InputError as error:
        parser.error(str(error))
    card, name = algorithm.card, chosen.name or f"open-{algorithm.word.replace('_', '-')}"
    trial = validation_job(card, chosen.data.rstrip("/"), chosen.role) if chosen.role else None
    print(json.dumps(build_request(card, chosen.image, name, chosen.digest, trial), indent=2))


if __name__ == "__main__":
    main()
