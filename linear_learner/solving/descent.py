"""Minimise many functions side by side: L-BFGS with a line search each, and its orthant-wise form for L1.

Every step evaluates all functions once, each at a point of its own, as their values and gradients come from one pass
over rows. The directions are those of Nocedal's limited memory (1980); L1 is treated as in Andrew and Gao's OWL-QN
(2007).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

import numpy as np

from open_algorithms.learning.types.arrays import Bools, Float64s, Int64s

SUFFICIENT_DECREASE = 1e-4  # of what the slope promises
VALUE_NOISE = 2e-7  # relative, of a sum of losses in float32
SHORTEST_STEP = 1e-6  # of the direction, below which nothing is gained
NOTABLE_PROMISE = 1e-5  # of the value, more than which a direction may promise in vain only if it is wrong
LEAST_COSINE = 1e-8  # of a step and the change of the gradient along it
SMALLEST = np.finfo(np.float64).tiny  # of which there is an inverse
SHRINK_RANGE = 0.1, 0.5  # by which a step that went too far is shortened
SCALE_RANGE = 0.2, 5.0  # of the first guess of the Hessian, by the last step

Scale = Callable[[Float64s], Float64s]


@dataclass
class Descent:
    """P functions of D weights on their way down; arrays are (P,), (P, D), or (m, P, D) for the last m steps.

    `l1` (P, D) are the strengths of L1. Each function has come to `point`, of this `value`, with L1, and `gradient`,
    without; it is tried at `trial`, `length` of the way along `direction`. `promise` is how much lower than the value
    the minimum should lie by a quadratic model. `inverses` (m, P) of the products of steps and changes of gradients are
    0 where a step taught nothing. A function `is_done` when nothing is left to gain.
    """

    trial: Float64s
    l1: Float64s
    memory: int
    tolerance: float
    point: Float64s = field(init=False)
    value: Float64s = field(init=False)
    gradient: Float64s = field(init=False)
    direction: Float64s = field(init=False)
    slope: Float64s = field(init=False)
    length: Float64s = field(init=False)
    promise: Float64s = field(init=False)
    is_done: Bools = field(init=False)
    steps: Float64s = field(init=False)
    changes: Float64s = field(init=False)
    inverses: Float64s = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.trial)
        self.point, self.gradient, self.direction = (np.zeros_like(self.trial) for _ in range(3))
        self.value, self.promise = np.full(count, np.inf), np.full(count, np.inf)
        self.slope, self.length = np.zeros(count), np.ones(count)
        self.is_done = np.zeros(count, np.bool_)
        self.steps = self.changes = np.zeros((0, *self.trial.shape))
        self.inverses = np.zeros((0, count))

    def take_step(self, values: Float64s, gradients: Float64s, scale: Scale) -> None:
        """Take the values (P,) and gradients (P, D) at the trial points, without L1, and set the next trial points.

        `scale` multiplies (P, D) by a first guess of each function's inverse Hessian.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            values = values + (self.l1 * np.abs(self.trial)).sum(axis=1)
            allowed = self.value + SUFFICIENT_DECREASE * self.length * self.slope + VALUE_NOISE * np.abs(self.value)
            accepted = ~self.is_done & (values <= np.where(np.isfinite(self.value), allowed, np.inf))
            accepted &= np.isfinite(values) & np.isfinite(gradients).all(axis=1)
        failed = ~accepted & ~self.is_done
        self.shorten_steps(failed, values)
        stuck = failed & (self.length < SHORTEST_STEP)
        misled = stuck & (self.promise > NOTABLE_PROMISE * np.abs(self.value)) & self.inverses.any(axis=0)
        self.is_done |= stuck & ~misled
        self.forget_steps(misled)
        self.move_points(accepted, values, gradients)
        self.choose_directions(accepted | misled, scale)
        self.trial = self.point + np.where(self.is_done, 0, self.length)[:, None] * self.direction
        if self.l1.any():
            crossed = (self.l1 > 0) & (self.trial * self.orthant() < 0)
            self.trial[crossed] = 0

    def shorten_steps(self, failed: Bools, values: Float64s) -> None:
        """Shorten the steps that went too far, to where a parabola through what is known has its lowest point."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            bend = values - self.value - self.length * self.slope
            factor = np.nan_to_num(-self.length * self.slope / (2 * bend), nan=0.0, posinf=0.0)
        self.length[failed] *= np.clip(factor, *SHRINK_RANGE)[failed]

    def forget_steps(self, misled: Bools) -> None:
        """Forget what the steps have taught functions whose direction, which promised much, led nowhere."""
        for remembered in (self.steps, self.changes, self.inverses):
            remembered[:, misled] = 0

    def move_points(self, accepted: Bools, values: Float64s, gradients: Float64s) -> None:
        """Move the accepted functions to their trial points, and remember what the steps have taught."""
        is_later = accepted & np.isfinite(self.value)
        step = np.where(is_later[:, None], self.trial - self.point, 0)
        change = np.where(is_later[:, None], gradients - self.gradient, 0)
        inverse = invert_products(step, change)
        if is_later.any():
            keep = slice(max(0, len(self.steps) + 1 - self.memory), None)
            self.steps = np.concatenate([self.steps[keep], step[None]])
            self.changes = np.concatenate([self.changes[keep], change[None]])
            self.inverses = np.concatenate([self.inverses[keep], inverse[None]])
        self.point[accepted], self.value[accepted] = self.trial[accepted], values[accepted]
        self.gradient[accepted] = gradients[accepted]

    def choose_directions(self, accepted: Bools, scale: Scale) -> None:
        """Choose new directions for the accepted functions; those with nothing left to gain are done."""
        uphill = self.steepest_gradient()
        direction = -self.multiply_by_inverse_hessian(uphill, scale)
        is_l1 = self.l1 > 0
        direction[is_l1 & (direction * uphill >= 0)] = 0
        slope = (direction * uphill).sum(axis=1)
        backwards = slope > 0  # by rounding only
        direction[backwards], slope[backwards] = 0, 0
        self.direction[accepted], self.slope[accepted], self.length[accepted] = direction[accepted], slope[accepted], 1
        self.promise[accepted] = -slope[accepted] / 2
        self.is_done |= accepted & (self.promise <= self.tolerance * np.abs(self.value))

    def steepest_gradient(self) -> Float64s:
        """Return the gradient with L1: that of least size where it has none, (P, D)."""
        if not self.l1.any():
            return self.gradient
        side = np.sign(self.point)
        at_zero = np.sign(self.gradient) * np.maximum(np.abs(self.gradient) - self.l1, 0)
        return np.where(side == 0, at_zero, self.gradient + side * self.l1)

    def orthant(self) -> Float64s:
        """Return the side of 0 that each weight may move on, (P, D)."""
        side = np.sign(self.point)
        return np.where(side == 0, -np.sign(self.steepest_gradient()), side)

    def multiply_by_inverse_hessian(self, vectors: Float64s, scale: Scale) -> Float64s:
        """Multiply vectors (P, D) by the inverse Hessians that the last steps tell of."""
        result, weights = vectors.copy(), []
        past = self.remembered_pairs(vectors)
        for step, change, inverse in reversed(past):
            weights.append(inverse * np.einsum("pd,pd->p", step, result))
            result -= weights[-1][:, None] * change
        result = scale(result)
        if past:
            step, change, inverse = past[-1]
            scaled = np.einsum("pd,pd->p", change, scale(change))
            ratio = np.divide(1, inverse * scaled, out=np.ones(len(inverse)), where=(inverse > 0) & (scaled > 0))
            result *= np.clip(ratio, *SCALE_RANGE)[:, None]
        for (step, change, inverse), weight in zip(past, reversed(weights), strict=True):
            result += (weight - inverse * np.einsum("pd,pd->p", change, result))[:, None] * step
        return result

    def remembered_pairs(self, uphill: Float64s) -> list[tuple[Float64s, Float64s, Float64s]]:
        """Return the last steps, changes of gradients and inverses of their products, oldest first.

        Where L1 holds weights at 0, only what the others did counts.
        """
        if not self.l1.any():
            return list(zip(self.steps, self.changes, self.inverses, strict=True))
        free = (self.l1 == 0) | (self.point != 0) | (uphill != 0)
        pairs = []
        for step, change in zip(self.steps, self.changes, strict=True):
            pairs.append((step * free, change * free, invert_products(step * free, change * free)))
        return pairs

    def restart(self, changed: Bools) -> None:
        """Evaluate functions that have changed a little anew, and go on from where they have come to."""
        self.trial[changed], self.value[changed], self.is_done[changed] = self.point[changed], np.inf, False

    def select(self, chosen: Int64s) -> "Descent":
        """Return the descent of the chosen functions."""
        part = replace(self, trial=self.trial[chosen], l1=self.l1[chosen])
        for name in (one.name for one in fields(self) if not one.init):
            array = getattr(self, name)
            setattr(part, name, array[:, chosen] if name in ("steps", "changes", "inverses") else array[chosen])
        return part


def invert_products(steps: Float64s, changes: Float64s) -> Float64s:
    """Return 1 / (s y) for steps and changes of gradients (P, D), (P,); 0 where they are all but at right angles."""
    products = np.einsum("pd,pd->p", steps, changes)
    sizes = np.einsum("pd,pd->p", steps, steps) * np.einsum("pd,pd->p", changes, changes)
    least = np.maximum(LEAST_COSINE * np.sqrt(sizes), SMALLEST)
    return np.divide(1, products, out=np.zeros(len(products)), where=products > least)
