"""Reference models on the same data.

Each fits a grid, chooses on the validation split and is measured on the test split.
"""

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge, SGDClassifier, SGDRegressor

from benchmarks.measure import time_run
from open_algorithms.learning.types.arrays import Floats, Numbers

Split = tuple[Floats, Floats]
Predict = Callable[[Floats], Numbers]
Fits = Callable[[Floats, Floats], Iterator[Predict]]
GRID = 4
PASSES = 15


def fit_logistic_regression(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit scikit-learn's by L-BFGS."""
    for C in np.geomspace(0.01, 10, GRID):
        yield decision_of(LogisticRegression(C=C, max_iter=200).fit(X, y))


def fit_sgd_classifier(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit scikit-learn's stochastic one."""
    for alpha in np.geomspace(1e-6, 1e-3, GRID):
        yield decision_of(
            SGDClassifier(loss="log_loss", alpha=alpha, max_iter=PASSES, tol=None, average=True).fit(X, y)
        )


def decision_of(model: Any) -> Predict:
    """Return the decision function of a binary model, `predict` of any other."""
    return model.decision_function if len(model.classes_) == 2 else model.predict  # type: ignore[no-any-return]


def fit_liblinear(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit LIBLINEAR's logistic regression."""
    from liblinear.liblinearutil import predict, train

    rows = sparse.csr_matrix(X.astype(float))
    for C in np.geomspace(0.01, 10, GRID):
        model = train(y.astype(float), rows, f"-s 0 -c {C} -B 1 -q")
        labels = model.get_labels()

        def score(X: Floats, model: Any = model, labels: Any = labels) -> Numbers:
            found, _, margins = predict([], sparse.csr_matrix(X.astype(float)), model, "-q")
            return np.array(margins)[:, 0] * (1 if labels[0] == 1 else -1) if len(labels) == 2 else np.array(found)

        yield score


def fit_ridge(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit least squares."""
    for alpha in np.geomspace(0.01, 10, GRID):
        yield Ridge(alpha=alpha).fit(X, y).predict


def fit_quantile(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit the median."""
    yield QuantileRegressor(alpha=0, solver="highs").fit(X, y).predict


def fit_sgd_regressor(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit absolute errors stochastically."""
    scale = y.std()
    for alpha in np.geomspace(1e-6, 1e-3, GRID):
        model = SGDRegressor("epsilon_insensitive", epsilon=0, alpha=alpha, max_iter=PASSES, tol=None, average=True)
        model.fit(X, (y - y.mean()) / scale)

        def predict(X: Floats, model: Any = model) -> Floats:
            return np.asarray(model.predict(X) * scale + y.mean())

        yield predict


def fit_vowpal_wabbit(X: Floats, y: Floats) -> Iterator[Predict]:
    """Fit Vowpal Wabbit's logistic regression, one against all for more than two classes."""
    count = len(np.unique(y))
    classes = "" if count == 2 else f"--oaa {count}"
    labels = np.where(y > 0, 1, -1) if count == 2 else y.astype(int) + 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "train")
        file.write_text(vowpal_lines(X, labels))
        for rate in np.geomspace(0.05, 1, GRID):
            model = f"{folder}/{rate}"
            learn = f"-d {file} -c -k --passes {PASSES} --holdout_off -l {rate} --loss_function logistic {classes}"
            run_vowpal(f"{learn} -f {model} --quiet")

            def score(X: Floats, model: str = model) -> Floats:
                Path(folder, "rows").write_text(vowpal_lines(X, np.ones(len(X), int)))
                run_vowpal(f"-t -i {model} -d {folder}/rows -p {folder}/found --quiet")
                found = np.loadtxt(f"{folder}/found", ndmin=1)
                return found if count == 2 else found - 1

            yield score


def vowpal_lines(X: Floats, labels: Numbers) -> str:
    """Write rows in Vowpal Wabbit's text."""
    rows = []
    for label, row in zip(labels.tolist(), X, strict=True):
        (places,) = row.nonzero()
        pairs = zip(places.tolist(), row[places].tolist(), strict=True)
        rows.append(f"{label} | " + " ".join(f"{place}:{value:.6g}" for place, value in pairs))
    return "\n".join(rows) + "\n"


def run_vowpal(options: str) -> None:
    """Run it in a process of its own: it keeps its input open until it is closed."""
    code = "import sys; from vowpalwabbit import Workspace; Workspace(sys.argv[1]).finish()"
    subprocess.run([sys.executable, "-c", code, options], check=True, capture_output=True)


def measure_predictions(metric: str, z: Numbers, y: Floats, threshold: float) -> float:
    """Return a metric of predictions; higher is better, so errors are negative."""
    match metric:
        case "accuracy":
            return float(np.mean((z > threshold) == y))
        case "F1":
            return 2 * float(np.sum((z > threshold) & (y > 0))) / float(np.sum(z > threshold) + np.sum(y))
        case "accuracy of classes":
            return float(np.mean(z == y))
        case "squared error":
            return -float(np.mean((z - y) ** 2))
        case _:
            return -float(np.mean(np.abs(z - y)))


def best_threshold(metric: str, z: Numbers, y: Floats) -> float:
    """Return the threshold with the best F1; 0 for other metrics."""
    if metric != "F1":
        return 0.0
    order = np.argsort(-z)
    right = np.cumsum(y[order])
    return float(z[order][np.argmax(2 * right / (np.arange(len(y)) + 1 + y.sum()))] - 1e-9)


def fit_and_measure(fits: Fits, load: Callable[[], dict[str, Split]], metric: str) -> tuple[float, float]:
    """Choose on the validation split; return the test metric of the best fit and the seconds of the whole grid."""
    warnings.simplefilter("ignore")
    splits = load()
    X, _ = splits["train"]
    if X.min() < 0 or X.max() > 1:
        mean, deviation = X.mean(axis=0), X.std(axis=0)
        splits = {split: ((X - mean) / deviation, y) for split, (X, y) in splits.items()}
    tries: list[tuple[float, float]] = []

    def work() -> None:
        (X, y), (held, right), (asked, truth) = (splits[split] for split in ("train", "validation", "test"))
        for predict in fits(X, y):
            z = predict(held)
            threshold = best_threshold(metric, z, right)
            tries.append(
                (
                    measure_predictions(metric, z, right, threshold),
                    measure_predictions(metric, predict(asked), truth, threshold),
                )
            )

    taken = time_run(work)
    return abs(max(tries)[1]), taken
