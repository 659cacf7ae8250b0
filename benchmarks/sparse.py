"""Train the bank on sparse rows, beside scikit-learn fitting its models on all cores, in the same run.

Arguments choose between the two sets by a part of their names: `python -m benchmarks.sparse text`.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from benchmarks.measure import Figure, is_chosen, run_benchmark, run_in_process, time_run
from benchmarks.problems import PROCESSORS
from linear_learner.bank.sliced import SlicedBank, choose_engine
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import build_candidates
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.job.hosts import SINGLE_HOST
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import epoch_order
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Floats

MODELS, BATCH, REPEATS = 32, 1000, 2
WIDE_ROWS, WIDE_FEATURES, WIDE_VALUES = 200_000, 1_000_000, 50
TEXTS, TERMS, MEAN_WORDS, SPREAD = 50_000, 100_000, 101, 0.7  # so many words have about 80 terms

Problem = tuple[Any, Floats]  # a sparse matrix and its labels


def draw_wide() -> Problem:
    """Draw rows whose few values are normal."""
    generator = np.random.default_rng(0)
    columns = np.sort(generator.integers(0, WIDE_FEATURES, (WIDE_ROWS, WIDE_VALUES)), axis=1).astype(np.int32)
    values = generator.normal(size=columns.size).astype(np.float32)
    starts = np.arange(0, columns.size + 1, WIDE_VALUES)
    X = sparse.csr_matrix((values, columns.ravel(), starts), shape=(WIDE_ROWS, WIDE_FEATURES))
    X.sum_duplicates()
    return X, draw_labels(X, generator)


def draw_texts() -> Problem:
    """Draw rows like the tf-idf of documents.

    Terms are as frequent as Zipf's law says, lengths are log-normal, values positive, and rows of length 1.
    """
    generator = np.random.default_rng(0)
    lengths = generator.lognormal(np.log(MEAN_WORDS) - SPREAD**2 / 2, SPREAD, TEXTS).astype(int) + 1
    shares = np.cumsum(1 / np.arange(1, TERMS + 1))
    terms = generator.permutation(TERMS)[np.searchsorted(shares, generator.random(lengths.sum()) * shares[-1])]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    X = sparse.csr_matrix((np.ones(len(terms), np.float32), terms.astype(np.int32), starts), shape=(TEXTS, TERMS))
    X.sum_duplicates()
    texts_with = np.bincount(X.indices, minlength=TERMS)
    X.data *= (np.log((1 + TEXTS) / (1 + texts_with)) + 1).astype(np.float32)[X.indices]
    X.data /= np.repeat(np.sqrt(np.add.reduceat(X.data**2, X.indptr[:-1])), np.diff(X.indptr))
    return X, draw_labels(X, generator)


def draw_labels(X: Any, generator: np.random.Generator) -> Floats:
    """Draw labels that are a noisy linear function of the rows."""
    margins = X @ generator.normal(size=X.shape[1])
    noise = generator.normal(size=len(margins)) * margins.std() / 7
    labels: Floats = (margins + noise > np.median(margins)).astype(np.float32)
    return labels


@dataclass(frozen=True)
class SparseProblem:
    """A set of rows and the bound on our speed of scikit-learn's."""

    name: str
    draw: Callable[[], Problem]
    least: float


PROBLEMS = (
    SparseProblem("wide", draw_wide, least=1.2),
    SparseProblem("text-like", draw_texts, least=3.0),
)


def figures() -> Iterator[Figure]:
    """Measure both sets."""
    for problem in PROBLEMS:
        if is_chosen(problem.name):
            yield from measure_problem(problem)


def measure_problem(problem: SparseProblem) -> Iterator[Figure]:
    """Measure an epoch of the default bank, as many fits, and the memory, in processes of their own."""
    subject, ours, memory = run_in_process(PROCESSORS, train_bank, problem)
    fits = {threads: run_in_process(1, fit_seconds, problem, threads) for threads in range(1, PROCESSORS + 1)}
    best = min(fits, key=fits.__getitem__)
    yield Figure(subject, f"the default bank, mini-batches of {BATCH}", ours, "s")
    yield Figure(subject, f"scikit-learn, SGDClassifier {MODELS} times, threads: {best}", fits[best], "s")
    yield Figure(subject, "our speed of scikit-learn's", fits[best] / ours, least=problem.least)
    yield Figure(subject, "the bank's memory at its peak", memory, "MiB")


def train_bank(problem: SparseProblem) -> tuple[str, float, float]:
    """Train the default bank for an epoch; return what the rows are, the shortest seconds and the memory in MiB."""
    X, y = problem.draw()
    (count, features), values = X.shape, X.nnz / X.shape[0]
    held = Csr(X.data, X.indices, X.indptr.astype(np.int64), X.shape)
    rows = SparseRows(held, y[:, None], None, np.zeros(0, np.int64))
    hp = parse_hyperparameters({"predictor_type": "binary_classifier", "mini_batch_size": str(BATCH)})
    settings = build_candidates(hp, rows=count, has_validation=True)
    start = draw_initial_weights(range(MODELS), 1, features, seed=0, method="uniform", spread=0.07, bias=0.0)
    order = epoch_order(count, np.random.default_rng(0))

    def train_epoch() -> None:
        engine, objective = choose_engine(PROCESSORS, SINGLE_HOST, is_sparse=True), Objective(LOSSES["logistic"])
        SlicedBank(settings, start, objective, BATCH, is_sparse=True, engine=engine).train(rows, order)

    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew: the drawing of rows is not counted
    before = memory_now("VmRSS")
    taken = min(time_run(train_epoch) for _ in range(REPEATS))
    subject = f"{problem.name}, {count:,} x {features:,}, {values:.0f} values a row, {MODELS} models, one epoch"
    return subject, taken, memory_now("VmHWM") - before


def fit_seconds(problem: SparseProblem, threads: int) -> float:
    """Time one epoch of all models by scikit-learn, so many at a time; processes are no faster than threads."""
    warnings.simplefilter("ignore")
    X, y = problem.draw()

    def fit_once(seed: int) -> None:
        SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=1, tol=None, random_state=seed).fit(X, y)

    with ThreadPool(threads) as pool:
        return min(time_run(partial(pool.map, fit_once, range(MODELS), 1)) for _ in range(REPEATS))


def memory_now(name: str) -> float:
    """Return VmRSS, the memory that the process holds, or VmHWM, the most that it has held, in MiB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1024


if __name__ == "__main__":
    run_benchmark("How fast is an epoch on sparse rows?", figures())
