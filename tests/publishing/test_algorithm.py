"""The request of CreateAlgorithm: valid by the service's own model, and true of what the image does."""

import json
import math
import re
import subprocess
import sys
from typing import Any

import pytest

from linear_learner.card import CARD
from linear_learner.measuring.log_metrics import EVERY, METRICS
from linear_learner.options.hyperparameters import declarations, ignored_names, parse_hyperparameters
from publishing.algorithm import build_request, validation_job
from tests.publishing.validation import create_algorithm_shape, faults

DIGEST = "sha256:" + "0" * 64
ROLE = "arn:aws:iam::000000000000:role/nobody"
REQUEST = build_request(
    CARD, "registry/open-linear-learner:1", "open-linear-learner", DIGEST, validation_job(CARD, "s3://bucket/it", ROLE)
)
TRAINING = REQUEST["TrainingSpecification"]
HYPERPARAMETERS = {entry["Name"]: entry for entry in TRAINING["SupportedHyperParameters"]}
NUMBERS = [name for name, entry in HYPERPARAMETERS.items() if entry["Type"] in ("Integer", "Continuous")]


@pytest.fixture(scope="module")
def shape() -> Any:
    """What the service takes."""
    return create_algorithm_shape()


def test_the_services_model_accepts_the_request(shape: Any) -> None:
    assert faults(REQUEST, shape) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("AlgorithmName",), "-open"),
        (("AlgorithmName",), "o" * 64),
        (("AlgorithmDescription",), "two\nlines"),
        (("TrainingSpecification", "TrainingImageDigest"), "sha256:0"),
        (("TrainingSpecification", "TrainingImage"), None),
        (("TrainingSpecification", "MetricDefinitions"), [{"Name": "x", "Regex": "y"}] * 41),
        (("TrainingSpecification", "MetricDefinitions"), [{"Name": "x", "Regex": "y" * 501}]),
        (("TrainingSpecification", "SupportedTrainingInstanceTypes"), ["ml.none.large"]),
        (("TrainingSpecification", "NoSuchField"), "x"),
        (("ValidationSpecification", "ValidationRole"), "a name, not an address"),
    ],
)
def test_a_fault_in_the_request_would_be_seen(shape: Any, place: tuple[str, ...], value: Any) -> None:
    broken = json.loads(json.dumps(REQUEST))
    inner = broken
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    assert faults(broken, shape)


def test_only_objectives_that_are_defined_are_offered_and_each_name_once() -> None:
    names = [definition["Name"] for definition in TRAINING["MetricDefinitions"]]
    assert len(set(names)) == len(names)
    for objective in TRAINING["SupportedTuningJobObjectiveMetrics"]:
        assert objective["MetricName"] in names


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("validation:objective_loss", "Minimize"),
        ("validation:rmse", "Minimize"),
        ("test:absolute_loss", "Minimize"),
        ("validation:binary_classification_accuracy", "Maximize"),
        ("test:roc_auc_score", "Maximize"),
        ("validation:macro_f_beta", "Maximize"),
        ("test:multiclass_top_k_accuracy", "Maximize"),
        ("validation:dcg", "Maximize"),
    ],
)
def test_objectives_have_the_direction_of_the_originals_tuning_page(name: str, direction: str) -> None:
    assert {"Type": direction, "MetricName": name} in TRAINING["SupportedTuningJobObjectiveMetrics"]


def test_nothing_measured_on_training_rows_is_an_objective() -> None:
    assert not [metric for metric in METRICS if metric.direction and metric.name.startswith("train:")]


def test_rows_come_by_every_channel_in_every_format_and_mode_and_a_model_by_its_own() -> None:
    channels = {channel["Name"]: channel for channel in TRAINING["TrainingChannels"]}
    assert [name for name, channel in channels.items() if channel["IsRequired"]] == ["train"]
    model = channels.pop("model")
    assert (model["SupportedContentTypes"], model["SupportedInputModes"]) == (
        ["application/x-sagemaker-model"],
        ["File"],
    )
    assert set(channels) == {"train", "validation", "test"}
    for channel in channels.values():
        assert set(channel["SupportedContentTypes"]) == {
            *("text/csv", "text/libsvm", "application/x-parquet", "application/x-recordio-protobuf"),
            "application/jsonlines",
        }
        assert set(channel["SupportedInputModes"]) == {"File", "FastFile", "Pipe"}
        assert set(channel["SupportedCompressionTypes"]) == {"None", "Gzip"}


def test_what_is_required_has_no_default() -> None:
    required = [entry for entry in HYPERPARAMETERS.values() if entry["IsRequired"]]
    assert [entry["Name"] for entry in required] == ["predictor_type"]
    assert "DefaultValue" not in required[0]


@pytest.mark.parametrize("predictor", EVERY)
def test_a_job_that_the_service_fills_with_defaults_is_the_job_without_them(predictor: str) -> None:
    asked = {"predictor_type": predictor, **({"num_classes": "3"} if predictor.startswith("multi") else {})}
    filled = {name: e["DefaultValue"] for name, e in HYPERPARAMETERS.items() if "DefaultValue" in e} | asked
    assert parse_hyperparameters(filled) == parse_hyperparameters(asked)
    assert ignored_names(filled, parse_hyperparameters(filled)) == []


@pytest.mark.parametrize("name", NUMBERS)
def test_a_range_holds_what_the_image_accepts_and_nothing_else(name: str) -> None:
    entry, declaration = HYPERPARAMETERS[name], declarations()[name]
    low, high = (entry["Range"][f"{entry['Type']}ParameterRangeSpecification"][end] for end in ("MinValue", "MaxValue"))
    assert float(low) == declaration.parse_value(low)
    assert float(high) == declaration.parse_value(high)
    if "DefaultValue" in entry:
        assert float(low) <= declaration.parse_value(entry["DefaultValue"]) <= float(high)
    if entry["Type"] == "Continuous":
        for beyond in (math.nextafter(float(low), -math.inf), math.nextafter(float(high), math.inf)):
            with pytest.raises(ValueError, match=re.escape(repr(beyond))):
                declaration.parse_value(repr(beyond))


@pytest.mark.parametrize("name", [name for name, entry in HYPERPARAMETERS.items() if entry["Type"] == "Categorical"])
def test_every_word_of_a_closed_set_is_one_that_the_image_reads(name: str) -> None:
    values = HYPERPARAMETERS[name]["Range"]["CategoricalParameterRangeSpecification"]["Values"]
    for value in values:
        declarations()[name].parse_value(value)
    assert HYPERPARAMETERS[name].get("DefaultValue", values[0]) in values


@pytest.mark.parametrize("name", [name for name, declaration in declarations().items() if declaration.tunable])
def test_the_ranges_of_the_originals_tuning_page_can_be_tuned(name: str) -> None:
    entry, wanted = HYPERPARAMETERS[name], declarations()[name].tunable
    assert entry["IsTunable"]
    bounds = entry["Range"][f"{entry['Type']}ParameterRangeSpecification"]
    if entry["Type"] == "Categorical":
        assert set(wanted) <= set(bounds["Values"])
    else:
        assert float(bounds["MinValue"]) <= wanted[0] < wanted[1] <= float(bounds["MaxValue"])


@pytest.mark.parametrize("name", ["beta_1", "beta_2", "momentum"])
def test_the_optimizers_constants_can_be_tuned(name: str) -> None:
    assert HYPERPARAMETERS[name]["IsTunable"]
    assert HYPERPARAMETERS[name]["Type"] == "Continuous"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "publishing.algorithm", *arguments], capture_output=True, text=True)


def test_the_program_prints_the_request() -> None:
    result = run(
        "--image=registry/open-linear-learner:1", f"--digest={DIGEST}", "--data=s3://bucket/it", f"--role={ROLE}"
    )
    assert json.loads(result.stdout) == REQUEST


def test_a_role_without_data_is_refused() -> None:
    result = run("--image=registry/open-linear-learner:1", f"--role={ROLE}")
    assert result.returncode == 2
    assert "expected --role and --data or neither of them, found a role without data." in result.stderr


def test_the_program_needs_no_package_of_amazons() -> None:
    program = "import sys, publishing.algorithm; print({'botocore', 'boto3'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
