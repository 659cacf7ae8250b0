"""K-Means: rows are divided into clusters, each around its center.

`KMeans` is an estimator of scikit-learn, imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

from open_algorithms import import_estimator

if TYPE_CHECKING:
    from open_algorithms.estimators.k_means import KMeans

__all__ = ["KMeans"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_estimator("open_algorithms.estimators.k_means", name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
