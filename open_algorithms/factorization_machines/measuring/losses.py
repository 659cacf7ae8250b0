"""The logistic loss of rows, from scores before the link: that of probabilities would be infinite at 0 and 1.

Tests: tests/factorization_machines/measuring/test_metrics.py, tests/factorization_machines/machines/test_stepping.py.
"""

import numpy as np

from open_algorithms.learning.types.arrays import Float64s, Floats


def row_losses(z: Floats, y: Floats) -> Float64s:
    """Return the losses of scores z (n,), or (M, n) of several machines, of rows with labels 0 or 1, (n,)."""
    losses = z * np.where(y > 0.5, -1.0, 1.0)
    with np.errstate(invalid="ignore"):  # of machines that have diverged
        tails = np.abs(losses)
        np.log1p(np.exp(np.negative(tails, out=tails), out=tails), out=tails)
        np.maximum(losses, 0, out=losses)
        losses += tails
    return np.asarray(losses)
