"""Jobs of Factorization Machines in this process, without their folders, and rows with pairs to learn."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from open_algorithms.factorization_machines.learn import fit
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import Csr, as_csr, slice_rows
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Work
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder

USERS, ITEMS = 40, 30
CLASSIFIER = {"predictor_type": "binary_classifier"}
REGRESSOR = {"predictor_type": "regressor"}


def draw_pairs(rows: int, *, seed: int = 0, of: int = 0) -> tuple[Csr, Float32s]:
    """Return one-hot rows of users and items, and how much each likes the other.

    That depends on the pair, and not on user and item alone. `of` draws other rows of the same users and items.
    """
    tastes = np.random.default_rng(seed)
    v = tastes.normal(size=(USERS + ITEMS, 2))
    w = tastes.normal(0, 0.5, USERS + ITEMS)
    generator = np.random.default_rng([seed, of, 1])
    users, items = generator.integers(0, USERS, rows), USERS + generator.integers(0, ITEMS, rows)
    liking = w[users] + w[items] + (v[users] * v[items]).sum(axis=1) + generator.normal(0, 0.3, rows)
    indices = np.stack([users, items], axis=1).reshape(-1).astype(np.int32)
    X = Csr(np.ones(2 * rows, np.float32), indices, np.arange(0, 2 * rows + 1, 2), (rows, USERS + ITEMS))
    return X, liking.astype(np.float32)


def draw_classes(rows: int, *, seed: int = 0, of: int = 0) -> tuple[Csr, Float32s]:
    """Return such rows, and whether they like each other, 0 or 1."""
    X, liking = draw_pairs(rows, seed=seed, of=of)
    return X, (liking > 0).astype(np.float32)


def cut_blocks(X: Csr | Float32s, y: Float32s, parts: int = 5) -> list[Block]:
    """Return rows as a channel yields them."""
    ends = np.linspace(0, len(y), parts + 1).astype(int).tolist()
    return [(slice_rows(X, a, b), y[a:b]) for a, b in pairwise(ends)]


def densify(X: Csr) -> Float32s:
    """Return sparse rows as dense ones."""
    dense = np.zeros((X.shape[0], int(X.shape[1] or 0)), np.float32)
    dense[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
    return dense


def sparsify(X: Float32s) -> Csr:
    """Return dense rows as sparse ones."""
    return as_csr(X)


def learn(texts: dict[str, str], blocks: Iterable[Block], log: Recorder | None = None, **more: Any) -> TrainingResult:
    """Run a job on the blocks of its channel `train`; `more` are further fields of the work."""
    channels = {"train": blocks, **more.pop("channels", {})}
    return fit(Work(texts, channels, log or Recorder(), **more))


def learn_on_hosts(texts: dict[str, str], blocks: list[Block], count: int, **more: Any) -> list[TrainingResult]:
    """Run a job on several hosts, which share the rows; return the results by rank."""

    def be_host(hosts: Hosts) -> TrainingResult:
        return learn(texts, blocks, hosts=hosts, **more)

    return run_hosts(count, be_host)
