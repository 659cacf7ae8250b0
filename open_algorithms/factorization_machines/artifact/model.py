"""The trained machine: what an artifact holds and what answers requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.rows.csr import AnyFeatures, Csr, csr_matmul, slice_rows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Numbers

if TYPE_CHECKING:
    from open_algorithms.learning.columns.encode import Arrays, Encoded

ROWS_AT_ONCE = 4096  # dense rows that are scored together
NUMBERS_AT_ONCE = 2**23  # of sparse rows that are made dense together


@dataclass(frozen=True)
class FactorModel:
    """A factorization machine of raw features: bias, linear weights (d,) and factors (d, k), float32 numbers.

    The score of a row x is bias + sum_j linear_j z_j + sum_{i<j} <factors_i, factors_j> z_i z_j of z = x - `centers`,
    and the logistic function of that for a binary classifier, which predicts 1 from `threshold` on. Without centers z
    is x; with them, (d,), features must be passed in float64. `settings` are the hyperparameters of the job, as texts.
    `names` are the feature names and `label_name` the label's, where the training data had them; `recipe` says how the
    columns of a table become the features. `label_classes` are the classes in the order of their numbers, where these
    are not the labels.
    A feature counts as no further from its center than `reach` (d,): pairs of outliers would count beyond measure.
    `seen` tells which users came with which items in the training data, where that is a table of both.
    """

    predictor_type: str
    bias: float
    linear: Float32s
    factors: Float32s
    threshold: float = 0.5
    settings: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    label_name: str = ""
    recipe: Recipe | None = None
    label_classes: tuple[str | float, ...] = ()
    seen: SeenPairs | None = None
    centers: Float64s | None = field(default=None, kw_only=True)
    reach: Float32s | None = field(default=None, kw_only=True)

    @property
    def feature_dim(self) -> int:
        """The number of features in a record, d."""
        return len(self.linear)

    @property
    def num_factors(self) -> int:
        """The number of factors of a feature, k."""
        return int(self.factors.shape[1])

    @property
    def outputs(self) -> int:
        """The number of scores of a record."""
        return 1

    @property
    def exact(self) -> bool:
        """Whether features must be passed in float64, because float32 may lose what differs from the centers."""
        return self.centers is not None

    @property
    def feature_names(self) -> Sequence[str]:
        """The feature names, or f0, f1, ... where they are not known."""
        return self.names or [f"f{i}" for i in range(self.feature_dim)]

    @property
    def classes(self) -> tuple[str | float, ...]:
        """The classes in the order of their numbers; empty where labels are the numbers themselves."""
        target = None if self.recipe is None else self.recipe.target
        return self.label_classes if target is None else target.classes

    @property
    def class_names(self) -> Sequence[str]:
        """The names of the classes, of a regressor none: those of the labels, or else 0 and 1."""
        return () if self.predictor_type == "regressor" else tuple(map(write_class, self.classes)) or ("0", "1")

    @cached_property
    def _norms(self) -> Float64s:
        """The sum of the squares of each feature's factors, (d,)."""
        return np.asarray(np.einsum("dk,dk->d", self.factors, self.factors, dtype=np.float64))

    def absorb_shift(self, shift: Float64s) -> "FactorModel":
        """Return the equivalent machine for features from which `shift` (d,) has been subtracted: of other centers."""
        centers = (np.zeros(self.feature_dim) if self.centers is None else self.centers) - shift
        return replace(self, centers=centers if centers.any() else None)

    def fold_centers(self) -> tuple[float, Float64s]:
        """Return bias and linear weights (d,) of the machine without centers that has the same factors and scores.

        Those of rows within reach, that is.

        With centers c and a = sum_j c_j factors_j, the bias is that of a row of zeros, and linear weights are
        linear_j - <a, factors_j> + |factors_j|^2 c_j. Of centers far from 0 these are differences of large numbers.
        """
        if self.centers is None:
            return self.bias, self.linear.astype(np.float64)
        factors = self.factors.astype(np.float64)
        pairs = factors @ (self.centers @ factors) - self._norms * self.centers
        of_zeros = replace(self, reach=None)._dense_margins(np.zeros((1, self.feature_dim)))
        return float(of_zeros[0]), self.linear - pairs

    def encode_rows(self, arrays: "Arrays") -> "Encoded":
        """Make features of rows of a table by the recipe, which must be there; raises ColumnFault for a value."""
        from open_algorithms.learning.columns.encode import encode_rows  # only here: a model of numbers does without

        assert self.recipe is not None
        return encode_rows(self.recipe, arrays)

    def margins(self, X: AnyFeatures) -> Float64s:
        """Return the scores of rows X (n, d) before any link, (n,), summed in float64."""
        if isinstance(X, Csr) and self.centers is None:
            return self._sparse_margins(X)
        rows, step = X.shape[0], ROWS_AT_ONCE
        if isinstance(X, Csr):
            step = max(1, min(step, NUMBERS_AT_ONCE // self.feature_dim))
        parts = (
            slice_rows(X, first, min(first + step, rows)) if isinstance(X, Csr) else X[first : first + step]
            for first in range(0, rows, step)
        )
        return np.concatenate([np.zeros(0), *map(self._dense_margins, parts)])

    def center_rows(self, X: AnyFeatures) -> Float64s:
        """Return rows X (n, d) less the centers, dense, and no further from 0 than the reach."""
        if isinstance(X, Csr):
            Z = np.zeros((X.shape[0], self.feature_dim))
            Z[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices] = X.data
        else:
            Z = X.astype(np.float64)
        Z = Z if self.centers is None else Z - self.centers
        return Z if self.reach is None else np.clip(Z, -self.reach, self.reach)

    def limit_reach(self, X: Csr) -> Csr:
        """Return rows X (n, d), without centers, with values no further from 0 than the reach."""
        if self.reach is None:
            return X
        reach = self.reach[X.indices]
        return X._replace(data=np.clip(X.data, -reach, reach))

    def _dense_margins(self, X: AnyFeatures) -> Float64s:
        Z = self.center_rows(X)
        sums, linear = Z @ self.factors.astype(np.float64), Z @ self.linear.astype(np.float64)
        return self._add_up(linear, sums, np.square(Z) @ self._norms)

    def _sparse_margins(self, X: Csr) -> Float64s:
        X = self.limit_reach(X)
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        squares = np.square(X.data, dtype=np.float64) * self._norms[X.indices]
        own = np.asarray(np.bincount(rows, squares, X.shape[0]), np.float64)
        sums = csr_matmul(X, self.factors) if self.num_factors else np.zeros((X.shape[0], 0))
        return self._add_up(csr_matmul(X, self.linear[:, None])[:, 0], sums, own)

    def _add_up(self, linear: Float64s, sums: Float64s, own: Float64s) -> Float64s:
        """Return scores from the linear parts (n,), sums of factors (n, k), and features' products with themselves."""
        pairs = np.einsum("nk,nk->n", sums, sums) - own
        return np.asarray(self.bias + linear + pairs / 2)

    def predict_from_margins(self, z: Floats) -> dict[str, Numbers]:
        """Turn margins (n,) into named columns: `score` and, for a classifier, `predicted_label`, (n,) each."""
        if self.predictor_type == "regressor":
            return {"score": z.astype(np.float32)}
        tail = np.exp(-np.abs(z))
        score = (np.where(z < 0, tail, 1) / (1 + tail)).astype(np.float32)
        return {"score": score, "predicted_label": (score.astype(np.float64) >= self.threshold).astype(np.int64)}

    def predict(self, X: AnyFeatures) -> dict[str, Numbers]:
        """Score the rows X (n, d); the columns are those of `predict_from_margins`."""
        return self.predict_from_margins(self.margins(X))
