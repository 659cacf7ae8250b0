"""Measure components on rows."""

from collections.abc import Iterable

import numpy as np

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import Csr, Features, slice_rows
from open_algorithms.learning.rows.dense import Block
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.measuring.metrics import Reconstruction

NUMBERS_AT_ONCE = 2**20  # that are held in float64 at once


def measure_blocks(
    model: ComponentModel, blocks: Iterable[Block], hosts: Hosts = SINGLE_HOST, raise_if_stopped: StopCheck = never_stop
) -> Reconstruction:
    """Return how well the model reconstructs the rows of blocks, of all hosts."""
    sums = np.zeros(3)
    with hosts.stopping_together():
        for X, _ in blocks:
            width = model.outputs if isinstance(X, Csr) else max(model.feature_dim, model.outputs)
            size = max(1, NUMBERS_AT_ONCE // width)
            for first in range(0, X.shape[0], size):
                raise_if_stopped()
                part = slice_rows(X, first, min(first + size, X.shape[0]))
                sums += part.shape[0], sum_squares(model, part), np.square(model.project(part)).sum()
    rows, total, kept = hosts.all_reduce(sums).tolist()
    return Reconstruction(rows, model.feature_dim, total, kept)


def sum_squares(model: ComponentModel, X: Features) -> float:
    """Return the sum of squares of rows X (n, d) about the model's mean, in the units of its scales."""
    scales = np.ones(model.feature_dim) if model.scales is None else model.scales
    if not isinstance(X, Csr):
        return float(np.square((X - model.mean.astype(np.float64)) / scales).sum())
    center, values = model.mean / scales, X.data / scales[X.indices]
    return float((values * (values - 2 * center[X.indices])).sum() + X.shape[0] * (center @ center))
