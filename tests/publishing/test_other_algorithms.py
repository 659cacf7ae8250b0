"""The requests of CreateAlgorithm for the other algorithms: valid by the service's model, true of what images do."""

import json
import os
import subprocess
from importlib import import_module
from typing import Any

import pytest

from open_algorithms.learning.options.declaration import Declaration, load_declarations
from publishing.algorithm import build_request, validation_job
from tests.contract.algorithms import OTHERS, name_algorithm
from tests.needs import TOP, name_image
from tests.publishing.validation import create_algorithm_shape, faults

ROLE = "arn:aws:iam::000000000000:role/nobody"
TUNED = {
    "factorization_machines": {  # of which test:rmse, accuracy and cross entropy are on the original's tuning page
        f"{split}:{name}": direction
        for split in ("test", "validation")
        for name, direction in {
            "rmse": "Minimize",
            "binary_classification_accuracy": "Maximize",
            "binary_classification_cross_entropy": "Minimize",
            "binary_f_beta": "Maximize",
        }.items()
    },
    "k_means": {"test:msd": "Minimize", "test:ssd": "Minimize"},  # on the original's tuning page
    "pca": {  # which has none; Amazon's SDK tunes the speed in a test
        "train:throughput": "Maximize",
        "test:explained_variance_ratio": "Maximize",
        "test:reconstruction_mse": "Minimize",
    },
}


def request_for(word: str, data: str | None = None) -> dict[str, Any]:
    """Build the request, with a trial where there is data."""
    card = name_algorithm(word).card
    return build_request(card, "registry/open:1", "open", None, validation_job(card, data, ROLE) if data else None)


def list_hyperparameters() -> list[Any]:
    """Give every declared hyperparameter of an algorithm with its entry in the request."""
    found = []
    for word in OTHERS:
        known = load_declarations(name_algorithm(word).card.declaration)
        entries = request_for(word)["TrainingSpecification"]["SupportedHyperParameters"]
        found += [pytest.param(known[entry["Name"]], entry, id=f"{word}-{entry['Name']}") for entry in entries]
    return found


@pytest.mark.parametrize("data", [None, "s3://bucket/data"])
@pytest.mark.parametrize("word", OTHERS)
def test_the_services_model_accepts_the_request(word: str, data: str | None) -> None:
    assert faults(request_for(word, data), create_algorithm_shape()) == []


@pytest.mark.parametrize("word", OTHERS)
def test_jobs_are_tuned_by_what_their_log_tells_of_other_rows(word: str) -> None:
    training = request_for(word)["TrainingSpecification"]
    tuned = {found["MetricName"]: found["Type"] for found in training["SupportedTuningJobObjectiveMetrics"]}
    assert tuned == TUNED[word]
    assert tuned.keys() <= {definition["Name"] for definition in training["MetricDefinitions"]}


@pytest.mark.parametrize("word", OTHERS)
def test_rows_come_by_train_and_test_and_no_model_by_any_channel(word: str) -> None:
    channels = request_for(word)["TrainingSpecification"]["TrainingChannels"]
    found = {channel["Name"]: channel["IsRequired"] for channel in channels}
    labelled = all(channel.labelled for channel in name_algorithm(word).card.channels)
    assert found == {"train": True, "test": False, **({"validation": False} if labelled else {})}


@pytest.mark.parametrize("word", OTHERS)
def test_a_job_that_the_service_fills_with_defaults_is_the_job_without_them(word: str) -> None:
    algorithm = name_algorithm(word)
    parse = import_module(f"{algorithm.package}.options.hyperparameters").parse_hyperparameters
    entries = request_for(word)["TrainingSpecification"]["SupportedHyperParameters"]
    filled = {entry["Name"]: entry["DefaultValue"] for entry in entries if "DefaultValue" in entry}
    assert parse({**filled, **algorithm.card.trial}) == parse(algorithm.card.trial)


@pytest.mark.parametrize(("declaration", "entry"), list_hyperparameters())
def test_a_range_and_a_default_are_values_that_the_image_reads(declaration: Declaration, entry: dict[str, Any]) -> None:
    bounds = entry.get("Range", {}).get(f"{entry['Type']}ParameterRangeSpecification", {})
    for text in bounds.get("Values", ()):
        declaration.parse_value(text)
    for end in bounds.keys() & {"MinValue", "MaxValue"}:
        assert float(bounds[end]) == declaration.parse_value(bounds[end])
    if declaration.tunable:
        assert entry["IsTunable"]
        assert bounds


def run_make(*words: str) -> str:
    """Run make as from a shell; return what it prints."""
    outer = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", "--silent", *words]
    return subprocess.run(command, cwd=TOP, env=outer, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("word", OTHERS)
def test_make_prints_the_request_under_the_name_of_the_algorithm(word: str) -> None:
    printed = run_make("algorithm", f"ALGORITHM={word}", "IMAGE=registry/open:1")
    assert json.loads(printed) == request_for(word) | {"AlgorithmName": f"open-{word.replace('_', '-')}"}


@pytest.mark.parametrize("word", OTHERS)
def test_the_bill_of_materials_is_that_of_the_image_of_the_algorithm(word: str) -> None:
    would_run = run_make("--dry-run", "sbom", f"ALGORITHM={word}", f"IMAGE={name_image(word)}")
    assert f"'{name_image(word)}' open-{word.replace('_', '-')}.cdx.json" in would_run
