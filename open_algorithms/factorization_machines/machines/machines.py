"""Machines side by side: the parameters of some candidates, and what they step by.

Tests: tests/factorization_machines/machines/test_bank.py, tests/factorization_machines/machines/test_stepping.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from open_algorithms.factorization_machines.machines.layout import Layout
from open_algorithms.factorization_machines.options.candidates import START_DEVIATION
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters, Start
from open_algorithms.learning.engine.native.library import aligned_zeros
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.types.arrays import AnyArray, Float32s, Float64s, Int32s

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # of Adam
WEIGHTS, FIRST, SECOND, MEANS = range(4)  # rows of biases
# What a tally counts, as in factors.c: of rows before an update, summed.
LOSS, SQUARES, DISTANCES, TRUE_POSITIVES, FALSE_POSITIVES, FALSE_NEGATIVES, TRUE_NEGATIVES, TALLIES = range(8)
DRAWN_AT_ONCE = 2**20  # numbers


class LabelledRows(NamedTuple):
    """Sparse rows with their labels (n,), and how much each counts, (n,), None where all count alike."""

    X: Csr
    y: Float32s
    weights: Float32s | None = None


class Gradients(NamedTuple):
    """The gradient of a mini-batch, summed over rows: of some features (u,), each in `occurrences` (u,) rows.

    `sums` (u, width) are those of weights and factors, `bias` (linear columns,) those of biases.
    """

    features: Int32s
    occurrences: Float32s
    sums: Float32s
    bias: Float32s


class Parameters(NamedTuple):
    """Bias, linear weights (d,) and factors (d, k) of one machine."""

    bias: float
    linear: Float32s
    factors: Float32s


@dataclass(frozen=True)
class Task:
    """What all machines have in common: what they learn, and the label's mean and deviation over the train rows."""

    features: int
    is_classifier: bool
    label_mean: float = 0.0
    label_deviation: float = 1.0
    has_bias: bool = True

    def label_units(self, *, is_original: bool) -> tuple[float, float]:
        """Return the mean and the deviation of labels that a candidate learns less and by: 0 and 1 of the original."""
        return (0.0, 1.0) if self.is_classifier or is_original else (self.label_mean, self.label_deviation)

    @property
    def start_bias(self) -> float:
        """The bias by which a machine answers the mean of the labels, in the units that candidates of ours learn."""
        if not self.is_classifier or not self.has_bias:
            return 0.0
        share = min(max(self.label_mean, 1e-6), 1 - 1e-6)
        return float(np.log(share / (1 - share)))


@dataclass(frozen=True)
class StepRules:
    """What the gradients of all machines undergo: `rescale` is None where they are means over the mini-batch."""

    epsilon: float = EPSILON
    clip: float = np.inf
    rescale: float | None = None


class Machines:
    """The parameters of some candidates, their moments, and the means of their weights over the updates of an epoch.

    `weights`, `first`, `second` and `means` are (d, width), `bias` has a row for each. `touched_at` (d,) is the update
    of the epoch that a feature has had last: until the next one its weights stay, and are not counted yet. After an
    epoch `means` are the weights to evaluate: the mean over the epoch, or the last ones of what is not averaged.
    """

    def __init__(self, layout: Layout, task: Task, rules: StepRules) -> None:
        """Reserve memory for candidates; all parameters are 0."""
        self.layout, self.task, self.rules = layout, task, rules
        shape = (task.features, layout.width)
        self.weights, self.first, self.second, self.means = (aligned_zeros(shape) for _ in range(4))
        self.bias = np.zeros((4, layout.linear_columns), np.float32)
        self.touched_at = np.zeros(task.features, np.int32)
        self.updates = self.epoch_updates = 0
        own = layout.candidates
        self.rates = layout.spread([c.linear_lr for c in own], [c.factors_lr for c in own])
        self.decays = layout.spread([c.linear_wd for c in own], [c.factors_wd for c in own])
        self.shrinkage = layout.spread([c.linear_shrinkage for c in own], [c.factors_shrinkage for c in own])
        self.averaged = layout.spread([c.averaged for c in own], [c.averaged for c in own])
        self.bias_rates = layout.spread_linear([c.bias_lr for c in own])
        self.bias_decays = layout.spread_linear([c.bias_wd for c in own])
        self.bias_averaged = layout.spread_linear([c.averaged for c in own])
        units = [task.label_units(is_original=c.original) for c in own]
        self.label_means = layout.spread_linear([mean for mean, _ in units])
        self.label_scales = np.ones(layout.linear_columns, np.float32)
        self.label_scales[: len(own)] = [scale for _, scale in units]

    @property
    def count(self) -> int:
        """The number of machines."""
        return len(self.layout.candidates)

    @property
    def batch_rows(self) -> int:
        """The rows of a mini-batch."""
        return self.layout.candidates[0].mini_batch_size

    def draw_start(self, hp: Hyperparameters) -> None:
        """Draw the initial parameters: of candidate 0 as the user says, of the others small factors about 0."""
        for place, candidate in enumerate(self.layout.candidates):
            starts = hp.starts if candidate.original else OUR_STARTS
            generator = np.random.default_rng([hp.seed, candidate.number])
            bias = self.task.start_bias
            if candidate.original:
                bias = float(draw(starts["bias"], (1, 1), generator)[0, 0]) if hp.steps.use_bias else 0.0
            self.bias[WEIGHTS, place] = bias
            parts = [(slice(place, place + 1), starts["linear"])] if hp.steps.use_linear else []
            for columns, start in (*parts, (self.layout.factors[place], starts["factors"])):
                size = columns.stop - columns.start
                for slab in slabs(self.task.features, size):
                    shape = (slab.stop - slab.start, size)
                    self.weights[slab, columns] = draw(start, shape, generator)

    def begin_epoch(self) -> None:
        """Forget the means of the epoch before."""
        self.means[:], self.bias[MEANS], self.touched_at[:], self.epoch_updates = 0, 0, 0, 0

    def evaluated(self, place: int) -> Parameters:
        """Return the parameters to evaluate of the machine at a place, in the units that it learns labels in."""
        factors = np.ascontiguousarray(self.means[:, self.layout.factors[place]])
        return Parameters(float(self.bias[MEANS, place]), self.means[:, place].copy(), factors)

    def hold(self, place: int, parameters: Parameters) -> None:
        """Let these be the parameters to evaluate of the machine at a place."""
        self.bias[MEANS, place] = parameters.bias
        self.means[:, place] = parameters.linear
        self.means[:, self.layout.factors[place]] = parameters.factors

    def kept(self, places: Sequence[int]) -> "Machines":
        """Return machines of their own for the candidates at these places, which go on as they were."""
        layout = Layout(tuple(self.layout.candidates[place] for place in places))
        kept = Machines(layout, self.task, self.rules)
        kept.updates = self.updates
        pairs = [(place, new) for new, place in enumerate(places)]
        for place, new in pairs:
            kept.bias[:, new] = self.bias[:, place]
        for own, others in zip(kept.tables(), self.tables(), strict=True):
            for place, new in pairs:
                own[:, new] = others[:, place]
                own[:, layout.factors[new]] = others[:, self.layout.factors[place]]
        return kept

    def tables(self) -> tuple[Float32s, ...]:
        """Return weights and moments, (d, width) each."""
        return self.weights, self.first, self.second

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that training resumes from."""
        yield "updates", np.array(self.updates)
        yield "bias", self.bias
        yield from zip(("weights", "first", "second"), self.tables(), strict=True)

    def load_state(self, state: Mapping[str, AnyArray], prefix: str) -> None:
        """Load the state of the same machines; its names in `state` start with `prefix`."""
        self.updates = int(state[f"{prefix}updates"])
        self.bias[:] = state[f"{prefix}bias"]
        for name, table in zip(("weights", "first", "second"), self.tables(), strict=True):
            table[:] = state[f"{prefix}{name}"]


class Stepper(Protocol):
    """Computes what machines do with rows."""

    def train(self, machines: Machines, rows: LabelledRows, order: Int32s) -> Float64s:
        """Train on mini-batches of rows in this order (n,); return each machine's tallies before updates, (M, 7)."""

    def sum_gradients(self, machines: Machines, rows: LabelledRows, order: Int32s) -> tuple[Gradients, Float64s]:
        """Return the gradient of one mini-batch, the rows `order` (n,), and the tallies (M, 7)."""

    def update(self, machines: Machines, gradients: Gradients, rows: float) -> None:
        """Make a step of Adam from the summed gradients of so many rows."""

    def average(self, machines: Machines) -> None:
        """Complete the means over an epoch; they are the weights to evaluate."""

    def score(self, machines: Machines, X: Csr) -> Float32s:
        """Return the scores of rows X (n, d) by the weights to evaluate, in the units learned, (M, n)."""


OUR_STARTS: Mapping[str, Start] = {
    "linear": Start("constant", 0.0),
    "factors": Start("normal", START_DEVIATION),
}


def draw(start: Start, shape: tuple[int, int], generator: np.random.Generator) -> Float64s:
    """Draw numbers of a distribution."""
    match start.method:
        case "normal":
            return generator.normal(0, start.spread, shape)
        case "uniform":
            return generator.uniform(-start.spread, start.spread, shape)
        case _:
            return np.full(shape, start.spread)


def slabs(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of rows that have about DRAWN_AT_ONCE numbers together."""
    size = max(1, DRAWN_AT_ONCE // max(1, columns))
    return (slice(first, min(first + size, rows)) for first in range(0, rows, size))
