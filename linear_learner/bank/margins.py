"""The margins of many models on rows, block by block."""

from collections.abc import Iterator

import numpy as np

from linear_learner.bank.operators.sparse_products import mxnet_csr_matmul
from linear_learner.objective.objective import Objective
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.expressions import Array
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Floats

NUMBERS_AT_ONCE = 2**20  # of the features of a block of dense rows, or of its margins
FEWEST_ROWS, MOST_ROWS = 64, 8192  # of a block


def row_blocks(rows: AnyRows, columns: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row of each block, few enough that their features and `columns` margins fit a cache."""
    width = columns if isinstance(rows, SparseRows) else max(columns, rows.feature_dim)
    size = min(MOST_ROWS, max(FEWEST_ROWS, NUMBERS_AT_ONCE // width))
    return ((first, min(first + size, len(rows))) for first in range(0, len(rows), size))


def sparse_margins(block: SparseRows, weights: Float32s) -> Array:
    """Return the margins of sparse rows, (n, m), for weights (m, d + 1)."""
    features, biases = np.ascontiguousarray(weights[:, :-1].T), weights[:, -1]
    # In float64, in which numpys agree whatever their BLAS.
    shift = 0.0 if block.shift is None else block.shift.astype(np.float64) @ features
    offset = np.asarray(biases - shift, np.float32)
    z: Array = mx.nd.broadcast_add(mxnet_csr_matmul(block.X, as_ndarray(features)), as_ndarray(offset[None, :]))
    return z


def score_rows(rows: AnyRows, weights: Floats, processors: int = 1) -> Iterator[tuple[int, int, Float32s]]:
    """Yield first and last row of each block, and the margins there, (n, P, K), for weights (P, K, d + 1)."""
    models, outputs, width = weights.shape
    flat = np.ascontiguousarray(weights.reshape(-1, width), np.float32)
    for first, last in row_blocks(rows, len(flat)):
        threads.set_count(threads.useful_count(2 * (last - first) * flat.size, processors))
        if isinstance(rows, DenseRows):
            X, y = rows.X[first:last], rows.y[first:last, 0]
            z = mx.nd.FullyConnected(as_ndarray(X), as_ndarray(flat), num_hidden=len(flat), no_bias=True).asnumpy()
            z = rows.design.restore_margins(z, y)
        else:
            z = sparse_margins(rows.slice_rows(first, last), flat).asnumpy()
        yield first, last, z.reshape(-1, models, outputs)


def row_losses(objective: Objective, margins: Float32s, labels: Float32s) -> Float32s:
    """Return the loss of each row with each model, (n, P), for margins (n, P, K); classes are not weighed."""
    loss, wide = objective.loss, margins.astype(np.float64)
    losses = np.empty(margins.shape[:2], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # of what has diverged
        for m in range(losses.shape[1]):
            losses[:, m] = loss.value(wide[:, m], labels, objective.parameter)
    return losses
