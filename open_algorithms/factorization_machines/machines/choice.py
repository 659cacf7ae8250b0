"""Choose who steps machines: the native library where it is built, numpy elsewhere.

Tests: tests/factorization_machines/machines/test_stepping.py.
"""

from open_algorithms.factorization_machines.machines.machines import Stepper
from open_algorithms.factorization_machines.machines.native import NativeStepper
from open_algorithms.factorization_machines.machines.plain import PlainStepper
from open_algorithms.learning.engine.native.library import find_library


def choose_stepper() -> Stepper:
    """Return who steps machines fastest here, in one thread."""
    library = find_library()
    return PlainStepper() if library is None else NativeStepper(library)
