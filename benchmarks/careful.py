"""What a careful person fits: scikit-learn's linear models on standardised features, their strength tuned.

Tests: tests/benchmarks/test_optimum.py.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.sets import MULTICLASS, REGRESSOR, Rows
from open_algorithms.learning.types.arrays import Floats, Numbers

STRENGTHS = [2.0**power for power in range(-12, 13, 2)]
LARGE = 50_000_000  # rows x features x classes, from where on every second strength is tried
FOLDS = 5
UPDATES = 1000


@dataclass(frozen=True)
class Answer:
    """What a model says of rows: margins (n, K), and of a classifier the labels (n,)."""

    margins: Floats
    labels: Numbers


Predict = Callable[[Floats], Answer]
Measure = Callable[[Answer, Floats], Floats]


def squared_errors(answer: Answer, y: Floats) -> Floats:
    """Return the squared error of each row (n,)."""
    return np.asarray((answer.margins[:, 0] - y) ** 2)


def log_losses(answer: Answer, y: Floats) -> Floats:
    """Return the log loss of each row (n,); margins (n, 1) are those of label 1."""
    z = answer.margins.astype(np.float64)
    if z.shape[1] == 1:
        return np.asarray(np.logaddexp(0, np.where(y > 0, -z[:, 0], z[:, 0])))
    return np.asarray(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y.astype(np.int64)])


def label_errors(answer: Answer, y: Floats) -> Floats:
    """Return 1 for each row with another label than its own, else 0 (n,)."""
    return np.asarray(answer.labels != y, np.float64)


def list_strengths(X: Floats, y: Floats, predictor_type: str) -> list[float]:
    """Return the inverse penalties to try, from the strongest penalty to the weakest."""
    outputs = len(np.unique(y)) if predictor_type == MULTICLASS else 1
    return STRENGTHS[:: 2 if X.size * outputs > LARGE else 1]


def fit_path(X: Floats, y: Floats, predictor_type: str, strengths: Sequence[float]) -> list[Predict]:
    """Fit a model for each strength."""
    scaler = StandardScaler().fit(X.astype(np.float64))
    rows, path = scaler.transform(X.astype(np.float64)), []
    model = Ridge() if predictor_type == REGRESSOR else LogisticRegression(max_iter=UPDATES, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the penalty is weak: an ill-conditioned matrix, too few updates
        for strength in strengths:
            model.set_params(**{"alpha": 1 / strength} if predictor_type == REGRESSOR else {"C": strength})
            model.fit(rows, y)
            path.append(predict_by(scaler, np.atleast_2d(model.coef_).T.copy(), np.array(model.intercept_)))
    return path


def predict_by(scaler: StandardScaler, weight: Floats, bias: Floats) -> Predict:
    """Return the prediction of a model of standardised features, weight (d, K) and bias (K,), for raw rows."""

    def predict(X: Floats) -> Answer:
        z = np.asarray(scaler.transform(X.astype(np.float64)) @ weight + bias)
        return Answer(z, (z[:, 0] > 0).astype(np.int64) if z.shape[1] == 1 else z.argmax(axis=1))

    return predict


def choose_by_validation(train: Rows, held: Rows, predictor_type: str, measure: Measure) -> Predict:
    """Fit on one part and return the model that is best on another, of equals the more regularized."""
    X, y = held
    path = fit_path(*train, predictor_type, list_strengths(*train, predictor_type))
    return path[int(np.argmin([measure(predict(X), y).mean() for predict in path]))]


def choose_by_folds(rows: Rows, predictor_type: str, measure: Measure) -> Predict:
    """Fit on all rows with the strength that is best in cross-validation over five folds."""
    X, y = rows
    strengths = list_strengths(X, y, predictor_type)
    folds = (KFold if predictor_type == REGRESSOR else StratifiedKFold)(FOLDS, shuffle=True, random_state=0)
    totals = np.zeros(len(strengths))
    for own, held in folds.split(X, y):
        path = fit_path(X[own], y[own], predictor_type, strengths)
        totals += [measure(predict(X[held]), y[held]).sum() for predict in path]
    return fit_path(X, y, predictor_type, [strengths[int(np.argmin(totals))]])[0]
