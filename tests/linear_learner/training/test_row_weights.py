"""A row that counts twice trains the model of the same row given twice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.options.budget import Budget
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.holdout import Holdout
from open_algorithms.learning.types.arrays import Float32s
from tests.learning.job.recorder import Recorder
from tests.learning.rows.problems import draw_problem
from tests.linear_learner.jobs import fit_model, fit_result
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.examples import EXACT, HYPERPARAMETERS, LARGE_JOB, DenseBlock, draw_example

JOBS = {
    "binary": HYPERPARAMETERS["binary_classifier"],
    "hinge": HYPERPARAMETERS["binary_classifier"] | {"loss": "hinge_loss"},
    "balanced": HYPERPARAMETERS["binary_classifier"] | {"positive_example_weight_mult": "balanced"},
    "multiclass": HYPERPARAMETERS["multiclass_classifier"],
    "balanced multiclass": HYPERPARAMETERS["multiclass_classifier"] | {"balance_multiclass_weights": "true"},
    "regressor": HYPERPARAMETERS["regressor"],
    "absolute": HYPERPARAMETERS["regressor"] | {"loss": "absolute_loss"},
}


def normalise(weights: NDArray[Any]) -> Float32s:
    return np.asarray(weights / weights.mean(), np.float32)


def draw_standardised(predictor: str, rows: int = 600) -> DenseBlock:
    X, y = draw_example(predictor, rows)
    y = y - 50 if predictor == "regressor" else y
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32), y


def fit_exactly(job: dict[str, str], blocks: Sequence[Block], **more: Any) -> TrainingResult:
    rows = str(sum(len(y) for _, y in blocks))
    return fit_result(job | EXACT | {"mini_batch_size": rows}, {"train": blocks}, Recorder(), **more)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("job", JOBS.values(), ids=[*JOBS])
def test_a_weight_of_two_is_a_row_given_twice(job: dict[str, str], sparse: bool) -> None:
    X, y = draw_standardised(job["predictor_type"])
    weights = np.random.default_rng(0).integers(1, 4, len(y))
    weighted = fit_exactly(job, [(compress_matrix(X) if sparse else X, y)], row_weights={"train": normalise(weights)})
    again = np.repeat(np.arange(len(y)), weights)
    repeated = fit_exactly(job, [(X[again], y[again])])
    np.testing.assert_allclose(weighted.model.weight, repeated.model.weight, atol=2e-6)
    np.testing.assert_allclose(weighted.standings.losses, repeated.standings.losses, rtol=1e-5)
    np.testing.assert_allclose(weighted.standings.values, repeated.standings.values, rtol=1e-5)
    assert weighted.model.threshold == pytest.approx(repeated.model.threshold, abs=1e-4)
    plain = fit_exactly(job, [(X, y)])
    assert np.abs(plain.model.weight - weighted.model.weight).max() > 1e-4


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_equal_weights_change_nothing(predictor: str) -> None:
    X, y = draw_example(predictor)
    weights = {"train": np.ones(len(y), np.float32)}
    models = [
        fit_model(HYPERPARAMETERS[predictor], {"train": [(X, y)]}, Recorder(), row_weights=row_weights)
        for row_weights in ({}, weights)
    ]
    np.testing.assert_allclose(models[1].weight, models[0].weight, atol=1e-6)
    assert models[1].threshold == pytest.approx(models[0].threshold, abs=1e-5)


def test_weights_follow_the_rows_that_are_held_out() -> None:
    X, y = draw_example("binary_classifier")
    weights = normalise(np.random.default_rng(1).integers(1, 9, len(y)))
    holdout = Holdout(0.2, 0, by_class=True)
    (held,) = (marks for _, _, marks in holdout.mark_blocks([(X, y)]))
    job = HYPERPARAMETERS["binary_classifier"]
    one = fit_model(job | {"holdout": "0.2"}, {"train": [(X, y)]}, Recorder(), row_weights={"train": weights})
    two = fit_model(
        job,
        {"train": [(X[~held], y[~held])], "validation": [(X[held], y[held])]},
        Recorder(),
        row_weights={"train": weights[~held], "validation": weights[held]},
    )
    assert_same_bits(one, two)


@pytest.mark.parametrize("sparse", [False, True])
def test_weights_go_with_the_rows_of_a_stream(sparse: bool) -> None:
    blocks = draw_problem(60_000, sparse=sparse)
    weights = {"train": normalise(np.random.default_rng(2).integers(1, 5, 60_000))}
    models = []
    for budget in (Budget(), Budget(74 << 20)):
        log = Recorder()
        models.append(fit_model(LARGE_JOB, {"train": blocks}, log, budget, row_weights=weights))
    assert any("The channel 'train' is larger than the" in line for line in log.said)
    np.testing.assert_allclose(models[1].weight, models[0].weight, atol=1e-6)
