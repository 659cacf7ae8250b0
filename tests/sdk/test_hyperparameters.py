"""What the SDK's own classes of the algorithms send, every argument of them, is understood."""

import json
from typing import Any

import pytest

from linear_learner.options.hyperparameters import parse_hyperparameters
from open_algorithms.factorization_machines.options.hyperparameters import Start
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters as parse_machines
from open_algorithms.k_means.options.hyperparameters import LloydSettings
from open_algorithms.k_means.options.hyperparameters import parse_hyperparameters as parse_k_means
from open_algorithms.pca.options.hyperparameters import parse_hyperparameters as parse_pca
from tests.sdk.programs import prepare_sdk

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

K_MEANS = {
    "k": 8, "init_method": "kmeans++", "max_iterations": 50, "tol": 1e-3, "num_trials": 4,
    "local_init_method": "random", "half_life_time_size": 7, "epochs": 2, "center_factor": 6,
    "eval_metrics": ["msd", "ssd"],
}  # fmt: skip
PCA = {"num_components": 33, "algorithm_mode": "randomized", "subtract_mean": False, "extra_components": -1}
PARTS = ("bias", "linear", "factors")
MACHINES: dict[str, Any] = {
    "num_factors": 64, "predictor_type": "regressor", "epochs": 3, "clip_gradient": 1.5, "eps": 1e-8,
    "rescale_grad": 0.01,
    **{f"{part}_{what}": value for part in PARTS for what, value in {
        "lr": 0.5, "wd": 0.0, "init_method": "uniform", "init_scale": 0.1, "init_sigma": 0.2, "init_value": -1.5,
    }.items()},
}  # fmt: skip
Classes = dict[str, list[dict[str, str]]]

PROGRAM = """
import json
import boto3
import sagemaker
from sagemaker.amazon.amazon_estimator import RecordSet

session = sagemaker.Session(boto3.Session(region_name="us-east-1"))
for name, job, batch in json.loads({jobs!r}):
    learner = getattr(sagemaker, name)("arn:aws:iam::000000000000:role/nobody", 1, "ml.m5.large",
                                       data_location="s3://unused/", output_path="s3://unused/",
                                       sagemaker_session=session, **job)
    if name != "LinearLearner":
        learner.prepare_workflow_for_training(RecordSet("s3://unused/", 3218, 34), batch)
    print(json.dumps([name, learner.hyperparameters()]))
"""


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Classes:
    """Return the hyperparameters of every job as the SDK writes them, by the class that it is of."""
    jobs: list[tuple[str, dict[str, Any], int | None]] = [("LinearLearner", EVERYWHERE | job, None) for job in JOBS]
    jobs += [
        ("KMeans", {"k": 8}, None),
        ("KMeans", K_MEANS, 500),
        ("PCA", {"num_components": 2}, None),
        ("PCA", PCA, 5),
        ("FactorizationMachines", {"num_factors": 8, "predictor_type": "binary_classifier"}, None),
        ("FactorizationMachines", MACHINES, 50),
    ]
    printed = prepare_sdk(tmp_path_factory.mktemp("sdk"))(PROGRAM.format(jobs=json.dumps(jobs)))
    found: Classes = {}
    for name, texts in (json.loads(line) for line in printed.splitlines() if line.startswith("[")):
        found.setdefault(name, []).append({key: str(text) for key, text in texts.items()})
    return found


def test_every_argument_of_the_linear_learner_class_is_understood(sent: Classes) -> None:
    assert len(sent["LinearLearner"]) == len(JOBS)
    for job, texts in zip(JOBS, sent["LinearLearner"], strict=True):
        assert set(EVERYWHERE | job) <= set(texts)
        hp = parse_hyperparameters(texts)
        assert hp.predictor_type == job["predictor_type"]
        assert (hp.objective.use_bias, hp.schedule.epochs) == (False, 3)
        assert (hp.candidate.learning_rate, hp.initial.init_bias) == (1e-5, -1.5)


def test_every_argument_of_the_kmeans_class_is_understood(sent: Classes) -> None:
    few, many = map(parse_k_means, sent["KMeans"])
    assert sent["KMeans"][0] == {"k": "8", "feature_dim": "34", "force_dense": "True"}
    assert (few.k, few.feature_dim, few.mini_batch_size, few.epochs) == (8, 34, 5000, 1)
    assert (many.mini_batch_size, many.epochs, many.init_method) == (500, 2, "kmeans++")
    assert (many.extra_center_factor, many.half_life_time_size, many.eval_metrics) == (6, 7, ("msd", "ssd"))
    assert many.local_lloyd == LloydSettings(50, 1e-3, "random", 4)


def test_every_argument_of_the_pca_class_is_understood(sent: Classes) -> None:
    few, many = map(parse_pca, sent["PCA"])
    assert (few.num_components, few.feature_dim, few.mini_batch_size, few.subtract_mean) == (2, 34, 500, True)
    assert (many.num_components, many.is_randomized, many.subtract_mean) == (33, True, False)
    assert (many.mini_batch_size, many.extra_components) == (5, 33)


def test_every_argument_of_the_factorization_machines_class_is_understood(sent: Classes) -> None:
    few, many = map(parse_machines, sent["FactorizationMachines"])
    assert set(MACHINES) <= set(sent["FactorizationMachines"][1])
    assert (few.num_factors, few.feature_dim, few.is_classifier, few.epochs) == (8, 34, True, 50)
    assert (many.num_factors, many.mini_batch_size, many.predictor_type, many.epochs) == (64, 50, "regressor", 3)
    steps = many.steps
    assert (steps.clip_gradient, steps.eps, steps.rescale_grad) == (1.5, 1e-8, 0.01)
    assert {steps.bias_lr, steps.linear_lr, steps.factors_lr} == {0.5}
    assert many.starts == dict.fromkeys(PARTS, Start("uniform", 0.1))
