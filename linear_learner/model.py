"""The trained model: what is saved, loaded and asked for predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.losses import LOSSES
from linear_learner.sparse import Features, product

Floats = NDArray[Any]

SHOWN = 5  # names in a line


@dataclass(frozen=True)
class Model:
    """A linear model in raw units: weight (d, K) and bias (K,), numbers of float32 held as that or as float64.

    `metrics_params` are the settings that the original keeps beside the threshold. `names` are those of the features,
    and `label_name` is that of the label, where the training data told them. `blurred` are the columns of features
    whose spread is below what float32 keeps of their size; a bias in float64 goes with features in float64.
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

    @property
    def feature_names(self) -> Sequence[str]:
        """Return the features' names; f0, f1 and so on where they are not known."""
        return self.names or [f"f{i}" for i in range(self.feature_dim)]

    @property
    def feature_dim(self) -> int:
        """Count the features a record must have."""
        return int(self.weight.shape[0])

    @property
    def exact(self) -> bool:
        """Tell whether features are wanted in float64, since the bias is more than float32 can hold."""
        return self.bias.dtype == np.float64

    @property
    def caveats(self) -> list[str]:
        """Say what whoever serves the model should know."""
        if not self.blurred:
            return []
        names = ", ".join(repr(self.feature_names[i]) for i in self.blurred[:SHOWN])
        more = f" and {len(self.blurred) - SHOWN} more" if len(self.blurred) > SHOWN else ""
        problem = f"Features of which float32 does not keep the digits that vary: {names}{more}."
        if self.exact:
            return [f"{problem} Requests in JSON and CSV are answered exactly, those in recordIO and libsvm are not."]
        return [f"{problem} Subtract a fixed number from them, in requests too, and train again, or scores are off."]

    @property
    def outputs(self) -> int:
        """Count the margins of a record, K: the classes of a multiclass classifier, else 1."""
        return int(self.weight.shape[1])

    @cached_property
    def wide_weight(self) -> Floats:
        """Return the weight in float64, cast when first asked for."""
        return np.asarray(self.weight, np.float64)

    def shifted(self, shift: Floats) -> "Model":
        """Return the same model for features from which `shift` (d,) has been subtracted, its bias in float64.

        A shift of features that do not count, as those that never vary, changes nothing.
        """
        counts = np.flatnonzero((shift != 0) & self.weight.any(axis=1))
        if not len(counts):
            return self
        bias = self.bias.astype(np.float64) + shift[counts] @ self.wide_weight[counts]
        blurred = tuple(sorted({*self.blurred, *counts.tolist()}))
        return replace(self, bias=bias, blurred=blurred)

    def arranged(self, names: Sequence[str]) -> "Model":
        """Return the same model for features in the order of these names, which are its own."""
        places = {name: i for i, name in enumerate(self.names)}
        order = [places[name] for name in names]
        return replace(
            self,
            weight=self.weight[order],
            names=tuple(names),
            blurred=tuple(i for i, place in enumerate(order) if place in self.blurred),
        )

    def margin(self, X: Features) -> Floats:
        """Return X W + b, (n, K) float32, summed in float64: a feature far from 0 would drown the others' digits."""
        z = (
            X.astype(np.float64, copy=False) @ self.wide_weight
            if isinstance(X, np.ndarray)
            else product(X, self.weight)
        )
        z += self.bias
        return z.astype(np.float32)

    def answer(self, z: Floats) -> dict[str, Floats]:
        """Answer margins (n, K) with the named columns score and, for a classifier, predicted_label.

        The score is (n,), or (n, K) of a multiclass classifier.
        """
        score = LOSSES[self.loss_type].link(z)
        if self.predictor_type == "multiclass_classifier":
            return {"score": score, "predicted_label": score.argmax(axis=1)}
        score = score[:, 0]
        if self.predictor_type == "regressor":
            return {"score": score}
        return {"score": score, "predicted_label": (score.astype(np.float64) >= self.threshold).astype(np.int64)}

    def predict(self, X: Features) -> dict[str, Floats]:
        """Answer the rows X (n, d)."""
        return self.answer(self.margin(X))
