"""A job may start from the model of an earlier one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.initial import earlier_weights
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.scaling import Scaler, fit_scaler
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model, fit_recorded
from tests.linear_learner.training.examples import HYPERPARAMETERS, draw_example, split_example


def scaler_of(predictor: str) -> Scaler:
    X, y = draw_example(predictor)
    label = predictor == "regressor"
    return fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=label, normalize_label=label)


def final_objective(log: Recorder) -> float:
    """Return the objective of the train channel at the end."""
    (metric,) = (metric for metric in log.final_scores("train") if metric.endswith("_objective"))
    return log.final_value("train", metric)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_unfolding_undoes_folding(predictor: str) -> None:
    scaler, generator = scaler_of(predictor), np.random.default_rng(1)
    weight, bias = generator.normal(size=(3, 5)).astype(np.float32), generator.normal(size=3).astype(np.float32)
    again = scaler.standardise_weights(*scaler.unstandardise_weights(weight, bias))
    np.testing.assert_allclose(again[0], weight, rtol=1e-6)
    np.testing.assert_allclose(again[1], bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_a_job_goes_on_from_the_model_of_an_earlier_one(predictor: str, tmp_path: Path) -> None:
    """Two epochs of small steps change a good model little, and one that begins anew does not get there."""
    earlier, log = fit_recorded(HYPERPARAMETERS[predictor], split_example(predictor))
    write_artifact(earlier, tmp_path)
    short = HYPERPARAMETERS[predictor] | {"epochs": "1", "learning_rate": "1e-5", "num_models": "1"}
    objective = final_objective(log)

    def objective_of(start: LinearModel | None) -> float:
        log = Recorder()
        fit_model(short, split_example(predictor), log, earlier_model=start)
        return final_objective(log)

    assert objective_of(load_model(tmp_path)) == pytest.approx(objective, rel=0.02)
    assert objective_of(None) > 1.2 * objective


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"predictor_type": "regressor", "loss_type": "squared_loss"}, "found a regressor with 5 features"),
        ({"weight": np.ones((4, 1), np.float32)}, "found a binary_classifier with 4 features"),
        (
            {"predictor_type": "multiclass_classifier", "loss_type": "softmax_loss", "weight": np.ones((5, 3)),
             "bias": np.ones(3)},
            "found a multiclass_classifier of 3 classes with 5 features",
        ),
    ],
)  # fmt: skip
def test_a_model_of_another_kind_is_refused(changes: dict[str, Any], found: str) -> None:
    usual: dict[str, Any] = {
        "predictor_type": "binary_classifier", "loss_type": "logistic", "weight": np.ones((5, 1)), "bias": np.ones(1),
    }  # fmt: skip
    with pytest.raises(InputError, match=r"channel 'model': expected a binary_classifier with 5 features, as the") as e:
        fit_model(
            HYPERPARAMETERS["binary_classifier"],
            split_example("binary_classifier"),
            Recorder(),
            earlier_model=LinearModel(**usual | changes),
        )
    assert found in str(e.value)


def test_without_a_bias_the_earlier_bias_is_left_out() -> None:
    hp = parse_hyperparameters(HYPERPARAMETERS["binary_classifier"] | {"use_bias": "false"})
    earlier = LinearModel("binary_classifier", "logistic", np.ones((5, 1), np.float32), np.ones(1, np.float32))
    start = earlier_weights(3, earlier, hp, Scaler(np.zeros(5, np.float32), np.full(5, 2, np.float32)))
    assert start.shape == (3, 1, 6)
    np.testing.assert_array_equal(start, np.broadcast_to(np.array([2, 2, 2, 2, 2, 0], np.float32), (3, 1, 6)))


def test_weights_that_are_too_large_for_the_data_are_refused() -> None:
    hp = parse_hyperparameters(HYPERPARAMETERS["binary_classifier"])
    earlier = LinearModel("binary_classifier", "logistic", np.full((5, 1), 3e38, np.float32), np.ones(1, np.float32))
    with pytest.raises(InputError, match=r"its weights, times the deviations .* float32 can hold"):
        earlier_weights(3, earlier, hp, Scaler(np.zeros(5, np.float32), np.full(5, 2, np.float32)))
