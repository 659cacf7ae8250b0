"""The trained machine: what an artifact holds and what answers requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.rows.csr import AnyFeatures, Csr, csr_matmul
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Numbers

if TYPE_CHECKING:
    from open_algorithms.learning.columns.encode import Arrays, Encoded

ROWS_AT_ONCE = 4096  # dense rows that are scored together


@dataclass(frozen=True)
class FactorModel:
    """A factorization machine of raw features: bias, linear weights (d,) and factors (d, k), float32 numbers.

    The score of a row x is bias + sum_j linear_j x_j + sum_{i<j} <factors_i, factors_j> x_i x_j, and the logistic
    function of that for a binary classifier, which predicts 1 from `threshold` on. Linear weights in float64 mean that
    features must be passed in float64. `settings` are the hyperparameters of the job, as texts. `names` are the feature
    names and `label_name` the label's, where the training data had them; `recipe` says how the columns of a table
    become the features. `label_classes` are the classes in the order of their numbers, where these are not the labels.
    `seen` tells which users came with which items in the training data, where that is a table of both.
    """

    predictor_type: str
    bias: float
    linear: Floats
    factors: Float32s
    threshold: float = 0.5
    settings: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    label_name: str = ""
    recipe: Recipe | None = None
    label_classes: tuple[str | float, ...] = ()
    seen: SeenPairs | None = None

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
        """Whether features must be passed in float64, because the weights do not fit float32."""
        return self.linear.dtype == np.float64

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
        """Return the equivalent machine for features from which `shift` (d,) has been subtracted.

        Its bias and linear weights take on what the shift adds, in float64; its factors are the same.
        """
        sums = shift @ self.factors.astype(np.float64)
        linear = self.linear + (self.factors @ sums - self._norms * shift)
        bias = float(self._dense_margins(shift[None])[0])
        return replace(self, bias=bias, linear=np.asarray(linear, np.float64))

    def encode_rows(self, arrays: "Arrays") -> "Encoded":
        """Make features of rows of a table by the recipe, which must be there; raises ColumnFault for a value."""
        from open_algorithms.learning.columns.encode import encode_rows  # only here: a model of numbers does without

        assert self.recipe is not None
        return encode_rows(self.recipe, arrays)

    def margins(self, X: AnyFeatures) -> Float64s:
        """Return the scores of rows X (n, d) before any link, (n,), summed in float64."""
        if isinstance(X, Csr):
            return self._sparse_margins(X)
        parts = [self._dense_margins(X[first : first + ROWS_AT_ONCE]) for first in range(0, len(X), ROWS_AT_ONCE)]
        return np.concatenate([np.zeros(0), *parts])

    def _dense_margins(self, X: Floats) -> Float64s:
        wide = X.astype(np.float64)
        sums, linear = wide @ self.factors.astype(np.float64), wide @ self.linear.astype(np.float64)
        return self._add_up(linear, sums, np.square(wide) @ self._norms)

    def _sparse_margins(self, X: Csr) -> Float64s:
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
