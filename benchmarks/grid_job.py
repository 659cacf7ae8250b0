"""Fit a peer's grid to files, as a job: read the rows, fit, choose on the validation rows, and write the model.

`python -m benchmarks.grid_job scikit-learn FOLDER` reads train.npz and validation.npz, which hold sparse rows, and
writes model.npz. As many models are fitted at a time as there are processors. No more is imported than the peer needs.
"""

import os
import sys
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

GRID = np.geomspace(0.01, 10, 4)
FILES = ("train.npz", "validation.npz", "model.npz")


class Weights(NamedTuple):
    """The weights (K, d) and biases (K,) of a linear model."""

    weight: NDArray[Any]
    bias: NDArray[Any]


Fit = Callable[[float], Weights]
SHARED: dict[str, Fit] = {}  # with the processes that are forked


def write_rows(file: Path, X: NDArray[Any], y: NDArray[Any]) -> None:
    """Write rows as a peer reads them."""
    rows = sparse.csr_matrix(X)
    np.savez(file, data=rows.data, indices=rows.indices, indptr=rows.indptr, shape=rows.shape, y=y)


def read_rows(file: Path) -> tuple[Any, NDArray[Any]]:
    """Read a sparse matrix and its labels."""
    with np.load(file) as arrays:
        held = arrays["data"], arrays["indices"], arrays["indptr"]
        return sparse.csr_matrix(held, shape=arrays["shape"]), arrays["y"]


def prepare_scikit_learn(X: Any, y: NDArray[Any]) -> Fit:
    """Return what fits scikit-learn's logistic regression by L-BFGS."""
    from sklearn.linear_model import LogisticRegression

    def fit(C: float) -> Weights:
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, max_iter=200).fit(X, y)
        return Weights(model.coef_, model.intercept_)

    return fit


def prepare_liblinear(X: Any, y: NDArray[Any]) -> Fit:
    """Return what fits LIBLINEAR's logistic regression."""
    from liblinear.liblinear import problem
    from liblinear.liblinearutil import train

    rows = problem(y.astype(float), X.astype(float), bias=1)

    def fit(C: float) -> Weights:
        model = train(rows, f"-s 0 -c {C} -B 1 -q")
        labels = model.get_labels()
        wanted = [1] if len(labels) == 2 else sorted(labels)
        found = [model.get_decfun(labels.index(label)) for label in wanted]
        return Weights(np.array([weight for weight, _ in found]), np.array([bias for _, bias in found]))

    return fit


PEERS = {"scikit-learn": prepare_scikit_learn, "LIBLINEAR": prepare_liblinear}


def accuracy(model: Weights, X: Any, y: NDArray[Any]) -> float:
    """Return the share of rows whose label the model predicts."""
    z = X @ model.weight.T + model.bias
    return float(np.mean((z[:, 0] > 0 if z.shape[1] == 1 else z.argmax(axis=1)) == y))


def run_job(peer: str, folder: Path) -> None:
    """Write the best model of the grid; of equals the more regularized."""
    train, validation, chosen = (folder / file for file in FILES)
    fit = PEERS[peer](*read_rows(train))
    models = fit_grid(fit)
    X, y = read_rows(validation)
    best = max(models, key=lambda model: accuracy(model, X, y))
    np.savez(chosen, **best._asdict())


def fit_grid(fit: Fit) -> list[Weights]:
    """Fit in processes that share the rows, the largest C first, which takes longest; return the smallest first."""
    SHARED["fit"] = fit
    with get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        return pool.map(fit_one, GRID[::-1], 1)[::-1]


def fit_one(C: float) -> Weights:
    """Fit in a forked process."""
    return SHARED["fit"](C)


if __name__ == "__main__":
    run_job(sys.argv[1], Path(sys.argv[2]))
