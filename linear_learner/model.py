"""The trained model: what is saved, loaded and asked for predictions."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.losses import LOSSES

Floats = NDArray[Any]


@dataclass(frozen=True)
class Model:
    """A linear model in raw units: weight (d, K) and bias (K,), float32.

    `metrics_params` are the settings that the original keeps beside the threshold.
    """

    predictor_type: str
    loss_type: str
    weight: Floats
    bias: Floats
    threshold: float = 0.5
    metrics_params: dict[str, Any] = field(default_factory=dict)

    @property
    def feature_dim(self) -> int:
        """Count the features a record must have."""
        return int(self.weight.shape[0])

    def margin(self, X: Floats) -> Floats:
        """Return X W + b, (n, K) float32, summed in float64: a feature far from 0 would drown the others' digits."""
        return np.asarray(X.astype(np.float64) @ self.weight + self.bias, np.float32)

    def score(self, X: Floats) -> Floats:
        """Return the linked margin: (n,), or (n, K) of a multiclass classifier."""
        score = LOSSES[self.loss_type].link(self.margin(X))
        return score if self.predictor_type == "multiclass_classifier" else score[:, 0]

    def label(self, score: Floats) -> NDArray[np.int64]:
        """Return the predicted class of each score."""
        if self.predictor_type == "multiclass_classifier":
            return np.asarray(score.argmax(axis=1))
        return (score.astype(np.float64) >= self.threshold).astype(np.int64)

    def predict(self, X: Floats) -> dict[str, Floats]:
        """Answer X (n, d) with the named columns score and, for a classifier, predicted_label."""
        score = self.score(X)
        if self.predictor_type == "regressor":
            return {"score": score}
        return {"score": score, "predicted_label": self.label(score)}
