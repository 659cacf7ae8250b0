"""Updates of all optimizers as one formula in numpy, in place, on all features or any subset of them.

Tests: tests/linear_learner/bank/operators/test_sparse.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.updating.optimizers import OPTIMIZERS, OptimizerTerms
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.types.arrays import Float32s, Int64s


@dataclass
class WeightState:
    """The weights of all models and their optimizer states, one row for each feature; each array is (d, M * K).

    `first` and `second` are moments; `second` is None where no optimizer uses it. `lag` is the distance from the
    weights to their running averages, scaled as `AverageLag` says; None where no candidate averages.
    """

    value: Float32s
    first: Float32s
    second: Float32s | None
    lag: Float32s | None

    @classmethod
    def from_values(cls, value: Float32s, candidates: Sequence[Candidate]) -> "WeightState":
        """Return weights of these values, with moments and lag of 0."""
        second = any(OPTIMIZERS[c.optimizer].terms(1, vars(c)).add_second for c in candidates)
        # not zeros_like: what the system hands out zeroed and small page by small page is slow to visit at random
        moments = [np.full_like(value, 0) for _ in range(3)]
        return cls(value, moments[0], moments[1] if second else None, moments[2] if has_averaging(candidates) else None)

    def view_rows(self, rows: slice) -> "WeightState":
        """Return a view of some features' rows."""
        return WeightState(*(None if array is None else array[rows] for array in self.arrays()))  # type: ignore[arg-type]

    def copy_rows(self, chosen: Int64s, value: Float32s) -> "WeightState":
        """Copy the moments and lag of some features, whose weights are `value`."""
        others = (self.first, self.second, self.lag)
        return WeightState(value, *(None if array is None else copy_rows(array, chosen) for array in others))  # type: ignore[arg-type]

    def write_rows(self, chosen: Int64s, rows: "WeightState") -> None:
        """Write rows copied with `copy_rows` back."""
        for array, copy in zip(self.arrays(), rows.arrays(), strict=True):
            if array is not None and copy is not None:
                opaque_rows(array)[chosen] = opaque_rows(copy)

    def arrays(self) -> list[Float32s | None]:
        """Return the arrays in the order of the fields, None for those that are absent."""
        return [self.value, self.first, self.second, self.lag]

    def named_arrays(self) -> dict[str, Float32s]:
        """Return the arrays that are present, by field name."""
        return {name: array for name, array in vars(self).items() if array is not None}


def has_averaging(candidates: Sequence[Candidate]) -> bool:
    """Return whether any candidate averages its weights."""
    return any(candidate.average for candidate in candidates)


def copy_rows(array: Float32s, chosen: Int64s, into: Float32s | None = None) -> Float32s:
    """Copy some rows of an array (n, m), into `into` if it is given."""
    result = np.empty((len(chosen), array.shape[1]), array.dtype) if into is None else into
    np.take(opaque_rows(array), chosen, out=opaque_rows(result), mode="clip")
    return result


def opaque_rows(array: Float32s) -> NDArray[np.void]:
    """View each row of an array (n, m) as one opaque item, (n,): numpy copies these twice as fast."""
    return array.view(f"V{array.shape[1] * array.itemsize}")[:, 0]


class UpdateTerms(NamedTuple):
    """The coefficients of one update, (1, M * K) each.

    `reach` is the length of L1's proximal step, None without L1. `gain` is the factor with which a change of the
    weights enters the lag, 0 for candidates that do not average.
    """

    terms: OptimizerTerms[Float32s]
    weight_decay: Float32s
    gain: Float32s
    reach: Float32s | None


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # a candidate may diverge
def apply_gradient(weights: WeightState, gradient: Float32s, step: UpdateTerms) -> None:
    """Update weights (n, M * K) in place by the gradient of the loss, which is overwritten."""
    terms = step.terms
    gradient += step.weight_decay * weights.value
    weights.first *= terms.keep_first
    weights.first += terms.add_first * gradient
    change = weights.first
    if weights.second is not None:
        weights.second *= terms.keep_second
        gradient *= gradient
        gradient *= terms.add_second
        weights.second += gradient
        scale = weights.second + terms.inside_root
        np.sqrt(scale, out=scale)
        scale += terms.outside_root
        change = np.divide(weights.first, scale, out=scale)
    change = terms.rate * change
    weights.value -= change
    if step.reach is not None:
        change += apply_proximal_step(weights.value, step.reach)
    if weights.lag is not None:
        change *= step.gain
        weights.lag -= change


def apply_proximal_step(values: Float32s, reach: Float32s) -> Float32s:
    """Take the proximal step of L1 in place (soft thresholding): move values towards 0 by `reach`, but not past 0.

    Returns what was subtracted from each value.
    """
    moved = np.minimum(values, reach)
    np.maximum(moved, -reach, out=moved)
    values -= moved
    return moved
