"""What docs/sagemaker.md tells to do with an AWS account, done by Amazon's own clients on a stand-in for it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linear_learner.card import CARD
from linear_learner.options.hyperparameters import parse_hyperparameters
from publishing.algorithm import build_request
from tests.needs import SDK, TOP
from tests.page import read_blocks
from tests.publishing.aws import Aws
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes

SECTION = "An algorithm of your own account (CreateAlgorithm)"
IMAGE = "registry/open-linear-learner:0.1.0"
DIGEST = "sha256:" + "0" * 64
REQUEST = build_request(CARD, IMAGE, "open-linear-learner", DIGEST)


def asked(aws: Aws, name: str) -> dict[str, Any]:
    """The words of the only call of that name."""
    (words,) = [words for called, words in aws.asked if called == name]
    return words


def test_the_command_line_sends_the_request_that_make_prints(
    aws: Aws, sdk: Callable[[str], str], tmp_path: Path
) -> None:
    typed = read_blocks("bash")[SECTION].replace("<address>", IMAGE).replace("<sha256:...>", DIGEST)
    command = typed.replace("make ", f"make --no-print-directory -C {TOP} ")
    path = f"{SDK.parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, env=os.environ | {"PATH": path}, check=True, timeout=HANG_SECONDS
    )
    assert asked(aws, "CreateAlgorithm") == REQUEST


@pytest.fixture
def tuning_job(aws: Aws, sdk: Callable[[str], str]) -> dict[str, Any]:
    """What the documented program asks of the service, where that has our algorithm."""
    aws.algorithm = REQUEST | {"AlgorithmStatus": "Completed"}
    sdk(read_blocks("python")[SECTION])
    return asked(aws, "CreateHyperParameterTuningJob")


def test_the_sdk_tunes_the_algorithm_within_what_that_declares(tuning_job: dict[str, Any]) -> None:
    declared = {entry["Name"]: entry for entry in REQUEST["TrainingSpecification"]["SupportedHyperParameters"]}
    objective = tuning_job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    assert objective in REQUEST["TrainingSpecification"]["SupportedTuningJobObjectiveMetrics"]
    ranges = tuning_job["HyperParameterTuningJobConfig"]["ParameterRanges"]
    tuned = [(kind.removesuffix("ParameterRanges"), one) for kind, listed in ranges.items() for one in listed]
    assert {one["Name"] for _, one in tuned} == {"learning_rate", "wd", "mini_batch_size", "use_bias"}
    for kind, one in tuned:
        entry = declared[one["Name"]]
        assert (entry["Type"], entry["IsTunable"]) == (kind, True)
        bounds = entry["Range"][f"{kind}ParameterRangeSpecification"]
        if kind == "Categorical":
            assert set(one["Values"]) <= set(bounds["Values"])
        else:
            assert float(bounds["MinValue"]) <= float(one["MinValue"]) <= float(one["MaxValue"])
            assert float(one["MaxValue"]) <= float(bounds["MaxValue"])


def test_every_job_of_the_tuner_is_one_that_the_image_accepts(tuning_job: dict[str, Any]) -> None:
    definition = tuning_job["TrainingJobDefinition"]
    assert definition["AlgorithmSpecification"]["AlgorithmName"] == "open-linear-learner"
    fixed = definition["StaticHyperParameters"]
    tuned = {"learning_rate": "0.00123", "wd": "1.0E-7", "mini_batch_size": "317", "use_bias": "False"}
    hp = parse_hyperparameters(fixed | tuned | {"_tuning_objective_metric": "validation:objective_loss:final"})
    assert (hp.predictor_type, hp.schedule.epochs, hp.tuning, hp.candidate.wd) == ("binary_classifier", 30, True, 1e-7)
