"""The logistic loss of rows, from scores before the link: that of probabilities would be infinite at 0 and 1.

Tests: tests/factorization_machines/measuring/test_metrics.py, tests/factorization_machines/machines/test_stepping.py.
"""

import numpy as np

from open_algorithms.learning.types.arrays import Float64s, Floats


def row_losses(z: Floats, y: Floats) -> Float64s:
    """Return the losses of scores z (n,), or (M, n) of several machines, of rows with labels 0 or 1, (n,)."""
    margins = np.where(y > 0.5, -z, z).astype(np.float64)
    with np.errstate(invalid="ignore"):  # of machines that have diverged
        return np.asarray(np.maximum(margins, 0) + np.log1p(np.exp(-np.abs(margins))))
