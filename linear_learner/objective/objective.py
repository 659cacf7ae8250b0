"""The objective: what the models of a bank minimise, and what of it is reported.

Tests: tests/linear_learner/bank/operators/test_dense.py.
"""

from dataclasses import dataclass, replace

from linear_learner.objective.losses import Loss
from open_algorithms.learning.types.arrays import Float64s, Int64s


@dataclass(frozen=True)
class Objective:
    """The loss of M models, with the value of its own hyperparameter and the weight of each class.

    `class_weights` (M, C) multiply the loss that each model minimises, `reported_weights` (C,) the loss that is
    reported; None where all are 1. Without `use_bias` the biases keep their initial values. With `has_row_weights` rows
    bring weights of their own, which multiply both.
    """

    loss: Loss
    parameter: float = 0.0
    class_weights: Float64s | None = None
    reported_weights: Float64s | None = None
    use_bias: bool = True
    has_row_weights: bool = False

    def select_models(self, chosen: Int64s) -> "Objective":
        """Return the objective of the chosen models, in this order."""
        return self if self.class_weights is None else replace(self, class_weights=self.class_weights[chosen])
