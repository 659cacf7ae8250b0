"""Train a bank of linear models at once, choose the best and calibrate it.

`LinearLearnerClassifier` and `LinearLearnerRegressor` are estimators of scikit-learn, imported when they are asked for.
"""

from typing import TYPE_CHECKING, Any

from open_algorithms import VERSION as __version__
from open_algorithms import import_estimator

if TYPE_CHECKING:
    from open_algorithms.estimators.linear import LinearLearnerClassifier, LinearLearnerRegressor

__all__ = ["LinearLearnerClassifier", "LinearLearnerRegressor", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_estimator("open_algorithms.estimators.linear", name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
