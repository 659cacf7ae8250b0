"""Choose who assigns rows: the native library where it is built, numpy elsewhere.

Tests: tests/k_means/assigning/test_products.py.
"""

from open_algorithms.k_means.assigning.assignment import Assigner
from open_algorithms.k_means.assigning.products import NumpyAssigner


def choose_assigner(processors: int) -> Assigner:
    """Return who assigns rows fastest here, on so many processors."""
    return NumpyAssigner()
