"""Products of sparse rows and dense weights by MXNet's operators.

Tests: tests/linear_learner/bank/operators/test_sparse.py.
"""

import numpy as np

from linear_learner.options.budget import LARGEST_TENSOR
from open_algorithms.learning.engine.expressions import Array
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.csr import Csr, slice_rows
from open_algorithms.learning.types.arrays import Float32s


def mxnet_csr_matmul(X: Csr, W: Array, into: Float32s | None = None) -> Array:
    """Return X W, (n, m), for sparse X (n, d) and MXNet's W (d, m), in chunks small enough for MXNet to index."""
    rows, width = X.shape[0], int(X.shape[1] or 0)
    result = as_ndarray(np.empty((rows, W.shape[1]), np.float32) if into is None else into)
    piece = max(1, LARGEST_TENSOR // max(width, 1))
    for first in range(0, rows, piece):
        part, out = slice_rows(X, first, min(first + piece, rows)), result[first : first + piece]
        if len(part.data):
            arrays = tuple(as_ndarray(array) for array in (part.data, part.indices.astype(np.int64), part.indptr))
            mx.nd.sparse.dot(mx.nd.sparse.csr_matrix(arrays, shape=part.shape), W, out=out)
        else:
            out[:] = 0
    return result
