"""What the SDK's own LinearLearner class sends, every argument of it, is understood."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from linear_learner.options.hyperparameters import parse_hyperparameters

pytestmark = pytest.mark.sdk

EVERYWHERE: dict[str, Any] = {
    "epochs": 3, "use_bias": False, "num_models": 4, "num_calibration_samples": 100, "init_method": "normal",
    "init_scale": 0.1, "init_sigma": 0.2, "init_bias": -1.5, "optimizer": "adam", "wd": 0.0, "l1": 1e-7,
    "momentum": 0.9, "learning_rate": 1e-5, "beta_1": 0.8, "beta_2": 0.99, "bias_lr_mult": 2, "bias_wd_mult": 0.0,
    "use_lr_scheduler": True, "lr_scheduler_step": 5, "lr_scheduler_factor": 0.5, "lr_scheduler_minimum_lr": 1e-6,
    "normalize_data": True, "normalize_label": False, "unbias_data": True, "unbias_label": False,
    "num_point_for_scaler": 50, "margin": 0.0, "quantile": 0.9, "loss_insensitivity": 0.001, "huber_delta": 0.5,
    "early_stopping_patience": 1, "early_stopping_tolerance": 0.01, "accuracy_top_k": 2, "f_beta": 0.5,
    "target_recall": 0.9, "target_precision": 0.9,
}  # fmt: skip
CRITERIA = [
    "accuracy", "f_beta", "f1", "precision_at_target_recall", "recall_at_target_precision", "loss_function",
    "cross_entropy_loss",
]  # fmt: skip
JOBS: list[dict[str, Any]] = [
    *(
        {"predictor_type": "binary_classifier", "loss": "hinge_loss", "binary_classifier_model_selection_criteria": c,
         "positive_example_weight_mult": 2.5}
        for c in CRITERIA
    ),
    {"predictor_type": "binary_classifier", "positive_example_weight_mult": "balanced", "optimizer": "sgd"},
    {"predictor_type": "binary_classifier", "positive_example_weight_mult": "auto", "optimizer": "rmsprop"},
    {"predictor_type": "multiclass_classifier", "num_classes": 7, "loss": "softmax_loss",
     "balance_multiclass_weights": True, "optimizer": "auto"},
    *(
        {"predictor_type": "regressor", "loss": loss}
        for loss in ("auto", "squared_loss", "absolute_loss", "quantile_loss", "huber_loss",
                     "eps_insensitive_squared_loss", "eps_insensitive_absolute_loss")
    ),
]  # fmt: skip

PROGRAM = """
import json
import boto3
import sagemaker
session = sagemaker.Session(boto3.Session(region_name="us-east-1"))
for job in json.loads({jobs!r}):
    learner = sagemaker.LinearLearner("arn:aws:iam::000000000000:role/nobody", 1, "ml.m5.large",
                                      data_location="s3://unused/", sagemaker_session=session, **job)
    print(json.dumps(learner.hyperparameters()))
"""


@pytest.fixture
def sent(sdk: Callable[[str], str]) -> list[dict[str, str]]:
    """Return the hyperparameters of every job as the SDK writes them."""
    printed = sdk(PROGRAM.format(jobs=json.dumps([EVERYWHERE | job for job in JOBS])))
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_every_argument_of_the_linear_learner_class_is_understood(sent: list[dict[str, str]]) -> None:
    assert len(sent) == len(JOBS)
    for job, texts in zip(JOBS, sent, strict=True):
        assert set(EVERYWHERE | job) <= set(texts)
        hp = parse_hyperparameters({name: str(text) for name, text in texts.items()})
        assert hp.predictor_type == job["predictor_type"]
        assert (hp.objective.use_bias, hp.schedule.epochs) == (False, 3)
        assert (hp.candidate.learning_rate, hp.initial.init_bias) == (1e-5, -1.5)
