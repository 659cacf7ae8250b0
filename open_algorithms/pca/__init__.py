"""PCA: the directions in which rows vary most, and rows projected on them.

`PCA` is an estimator of scikit-learn, imported when it is asked for; its components are the largest first.
"""

from typing import TYPE_CHECKING, Any

from open_algorithms import import_estimator

if TYPE_CHECKING:
    from open_algorithms.estimators.pca import PCA

__all__ = ["PCA"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_estimator("open_algorithms.estimators.pca", name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
