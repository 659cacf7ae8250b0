"""Open algorithms for tables: the command line, and what they share."""

from importlib import import_module
from typing import Any

VERSION = "0.1.0"


def import_estimator(module: str, name: str) -> Any:
    """Return an estimator of scikit-learn by its module and its name.

    Raises ImportError that says how to install scikit-learn where it is missing.
    """
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "sklearn":
            raise
        raise ImportError(
            f"{name} needs scikit-learn 1.6 or later: pip install 'open-linear-learner[sklearn]'"
        ) from None
