"""Train a bank of linear models at once, choose the best and calibrate it.

`LinearLearnerClassifier` and `LinearLearnerRegressor` are estimators of scikit-learn, imported when they are asked for.
"""

from typing import TYPE_CHECKING, Any

from open_algorithms import VERSION as __version__

if TYPE_CHECKING:
    from open_algorithms.estimators.linear import LinearLearnerClassifier, LinearLearnerRegressor

__all__ = ["LinearLearnerClassifier", "LinearLearnerRegressor", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from open_algorithms.estimators import linear
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "sklearn":
            raise
        raise ImportError(
            f"{name} needs scikit-learn 1.6 or later: pip install 'open-linear-learner[sklearn]'"
        ) from None
    return getattr(linear, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
