"""The dense bank: all candidates as the rows of one weight matrix, trained by one compiled graph of MXNet operators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.operators.dense_step import DenseStep, bank_sort_key, consecutive_groups
from linear_learner.bank.updating.bank import StateLayout
from linear_learner.bank.updating.class_weights import reported_row_weights
from linear_learner.bank.updating.schedule import step_sizes
from linear_learner.objective.objective import Objective
from linear_learner.options.budget import LARGEST_TENSOR, scoring_chunk_rows
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.expressions import Array, Expression, Operators
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.engine.pace import Pace
from open_algorithms.learning.engine.sums import UpdateSums
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import DenseRows, batch_table
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Numbers

Number = TypeVar("Number", bound=np.generic)
RUN_UPDATES = 4096  # updates, at most, whose learning rates are laid out at once
TABLE_ENTRIES = 2**21  # of a table of learning rates, at most
JOINED_UPDATES = 64  # updates in which a host without rows takes part, whose learning rates are laid out at once
RUN_OPERATIONS = 25e9  # of a run, in operations of a product: about half a second on two cores
OVERHEAD_OPERATIONS = 500  # operations of a product that all else costs, for each margin and for each weight


def gather_nothing(_: Int32s) -> None:
    """Do nothing: the compiled update gathers the rows itself."""


class DenseBank:
    """M candidates of K outputs each, trained together on dense rows.

    The weights are one matrix (M * K, d + 1) whose last column is the bias. Internally candidates that are updated
    alike are adjacent; all results are in the caller's order.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Float32s,
        objective: Objective,
        batch_size: int,
        *,
        processors: int = 1,
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights.

        Large products are shared among `processors`; the rows of a mini-batch are split evenly among `hosts`.
        """
        self.models, self.outputs, self.width = start.shape
        self.order = sorted(range(len(candidates)), key=lambda m: bank_sort_key(candidates[m]))
        self.candidates = [candidates[m] for m in self.order]
        self.batch_size = batch_size // hosts.count
        self.objective = objective
        self.processors = processors
        self.paces: dict[int, Pace] = {}
        self.thread_limit = processors  # so many threads at most, as training has lately found
        self.scoring_thread_counts: dict[tuple[int, int], int] = {}
        self.updates = 0
        self.loaded_features: Float32s | None = None
        self.hosts = hosts
        self.step = DenseStep(
            self.candidates,
            start[self.order],
            objective.select_models(np.array(self.order)),
            batch_size,
            hosts,
        )

    def train(self, rows: DenseRows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, summed over rows, (M,).

        `raise_if_stopped` is called between runs of updates.
        """
        if not len(order):
            return np.zeros(self.models)
        table = batch_table(order, self.batch_size)
        self.step.loss_sums[:] = 0
        run = self.run_length(table.shape[1])
        for first in range(0, len(table), run):
            self.train_batches(rows, table[first : first + run])
            raise_if_stopped()
        return self.reorder_for_caller(self.step.loss_sums[0])

    def prepare_pace(self, X: Float32s, batch: Int32s) -> Pace:
        """Return the pace of updates on mini-batches of this size; created and tested on first use."""
        if len(batch) not in self.paces:
            counts = threads.counts_to_try(4 * len(batch) * self.step.weights.size, self.processors)
            self.paces[len(batch)] = Pace(
                threads.same_result_counts(counts, UpdateSums(X, batch, self.models * self.outputs))
            )
        return self.paces[len(batch)]

    def run_length(self, batch_size: int) -> int:
        """Return how many updates on mini-batches of `batch_size` rows are queued before waiting for them."""
        cost = (
            self.models * self.outputs * (4 * self.width * batch_size + OVERHEAD_OPERATIONS * (batch_size + self.width))
        )
        return min(
            RUN_UPDATES, max(1, int(RUN_OPERATIONS / cost)), max(1, TABLE_ENTRIES // (self.models * self.outputs))
        )

    def train_batches(self, rows: DenseRows, table: Int32s) -> None:
        """Train on a table of mini-batches (T, batch_size), after filling the tables of learning rates."""
        pace = self.prepare_pace(rows.X, table[0])
        counted = table < len(rows) if rows.weights is None else rows.weights[table]
        sizes = self.next_step_sizes(len(table))
        if rows.X.size <= LARGEST_TENSOR:
            if self.loaded_features is not rows.X:
                self.loaded_features = rows.X
                self.step.set_row_source(as_ndarray(rows.X), as_ndarray(rows.y))
            self.step.fill_tables(sizes, table, counted)
            self.run_at_pace(pace, table)
        else:
            # MXNet cannot index so many numbers: each mini-batch is gathered for it.
            self.loaded_features, count = None, table.shape[1]
            features, labels = mx.nd.empty((count, self.width)), mx.nd.empty((count, 1))
            self.step.set_row_source(features, labels)
            self.step.fill_tables(sizes, np.tile(np.arange(count, dtype=np.int32), (len(table), 1)), counted)

            def gather(batch: Int32s) -> None:
                as_ndarray(rows.X[batch]).copyto(features)
                as_ndarray(rows.y[batch]).copyto(labels)

            self.run_at_pace(pace, table, gather)

    def run_at_pace(self, pace: Pace, table: Int32s, gather: Callable[[Int32s], None] = gather_nothing) -> None:
        """Run an update for each mini-batch of a table, in parts whose size the pace chooses; wait after each part."""
        first = 0
        while first < len(table):
            last = first + pace.next_part(len(table) - first)
            with pace.share_work(last - first):
                for batch in table[first:last]:
                    gather(batch)
                    self.step()
                    self.updates += 1
                self.step.wait_until_done()
            first = last
        self.thread_limit = self.processors if pace.fastest_count == pace.most_threads else pace.fastest_count

    def join_updates(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""
        others = self.hosts.count > 1
        while others:
            self.step.fill_tables(self.next_step_sizes(JOINED_UPDATES))
            for _ in range(JOINED_UPDATES):
                others = self.step.join_update()
                if not others:
                    break
                self.updates += 1
            self.step.wait_until_done()

    def next_step_sizes(self, updates: int) -> dict[str, Float64s]:
        """Return the tables of `step_sizes` for the next updates."""
        return step_sizes(self.candidates, np.arange(updates) + self.updates + 1)

    def row_losses(self, F: Operators, z: Expression, y: Expression) -> Expression:
        """Return the loss of each row and model, (n, M)."""
        loss = self.objective.loss
        if loss.signed_graph is not None:
            return loss.signed_graph(F, z)[0]
        return loss.graph(F, z, y, self.models, self.outputs, self.objective.parameter)[0]

    def reorder_for_caller(self, values: NDArray[Number]) -> NDArray[Number]:
        """Reorder results, indexed by model in their first dimension, from the bank's order to the caller's."""
        result = np.empty_like(values)
        result[self.order] = values
        return result

    def evaluate(
        self, rows: DenseRows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first `margin_rows` rows, (M, margin_rows).

        Margins are for models with a single output only. `raise_if_stopped` is called before each chunk and may raise.
        """
        chunk = scoring_chunk_rows(self.models * self.outputs)
        weights = self.evaluated_weights()
        lost = np.zeros(self.models)
        z_all = np.empty((self.models, margin_rows), np.float32)
        for first in range(0, len(rows), chunk):
            raise_if_stopped()
            last = min(first + chunk, len(rows))
            score = partial(self.score_rows, rows, first, last, weights)
            threads.set_count(self.scoring_threads(last - first, score))
            lost_here, z = score()
            lost += lost_here.asnumpy()[0]
            if first < margin_rows:
                margins = rows.design.restore_margins(z.asnumpy(), rows.y[first:last, 0])
                z_all[:, first:last] = margins.T[:, : margin_rows - first]
        return self.reorder_for_caller(lost), self.reorder_for_caller(z_all)

    def scoring_threads(self, rows: int, score: threads.Workload) -> int:
        """Return how many threads to score this many rows with.

        At most as many as training has settled on, provided that this does not change the bits of the result.
        """
        most = threads.useful_count(2 * rows * self.step.weights.size, self.processors)
        if self.thread_limit >= most:
            return most
        if (rows, self.thread_limit) not in self.scoring_thread_counts:
            self.scoring_thread_counts[rows, self.thread_limit] = threads.same_result_counts(
                [most, self.thread_limit], score
            )[-1]
        return self.scoring_thread_counts[rows, self.thread_limit]

    def score_rows(self, rows: DenseRows, first: int, last: int, weights: Array) -> tuple[Array, Array]:
        """Return each model's loss, summed over rows `first` to `last`, (1, M), and their margins, (n, M K)."""
        X, y = as_ndarray(rows.X[first:last]), as_ndarray(rows.y[first:last])
        z = mx.nd.FullyConnected(X, weights, num_hidden=self.models * self.outputs, no_bias=True)
        counts = reported_row_weights(rows.slice_rows(first, last), self.objective.reported_weights)
        return mx.nd.dot(as_ndarray(counts), self.row_losses(mx.nd, z, y)), z

    def evaluated_weights(self) -> Array:
        """Return the weights to evaluate: averages of models that average, of others the current ones."""
        for averaging, first, last in consecutive_groups(c.average for c in self.candidates):
            if not averaging:
                rows = slice(first * self.outputs, last * self.outputs)
                self.step.averages[rows] = self.step.weights[rows]
        return self.step.averages

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        return self.reorder_for_caller(self.evaluated_weights().asnumpy().reshape(self.models, self.outputs, -1))

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        weights = as_ndarray(snapshot[self.order].reshape(self.models * self.outputs, -1))
        for averaging, first, last in consecutive_groups(c.average for c in self.candidates):
            rows = slice(first * self.outputs, last * self.outputs)
            (self.step.averages if averaging else self.step.weights)[rows] = weights[rows]

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and copy of each array that training resumes from."""
        yield "updates", np.array(self.updates)
        for name, array in self.carried_arrays().items():
            yield name, array.asnumpy()

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates = int(state[f"{prefix}updates"])
        for name, array in self.carried_arrays().items():
            array[:] = as_ndarray(state[prefix + name])

    def state_layout(self, name: str, array: Numbers) -> StateLayout:
        """Return how an array of the state, of two dimensions, is divided among models.

        An optimizer's states are apart for each group of models that one operator updates.
        """
        if not name.startswith("state_"):
            return StateLayout(name, self.order, 0)
        _, first, which = name.split("_")
        return StateLayout(which, self.order[int(first) :][: len(array) // self.outputs], 0)

    def carried_arrays(self) -> dict[str, Array]:
        """Return by name the arrays that persist between updates."""
        return {"weights": self.step.weights, "averages": self.step.averages, **self.step.states}
