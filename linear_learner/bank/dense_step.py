"""The dense update: a compiled graph of MXNet operators that changes weights, states and loss sums."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.optimizers import OPTIMIZERS
from linear_learner.objective.losses import Loss
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.graph import CompiledStep, added, ndarray, placed, weight_gradient
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.hosts import ALONE, Hosts

Floats = NDArray[Any]
S = mx.sym


class Step:
    """The update of M candidates of K outputs each, compiled once and then run without any per-update input.

    Everything that varies between updates is in tables with a row for each update. `update_index` counts updates since
    the tables were filled; `loss_sums` (1, M) accumulates the losses. Both are numpy arrays that share their memory
    with the graph: access them only after `wait_until_done`. Candidates with equal `operator_key` must be adjacent, as
    one operator updates them together. With several hosts the graph is split in two: the gradient is all-reduced
    between the parts.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Floats,
        batch_size: int,
        loss: Loss,
        loss_parameter: float,
        class_weights: Floats | None,
        *,
        weighted_objective: bool,
        use_bias: bool,
        hosts: Hosts = ALONE,
    ) -> None:
        """Compile the update for the initial weights `start` (M, K, d + 1); `class_weights` are (M, C).

        Gradients are divided by `batch_size`, the rows of a mini-batch on all hosts together.
        """
        self.candidates, self.batch_size = candidates, batch_size
        self.models, self.outputs, self.width = start.shape
        self.weights = ndarray(start.reshape(-1, self.width))
        self.averages = self.weights.copy()
        self.lost = np.zeros((1, self.models), np.float32)
        self.now = np.zeros(1, np.float32)
        self.tables: dict[str, Floats] = {}
        self.states: dict[str, Any] = {}
        self.arrays: dict[str, Any] = {}
        self.symbols: dict[str, Any] = {}
        self.bias_speeds = np.array([c.bias_lr_mult * use_bias for c in candidates])
        # Momentum takes 1 / (1 - momentum) steps along each gradient; the proximal step is as many times as long.
        self.strengths = np.array([c.l1 / batch_size / (1 - c.momentum) for c in candidates])
        self.groups = [(first, last) for _, first, last in spans(map(kernel, candidates))]
        self.shrinking = [(first, last) for l1, first, last in spans(c.l1 > 0 for c in candidates) if l1]
        self.averaging = [(first, last) for average, first, last in spans(c.average for c in candidates) if average]
        self.input("now", ndarray(self.now))
        gradient, measured = self.gradient(loss, loss_parameter, class_weights, weighted_objective)
        self.message = None if hosts.count == 1 else hosts.message(start.size + 1)
        if self.message is None:
            self.parts = [self.update(gradient, [measured])]
        else:
            sent, total = (
                ndarray(numbers[:-1].reshape(self.weights.shape)) for numbers in (self.message.sent, self.message.total)
            )
            results = {"gradient": sent, "measured": mx.nd.zeros(self.lost.shape)}
            first = CompiledStep({"gradient": gradient, "measured": measured}, self.arrays | results)
            self.parts = [first, self.update(self.input("total", total), [])]

    def gradient(
        self, loss: Loss, loss_parameter: float, class_weights: Floats | None, weighted_objective: bool
    ) -> tuple[Any, Any]:
        """Build the forward and backward pass of one mini-batch.

        Returns the gradient summed over rows, (M K, d + 1), and the running sum of the losses, (1, M).
        """
        batch = self.entry("batches")
        X, y = (S.take(self.symbol(name), batch, mode="clip") for name in ("features", "labels"))
        W = self.input("weights", self.weights)
        z = S.FullyConnected(X, W, num_hidden=self.models * self.outputs, no_bias=True)
        if loss.signed is not None:
            value, slope = loss.signed(S, z)
        else:
            # Written out once, labels need no broadcasting in the loss, which is slow.
            written = S.repeat(y, repeats=self.models, axis=1) if self.outputs == 1 else y
            value, slope = loss.graph(S, z, written, self.models, self.outputs, loss_parameter)
        if class_weights is not None:
            one_hot = S.one_hot(S.reshape(y, shape=(-1,)), depth=class_weights.shape[1])
            share = S.dot(one_hot, self.input("class_weights", ndarray(class_weights.T.astype(np.float32))))
            # What is reported is the objective: of a weight that only some candidates have it knows nothing.
            value = value * share if weighted_objective else value
            slope = slope * (share if self.outputs == 1 else S.repeat(share, repeats=self.outputs, axis=1))
        measured = added(S, self.input("lost", ndarray(self.lost)), S.dot(self.entry("counted"), value))
        return weight_gradient(S, slope, X, W, z), measured

    def update(self, gradient: Any, effects: list[Any]) -> CompiledStep:
        """Compile the part of the graph that turns the gradient into new weights; it runs after `effects`."""
        effects = effects + self.updated(gradient, self.input("weights", self.weights))
        effects += self.shrunk(effects)
        effects += self.averaged(effects)
        done = added(S, self.symbol("now"), self.input("one", mx.nd.ones((1,))), after=effects)
        return CompiledStep({"done": done}, self.arrays | {"done": mx.nd.zeros((1,))})

    def updated(self, gradient: Any, W: Any) -> list[Any]:
        """Build the optimizer steps, one operator for each group of candidates."""
        bias = np.arange(self.width) == self.width - 1
        decays = [self.batch_size * c.wd * np.where(bias, c.bias_wd_mult, 1) for c in self.candidates]
        decay = self.input("decay", ndarray(np.repeat(np.array(decays, np.float32), self.outputs, axis=0)))
        # A small sum is quicker by broadcast_add than by elemwise_add, which asks oneDNN.
        gradient = S.broadcast_add(gradient, decay * W)
        columns = self.input("columns", ndarray(np.stack([~bias, bias], axis=1).astype(np.float32)))
        effects = []
        for first, last in self.groups:
            constants = vars(self.candidates[first])
            optimizer = OPTIMIZERS[constants["optimizer"]]
            names = [f"state_{first}_{i}" for i in range(optimizer.states)]
            shape = ((last - first) * self.outputs, self.width)
            self.states |= {name: mx.nd.zeros(shape) for name in names}
            rows = {"begin": first * self.outputs, "end": last * self.outputs}
            effects.append(
                optimizer.update(
                    S,
                    self.part("weights", self.weights, first, last),
                    S.slice_axis(gradient, axis=0, **rows) if len(self.groups) > 1 else gradient,
                    [self.input(name, self.states[name]) for name in names],
                    self.outer(f"rates_{first}", columns),
                    constants,
                    1 / self.batch_size,
                )
            )
        return effects

    def shrunk(self, effects: Sequence[Any]) -> list[Any]:
        """Build the proximal steps of L1 (soft thresholding): move weights towards 0 by their reach, but not past 0."""
        bias = np.arange(self.width) == self.width - 1
        column = self.input("shrinking", ndarray(~bias[:, None] * np.float32(1)))
        results = []
        for first, last in self.shrinking:
            weights, reach = self.part("weights", self.weights, first, last), self.outer(f"reaches_{first}", column)
            near = S.broadcast_maximum(placed(S, "broadcast_minimum", weights, reach, after=effects), 0 - reach)
            results.append(added(S, weights, 0 - near))
        return results

    def averaged(self, effects: Sequence[Any]) -> list[Any]:
        """Build the updates of the running averages."""
        results = []
        for first, last in self.averaging:
            weights, average = (
                self.part(name, array, first, last)
                for name, array in (("weights", self.weights), ("averages", self.averages))
            )
            ahead = placed(S, "elemwise_sub", weights, average, after=effects)
            results.append(added(S, average, S.broadcast_mul(ahead, self.entry("shares"))))
        return results

    def symbol(self, name: str) -> Any:
        """Return the symbol of an array in the graph; each name has one symbol."""
        return self.symbols.setdefault(name, S.Variable(name))

    def input(self, name: str, array: Any) -> Any:
        """Add an array to the inputs of the graph and return its symbol."""
        self.arrays[name] = array
        return self.symbol(name)

    def part(self, name: str, array: Any, first: int, last: int) -> Any:
        """Add the rows of some candidates in an array of weights to the inputs; return their symbol."""
        return self.input(f"{name}_{first}_{last}", array[first * self.outputs : last * self.outputs])

    def entry(self, table: str) -> Any:
        """Build the lookup of the current update's row in a table."""
        # To squeeze costs nothing; to reshape asks oneDNN, which takes longer than most operators of a small step.
        return S.squeeze(S.take(self.symbol(table), self.symbol("now"), mode="clip"), axis=0)

    def outer(self, table: str, columns: Any) -> Any:
        """Build the expansion of a table's row, (m, k), over (d + 1, k) columns: (m, d + 1).

        A matrix product is several times as fast as broadcasting.
        """
        return S.FullyConnected(self.entry(table), columns, num_hidden=self.width, no_bias=True)

    def __call__(self) -> None:
        """Start the next update, without waiting for it to finish."""
        if self.message is not None:
            self.wait()
            self.parts[0]()
            for result in self.parts[0].results:
                result.wait_to_read()
            self.message.sent[-1] = 1
            self.message.travel()
        self.parts[-1]()

    def join(self) -> bool:
        """Take part in the next update without rows; return whether any host had some."""
        if self.message is None:
            return False
        self.wait()
        self.message.sent[:] = 0
        others = bool(self.message.travel()[-1])
        if others:
            self.parts[-1]()
        return others

    def wait(self) -> None:
        """Wait until the started updates are finished; before that, the arrays must not be accessed."""
        self.parts[-1].arrays["done"].wait_to_read()

    def gather_from(self, features: Any, labels: Any) -> None:
        """Set the arrays that mini-batches are gathered from, until the next call."""
        self.parts[0].arrays |= {"features": features, "labels": labels}

    def fill(
        self,
        sizes: Mapping[str, Floats],
        batches: NDArray[np.int32] | None = None,
        counted: NDArray[np.bool_] | None = None,
    ) -> None:
        """Fill the tables for the next T updates from the learning rates in `sizes`.

        `batches` (T, batch) are the rows of each update; without them this host only takes part in the others'.
        `counted` (T, batch) marks the rows whose losses are summed.
        """
        rates, proximal = sizes["rates"], sizes["proximal_rates"] * self.strengths
        both = np.stack([rates, rates * self.bias_speeds], axis=2)
        tables = {"shares": sizes["shares"].min(axis=1)[:, None, None]}
        if batches is not None and counted is not None:
            tables |= {"batches": batches, "counted": counted[:, None]}
        tables |= {f"rates_{first}": self.per_output(both[:, first:last]) for first, last in self.groups}
        tables |= {f"reaches_{first}": self.per_output(proximal[:, first:last, None]) for first, last in self.shrinking}
        for name, table in tables.items():
            held = self.tables.get(name)
            if held is None or held.shape[1:] != table.shape[1:] or len(held) < len(table):
                self.tables[name] = np.array(table, np.int32 if name == "batches" else np.float32, order="C")
                for part in self.parts:
                    part.arrays[name] = ndarray(self.tables[name])
            else:
                held[: len(table)] = table
        self.now[:] = 0

    def per_output(self, values: Floats) -> Floats:
        """Repeat a value for each model, (T, m, k), for each of its outputs, (T, m K, k)."""
        return np.repeat(values, self.outputs, axis=1)


def kernel(candidate: Candidate) -> tuple[str, float, float, float]:
    """Return what candidates must have in common to be updated by one operator."""
    return candidate.optimizer, candidate.beta_1, candidate.beta_2, candidate.momentum


def place(candidate: Candidate) -> tuple[Any, ...]:
    """Return the key to sort candidates by, so that those updated alike are adjacent."""
    return *kernel(candidate), candidate.average, candidate.l1 > 0


def spans(values: Iterable[Any]) -> Iterator[tuple[Any, int, int]]:
    """Yield each run of equal values with the indices of its start and its end."""
    last = 0
    for value, group in groupby(values):
        first, last = last, last + len(list(group))
        yield value, first, last
