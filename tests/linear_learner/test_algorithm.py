"""The whole algorithm as a job sees it: every loss, optimizer, switch and criterion."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import log_loss, precision_score, recall_score

from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from open_algorithms.learning.job.errors import InputError
from tests.learning.job.recorder import Criterion, Quality, Recorder
from tests.linear_learner.jobs import fit_model, fit_recorded
from tests.linear_learner.training.examples import (
    BINARY,
    HYPERPARAMETERS,
    MULTICLASS,
    QUALITY,
    REGRESSOR,
    draw_example,
    split_example,
)


@pytest.mark.parametrize(
    ("predictor", "loss"), [(p, loss) for p, losses in LOSSES_BY_PREDICTOR.items() for loss in losses]
)
@pytest.mark.parametrize("optimizer", ["auto", "sgd", "adam", "rmsprop", "adagrad"])
def test_every_loss_learns_with_every_optimizer(predictor: str, loss: str, optimizer: str) -> None:
    _, log = fit_recorded(HYPERPARAMETERS[predictor] | {"loss": loss, "optimizer": optimizer}, split_example(predictor))
    metric, enough = QUALITY[predictor]
    assert log.final_value("test", metric) > enough


SWITCHES = ("use_bias", "normalize_data", "normalize_label", "unbias_data", "unbias_label")


@pytest.mark.parametrize("choice", range(2 ** len(SWITCHES)))
def test_every_combination_of_switches_gives_a_finite_model_that_scores_raw_rows(choice: int) -> None:
    switches = {name: str(bool(choice >> bit & 1)) for bit, name in enumerate(SWITCHES)}
    model, log = fit_recorded(REGRESSOR | switches, split_example("regressor"))
    X, y = split_example("regressor")["test"][0]
    score = model.predict(X)["score"]
    assert np.isfinite(score).all()
    assert log.final_value("test", "mse") == pytest.approx(float(((score - y) ** 2).mean()), rel=1e-4)


def test_a_regressors_validation_loss_is_in_the_labels_own_units() -> None:
    _, log = fit_recorded(REGRESSOR | {"num_models": "1"}, split_example("regressor"))
    kept = min(log.epoch_values("validation", "mse_objective"))
    assert log.final_value("validation", "mse_objective") == pytest.approx(kept, rel=1e-4)
    assert log.final_value("validation", "mse_objective") == pytest.approx(
        log.final_value("validation", "mse"), rel=1e-6
    )


def test_a_quantile_job_is_as_good_as_scikit_learns() -> None:
    X, y = draw_example("regressor")
    _, log = fit_recorded(
        REGRESSOR | {"loss": "quantile_loss", "quantile": "0.9", "epochs": "15"}, split_example("regressor")
    )
    peer = QuantileRegressor(quantile=0.9, alpha=0).fit(X[:400], y[:400])
    error = peer.predict(X[500:]) - y[500:]
    theirs = float(np.where(error < 0, -0.9 * error, 0.1 * error).mean())
    assert log.final_value("test", "quantile_loss_objective") <= 1.1 * theirs


@pytest.mark.parametrize("criterion", ["precision_at_target_recall", "recall_at_target_precision"])
def test_a_criterion_with_a_target_keeps_it_on_the_validation_rows(criterion: str) -> None:
    channels = split_example("binary_classifier")
    X, y = channels["validation"][0]
    y[::7] = 1 - y[::7]
    chosen = {
        "binary_classifier_model_selection_criteria": criterion,
        "target_recall": "0.9",
        "target_precision": "0.9",
    }
    model, log = fit_recorded(BINARY | chosen, channels)
    said = model.predict(X)["predicted_label"]
    kept = recall_score(y, said) if criterion.startswith("precision") else precision_score(y, said)
    assert kept >= 0.9
    assert {event.name for event in log.select_events(Criterion)} == {f"sampled_{criterion}"}


def test_an_unreachable_target_is_said_and_the_nearest_is_taken() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(400, 3)).astype(np.float32), (generator.random(400) < 0.3).astype(np.float32)
    X[:, :] = np.repeat(X[:100], 4, axis=0)  # rows that cannot be told apart
    y[::4] = 0
    criterion = {"binary_classifier_model_selection_criteria": "recall_at_target_precision", "target_precision": "0.99"}
    model, log = fit_recorded(BINARY | criterion, {"train": [(X, y)]})
    assert log.has_said("No threshold reaches the target of recall_at_target_precision")
    assert 0 < model.predict(X)["predicted_label"].sum() < 400


def test_positive_rows_that_count_more_are_found_more_often() -> None:
    recalls = []
    for mult in ("0.1", "1", "10"):
        chosen = {"positive_example_weight_mult": mult, "binary_classifier_model_selection_criteria": "loss_function"}
        channels = split_example("binary_classifier")
        channels["train"][0][1][::5] = 0
        _, log = fit_recorded(BINARY | chosen, channels)
        recalls.append(log.final_value("train", "recall"))
    assert recalls[0] < recalls[1] < recalls[2]
    assert log.epoch_values("train", "binary_classification_weighted_cross_entropy_objective")


@pytest.mark.parametrize("mult", ["balanced", "auto"])
def test_a_weight_of_positive_rows_may_be_left_to_the_algorithm(mult: str) -> None:
    _, log = fit_recorded(BINARY | {"positive_example_weight_mult": mult}, split_example("binary_classifier"))
    assert log.final_value("test", "binary_classification_accuracy") > 0.85


def test_balanced_classes_raise_the_recall_of_a_rare_class() -> None:
    X, y = draw_example("multiclass_classifier")
    keep = (y != 2) | (np.arange(len(y)) % 12 == 0)
    channels = {"train": [(X[keep], y[keep])]}
    plain, balanced = (
        fit_recorded(MULTICLASS | {"balance_multiclass_weights": b}, channels)[1] for b in ("false", "true")
    )
    assert balanced.final_value("train", "multiclass_balanced_accuracy") >= plain.final_value(
        "train", "multiclass_balanced_accuracy"
    )


def test_the_log_loss_is_scikit_learns_and_uses_the_link_once() -> None:
    channels = split_example("multiclass_classifier")
    model, log = fit_recorded(MULTICLASS, channels)
    X, y = channels["test"][0]
    score = model.predict(X)["score"].astype(np.float64)
    theirs = log_loss(y, score / score.sum(axis=1, keepdims=True), labels=[0, 1, 2])
    assert log.final_value("test", "multiclass_log_loss") == pytest.approx(theirs, rel=1e-4)


def draw_rare(rows: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw rows of which one in twelve or so is positive, by the logistic model."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(rows, 3)).astype(np.float32)
    return X, (generator.random(rows) < 1 / (1 + np.exp(3 - X[:, 0]))).astype(np.float32)


def lines_on_probabilities(log: Recorder) -> list[str]:
    return [line for line in log.said if line.startswith("The probabilities are off")]


@pytest.mark.parametrize("channels", [("train",), ("train", "validation")])
def test_class_weights_that_make_the_probabilities_wrong_are_noticed(channels: tuple[str, ...]) -> None:
    rows = draw_rare(2000)
    plain, balanced = (
        fit_recorded(BINARY | {"positive_example_weight_mult": mult}, {name: [rows] for name in channels})[1]
        for mult in ("1", "balanced")
    )
    assert not lines_on_probabilities(plain)
    assert balanced.final_value(channels[-1], "expected_calibration_error") > 0.2
    (line,) = lines_on_probabilities(balanced)
    assert f"on the {channels[-1]} rows" in line
    assert "Weights of classes or rows do this" in line


def test_weights_of_rows_that_make_the_probabilities_wrong_are_noticed() -> None:
    X, y = draw_rare(2000)
    log = Recorder()
    fit_model(BINARY, {"train": [(X, y)]}, log, row_weights={"train": 1 + 9 * y})
    (line,) = lines_on_probabilities(log)
    assert "Weights of classes or rows do this" in line


def test_validation_rows_that_are_unlike_the_train_rows_are_noticed() -> None:
    X, y = draw_rare(2000)
    other = np.maximum(y, np.arange(2000) % 2).astype(np.float32)
    _, log = fit_recorded(BINARY, {"train": [(X, y)], "validation": [(X, other)]})
    (line,) = lines_on_probabilities(log)
    error = log.final_value("validation", "expected_calibration_error")
    assert f"off by {error:.2g} on average on the validation rows" in line
    assert "What may help: " in line


def test_balanced_classes_that_make_the_probabilities_wrong_are_noticed() -> None:
    X, y = draw_rare(2000)
    balanced = MULTICLASS | {"balance_multiclass_weights": "true"}
    _, log = fit_recorded(balanced, {"train": [(X, (y + (X[:, 1] > 2)).astype(np.float32))]})
    (line,) = lines_on_probabilities(log)
    assert "Weights of classes or rows do this" in line


@pytest.mark.parametrize("models", [1, 2, 33, 200])
def test_a_bank_may_have_any_number_of_candidates(models: int) -> None:
    _, log = fit_recorded(REGRESSOR | {"num_models": str(models), "epochs": "2"}, split_example("regressor"))
    assert len(log.reported_models(0)) == models


def test_what_has_no_effect_is_said() -> None:
    _, log = fit_recorded(REGRESSOR | {"target_recall": "0.9"}, split_example("regressor"))
    assert any("target_recall has no effect on this job" in line for line in log.warnings)


def test_the_epoch_that_is_kept_is_the_best_not_the_last() -> None:
    jumpy = {"optimizer": "sgd", "learning_rate": "0.9", "num_models": "1", "use_lr_scheduler": "false", "epochs": "12"}
    _, log = fit_recorded(REGRESSOR | jumpy, split_example("regressor"))
    values = [event.value for event in log.select_events(Criterion) if event.name == "mse_objective"]
    assert values[-1] > min(values)
    assert log.final_value("validation", "mse_objective") == pytest.approx(min(values), rel=1e-4)


def test_shuffle_false_keeps_the_order_of_the_rows() -> None:
    X, y = draw_example("regressor")
    shuffled, kept = (
        fit_recorded(REGRESSOR | {"shuffle": s}, {"train": [(X, y)]})[0].weight for s in ("true", "false")
    )
    turned = fit_recorded(REGRESSOR | {"shuffle": "false"}, {"train": [(X[::-1].copy(), y[::-1].copy())]})[0].weight
    assert not np.array_equal(shuffled, kept)
    assert not np.array_equal(kept, turned)


def test_the_scaler_looks_at_the_first_rows_only() -> None:
    X, y = draw_example("regressor")
    X[300:] *= 100
    few, all_rows = (
        fit_recorded(REGRESSOR | {"num_point_for_scaler": n, "epochs": "1"}, {"train": [(X, y)]})[0]
        for n in ("100", "600")
    )
    assert not np.allclose(few.weight, all_rows.weight)


def test_only_so_many_rows_calibrate_the_threshold() -> None:
    channels = split_example("binary_classifier")
    X, y = channels["validation"][0]
    y[50:] = 1 - y[50:]
    model, _ = fit_recorded(BINARY | {"num_calibration_samples": "50"}, channels)
    score = model.predict(X)["score"][:50]
    best = max(float(((score >= t) == y[:50]).mean()) for t in [*score, 2.0])
    assert float(((score >= model.threshold) == y[:50]).mean()) == best


def test_a_bad_test_channel_is_found_before_training() -> None:
    channels = split_example("binary_classifier")
    channels["test"][0][1][3] = 9
    with pytest.raises(InputError, match="'test', row 4: expected a label"):
        fit_recorded(BINARY | {"epochs": "1000000", "early_stopping_patience": "1000000"}, channels)


REGRESSION_LOSSES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "squared_loss": lambda e: e**2,
    "absolute_loss": np.abs,
    "quantile_loss": lambda e: np.where(e > 0, 0.3 * e, -0.7 * e),
    "huber_loss": lambda e: np.where(np.abs(e) <= 0.8, e**2 / 2, 0.8 * np.abs(e) - 0.32),
    "eps_insensitive_squared_loss": lambda e: np.maximum(e**2 - 0.04, 0),
    "eps_insensitive_absolute_loss": lambda e: np.maximum(np.abs(e) - 0.2, 0),
}
SETTINGS = {"quantile": "0.3", "huber_delta": "0.8", "loss_insensitivity": "0.2"}
DEGREES = {"squared_loss": 2, "huber_loss": 2, "eps_insensitive_squared_loss": 2}


def test_every_regression_loss_has_a_formula_of_its_error_here() -> None:
    assert set(REGRESSION_LOSSES) == set(LOSSES_BY_PREDICTOR["regressor"])


@pytest.mark.parametrize("normalize", ["true", "false"])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_the_final_objective_is_the_loss_of_the_served_scores_in_label_units(loss: str, normalize: str) -> None:
    channels = split_example("regressor")
    job = REGRESSOR | SETTINGS | {"loss": loss, "normalize_label": normalize, "num_models": "32"}
    model, log = fit_recorded(job, channels)
    X, y = channels["validation"][0]
    train_label = np.concatenate([label for _, label in channels["train"]])[:400]
    unit = float(train_label.std()) if normalize == "true" else 1.0
    error = np.asarray((y - model.predict(X)["score"].astype(np.float64)) / unit)
    expected = unit ** DEGREES.get(loss, 1) * float(REGRESSION_LOSSES[loss](error).mean())
    objective = "mse" if loss == "squared_loss" else loss
    assert log.final_value("validation", f"{objective}_objective") == pytest.approx(expected, rel=1e-4)
    assert min(log.epoch_values("validation", f"{objective}_objective")) == pytest.approx(expected, rel=1e-3)


def test_the_final_objective_weighs_the_classes_as_training_did() -> None:
    channels = split_example("binary_classifier")
    model, log = fit_recorded(BINARY | {"positive_example_weight_mult": "4"}, channels)
    X, y = channels["validation"][0]
    p = model.predict(X)["score"].astype(np.float64)
    losses = -np.log(np.where(y == 1, p, 1 - p)) * np.where(y == 1, 4, 1)
    name = "binary_classification_weighted_cross_entropy_objective"
    assert log.final_value("validation", name) == pytest.approx(float(losses.mean()), rel=1e-4)
    assert log.final_value("validation", "binary_log_loss") < log.final_value("validation", name)


def test_a_hinge_model_scores_by_its_margin_and_is_not_measured_as_probabilities_are() -> None:
    channels = split_example("binary_classifier")
    model, log = fit_recorded(BINARY | {"loss": "hinge_loss"}, channels)
    X, _ = channels["test"][0]
    np.testing.assert_allclose(model.predict(X)["score"], model.margins(X)[:, 0])
    measured = {quality.metric for quality in log.select_events(Quality)}
    assert not measured & {"binary_log_loss", "expected_calibration_error"}


def test_auto_weights_report_unweighted_losses() -> None:
    X, y = draw_example("binary_classifier")
    _, log = fit_recorded(BINARY | {"positive_example_weight_mult": "auto", "shuffle": "false"}, {"train": [(X, y)]})
    name = "binary_classification_cross_entropy_objective"
    assert log.final_value("train", name) >= 0.9 * min(log.epoch_values("train", name))


def test_candidates_are_compared_on_the_calibration_rows_only() -> None:
    channels = split_example("binary_classifier")
    y = channels["validation"][0][1]
    y[50:] = 1 - y[50:]
    _, log = fit_recorded(BINARY | {"num_calibration_samples": "50"}, channels)
    values = [event.value for event in log.select_events(Criterion) if event.name == "sampled_accuracy"]
    assert max(values) > 0.85


def test_momentum_is_of_no_consequence_to_adam() -> None:
    jobs = [REGRESSOR | {"optimizer": "adam", "l1": "20"} | more for more in ({}, {"momentum": "0.9"})]
    first, second = (fit_recorded(job, split_example("regressor"))[0] for job in jobs)
    np.testing.assert_array_equal(first.weight, second.weight)
