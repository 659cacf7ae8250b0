"""The dense update: a compiled graph of MXNet operators that changes weights, states and loss sums.

Tests: tests/linear_learner/bank/operators/test_dense.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

import numpy as np

from linear_learner.bank.updating.optimizers import OPTIMIZERS
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.expressions import Array, Operators, Symbol
from open_algorithms.learning.engine.graph import (
    CompiledGraph,
    add_in_place,
    as_ndarray,
    operator_placeholder,
    weight_gradient,
)
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.types.arrays import Bools, Float32s, Float64s, Int32s, Numbers

Value = TypeVar("Value")
S: Operators = mx.sym


class DenseStep:
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
        start: Float32s,
        objective: Objective,
        batch_size: int,
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Compile the update for the initial weights `start` (M, K, d + 1).

        Gradients are divided by `batch_size`, the rows of a mini-batch on all hosts together.
        """
        self.candidates, self.batch_size = candidates, batch_size
        self.models, self.outputs, self.width = start.shape
        self.weights = as_ndarray(start.reshape(-1, self.width))
        self.averages = self.weights.copy()
        self.loss_sums = np.zeros((1, self.models), np.float32)
        self.update_index = np.zeros(1, np.float32)
        self.tables: dict[str, Numbers] = {}
        self.states: dict[str, Array] = {}
        self.arrays: dict[str, Array] = {}
        self.symbols: dict[str, Symbol] = {}
        self.bias_rate_factors = np.array([c.bias_lr_mult * objective.use_bias for c in candidates])
        # Momentum takes 1 / (1 - momentum) steps along each gradient; the proximal step is as many times as long.
        self.l1_strengths = np.array([c.l1 / batch_size / (1 - c.momentum) for c in candidates])
        self.operator_groups = [(first, last) for _, first, last in consecutive_groups(map(operator_key, candidates))]
        self.l1_groups = [(first, last) for l1, first, last in consecutive_groups(c.l1 > 0 for c in candidates) if l1]
        self.averaging_groups = [
            (first, last) for average, first, last in consecutive_groups(c.average for c in candidates) if average
        ]
        self.add_input("now", as_ndarray(self.update_index))
        gradient, measured = self.build_gradient(objective)
        self.exchange = None if hosts.count == 1 else hosts.exchange_buffer(start.size + 1)
        if self.exchange is None:
            self.graphs = [self.compile_update(gradient, [measured])]
        else:
            sent, total = (
                as_ndarray(numbers[:-1].reshape(self.weights.shape))
                for numbers in (self.exchange.sent, self.exchange.total)
            )
            results = {"gradient": sent, "measured": mx.nd.zeros(self.loss_sums.shape)}
            first = CompiledGraph({"gradient": gradient, "measured": measured}, self.arrays | results)
            self.graphs = [first, self.compile_update(self.add_input("total", total), [])]

    def build_gradient(self, objective: Objective) -> tuple[Symbol, Symbol]:
        """Build the forward and backward pass of one mini-batch.

        Returns the gradient summed over rows, (M K, d + 1), and the running sum of the losses, (1, M).
        """
        loss, class_weights = objective.loss, objective.class_weights
        batch = self.current_entry("batches")
        X, y = (S.take(self.shared_symbol(name), batch, mode="clip") for name in ("features", "labels"))
        W = self.add_input("weights", self.weights)
        z = S.FullyConnected(X, W, num_hidden=self.models * self.outputs, no_bias=True)
        if loss.signed_graph is not None:
            value, slope = loss.signed_graph(S, z)
        else:
            # Written out once, labels need no broadcasting in the loss, which is slow.
            written = S.repeat(y, repeats=self.models, axis=1) if self.outputs == 1 else y
            value, slope = loss.graph(S, z, written, self.models, self.outputs, objective.parameter)
        if class_weights is not None:
            one_hot = S.one_hot(S.reshape(y, shape=(-1,)), depth=class_weights.shape[1])
            share = S.dot(one_hot, self.add_input("class_weights", as_ndarray(class_weights.T.astype(np.float32))))
            # What is reported is the objective: of a weight that only some candidates have it knows nothing.
            value = value if objective.reported_weights is None else value * share
            slope = slope * (share if self.outputs == 1 else S.repeat(share, repeats=self.outputs, axis=1))
        counted = self.current_entry("counted")
        if objective.has_row_weights:
            slope = S.broadcast_mul(slope, S.reshape(counted, shape=(-1, 1)))
        measured = add_in_place(S, self.add_input("lost", as_ndarray(self.loss_sums)), S.dot(counted, value))
        return weight_gradient(S, slope, X, W, z), measured

    def compile_update(self, gradient: Symbol, effects: list[Symbol]) -> CompiledGraph:
        """Compile the part of the graph that turns the gradient into new weights; it runs after `effects`."""
        effects = effects + self.build_weight_updates(gradient, self.add_input("weights", self.weights))
        effects += self.build_proximal_steps(effects)
        effects += self.build_average_updates(effects)
        done = add_in_place(S, self.shared_symbol("now"), self.add_input("one", mx.nd.ones((1,))), after=effects)
        return CompiledGraph({"done": done}, self.arrays | {"done": mx.nd.zeros((1,))})

    def build_weight_updates(self, gradient: Symbol, W: Symbol) -> list[Symbol]:
        """Build the optimizer steps, one operator for each group of candidates."""
        bias = np.arange(self.width) == self.width - 1
        decays = [self.batch_size * c.wd * np.where(bias, c.bias_wd_mult, 1) for c in self.candidates]
        decay = self.add_input("decay", as_ndarray(np.repeat(np.array(decays, np.float32), self.outputs, axis=0)))
        # A small sum is quicker by broadcast_add than by elemwise_add, which asks oneDNN.
        gradient = S.broadcast_add(gradient, decay * W)
        columns = self.add_input("columns", as_ndarray(np.stack([~bias, bias], axis=1).astype(np.float32)))
        effects = []
        for first, last in self.operator_groups:
            constants = vars(self.candidates[first])
            optimizer = OPTIMIZERS[constants["optimizer"]]
            names = [f"state_{first}_{i}" for i in range(optimizer.state_count)]
            shape = ((last - first) * self.outputs, self.width)
            self.states |= {name: mx.nd.zeros(shape) for name in names}
            rows = {"begin": first * self.outputs, "end": last * self.outputs}
            effects.append(
                optimizer.update(
                    S,
                    self.add_candidate_rows("weights", self.weights, first, last),
                    S.slice_axis(gradient, axis=0, **rows) if len(self.operator_groups) > 1 else gradient,
                    [self.add_input(name, self.states[name]) for name in names],
                    self.spread_over_columns(f"rates_{first}", columns),
                    constants,
                    1 / self.batch_size,
                )
            )
        return effects

    def build_proximal_steps(self, effects: Sequence[Symbol]) -> list[Symbol]:
        """Build the proximal steps of L1 (soft thresholding): move weights towards 0 by their reach, but not past 0."""
        bias = np.arange(self.width) == self.width - 1
        column = self.add_input("shrinking", as_ndarray(~bias[:, None] * np.float32(1)))
        results = []
        for first, last in self.l1_groups:
            weights, reach = (
                self.add_candidate_rows("weights", self.weights, first, last),
                self.spread_over_columns(f"reaches_{first}", column),
            )
            near = S.broadcast_maximum(
                operator_placeholder(S, "broadcast_minimum", weights, reach, after=effects), 0 - reach
            )
            results.append(add_in_place(S, weights, 0 - near))
        return results

    def build_average_updates(self, effects: Sequence[Symbol]) -> list[Symbol]:
        """Build the updates of the running averages."""
        results = []
        for first, last in self.averaging_groups:
            weights, average = (
                self.add_candidate_rows(name, array, first, last)
                for name, array in (("weights", self.weights), ("averages", self.averages))
            )
            ahead = operator_placeholder(S, "elemwise_sub", weights, average, after=effects)
            results.append(add_in_place(S, average, S.broadcast_mul(ahead, self.current_entry("shares"))))
        return results

    def shared_symbol(self, name: str) -> Symbol:
        """Return the symbol of an array in the graph; each name has one symbol."""
        return self.symbols.setdefault(name, S.Variable(name))

    def add_input(self, name: str, array: Array) -> Symbol:
        """Add an array to the inputs of the graph and return its symbol."""
        self.arrays[name] = array
        return self.shared_symbol(name)

    def add_candidate_rows(self, name: str, array: Array, first: int, last: int) -> Symbol:
        """Add the rows of some candidates in an array of weights to the inputs; return their symbol."""
        return self.add_input(f"{name}_{first}_{last}", array[first * self.outputs : last * self.outputs])

    def current_entry(self, table: str) -> Symbol:
        """Build the lookup of the current update's row in a table."""
        # To squeeze costs nothing; to reshape asks oneDNN, which takes longer than most operators of a small step.
        entry: Symbol = S.squeeze(S.take(self.shared_symbol(table), self.shared_symbol("now"), mode="clip"), axis=0)
        return entry

    def spread_over_columns(self, table: str, columns: Symbol) -> Symbol:
        """Build the expansion of a table's row, (m, k), over (d + 1, k) columns: (m, d + 1).

        A matrix product is several times as fast as broadcasting.
        """
        spread: Symbol = S.FullyConnected(self.current_entry(table), columns, num_hidden=self.width, no_bias=True)
        return spread

    def __call__(self) -> None:
        """Start the next update, without waiting for it to finish."""
        if self.exchange is not None:
            self.wait_until_done()
            self.graphs[0]()
            for result in self.graphs[0].results:
                result.wait_to_read()
            self.exchange.sent[-1] = 1
            self.exchange.all_reduce()
        self.graphs[-1]()

    def join_update(self) -> bool:
        """Take part in the next update without rows; return whether any host had some."""
        if self.exchange is None:
            return False
        self.wait_until_done()
        self.exchange.sent[:] = 0
        others = bool(self.exchange.all_reduce()[-1])
        if others:
            self.graphs[-1]()
        return others

    def wait_until_done(self) -> None:
        """Wait until the started updates are finished; before that, the arrays must not be accessed."""
        self.graphs[-1].arrays["done"].wait_to_read()

    def set_row_source(self, features: Array, labels: Array) -> None:
        """Set the arrays that mini-batches are gathered from, until the next call."""
        self.graphs[0].arrays |= {"features": features, "labels": labels}

    def fill_tables(
        self,
        sizes: Mapping[str, Float64s],
        batches: Int32s | None = None,
        counted: Bools | Float32s | None = None,
    ) -> None:
        """Fill the tables for the next T updates from the learning rates in `sizes`.

        `batches` (T, batch) are the rows of each update; without them this host only takes part in the others'.
        `counted` (T, batch) marks the rows whose losses are summed, or says how much each counts.
        """
        rates, proximal = sizes["rates"], sizes["proximal_rates"] * self.l1_strengths
        both = np.stack([rates, rates * self.bias_rate_factors], axis=2)
        tables = {"shares": sizes["shares"].min(axis=1)[:, None, None]}
        if batches is not None and counted is not None:
            tables |= {"batches": batches, "counted": counted[:, None]}
        tables |= {
            f"rates_{first}": self.repeat_per_output(both[:, first:last]) for first, last in self.operator_groups
        }
        tables |= {
            f"reaches_{first}": self.repeat_per_output(proximal[:, first:last, None]) for first, last in self.l1_groups
        }
        for name, table in tables.items():
            held = self.tables.get(name)
            if held is None or held.shape[1:] != table.shape[1:] or len(held) < len(table):
                self.tables[name] = np.array(table, np.int32 if name == "batches" else np.float32, order="C")
                for part in self.graphs:
                    part.arrays[name] = as_ndarray(self.tables[name])
            else:
                held[: len(table)] = table
        self.update_index[:] = 0

    def repeat_per_output(self, values: Float64s) -> Float64s:
        """Repeat a value for each model, (T, m, k), for each of its outputs, (T, m K, k)."""
        return np.repeat(values, self.outputs, axis=1)


def operator_key(candidate: Candidate) -> tuple[str, float, float, float]:
    """Return what candidates must have in common to be updated by one operator."""
    return candidate.optimizer, candidate.beta_1, candidate.beta_2, candidate.momentum


def bank_sort_key(candidate: Candidate) -> tuple[str | float | bool, ...]:
    """Return the key to sort candidates by, so that those updated alike are adjacent."""
    return *operator_key(candidate), candidate.average, candidate.l1 > 0


def consecutive_groups(values: Iterable[Value]) -> Iterator[tuple[Value, int, int]]:
    """Yield each run of equal values with the indices of its start and its end."""
    last = 0
    for value, group in groupby(values):
        first, last = last, last + len(list(group))
        yield value, first, last
