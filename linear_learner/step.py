"""One update of a bank: a graph of MXNet operators that changes weights, optimizer states and sums in place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.candidates import Candidate
from linear_learner.compiled import CompiledStep, added, ndarray, placed, weight_gradient
from linear_learner.engine import mx
from linear_learner.hosts import ALONE, Hosts
from linear_learner.losses import Loss
from linear_learner.optimizers import OPTIMIZERS

Floats = NDArray[Any]
S = mx.sym


class Step:
    """The update of M candidates of K outputs, compiled once and run without a word from outside.

    What changes from update to update stands in tables, a row for each; `now` counts the updates since they were
    filled, `lost` (1, M) sums the losses. These are numpy's arrays, whose memory the graph shares: they may be touched
    once `wait` has returned. Candidates that `kernel` finds alike must lie side by side: one operator updates them all.
    With several hosts the graph is in two parts: before the second, the gradient is summed over all hosts.
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
        """Compile the update of weights that begin as `start` (M, K, d + 1); `class_weights` are (M, C).

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
        """Build what gathers, multiplies and derives; return the gradient, summed over rows, and the losses so far."""
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
        """Compile what turns the gradient into new weights, after `effects`."""
        effects = effects + self.updated(gradient, self.input("weights", self.weights))
        effects += self.shrunk(effects)
        effects += self.averaged(effects)
        done = added(S, self.symbol("now"), self.input("one", mx.nd.ones((1,))), after=effects)
        return CompiledStep({"done": done}, self.arrays | {"done": mx.nd.zeros((1,))})

    def updated(self, gradient: Any, W: Any) -> list[Any]:
        """Update the weights by the gradient of the loss, summed over the mini-batch: one operator for each group."""
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
        """Take the proximal step of L1: weights go towards zero by so much, to exactly zero where they are nearer."""
        bias = np.arange(self.width) == self.width - 1
        column = self.input("shrinking", ndarray(~bias[:, None] * np.float32(1)))
        results = []
        for first, last in self.shrinking:
            weights, reach = self.part("weights", self.weights, first, last), self.outer(f"reaches_{first}", column)
            near = S.broadcast_maximum(placed(S, "broadcast_minimum", weights, reach, after=effects), 0 - reach)
            results.append(added(S, weights, 0 - near))
        return results

    def averaged(self, effects: Sequence[Any]) -> list[Any]:
        """Let the averages follow the weights."""
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
        """Return the one symbol of an array that the graph works on."""
        return self.symbols.setdefault(name, S.Variable(name))

    def input(self, name: str, array: Any) -> Any:
        """Give the graph an array to work on; return its symbol."""
        self.arrays[name] = array
        return self.symbol(name)

    def part(self, name: str, array: Any, first: int, last: int) -> Any:
        """Name the rows of some candidates in an array of weights."""
        return self.input(f"{name}_{first}_{last}", array[first * self.outputs : last * self.outputs])

    def entry(self, table: str) -> Any:
        """Look up what a table says of this update."""
        # To squeeze costs nothing; to reshape asks oneDNN, which takes longer than most operators of a small step.
        return S.squeeze(S.take(self.symbol(table), self.symbol("now"), mode="clip"), axis=0)

    def outer(self, table: str, columns: Any) -> Any:
        """Spread what a table says of the weights and biases of each output, (m, k), over (d + 1, k) columns.

        The product is several times as fast as broadcasting.
        """
        return S.FullyConnected(self.entry(table), columns, num_hidden=self.width, no_bias=True)

    def __call__(self) -> None:
        """Take the update that is next, without waiting for its end."""
        if self.message is not None:
            self.wait()
            self.parts[0]()
            for result in self.parts[0].results:
                result.wait_to_read()
            self.message.sent[-1] = 1
            self.message.travel()
        self.parts[-1]()

    def join(self) -> bool:
        """Take part in the update that is next without any rows; say whether there is one: another host has some."""
        if self.message is None:
            return False
        self.wait()
        self.message.sent[:] = 0
        others = bool(self.message.travel()[-1])
        if others:
            self.parts[-1]()
        return others

    def wait(self) -> None:
        """Wait for the end of what was begun: only then are the arrays what they seem."""
        self.parts[-1].arrays["done"].wait_to_read()

    def gather_from(self, features: Any, labels: Any) -> None:
        """Name the arrays that mini-batches are gathered from; they are kept until there are others."""
        self.parts[0].arrays |= {"features": features, "labels": labels}

    def fill(
        self,
        sizes: Mapping[str, Floats],
        batches: NDArray[np.int32] | None = None,
        counted: NDArray[np.bool_] | None = None,
    ) -> None:
        """Fill the tables for the next T updates: `step_sizes` and, unless they are joined, their rows, (T, batch).

        The losses of the rows that are `counted`, (T, batch), are summed.
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
        """Repeat what is said of each model, (T, m, k), for its outputs."""
        return np.repeat(values, self.outputs, axis=1)


def kernel(candidate: Candidate) -> tuple[str, float, float, float]:
    """Name what candidates must share to be updated by one operator."""
    return candidate.optimizer, candidate.beta_1, candidate.beta_2, candidate.momentum


def place(candidate: Candidate) -> tuple[Any, ...]:
    """Return what candidates are sorted by, so that those who are updated alike lie side by side."""
    return *kernel(candidate), candidate.average, candidate.l1 > 0


def spans(values: Iterable[Any]) -> Iterator[tuple[Any, int, int]]:
    """Yield each run of equal values, with where it begins and ends."""
    last = 0
    for value, group in groupby(values):
        first, last = last, last + len(list(group))
        yield value, first, last
