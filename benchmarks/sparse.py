"""Train the bank on very wide sparse rows, beside scikit-learn fitting its models in turn, in the same run."""

import resource
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from benchmarks.measure import Figure, run_benchmark, time_run
from benchmarks.problems import PROCESSORS
from linear_learner.bank.operators.sparse import SparseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import build_candidates
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import epoch_order
from open_algorithms.learning.rows.sparse import SparseRows

ROWS, FEATURES, HELD = 200_000, 1_000_000, 50
MODELS, BATCH = 32, 1000
FITS = 4  # of scikit-learn's, the mean of which stands for all


def figures() -> Iterator[Figure]:
    """Measure an epoch of the default bank, as many fits, and the memory."""
    X, y = draw_problem(ROWS)
    rows = SparseRows(
        Csr(X.data, X.indices, X.indptr.astype(np.int64), X.shape), y[:, None], None, np.zeros(0, np.int64)
    )
    hp = parse_hyperparameters({"predictor_type": "binary_classifier"})
    settings = build_candidates(hp, rows=ROWS, has_validation=True)
    start = draw_initial_weights(range(MODELS), 1, FEATURES, seed=0, method="uniform", spread=0.07, bias=0.0)
    order = epoch_order(ROWS, np.random.default_rng(0))
    before = peak_memory()
    ours = time_run(
        lambda: SparseBank(settings, start, Objective(LOSSES["logistic"]), BATCH, processors=PROCESSORS).train(
            rows, order
        )
    )
    memory = peak_memory() - before
    fits = []
    for seed in range(FITS):
        peer = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=1, tol=None, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits.append(time_run(partial(peer.fit, X, y)))
    theirs = MODELS * float(np.mean(fits))
    subject = f"{ROWS:,} x {FEATURES:,}, {HELD} values a row, {MODELS} models, one epoch"
    yield Figure(subject, "the default bank", ours, "s")
    yield Figure(subject, f"scikit-learn, SGDClassifier {MODELS} times", theirs, "s")
    yield Figure(subject, "our speed of scikit-learn's", theirs / ours)
    yield Figure(subject, "the bank's memory at its peak", memory, "MiB")


def draw_problem(rows: int) -> tuple[Any, Any]:
    """Draw rows whose few values are normal and whose label is a noisy linear function of them."""
    generator = np.random.default_rng(0)
    columns = np.sort(generator.integers(0, FEATURES, (rows, HELD)), axis=1).astype(np.int32)
    values = generator.normal(size=rows * HELD).astype(np.float32)
    X = sparse.csr_matrix((values, columns.ravel(), np.arange(0, rows * HELD + 1, HELD)), shape=(rows, FEATURES))
    X.sum_duplicates()
    margin = X @ generator.normal(size=FEATURES)
    return X, (margin + generator.normal(size=rows) > 0).astype(np.float32)


def peak_memory() -> float:
    """Return the most memory that the process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    run_benchmark("How fast is an epoch on very wide sparse rows?", figures())
