"""Choose who assigns rows: the native library where it is built, numpy elsewhere.

Tests: tests/k_means/assigning/test_products.py.
"""

from open_algorithms.k_means.assigning.assignment import Assigner
from open_algorithms.k_means.assigning.native import NativeAssigner
from open_algorithms.k_means.assigning.products import NumpyAssigner
from open_algorithms.learning.engine.native.library import find_library


def choose_assigner(processors: int = 1) -> Assigner:
    """Return who assigns rows fastest here, on at most so many processors."""
    library = find_library()
    return NumpyAssigner() if library is None else NativeAssigner(library, processors)
