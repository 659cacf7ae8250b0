"""The trained model: what an artifact holds and what answers requests."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from linear_learner.objective.losses import LOSSES
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.rows.csr import AnyFeatures, Csr, csr_matmul
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Numbers

if TYPE_CHECKING:
    from open_algorithms.learning.columns.encode import Arrays, Encoded

NAMES_SHOWN = 5  # names in a line


@dataclass(frozen=True)
class LinearModel:
    """A linear model for raw features: weight (d, K) and bias (K,), float32 numbers stored as float32 or float64.

    `metrics_params` are the settings that the original keeps next to the threshold. `names` are the feature names and
    `label_name` the label's, where the training data had them. `blurred` are the columns whose spread is below
    float32's resolution at their magnitude. A float64 bias means that features must be passed in float64. `recipe` says
    how the columns of a table become the features, where the model was trained on one. `label_classes` are the classes
    in the order of their numbers, where it was trained on others than 0, 1, ... without a recipe that has them.
    `deviations` are the standard deviations of the features in training, (d,), 1 of one that did not vary; None where
    they are not known.
    """

    predictor_type: str
    loss_type: str
    weight: Floats
    bias: Floats
    threshold: float = 0.5
    metrics_params: dict[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    label_name: str = ""
    blurred: tuple[int, ...] = ()
    recipe: Recipe | None = None
    label_classes: tuple[str | float, ...] = ()
    deviations: Floats | None = field(default=None, kw_only=True)

    @property
    def feature_names(self) -> Sequence[str]:
        """The feature names, or f0, f1, ... where they are not known."""
        return self.names or [f"f{i}" for i in range(self.feature_dim)]

    @property
    def feature_dim(self) -> int:
        """The number of features in a record, d."""
        return int(self.weight.shape[0])

    @property
    def exact(self) -> bool:
        """Whether features must be passed in float64, because the bias does not fit float32."""
        return self.bias.dtype == np.float64

    @property
    def caveats(self) -> list[str]:
        """Warnings for whoever deploys the model; empty if there are none."""
        if not self.blurred:
            return []
        names = ", ".join(repr(self.feature_names[i]) for i in self.blurred[:NAMES_SHOWN])
        more = f" and {len(self.blurred) - NAMES_SHOWN} more" if len(self.blurred) > NAMES_SHOWN else ""
        problem = f"Features of which float32 does not keep the digits that vary: {names}{more}."
        if self.exact:
            return [f"{problem} Requests in JSON and CSV are answered exactly, those in recordIO and libsvm are not."]
        return [f"{problem} Subtract a fixed number from them, in requests too, and train again, or scores are off."]

    @property
    def classes(self) -> tuple[str | float, ...]:
        """The classes in the order of their numbers; empty where labels are the numbers themselves."""
        target = None if self.recipe is None else self.recipe.target
        return self.label_classes if target is None else target.classes

    @property
    def class_names(self) -> Sequence[str]:
        """The names of the classes, of a regressor none: those of the labels, or else 0, 1, ..."""
        if self.predictor_type == "regressor":
            return ()
        return tuple(map(write_class, self.classes)) or tuple(map(str, range(max(self.outputs, 2))))

    @property
    def outputs(self) -> int:
        """The number of margins of a record, K: the classes of a multiclass classifier, otherwise 1."""
        return int(self.weight.shape[1])

    @cached_property
    def float64_weight(self) -> Float64s:
        """The weight in float64, converted on first use."""
        return np.asarray(self.weight, np.float64)

    def absorb_shift(self, shift: Float64s) -> "LinearModel":
        """Return the equivalent model for features from which `shift` (d,) has been subtracted.

        The bias absorbs the shift and becomes float64. Where only features with zero weights are shifted, the model
        itself is returned.
        """
        counts = np.flatnonzero((shift != 0) & self.weight.any(axis=1))
        if not len(counts):
            return self
        bias = self.bias.astype(np.float64) + shift[counts] @ self.float64_weight[counts]
        blurred = tuple(sorted({*self.blurred, *counts.tolist()}))
        return replace(self, bias=bias, blurred=blurred)

    def reorder_features(self, names: Sequence[str]) -> "LinearModel":
        """Return the same model with its features in the order of `names`, a permutation of its own names."""
        places = {name: i for i, name in enumerate(self.names)}
        order = [places[name] for name in names]
        return replace(
            self,
            weight=self.weight[order],
            names=tuple(names),
            blurred=tuple(i for i, place in enumerate(order) if place in self.blurred),
            deviations=None if self.deviations is None else self.deviations[order],
        )

    def encode_rows(self, arrays: "Arrays") -> "Encoded":
        """Make features of rows of a table by the recipe, which must be there; raises ColumnFault for a value."""
        from open_algorithms.learning.columns.encode import encode_rows  # only here: a model of numbers does without

        assert self.recipe is not None
        return encode_rows(self.recipe, arrays)

    def margins(self, X: AnyFeatures) -> Float32s:
        """Return X W + b, (n, K), as float32."""
        return self.float64_margins(X).astype(np.float32)

    def float64_margins(self, X: AnyFeatures) -> Float64s:
        """Return X W + b, (n, K), summed in float64: a feature far from 0 does not cost the others their precision."""
        z = csr_matmul(X, self.weight) if isinstance(X, Csr) else X.astype(np.float64, copy=False) @ self.float64_weight
        z += self.bias
        return np.asarray(z)

    def predict_from_margins(self, z: Floats) -> dict[str, Numbers]:
        """Turn margins (n, K) into named columns: `score` and, for a classifier, `predicted_label`.

        The score is (n,), or (n, K) for a multiclass classifier.
        """
        score = LOSSES[self.loss_type].link(z)
        if self.predictor_type == "multiclass_classifier":
            return {"score": score, "predicted_label": score.argmax(axis=1)}
        score = score[:, 0]
        if self.predictor_type == "regressor":
            return {"score": score}
        return {"score": score, "predicted_label": (score.astype(np.float64) >= self.threshold).astype(np.int64)}

    def predict(self, X: AnyFeatures) -> dict[str, Numbers]:
        """Score the rows X (n, d); the columns are those of `predict_from_margins`."""
        return self.predict_from_margins(self.margins(X))
