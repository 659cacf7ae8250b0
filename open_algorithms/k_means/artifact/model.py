"""The centers that clusters have, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.rows.csr import AnyFeatures, Csr, csr_matmul, expand_rows, fits_dense
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Int64s

if TYPE_CHECKING:
    from open_algorithms.learning.columns.encode import Arrays, Encoded


@dataclass(frozen=True)
class CentroidModel:
    """Centers (k, d) of clusters, for raw features; float64 ones mean that features must be passed in float64.

    Distances are of features divided by `deviations` (d,), where these are not None. `facts` are what training found:
    of them `sizes` are the rows of each cluster. `names` and `recipe` tell of the features, where they are known.
    """

    centers: Floats
    deviations: Float32s | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    recipe: Recipe | None = None

    @property
    def feature_dim(self) -> int:
        """The number of features of a record, d."""
        return int(self.centers.shape[1])

    @property
    def outputs(self) -> int:
        """The number of clusters, k."""
        return len(self.centers)

    @property
    def exact(self) -> bool:
        """Whether features are to be passed in float64, because float32 would lose the digits that vary."""
        return self.centers.dtype == np.float64

    @property
    def feature_names(self) -> Sequence[str]:
        """The feature names, or f0, f1, ... where they are not known."""
        return self.names or [f"f{i}" for i in range(self.feature_dim)]

    def encode_rows(self, arrays: "Arrays") -> "Encoded":
        """Make features of rows of a table by the recipe, which must be there; raises ColumnFault for a value."""
        from open_algorithms.learning.columns.encode import encode_rows  # only here: a model of numbers does without

        assert self.recipe is not None
        return encode_rows(self.recipe, arrays)

    def predict(self, X: AnyFeatures) -> dict[str, Float32s]:
        """Return of rows X (n, d) the number of the nearest center, as a float, and the distance from it, (n,) each."""
        distances, closest = self.nearest(X)
        return {
            "closest_cluster": closest.astype(np.float32),
            "distance_to_cluster": distances.astype(np.float32),
        }

    def nearest(self, X: AnyFeatures) -> tuple[Float64s, Int64s]:
        """Return the distance of rows X (n, d) from their nearest centers, and the numbers of these, (n,) each."""
        X = expand_full_rows(X)
        if isinstance(X, Csr):
            distances = self.distances(X)
            closest = distances.argmin(axis=1)
            return distances[np.arange(len(closest)), closest], closest
        Z = self._scale(X) - self._middle
        closest = (Z @ self._scaled.T - self._half_norms).argmax(axis=1)
        Z -= self._scaled[closest]
        return np.sqrt(np.einsum("nd,nd->n", Z, Z)), closest

    def distances(self, X: AnyFeatures) -> Float64s:
        """Return the distances (n, k) of rows X (n, d) from all centers."""
        X = expand_full_rows(X)
        if isinstance(X, Csr):
            return self._sparse_distances(X)
        Z = self._scale(X) - self._middle
        return np.stack([np.linalg.norm(Z - center, axis=1) for center in self._scaled], axis=1)

    def _sparse_distances(self, X: Csr) -> Float64s:
        """Return the distances (n, k) of sparse rows, of which zeros stay zeros."""
        if self.deviations is not None:
            X = X._replace(data=X.data / self.deviations[X.indices])
        numbers = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        squares = np.bincount(numbers, weights=np.square(X.data, dtype=np.float64), minlength=X.shape[0])
        centers = self._scaled + self._middle
        norms = np.einsum("kd,kd->k", centers, centers)
        squared = squares[:, None] + norms - 2 * csr_matmul(X, centers.T)
        return np.asarray(np.sqrt(np.maximum(squared, 0)))

    def _scale(self, X: Floats) -> Float64s:
        Z = X.astype(np.float64)
        return Z if self.deviations is None else Z / self.deviations

    @cached_property
    def _middle(self) -> Float64s:
        """The mean of the centers, (d,), which is subtracted, so that squares of large numbers do not cost digits."""
        return np.asarray(self._scale(self.centers).mean(axis=0))

    @cached_property
    def _scaled(self) -> Float64s:
        """The centers less their mean."""
        return np.ascontiguousarray(self._scale(self.centers) - self._middle)

    @cached_property
    def _half_norms(self) -> Float64s:
        return np.asarray(np.einsum("kd,kd->k", self._scaled, self._scaled) / 2)


def expand_full_rows(X: AnyFeatures) -> AnyFeatures:
    """Make sparse rows dense that take little more room so: what is subtracted from these keeps their digits."""
    if isinstance(X, Csr) and fits_dense(X.shape[0], len(X.data), int(X.shape[1] or 0)):
        return expand_rows(X)
    return X
