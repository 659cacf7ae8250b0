"""The dense bank: all candidates as the rows of one weight matrix, trained by one compiled graph of MXNet operators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.class_weights import row_weights
from linear_learner.bank.dense_step import Step, place, spans
from linear_learner.bank.schedule import step_sizes
from linear_learner.objective.losses import LOSSES, Loss
from linear_learner.options.budget import LARGEST_TENSOR, scored_rows
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.graph import ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.engine.pace import Pace
from open_algorithms.learning.engine.sums import Sums
from open_algorithms.learning.job.hosts import ALONE, Hosts
from open_algorithms.learning.rows.dense import Rows, batch_table

Floats = NDArray[Any]
Heed = Callable[[], None]
RUN = 4096  # updates, at most, whose learning rates are laid out at once
ENTRIES = 2**21  # of a table of learning rates, at most
JOINED = 64  # updates in which a host without rows takes part, whose learning rates are laid out at once
RUN_COST = 25e9  # of a run, in operations of a product: about half a second on two cores
PASSES = 500  # operations of a product that all else costs, for each margin and for each weight


def unheeding() -> None:
    """Never stop."""


def gather_nothing(_: NDArray[np.int32]) -> None:
    """Do nothing: the compiled update gathers the rows itself."""


class Bank:
    """M candidates of K outputs each, trained together on dense rows.

    The weights are one matrix (M * K, d + 1) whose last column is the bias. Internally candidates that are updated
    alike are adjacent; all results are in the caller's order.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Floats,
        loss: str,
        batch_size: int,
        *,
        loss_parameter: float = 0.0,
        class_weights: Floats | None = None,
        objective_weights: Floats | None = None,
        use_bias: bool = True,
        processors: int = 1,
        hosts: Hosts = ALONE,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights.

        `class_weights` (M, C) multiply the loss that each model minimises, `objective_weights` (C,) the loss that
        `evaluate` reports. Large products are shared among `processors`; the rows of a mini-batch are split evenly
        among `hosts`.
        """
        self.models, self.outputs, self.width = start.shape
        self.order = sorted(range(len(candidates)), key=lambda m: place(candidates[m]))
        self.candidates = [candidates[m] for m in self.order]
        self.batch_size = batch_size // hosts.count
        self.loss: Loss = LOSSES[loss]
        self.loss_parameter = loss_parameter
        self.objective_weights = objective_weights
        self.processors = processors
        self.paces: dict[int, Pace] = {}
        self.spared = processors  # so many threads at most, as training has lately found
        self.judges: dict[tuple[int, int], int] = {}
        self.updates = 0
        self.held: Floats | None = None
        self.hosts = hosts
        self.step = Step(
            self.candidates,
            start[self.order],
            batch_size,
            self.loss,
            loss_parameter,
            None if class_weights is None else class_weights[self.order],
            weighted_objective=objective_weights is not None,
            use_bias=use_bias,
            hosts=hosts,
        )

    def train(self, rows: Rows, order: NDArray[np.int32], heed: Heed = unheeding) -> Floats:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, summed over rows, (M,).

        `check_stop` is called between runs of updates and may raise; the bank then stands after the last completed run.
        The other hosts train on their own rows at the same time; a host that has run out of rows must call
        `join_updates`.
        """
        if not len(order):
            return np.zeros(self.models)
        table = batch_table(order, self.batch_size)
        self.step.lost[:] = 0
        run = self.run_length(table.shape[1])
        for first in range(0, len(table), run):
            self.run(rows, table[first : first + run])
            heed()
        return self.restored(self.step.lost[0])

    def pace(self, X: Floats, batch: NDArray[np.int32]) -> Pace:
        """Return the pace of updates on mini-batches of this size; created and tested on first use."""
        if len(batch) not in self.paces:
            counts = threads.numbers(4 * len(batch) * self.step.weights.size, self.processors)
            self.paces[len(batch)] = Pace(threads.interchangeable(counts, Sums(X, batch, self.models * self.outputs)))
        return self.paces[len(batch)]

    def run_length(self, batch: int) -> int:
        """Return how many updates on mini-batches of `batch_size` rows are queued before waiting for them."""
        cost = self.models * self.outputs * (4 * self.width * batch + PASSES * (batch + self.width))
        return min(RUN, max(1, int(RUN_COST / cost)), max(1, ENTRIES // (self.models * self.outputs)))

    def run(self, rows: Rows, table: NDArray[np.int32]) -> None:
        """Train on a table of mini-batches (T, batch_size), after filling the tables of learning rates."""
        pace = self.pace(rows.X, table[0])
        counted, sizes = table < len(rows), self.step_sizes(len(table))
        if rows.X.size <= LARGEST_TENSOR:
            if self.held is not rows.X:
                self.held = rows.X
                self.step.gather_from(ndarray(rows.X), ndarray(rows.y))
            self.step.fill(sizes, table, counted)
            self.update(pace, table)
        else:
            # MXNet cannot index so many numbers: each mini-batch is gathered for it.
            self.held, count = None, table.shape[1]
            features, labels = mx.nd.empty((count, self.width)), mx.nd.empty((count, 1))
            self.step.gather_from(features, labels)
            self.step.fill(sizes, np.tile(np.arange(count, dtype=np.int32), (len(table), 1)), counted)

            def gather(batch: NDArray[np.int32]) -> None:
                ndarray(rows.X[batch]).copyto(features)
                ndarray(rows.y[batch]).copyto(labels)

            self.update(pace, table, gather)

    def update(
        self, pace: Pace, table: NDArray[np.int32], gather: Callable[[NDArray[np.int32]], None] = gather_nothing
    ) -> None:
        """Run an update for each mini-batch of a table, in parts whose size the pace chooses; wait after each part."""
        first = 0
        while first < len(table):
            last = first + pace.part(len(table) - first)
            with pace.sharing(last - first):
                for batch in table[first:last]:
                    gather(batch)
                    self.step()
                    self.updates += 1
                self.step.wait()
            first = last
        self.spared = self.processors if pace.fastest == pace.most else pace.fastest

    def join(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""
        others = self.hosts.count > 1
        while others:
            self.step.fill(self.step_sizes(JOINED))
            for _ in range(JOINED):
                others = self.step.join()
                if not others:
                    break
                self.updates += 1
            self.step.wait()

    def step_sizes(self, updates: int) -> dict[str, Floats]:
        """Return the tables of `step_sizes` for the next updates."""
        return step_sizes(self.candidates, np.arange(updates) + self.updates + 1)

    def losses(self, F: Any, z: Any, y: Any) -> Any:
        """Return the loss of each row and model, (n, M)."""
        if self.loss.signed is not None:
            return self.loss.signed(F, z)[0]
        return self.loss.graph(F, z, y, self.models, self.outputs, self.loss_parameter)[0]

    def restored(self, values: Floats) -> Floats:
        """Reorder results, indexed by model in their first dimension, from the bank's order to the caller's."""
        result = np.empty_like(values)
        result[self.order] = values
        return result

    def evaluate(self, rows: Rows, *, margins: int = 0, heed: Heed = unheeding) -> tuple[Floats, Floats]:
        """Return each model's summed loss, (M,), and the margins of the first `margin_rows` rows, (M, margin_rows).

        Margins are for models with a single output only. `check_stop` is called before each chunk and may raise.
        """
        chunk = scored_rows(self.models * self.outputs)
        weights = self.evaluated()
        lost = np.zeros(self.models)
        z_all = np.empty((self.models, margins), np.float32)
        for first in range(0, len(rows), chunk):
            heed()
            last = min(first + chunk, len(rows))
            score = partial(self.score, rows, first, last, weights)
            threads.use(self.judging(last - first, score))
            lost_here, z = score()
            lost += lost_here.asnumpy()[0]
            if first < margins:
                z_all[:, first:last] = (z.asnumpy() * rows.part(first, last).sides).T[:, : margins - first]
        return self.restored(lost), self.restored(z_all)

    def judging(self, rows: int, score: threads.Work) -> int:
        """Return how many threads to score this many rows with.

        At most as many as training has settled on, provided that this does not change the bits of the result.
        """
        most = threads.worthwhile(2 * rows * self.step.weights.size, self.processors)
        if self.spared >= most:
            return most
        if (rows, self.spared) not in self.judges:
            self.judges[rows, self.spared] = threads.interchangeable([most, self.spared], score)[-1]
        return self.judges[rows, self.spared]

    def score(self, rows: Rows, first: int, last: int, weights: Any) -> tuple[Any, Any]:
        """Return each model's loss, summed over rows `first` to `last`, (1, M), and their margins, (n, M K)."""
        X, y = ndarray(rows.X[first:last]), ndarray(rows.y[first:last])
        z = mx.nd.FullyConnected(X, weights, num_hidden=self.models * self.outputs, no_bias=True)
        counts = ndarray(row_weights(rows.y[first:last, 0], self.objective_weights))
        return mx.nd.dot(counts, self.losses(mx.nd, z, y)), z

    def evaluated(self) -> Any:
        """Return the weights to evaluate: averages of models that average, of others the current ones."""
        for averaging, first, last in spans(c.average for c in self.candidates):
            if not averaging:
                rows = slice(first * self.outputs, last * self.outputs)
                self.step.averages[rows] = self.step.weights[rows]
        return self.step.averages

    def snapshot(self) -> Floats:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        return self.restored(self.evaluated().asnumpy().reshape(self.models, self.outputs, -1))

    def restore(self, snapshot: Floats) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        weights = ndarray(snapshot[self.order].reshape(self.models * self.outputs, -1))
        for averaging, first, last in spans(c.average for c in self.candidates):
            rows = slice(first * self.outputs, last * self.outputs)
            (self.step.averages if averaging else self.step.weights)[rows] = weights[rows]

    def state(self) -> Iterator[tuple[str, Floats]]:
        """Yield name and copy of each array that training resumes from."""
        yield "updates", np.array(self.updates)
        for name, array in self.carried().items():
            yield name, array.asnumpy()

    def resume(self, state: Mapping[str, Floats], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates = int(state[f"{prefix}updates"])
        for name, array in self.carried().items():
            array[:] = ndarray(state[prefix + name])

    def carried(self) -> dict[str, Any]:
        """Return by name the arrays that persist between updates."""
        return {"weights": self.step.weights, "averages": self.step.averages, **self.step.states}
