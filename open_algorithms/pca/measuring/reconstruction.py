"""Measure components on rows."""

from collections.abc import Iterable

import numpy as np

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import Csr, Features, slice_rows
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.measuring.metrics import Reconstruction

NUMBERS_AT_ONCE = 2**20  # that are held in float64 at once


def measure_blocks(
    model: ComponentModel, blocks: Iterable[Block], hosts: Hosts = SINGLE_HOST, raise_if_stopped: StopCheck = never_stop
) -> Reconstruction:
    """Return how well the model reconstructs the rows of blocks, of all hosts.

    A row z about the mean with projections p is reconstructed as V p; of its square remains |z - V p|^2 = |z|^2 less
    2 |p|^2 - p'V'V p, which is |p|^2 but for the rounding of V to float32, much beside a small remainder.
    """
    sums, overlap = np.zeros(3), measure_overlap(model)
    with hosts.stopping_together():
        for X, _ in blocks:
            width = model.outputs if isinstance(X, Csr) else max(model.feature_dim, model.outputs)
            size = max(1, NUMBERS_AT_ONCE // width)
            for first in range(0, X.shape[0], size):
                raise_if_stopped()
                part = slice_rows(X, first, min(first + size, X.shape[0]))
                found = model.project(part)
                sums += part.shape[0], sum_squares(model, part), (found * (2 * found - found @ overlap)).sum()
    rows, total, kept = hosts.all_reduce(sums).tolist()
    return Reconstruction(rows, model.feature_dim, total, kept)


def measure_overlap(model: ComponentModel) -> Float64s:
    """Return the products of components with each other, (k, k), in the units of scales: 1 on the diagonal, about."""
    scales = np.ones(model.feature_dim) if model.scales is None else model.scales
    directions = model.loadings * scales[:, None]
    return np.asarray(directions.T @ directions)


def sum_squares(model: ComponentModel, X: Features) -> float:
    """Return the sum of squares of rows X (n, d) about the model's mean, in the units of its scales."""
    scales = np.ones(model.feature_dim) if model.scales is None else model.scales
    if not isinstance(X, Csr):
        return float(np.square((X - model.mean.astype(np.float64)) / scales).sum())
    center, values = model.mean / scales, X.data / scales[X.indices]
    return float((values * (values - 2 * center[X.indices])).sum() + X.shape[0] * (center @ center))
