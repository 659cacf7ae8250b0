"""The components that a model has, and the projections that it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.rows.csr import AnyFeatures, Csr, csr_matmul
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats

if TYPE_CHECKING:
    from open_algorithms.learning.columns.encode import Arrays, Encoded


@dataclass(frozen=True)
class ComponentModel:
    """Components for raw features, in the original's order: the largest one is the last.

    Rows x are answered by (x - mean) V, `loadings` V (d, k) being orthonormal once its rows are multiplied by `scales`
    (d,), the deviations of features; None stands for 1. A float64 `mean` (d,) means that features must be passed in
    float64. `singular_values` (k,) are those of the training rows about their mean; the original's may be NaN. `facts`
    are what training found: its `rows`, their `total_variance`, and of all components that are known, the largest
    first, `singular_values` and `explained_variance_ratios`. `names` and `recipe` tell of the features, where they are
    known.
    """

    loadings: Float32s
    mean: Floats
    singular_values: Float32s
    scales: Float64s | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    recipe: Recipe | None = None

    @property
    def feature_dim(self) -> int:
        """The number of features of a record, d."""
        return int(self.loadings.shape[0])

    @property
    def outputs(self) -> int:
        """The number of components, k."""
        return int(self.loadings.shape[1])

    @property
    def exact(self) -> bool:
        """Whether features are to be passed in float64, because float32 would lose the digits that vary."""
        return self.mean.dtype == np.float64

    @property
    def feature_names(self) -> Sequence[str]:
        """The feature names, or f0, f1, ... where they are not known."""
        return self.names or [f"f{i}" for i in range(self.feature_dim)]

    @property
    def explained_ratios(self) -> list[float] | None:
        """The share of the variance that each of the k components explains, the largest first; None if not known."""
        ratios = self.facts.get("explained_variance_ratios")
        return None if ratios is None else [float(ratio) for ratio in ratios[: self.outputs]]

    def encode_rows(self, arrays: "Arrays") -> "Encoded":
        """Make features of rows of a table by the recipe, which must be there; raises ColumnFault for a value."""
        from open_algorithms.learning.columns.encode import encode_rows  # only here: a model of numbers does without

        assert self.recipe is not None
        return encode_rows(self.recipe, arrays)

    def predict(self, X: AnyFeatures) -> dict[str, Float32s]:
        """Return the projections of rows X (n, d) on the components, (n, k)."""
        return {"projection": self.project(X).astype(np.float32)}

    def project(self, X: AnyFeatures) -> Float64s:
        """Return the projections of rows X (n, d), (n, k), in float64."""
        if isinstance(X, Csr):
            return csr_matmul(X, self._wide) - self._projected_mean
        return np.asarray((X.astype(np.float64) - self.mean) @ self._wide)

    @cached_property
    def _wide(self) -> Float64s:
        return self.loadings.astype(np.float64)

    @cached_property
    def _projected_mean(self) -> Float64s:
        return np.asarray(self.mean.astype(np.float64) @ self._wide)
