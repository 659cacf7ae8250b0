"""Numbers at the edge: what is tiny, huge, constant, alone, diverging or too large for the machine."""

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.options.budget import Budget
from open_algorithms.learning.job.errors import InputError
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model, fit_recorded
from tests.linear_learner.training.examples import (
    HYPERPARAMETERS,
    MULTICLASS,
    QUALITY,
    REGRESSOR,
    DenseBlock,
    draw_example,
    split_example,
)


def test_a_bank_that_does_not_fit_is_refused_with_its_size() -> None:
    with pytest.raises(InputError, match=r"10000 candidates of 1 x 5 weights .* need about \d+\.\d+ GiB .* num_models"):
        fit_model(REGRESSOR | {"num_models": "10000"}, split_example("regressor"), Recorder(), Budget(1 << 20))


def scaled(predictor: str, factors: list[float], shifts: list[float]) -> dict[str, list[DenseBlock]]:
    """Return the example with its features in other units."""

    def change(X: NDArray[Any]) -> NDArray[Any]:
        return (X.astype(np.float64) * factors + shifts).astype(np.float32)

    return {name: [(change(X), y) for X, y in blocks] for name, blocks in split_example(predictor).items()}


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_features_of_any_magnitude_learn_as_well(predictor: str) -> None:
    metric, enough = QUALITY[predictor]
    _, log = fit_recorded(HYPERPARAMETERS[predictor], scaled(predictor, [1e9, 1e-9, 1, 1e6, 1e-4], [0, 0, 1e3, 0, 0]))
    assert log.final_value("test", metric) > enough


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_constant_features_change_nothing_but_are_carried(predictor: str) -> None:
    channels = {
        name: [(np.hstack([X, np.full((len(X), 1), 7, np.float32)]), y) for X, y in blocks]
        for name, blocks in split_example(predictor).items()
    }
    metric, enough = QUALITY[predictor]
    model, log = fit_recorded(HYPERPARAMETERS[predictor], channels)
    assert log.final_value("test", metric) > enough
    assert np.isfinite(model.weight).all()


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_two_rows_and_copies_of_a_row_train(predictor: str) -> None:
    X, _ = draw_example(predictor)
    for rows in (X[:2], np.repeat(X[:1], 50, axis=0)):
        labels = np.arange(len(rows), dtype=np.float32) % 2
        model, log = fit_recorded(HYPERPARAMETERS[predictor], {"train": [(rows, labels)]})
        assert np.isfinite(model.weight).all()
        assert np.isfinite(log.final_value("train", QUALITY[predictor][0]))


def test_a_label_that_does_not_vary_is_predicted() -> None:
    X, _ = draw_example("regressor")
    model, _ = fit_recorded(REGRESSOR, {"train": [(X, np.full(len(X), 3.5e6, np.float32))]})
    np.testing.assert_allclose(model.predict(X)["score"], 3.5e6, rtol=1e-3)


def test_a_candidate_that_diverges_is_named_and_left_out() -> None:
    X, y = draw_example("regressor")
    X = np.hstack([X + i * 1e-3 for i in range(40)]).astype(np.float32)
    _, log = fit_recorded(REGRESSOR | {"optimizer": "sgd", "learning_rate": "0.02"}, {"train": [(X, y)]})
    assert any(re.match(r"Candidate \d+ diverged and was left out: \{", line) for line in log.warnings)
    assert np.isfinite(log.final_value("train", "mse"))
    assert not log.has_said("NaN")
    assert not log.has_said("Infinity")


@pytest.mark.parametrize("constant", [1.0, 20240101.0, 1e9])
def test_a_constant_feature_of_any_size_leaves_the_scores_as_they_were(constant: float) -> None:
    channels = {
        name: [(np.hstack([X, np.full((len(X), 1), constant, np.float32)]), y) for X, y in blocks]
        for name, blocks in split_example("regressor").items()
    }
    sgd = REGRESSOR | {"optimizer": "sgd"}
    model, log = fit_recorded(sgd, channels)
    assert model.weight[-1, 0] == 0
    assert log.final_value("test", "mse") == pytest.approx(
        fit_recorded(sgd, split_example("regressor"))[1].final_value("test", "mse"), rel=0.05
    )


def test_a_feature_far_from_zero_keeps_its_digits_when_served() -> None:
    generator = np.random.default_rng(1)
    X = generator.normal([0, 1e4, -1e4], size=(2000, 3)).astype(np.float32)
    y = (X.astype(np.float64) @ [1, 2, -1] + generator.normal(size=2000) * 0.01).astype(np.float32)
    model, log = fit_recorded(REGRESSOR | {"epochs": "30"}, {"train": [(X, y)]})
    assert log.final_value("train", "mse") < 0.01
    assert log.final_value("train", "mse") == pytest.approx(
        float(((model.predict(X)["score"] - y) ** 2).mean()), rel=1e-3
    )


def with_labels(factor: float) -> dict[str, list[DenseBlock]]:
    """Return the regression example with its label in another unit."""
    return {
        name: [(X, (y * factor).astype(np.float32)) for X, y in blocks]
        for name, blocks in split_example("regressor").items()
    }


@pytest.mark.parametrize("factor", [1e-25, 1e15])
def test_r2_is_right_for_labels_of_any_magnitude(factor: float) -> None:
    assert 0.8 < fit_recorded(REGRESSOR, with_labels(factor))[1].final_value("test", "r2") < 0.999


def test_weights_beyond_float32_are_refused_not_saved() -> None:
    channels = {
        name: [((X * 1e-37).astype(np.float32), y) for X, y in blocks] for name, blocks in with_labels(1e6).items()
    }
    with pytest.raises(InputError, match="beyond what float32 can hold"):
        fit_recorded(REGRESSOR, channels)


def test_all_candidates_diverging_on_one_mini_batch_is_the_users_to_mend() -> None:
    X, y = draw_example("regressor", rows=40)
    wild = {"optimizer": "sgd", "learning_rate": "1e30", "num_models": "1", "epochs": "1"}
    with pytest.raises(InputError, match="loss on the rows that decide is infinite"):
        fit_recorded(REGRESSOR | wild, {"train": [(X, y)]})


def test_a_mini_batch_far_larger_than_the_data_costs_nothing() -> None:
    _, log = fit_recorded(REGRESSOR | {"mini_batch_size": "1e30", "num_models": "1"}, split_example("regressor"))
    assert np.isfinite(log.final_value("train", "mse"))


def test_an_array_beyond_what_mxnet_holds_is_refused() -> None:
    X, y = draw_example("multiclass_classifier", rows=1000)
    with pytest.raises(InputError, match=r"need an array of .* numbers; MXNet holds 2147483647"):
        fit_model(
            MULTICLASS | {"num_classes": "100000", "mini_batch_size": "1000"},
            {"train": [(X, y)]},
            Recorder(),
            Budget(1 << 40),
        )
