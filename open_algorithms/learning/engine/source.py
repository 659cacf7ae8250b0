"""Where MXNet comes from: the copy that a wheel carries, or else the package that is installed."""

import sys
from importlib.metadata import distributions
from importlib.util import find_spec

from open_algorithms.learning.engine import carried

PACKAGE = "mxnet"


def package_name() -> str:
    """Return the name by which MXNet is imported; one that is installed where there is none."""
    own = f"{carried.__name__}.{PACKAGE}"
    return own if find_spec(own) else PACKAGE


def mxnet_version() -> str | None:
    """Return the version of MXNet without importing it; None where there is none."""
    return next((found.version for found in distributions(name=PACKAGE, path=[*carried.__path__, *sys.path])), None)
