"""A public run of Amazon's own algorithm, repeated: its losses, its choice, its scores."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data import FOLDER
from linear_learner.artifact.read import load_model
from linear_learner.bank.operators.dense import DenseBank
from linear_learner.measuring.final import compute_metrics
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.rows.dense import DenseRows, Design, build_dense_rows, epoch_order
from open_algorithms.learning.rows.scaling import Scaler, fit_scaler
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model

RUN = FOLDER / "golden" / "attrition"

pytestmark = pytest.mark.shared

GRID = [
    Candidate(learning_rate=rate, wd=wd, lr_scheduler_minimum_lr=floor, lr_scheduler_step=step)
    for wd in (1e-4, 1e-2, 1.0, 100.0)
    for rate in (0.005, 0.1)
    for floor in (1e-5, 1e-4)
    for step in (10, 100)
]
CHOSEN = 2
FORGETFUL = (12, 16, 24, 28)
# The original's random start is not known. These remember theirs longest: small steps, hardly any decay.
SLOW = (0, 1, 2, 3, 8, 9, 10, 11)


def table() -> tuple[NDArray[Any], NDArray[Any]]:
    """Return features and labels."""
    rows = np.loadtxt(RUN / "train.csv", delimiter=",", dtype=np.float32)
    return np.ascontiguousarray(rows[:, 1:]), np.ascontiguousarray(rows[:, 0])


def full_batches() -> tuple[DenseRows, Scaler]:
    """Return the 65 full mini-batches that the original trains on."""
    X, y = (part[:6500] for part in table())
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=False, normalize_label=False)
    return build_dense_rows([(X, y)], scaler, X.shape[1], Design(is_signed=True)), scaler


def train(epochs: int) -> tuple[DenseBank, Scaler, list[NDArray[Any]]]:
    """Train the original's grid in file order; return the mean losses of each epoch too."""
    rows, scaler = full_batches()
    start = draw_initial_weights(range(32), 1, rows.feature_dim, seed=0, method="uniform", spread=0.07, bias=0.0)
    bank = DenseBank(GRID, start, Objective(LOSSES["logistic"]), 100)
    losses = [bank.train(rows, epoch_order(len(rows), None)) / len(rows) for _ in range(epochs)]
    return bank, scaler, losses


def test_every_candidate_has_the_losses_that_the_original_printed() -> None:
    printed = np.array(read_losses())
    _, _, losses = train(len(printed))
    difference = np.abs(np.array(losses) - printed)
    assert np.delete(difference, SLOW, axis=1)[1:].max() < 3e-3
    assert difference[3:].max() < 3e-3
    assert difference[-1, FORGETFUL].max() < 1e-4


def test_the_chosen_candidate_has_the_weights_that_the_original_saved() -> None:
    bank, scaler, _ = train(6)
    saved = load_model(RUN)
    weights = bank.take_snapshot()[CHOSEN, 0]
    standardised = saved.weight[:, 0] * scaler.deviation
    np.testing.assert_allclose(weights[:-1], standardised, atol=0.02)


def test_scores_recomputed_from_the_saved_model_are_those_that_were_printed() -> None:
    X, y = table()
    saved = load_model(RUN)
    hp = parse_hyperparameters({"predictor_type": "binary_classifier"})
    scores = {name: value for name, _, value in compute_metrics(saved, [(X, y)], hp, None).scores}
    assert round(scores["binary_classification_cross_entropy_objective"], 6) == 0.555100
    assert scores["binary_classification_accuracy"] == 4657 / 6548
    assert round(scores["binary_f_1.000"], 6) == 0.721625
    assert round(scores["roc_auc_score"], 6) == 0.785239


@pytest.mark.parametrize("seed", range(5))
def test_our_own_job_on_the_same_data_is_no_worse(seed: int) -> None:
    X, y = table()
    texts = {"predictor_type": "binary_classifier", "mini_batch_size": "100", "seed": str(seed)}
    model = fit_model(texts, {"train": [(X, y)]}, Recorder())
    scores = {
        name: value for name, _, value in compute_metrics(model, [(X, y)], parse_hyperparameters(texts), None).scores
    }
    assert scores["binary_classification_cross_entropy_objective"] <= 0.5552
    assert scores["binary_classification_accuracy"] >= 4657 / 6548


def read_losses() -> Any:
    """Read the printed losses, one list of 32 per epoch."""
    return json.loads((RUN / "epochs.json").read_text())["epochs"]
