"""Factorization Machines: classifiers and regressors that learn what pairs of features do.

`FactorizationMachineClassifier` and `FactorizationMachineRegressor` are estimators of scikit-learn, imported when they
are asked for.
"""

from typing import TYPE_CHECKING, Any

from open_algorithms import import_estimator

if TYPE_CHECKING:
    from open_algorithms.estimators.factorization_machines import (
        FactorizationMachineClassifier,
        FactorizationMachineRegressor,
    )

__all__ = ["FactorizationMachineClassifier", "FactorizationMachineRegressor"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_estimator("open_algorithms.estimators.factorization_machines", name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
