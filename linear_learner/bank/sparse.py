"""The bank for sparse rows: products by MXNet's sparse operators, updates of only those weights that need them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.bank.class_weights import row_weights
from linear_learner.bank.dense import JOINED, RUN, Heed, unheeding
from linear_learner.bank.optimizers import OPTIMIZERS, Terms
from linear_learner.bank.schedule import step_sizes
from linear_learner.bank.sparse_update import Lag, Step, Weights, descend, shrink, take_rows
from linear_learner.objective.losses import LOSSES, Loss
from linear_learner.options.budget import LARGEST_TENSOR, scored_rows
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.graph import CompiledStep, ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.hosts import ALONE, Hosts
from open_algorithms.learning.rows.csr import Sparse, slice_rows
from open_algorithms.learning.rows.sparse import FULL_WIDTH, SparseRows, by_columns

Floats = NDArray[Any]
SLAB = 1024  # features that are updated at once: few enough to stay in a processor's cache


class SparseBank:
    """M candidates of K outputs each, trained together on sparse rows; same interface as `DenseBank`.

    Up to LARGEST_EAGER_WIDTH features it computes what `DenseBank` does, where an entry that is not stored stands for 0
    - shift. Beyond that it is lazy, like MXNet's lazy updates: an update touches only the weights of features stored in
    its mini-batch, and rows are not centred.
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
        lazy: bool | None = None,
        hosts: Hosts = ALONE,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights; see `DenseBank`."""
        self.models, self.outputs, width = start.shape
        self.features = width - 1
        self.lazy = self.features > FULL_WIDTH if lazy is None else lazy
        self.candidates = candidates
        self.batch_size, self.hosts = batch_size, hosts
        self.loss: Loss = LOSSES[loss]
        self.loss_parameter = loss_parameter
        self.class_weights = class_weights
        self.objective_weights = objective_weights
        self.updates = 0
        self.shifted = False
        flat = start.reshape(self.models * self.outputs, width)
        self.weights = Weights.start(np.ascontiguousarray(flat[:, :-1].T), candidates)
        self.biases = Weights.start(np.ascontiguousarray(flat[:, -1:].T), candidates)
        self.lag = Lag()
        self.seen = np.zeros(self.features, np.int64)  # the update that last touched each feature, less `forgotten`
        self.forgotten = 0
        self.reached = np.zeros((1, self.models * self.outputs), np.float32)
        self.averages = self.per_column([c.average for c in candidates])
        self.decay = self.per_column([c.wd for c in candidates])
        self.bias_decay = self.per_column([c.wd * c.bias_wd_mult for c in candidates])
        self.bias_speed = np.array([c.bias_lr_mult * use_bias for c in candidates])
        self.strength = np.array([c.l1 / batch_size / (1 - c.momentum) for c in candidates])
        self.lost = mx.nd.zeros((1, self.models))
        self.kept = [np.empty((0, self.models * self.outputs), np.float32)] * 2
        self.slopes: dict[int, CompiledStep] = {}
        self.threads = ThreadPoolExecutor(processors, "update")

    def per_column(self, values: Sequence[float] | Floats) -> Floats:
        """Repeat a value for each model for each of its outputs, (1, M * K)."""
        return np.repeat(np.asarray(values, np.float32), self.outputs)[None, :]

    def train(self, rows: SparseRows, order: NDArray[np.int32], heed: Heed = unheeding) -> Floats:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, (M,).

        Losses are summed over rows. `check_stop` is called after each update and may raise.
        """
        self.lost[:] = 0
        self.shifted = rows.shift is not None
        size = RUN * (self.batch_size // self.hosts.count)
        for first in range(0, len(order), size):
            self.run(rows, order[first : first + size], heed)
        return np.asarray(self.lost.asnumpy()[0])

    def run(self, rows: SparseRows, order: NDArray[np.int32], heed: Heed) -> None:
        """Train on at most RUN_UPDATES mini-batches of rows, after preparing their learning rates."""
        size = self.batch_size // self.hosts.count
        firsts = range(0, len(order), size)
        sizes = self.lay_out(len(firsts))
        for first, (rates, reach) in zip(firsts, sizes, strict=True):
            self.step(rows.chosen(order[first : first + size]), rates, reach)
            heed()

    def lay_out(self, updates: int) -> list[tuple[Floats, Floats]]:
        """Return learning rates, (M,), and reaches of L1, (1, M * K), for each of the next updates.

        Also records the running sums of the reaches, for weights that are updated lazily.
        """
        if len(self.reached) > RUN:
            self.settle()
        sizes = step_sizes(self.candidates, np.arange(updates) + self.updates + 1)
        reaches = np.repeat(self.strength * sizes["proximal_rates"], self.outputs, axis=1)
        ahead = self.reached[-1] + np.cumsum(reaches, axis=0, dtype=np.float32)
        self.reached = np.concatenate([self.reached, ahead])
        return list(zip(sizes["rates"], reaches.astype(np.float32)[:, None], strict=True))

    def join(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""
        others = self.hosts.count > 1
        while others:
            for rates, reach in self.lay_out(JOINED):
                others = self.step(None, rates, reach)
                if not others:
                    break
            self.reached = self.reached[: self.updates - self.forgotten + 1]

    def step(self, batch: SparseRows | None, rates: Floats, reach: Floats) -> bool:
        """Update all candidates by one mini-batch; `rates` are (M,), `reach` is (1, M * K).

        With None for a batch this host only takes part in the others' update. Returns whether any host had rows.
        """
        columns, gradient, total = self.gradient(batch)
        if self.hosts.count > 1:
            found = summed(self.hosts, columns, gradient, total, everything=self.shifted, rows=batch is not None)
            if found is None:
                return False
            columns, gradient, total = found
            self.read(columns if self.lazy else columns[:0])
        self.updates += 1
        self.rescale()
        gain = self.averages * np.float32(self.lag.gain(self.updates))
        step = Step(self.terms(rates), self.decay, gain, reach if self.strength.any() else None)
        if self.lazy:
            self.update_columns(columns, self.kept[0][: len(columns)], gradient, step)
        else:
            self.update_all(columns, gradient, step)
        descend(self.biases, total, Step(self.terms(rates * self.bias_speed), self.bias_decay, gain, None))
        return True

    def gradient(self, batch: SparseRows | None) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return the features with a gradient, (u,), and the gradients of weights and biases.

        The gradients are (u, M * K) and (1, M * K). Where rows are centred, all features have one.
        """
        if batch is None:
            columns = np.arange(self.features if self.shifted else 0)
            outputs = self.decay.shape[1]
            return columns, np.zeros((len(columns), outputs), np.float32), np.zeros((1, outputs), np.float32)
        columns, X, transposed = by_columns(batch.X)
        if self.lazy:
            slope, total = self.slope(batch, product(X, ndarray(self.read(columns))), self.biases.value)
            gradient = self.buffers(len(columns))[1][: len(columns)]
            product(transposed, slope, gradient).wait_to_read()
            return columns, gradient, total
        offset = self.offset(self.weights.value, self.biases.value, batch)
        slope, total = self.slope(batch, product(batch.X, ndarray(self.weights.value)), offset)
        if batch.shift is None:
            return columns, product(transposed, slope).asnumpy(), total
        counts = np.zeros(self.features + 1, np.int64)
        counts[columns + 1] = np.diff(transposed.indptr)
        by_column = transposed._replace(indptr=np.cumsum(counts), shape=(self.features, len(batch)))
        gradient = product(by_column, slope).asnumpy()
        gradient -= batch.shift[:, None] * total
        gradient[batch.still] = 0
        return np.arange(self.features), gradient, total

    def read(self, columns: NDArray[np.int64]) -> Floats:
        """Return the current weights of some columns, (u, M * K), with pending L1 steps applied.

        They are in a buffer that the next call overwrites.
        """
        values = self.buffers(len(columns))[0][: len(columns)]

        def read(slab: slice) -> None:
            take_rows(self.weights.value, columns[slab], values[slab])
            self.catch_up(values[slab], columns[slab])

        self.for_slabs(read, len(columns))
        return values

    def update_columns(self, columns: NDArray[np.int64], values: Floats, gradient: Floats, step: Step) -> None:
        """Update the weights of some columns; `values` are their current values, with pending L1 steps applied."""

        def update(slab: slice) -> None:
            weights = self.weights.take(columns[slab], values[slab])
            descend(weights, gradient[slab], step)
            self.weights.put(columns[slab], weights)

        self.for_slabs(update, len(columns))
        self.seen[columns] = self.updates - self.forgotten

    def buffers(self, rows: int) -> list[Floats]:
        """Return two arrays of at least `rows` rows, reused because fresh memory is slow."""
        if len(self.kept[0]) < rows:
            self.kept = [np.empty((rows + rows // 4, self.decay.shape[1]), np.float32) for _ in self.kept]
        return self.kept

    def update_all(self, columns: NDArray[np.int64], gradient: Floats, step: Step) -> None:
        """Update all weights; `gradient` is that of `columns`, and 0 for all others."""
        if len(columns) < self.features:
            some, gradient = gradient, np.zeros((self.features, self.decay.shape[1]), np.float32)
            gradient[columns] = some

        def update(slab: slice) -> None:
            descend(self.weights.view(slab), gradient[slab], step)

        self.for_slabs(update, self.features)

    def for_slabs(self, update: Callable[[slice], None], rows: int) -> None:
        """Call `update` for each slab of `rows` rows, in threads, as slabs are independent."""
        for _ in self.threads.map(update, (slice(first, first + SLAB) for first in range(0, rows, SLAB))):
            pass

    def catch_up(self, values: Floats, chosen: Any) -> None:
        """Apply the L1 steps of those updates that did not touch these features."""
        if self.strength.any():
            since = np.take(self.reached, self.seen[chosen], axis=0)
            shrink(values, self.reached[self.updates - self.forgotten] - since)

    def rescale(self) -> None:
        """Rescale lags before they overflow float32."""
        if factor := self.lag.outgrown(self.updates):
            for weights in (self.weights, self.biases):
                if weights.lag is not None:
                    weights.lag *= np.float32(factor)

    def terms(self, rates: Floats) -> Terms:
        """Return the optimizers' coefficients at these learning rates (M,), as rows (1, M * K)."""
        each = [OPTIMIZERS[c.optimizer].terms(rate, vars(c)) for c, rate in zip(self.candidates, rates, strict=True)]
        return Terms(*(self.per_column(values) for values in zip(*each, strict=True)))

    def slope(self, batch: SparseRows, z: Any, offset: Floats) -> tuple[Any, Floats]:
        """Return the derivative of the mean loss by each margin, (n, M * K), and its sum over rows, (1, M * K)."""
        rows = len(batch)
        if rows not in self.slopes:
            self.slopes[rows] = self.compile(rows)
        compiled = self.slopes[rows]
        compiled({"z": z, "offset": ndarray(offset), "y": ndarray(batch.y)})
        return compiled.arrays["slope"], compiled.arrays["total"].asnumpy()

    def offset(self, weights: Floats, biases: Floats, rows: SparseRows) -> Floats:
        """Return what to add to products X W, (1, M * K): biases, less the weighted shift."""
        return biases if rows.shift is None else biases - rows.shift[None, :] @ weights

    def compile(self, rows: int) -> CompiledStep:
        """Compile the loss and its derivative for a mini-batch of `rows` rows."""
        S = mx.sym
        names = ["z", "offset", "y", "lost", "ones", "class_weights"]
        product, offset, y, lost, ones, by_class = map(S.Variable, names)
        z = S.broadcast_add(product, offset)
        value, slope = self.loss.graph(S, z, y, self.models, self.outputs, self.loss_parameter)
        arrays = {
            "lost": self.lost,
            "slope": mx.nd.zeros((rows, self.models * self.outputs)),
            "total": mx.nd.zeros((1, self.models * self.outputs)),
            "ones": mx.nd.ones((rows, 1)),
        }
        if self.class_weights is not None:
            arrays["class_weights"] = ndarray(self.class_weights.T.astype(np.float32))
            share = S.dot(S.one_hot(S.reshape(y, shape=(-1,)), depth=self.class_weights.shape[1]), by_class)
            value = value if self.objective_weights is None else value * share
            slope = slope * (share if self.outputs == 1 else S.repeat(share, repeats=self.outputs, axis=1))
        slope = slope * (1 / self.batch_size)
        results = {
            "lost": lost + S.dot(ones, value, transpose_a=True),
            "slope": slope,
            "total": S.dot(ones, slope, transpose_a=True),
        }
        return CompiledStep(results, arrays, ["z", "offset", "y"])

    def settle(self) -> None:
        """Apply all pending L1 steps and clear their record."""
        now = self.reached[self.updates - self.forgotten]
        if self.lazy and len(self.reached) > 1:
            for first in range(0, self.features, SLAB):
                slab = slice(first, first + SLAB)
                since = np.take(self.reached, self.seen[slab], axis=0)
                shrink(self.weights.value[slab], now - since)
        self.seen[:] = 0
        self.forgotten = self.updates
        self.reached = now[None, :] * 0

    def evaluated(self, weights: Weights) -> Floats:
        """Return the weights to evaluate: running averages where there are any."""
        self.settle()
        if weights.lag is None:
            return weights.value
        average = weights.lag * np.float32(-self.lag.share(self.updates))
        average += weights.value
        return average

    def evaluate(self, rows: SparseRows, *, margins: int = 0, heed: Heed = unheeding) -> tuple[Floats, Floats]:
        """Return each model's summed loss, (M,), and the margins of the first rows, (M, margin_rows).

        See `DenseBank.evaluate`.
        """
        weights, biases = self.evaluated(self.weights), self.evaluated(self.biases)
        lost = np.zeros(self.models)
        z_all = np.empty((self.models, margins), np.float32)
        chunk = scored_rows(self.models * self.outputs)
        for first in range(0, len(rows), chunk):
            heed()
            part = rows.part(first, min(first + chunk, len(rows)))
            z = product(part.X, ndarray(weights))
            z = mx.nd.broadcast_add(z, ndarray(self.offset(weights, biases, part)))
            value, _ = self.loss.graph(mx.nd, z, ndarray(part.y), self.models, self.outputs, self.loss_parameter)
            lost += mx.nd.dot(ndarray(row_weights(part.labels, self.objective_weights)), value).asnumpy()[0]
            if first < margins:
                z_all[:, first : first + chunk] = z.asnumpy().T[:, : margins - first]
        return lost, z_all

    def snapshot(self) -> Floats:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        flat = np.empty((self.models * self.outputs, self.features + 1), np.float32)
        flat[:, :-1] = self.evaluated(self.weights).T
        flat[:, -1:] = self.evaluated(self.biases).T
        return flat.reshape(self.models, self.outputs, -1)

    def restore(self, snapshot: Floats) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        self.settle()
        flat = snapshot.reshape(self.models * self.outputs, -1).T
        for part, values in ((self.weights, flat[:-1]), (self.biases, flat[-1:])):
            part.value[:] = values
            if part.lag is not None:
                part.lag[:] = 0

    def state(self) -> Iterator[tuple[str, Floats]]:
        """Yield name and array of the state that training resumes from.

        L1 steps stay pending: applying them here would change how later ones are rounded.
        """
        yield "updates", np.array(self.updates)
        yield "forgotten", np.array(self.forgotten)
        yield "unit", np.array(self.lag.unit)
        yield "reached", self.reached
        yield from self.carried().items()

    def resume(self, state: Mapping[str, Floats], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates, self.forgotten = int(state[f"{prefix}updates"]), int(state[f"{prefix}forgotten"])
        self.lag.unit = float(state[f"{prefix}unit"])
        self.reached = state[f"{prefix}reached"]
        for name, array in self.carried().items():
            array[:] = state[prefix + name]

    def carried(self) -> dict[str, Floats]:
        """Return by name the arrays that persist between updates and keep their shape."""
        weights = {f"weights.{name}": array for name, array in self.weights.named().items()}
        biases = {f"biases.{name}": array for name, array in self.biases.named().items()}
        return {"seen": self.seen, **weights, **biases}


def summed(
    hosts: Hosts, columns: NDArray[np.int64], gradient: Floats, total: Floats, *, everything: bool, rows: bool
) -> tuple[NDArray[np.int64], Floats, Floats] | None:
    """All-reduce the gradients of some columns, (u, M * K), and of the biases, (1, M * K).

    Returns the union of all hosts' columns with the sums, or None where no host has rows. With `all_columns` every host
    sends every column. Otherwise only columns that some host has are sent: first their number, then their indices, then
    their gradients.
    """
    if not everything:
        counts = np.zeros((hosts.count, 2), np.uint32)
        counts[hosts.rank] = len(columns), rows
        counts = hosts.joined(counts)
        if not counts[:, 1].any():
            return None
        ends = np.cumsum(counts[:, 0].astype(int))
        theirs = np.zeros(ends[-1], np.uint32)
        theirs[ends[hosts.rank] - len(columns) : ends[hosts.rank]] = columns
        union = np.unique(hosts.joined(theirs)).astype(np.int64)
        spread = np.zeros((len(union), gradient.shape[1]), np.float32)
        spread[np.searchsorted(union, columns)] = gradient
        columns, gradient = union, spread
    message = np.concatenate([gradient, total, np.full_like(total, rows)])
    message = hosts.total(message)
    return (columns, message[:-2], message[-2:-1]) if message[-1, 0] else None


def product(X: Sparse, W: Any, into: Floats | None = None) -> Any:
    """Return X W, (n, m), for sparse X (n, d) and MXNet's W (d, m), in chunks small enough for MXNet to index."""
    rows, width = X.shape[0], int(X.shape[1] or 0)
    result = ndarray(np.empty((rows, W.shape[1]), np.float32) if into is None else into)
    piece = max(1, LARGEST_TENSOR // max(width, 1))
    for first in range(0, rows, piece):
        part, out = slice_rows(X, first, min(first + piece, rows)), result[first : first + piece]
        if len(part.data):
            arrays = tuple(ndarray(array) for array in (part.data, part.indices.astype(np.int64), part.indptr))
            mx.nd.sparse.dot(mx.nd.sparse.csr_matrix(arrays, shape=part.shape), W, out=out)
        else:
            out[:] = 0
    return result
