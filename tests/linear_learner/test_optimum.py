"""Run to convergence, each loss ends at the optimum that an independent solver finds."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import Lasso, LogisticRegression

from linear_learner.bank.operators.dense import DenseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.rows.dense import DenseRows, Design, build_dense_rows, epoch_order
from open_algorithms.learning.rows.scaling import fit_scaler

PARAMETERS = {"margin": 1.0, "quantile": 0.7, "huber_delta": 0.5, "loss_insensitivity": 0.2, None: 0.0}
ANY_PARAMETER = 0.3  # of a loss that is not among them
WD = 0.01
ROWS, FEATURES = 200, 4


def parameter(loss: str) -> float:
    return PARAMETERS.get(LOSSES[loss].parameter_name, ANY_PARAMETER)


def example(loss: str) -> tuple[DenseRows, int]:
    """Draw a small noisy problem, standardised."""
    generator = np.random.default_rng(12)
    X = generator.normal(size=(ROWS, FEATURES)).astype(np.float32)
    z = X @ generator.normal(size=(FEATURES, 3)) + generator.normal(size=(ROWS, 3))
    predictor = LOSSES[loss].predictor_type
    regression = predictor == "regressor"
    y = z[:, 0] if regression else z.argmax(axis=1) if predictor == "multiclass_classifier" else z[:, 0] > 0
    scaler = fit_scaler(
        X,
        y.astype(np.float32),
        unbias_data=True,
        normalize_data=True,
        unbias_label=regression,
        normalize_label=regression,
    )
    rows = build_dense_rows([(X, y.astype(np.float32))], scaler, FEATURES, Design(LOSSES[loss].takes_signed_rows))
    return rows, 3 if predictor == "multiclass_classifier" else 1


def objective(weights: NDArray[Any], rows: DenseRows, loss: str, outputs: int) -> float:
    """Return what training minimises: half the reported loss where the gradient has the half, plus the penalty."""
    W = weights.reshape(outputs, FEATURES + 1)
    z = rows.standardised_features.astype(np.float64) @ W[:, :-1].T + W[:, -1]
    value = LOSSES[loss].value(z, rows.y[:-1, 0], parameter(loss)).mean()
    return float(LOSSES[loss].gradient_factor * value + WD / 2 * (W[:, :-1] ** 2).sum())


@pytest.mark.parametrize("loss", LOSSES)
def test_training_ends_at_the_optimum(loss: str) -> None:
    rows, outputs = example(loss)
    settings = [
        Candidate("adam", 0.05, WD, lr_scheduler_step=20, lr_scheduler_factor=0.9, bias_lr_mult=1.0),
        Candidate("sgd", 0.1, WD, momentum=0.9, lr_scheduler_step=50, lr_scheduler_factor=0.9, bias_lr_mult=1.0),
    ]
    start = draw_initial_weights([0, 1], outputs, FEATURES, seed=0, method="uniform", spread=0.07, bias=0.0)
    bank = DenseBank(
        settings,
        start,
        Objective(LOSSES[loss], parameter(loss)),
        ROWS,
    )
    for _ in range(1200):
        bank.train(rows, epoch_order(ROWS, None))
    first = np.zeros(outputs * (FEATURES + 1))
    smooth = loss in ("logistic", "softmax_loss", "squared_loss", "huber_loss", "eps_insensitive_squared_loss")
    if smooth:
        best = minimize(objective, first, (rows, loss, outputs), method="L-BFGS-B").fun
    else:
        best = min(
            minimize(objective, first, (rows, loss, outputs), method=method, options={"maxfev": 40000}).fun
            for method in ("Powell", "Nelder-Mead")
        )
    for weights in bank.take_snapshot():
        assert objective(weights.astype(np.float64), rows, loss, outputs) <= best * (1 + 1e-3)


def test_the_logistic_model_has_scikit_learns_coefficients() -> None:
    rows, _ = example("logistic")
    start = draw_initial_weights([0], 1, FEATURES, seed=0, method="uniform", spread=0.07, bias=0.0)
    bank = DenseBank(
        [Candidate("adam", 0.05, WD, lr_scheduler_step=20, lr_scheduler_factor=0.9)],
        start,
        Objective(LOSSES["logistic"]),
        ROWS,
    )
    for _ in range(1500):
        bank.train(rows, epoch_order(ROWS, None))
    peer = LogisticRegression(C=1 / (WD * ROWS), tol=1e-10, max_iter=10000).fit(rows.standardised_features, rows.labels)
    np.testing.assert_allclose(bank.take_snapshot()[0, 0], [*peer.coef_[0], peer.intercept_[0]], atol=1e-3)


def sparse_problem() -> DenseRows:
    """Draw a regression in which 3 of 30 features matter."""
    generator = np.random.default_rng(7)
    X = generator.normal(size=(1000, 30)).astype(np.float32)
    y = (X[:, 3] - 2 * X[:, 11] + 1.5 * X[:, 20] + generator.normal(size=1000)).astype(np.float32)
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=True, normalize_label=True)
    return build_dense_rows([(X, y)], scaler, 30)


def train_sparse(rows: DenseRows, settings: list[Candidate], batch: int, epochs: int) -> NDArray[Any]:
    """Train on squared loss and return the weights, (M, d + 1)."""
    start = draw_initial_weights(list(range(len(settings))), 1, 30, seed=0, method="uniform", spread=0.07, bias=0.0)
    bank = DenseBank(settings, start, Objective(LOSSES["squared_loss"]), batch)
    shuffler = np.random.default_rng(0)
    for _ in range(epochs):
        bank.train(rows, epoch_order(1000, shuffler))
    return bank.take_snapshot()[:, 0]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_l1_ends_at_the_lasso_with_the_same_exact_zeros(momentum: float) -> None:
    rows = sparse_problem()
    settings = [
        Candidate("sgd", 0.1, wd=0.0, l1=l1, momentum=momentum, use_lr_scheduler=False) for l1 in (20.0, 100.0, 500.0)
    ]
    for candidate, weights in zip(settings, train_sparse(rows, settings, 1000, 600), strict=True):
        peer = Lasso(alpha=candidate.l1 / 1000, tol=1e-8).fit(
            rows.X[:-1, :-1].astype(float), rows.y[:-1, 0].astype(float)
        )
        np.testing.assert_allclose(weights[:-1], peer.coef_, atol=1e-4)
        np.testing.assert_array_equal(weights[:-1] == 0, peer.coef_ == 0)


def test_more_l1_gives_more_exact_zeros_and_the_planted_features_remain() -> None:
    rows = sparse_problem()
    strengths = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
    weights = train_sparse(rows, [Candidate("sgd", 0.05, wd=0.0, l1=l1, momentum=0.9) for l1 in strengths], 100, 30)
    zeros = (weights[:, :-1] == 0).sum(axis=1).tolist()
    assert zeros == sorted(zeros)
    assert (zeros[0], zeros[-1]) == (0, 30)
    assert {3, 11, 20} in [set(np.flatnonzero(row[:-1])) for row in weights]
