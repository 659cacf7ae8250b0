"""The bank for sparse rows: products by MXNet's sparse operators, updates of only those weights that need them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from linear_learner.bank.operators.dense import JOINED_UPDATES, RUN_UPDATES
from linear_learner.bank.operators.sparse_exchange import all_reduce_gradient
from linear_learner.bank.operators.sparse_products import mxnet_csr_matmul
from linear_learner.bank.operators.sparse_update import (
    UpdateTerms,
    WeightState,
    apply_gradient,
    apply_proximal_step,
    copy_rows,
)
from linear_learner.bank.updating.bank import StateLayout
from linear_learner.bank.updating.class_weights import reported_row_weights
from linear_learner.bank.updating.lag import AverageLag
from linear_learner.bank.updating.optimizers import OPTIMIZERS, OptimizerTerms
from linear_learner.bank.updating.schedule import step_sizes
from linear_learner.objective.objective import Objective
from linear_learner.options.budget import scoring_chunk_rows
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.expressions import Array
from open_algorithms.learning.engine.graph import CompiledGraph, as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.sparse import LARGEST_EAGER_WIDTH, SparseRows, compact_and_transpose
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Int64s, Numbers

SLAB_ROWS = 1024  # features that are updated at once: few enough to stay in a processor's cache


class SparseBank:
    """M candidates of K outputs each, trained together on sparse rows; same interface as `DenseBank`.

    Up to LARGEST_EAGER_WIDTH features it computes what `DenseBank` does, where an entry that is not stored stands for 0
    - shift. Beyond that it is lazy, like MXNet's lazy updates: an update touches only the weights of features stored in
    its mini-batch, and rows are not centred.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Float32s,
        objective: Objective,
        batch_size: int,
        *,
        processors: int = 1,
        lazy: bool | None = None,
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights; see `DenseBank`."""
        self.models, self.outputs, width = start.shape
        self.features = width - 1
        self.lazy = self.features > LARGEST_EAGER_WIDTH if lazy is None else lazy
        self.candidates = candidates
        self.batch_size, self.hosts = batch_size, hosts
        self.objective = objective
        self.updates = 0
        self.is_shifted = False
        flat = start.reshape(self.models * self.outputs, width)
        self.weights = WeightState.from_values(np.ascontiguousarray(flat[:, :-1].T), candidates)
        self.biases = WeightState.from_values(np.ascontiguousarray(flat[:, -1:].T), candidates)
        self.lag = AverageLag()
        self.last_touched = np.zeros(
            self.features, np.int64
        )  # the update that last touched each feature, less `forgotten`
        self.flushed_updates = 0
        self.l1_sums = np.zeros((1, self.models * self.outputs), np.float32)
        self.averaging_mask = self.repeat_per_output([c.average for c in candidates])
        self.weight_decays = self.repeat_per_output([c.wd for c in candidates])
        self.bias_weight_decays = self.repeat_per_output([c.wd * c.bias_wd_mult for c in candidates])
        self.bias_rate_factors = np.array([c.bias_lr_mult * objective.use_bias for c in candidates])
        self.l1_strengths = np.array([c.l1 / batch_size / (1 - c.momentum) for c in candidates])
        self.loss_sums = mx.nd.zeros((1, self.models))
        self.column_buffers = [np.empty((0, self.models * self.outputs), np.float32)] * 2
        self.compiled_losses: dict[int, CompiledGraph] = {}
        self.executor = ThreadPoolExecutor(processors, "update")

    def repeat_per_output(self, values: Sequence[float] | Float64s) -> Float32s:
        """Repeat a value for each model for each of its outputs, (1, M * K)."""
        return np.repeat(np.asarray(values, np.float32), self.outputs)[None, :]

    def train(self, rows: SparseRows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, (M,).

        Losses are summed over rows. `raise_if_stopped` is called after each update and may raise.
        """
        self.loss_sums[:] = 0
        self.is_shifted = rows.shift is not None
        size = RUN_UPDATES * (self.batch_size // self.hosts.count)
        for first in range(0, len(order), size):
            self.train_batches(rows, order[first : first + size], raise_if_stopped)
        return np.asarray(self.loss_sums.asnumpy()[0])

    def train_batches(self, rows: SparseRows, order: Int32s, raise_if_stopped: StopCheck) -> None:
        """Train on at most RUN_UPDATES mini-batches of rows, after preparing their learning rates."""
        size = self.batch_size // self.hosts.count
        firsts = range(0, len(order), size)
        sizes = self.schedule_updates(len(firsts))
        for first, (rates, reach) in zip(firsts, sizes, strict=True):
            self.update_by_batch(rows.take_rows(order[first : first + size]), rates, reach)
            raise_if_stopped()

    def schedule_updates(self, updates: int) -> list[tuple[Float64s, Float32s]]:
        """Return learning rates, (M,), and reaches of L1, (1, M * K), for each of the next updates.

        Also records the running sums of the reaches, for weights that are updated lazily.
        """
        if len(self.l1_sums) > RUN_UPDATES:
            self.flush_pending_l1()
        sizes = step_sizes(self.candidates, np.arange(updates) + self.updates + 1)
        reaches = np.repeat(self.l1_strengths * sizes["proximal_rates"], self.outputs, axis=1)
        ahead = self.l1_sums[-1] + np.cumsum(reaches, axis=0, dtype=np.float32)
        self.l1_sums = np.concatenate([self.l1_sums, ahead])
        return list(zip(sizes["rates"], reaches.astype(np.float32)[:, None], strict=True))

    def join_updates(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""
        others = self.hosts.count > 1
        while others:
            for rates, reach in self.schedule_updates(JOINED_UPDATES):
                others = self.update_by_batch(None, rates, reach)
                if not others:
                    break
            self.l1_sums = self.l1_sums[: self.updates - self.flushed_updates + 1]

    def update_by_batch(self, batch: SparseRows | None, rates: Float64s, reach: Float32s) -> bool:
        """Update all candidates by one mini-batch; `rates` are (M,), `reach` is (1, M * K).

        With None for a batch this host only takes part in the others' update. Returns whether any host had rows.
        """
        columns, gradient, total = self.compute_gradient(batch)
        if self.hosts.count > 1:
            found = all_reduce_gradient(
                self.hosts, columns, gradient, total, all_columns=self.is_shifted, has_rows=batch is not None
            )
            if found is None:
                return False
            columns, gradient, total = found
            self.copy_current_weights(columns if self.lazy else columns[:0])
        self.updates += 1
        self.rescale_lags()
        gain = self.averaging_mask * np.float32(self.lag.gain_at(self.updates))
        step = UpdateTerms(
            self.optimizer_terms(rates), self.weight_decays, gain, reach if self.l1_strengths.any() else None
        )
        if self.lazy:
            self.update_columns(columns, self.column_buffers[0][: len(columns)], gradient, step)
        else:
            self.update_all(columns, gradient, step)
        apply_gradient(
            self.biases,
            total,
            UpdateTerms(self.optimizer_terms(rates * self.bias_rate_factors), self.bias_weight_decays, gain, None),
        )
        return True

    def compute_gradient(self, batch: SparseRows | None) -> tuple[Int64s, Float32s, Float32s]:
        """Return the features with a gradient, (u,), and the gradients of weights and biases.

        The gradients are (u, M * K) and (1, M * K). Where rows are centred, all features have one.
        """
        if batch is None:
            columns = np.arange(self.features if self.is_shifted else 0)
            outputs = self.weight_decays.shape[1]
            return columns, np.zeros((len(columns), outputs), np.float32), np.zeros((1, outputs), np.float32)
        columns, X, transposed = compact_and_transpose(batch.X)
        if self.lazy:
            slope, total = self.compute_slope(
                batch, mxnet_csr_matmul(X, as_ndarray(self.copy_current_weights(columns))), self.biases.value
            )
            gradient = self.reserve_buffers(len(columns))[1][: len(columns)]
            mxnet_csr_matmul(transposed, slope, gradient).wait_to_read()
            return columns, gradient, total
        offset = self.margin_offset(self.weights.value, self.biases.value, batch)
        slope, total = self.compute_slope(batch, mxnet_csr_matmul(batch.X, as_ndarray(self.weights.value)), offset)
        if batch.shift is None:
            return columns, mxnet_csr_matmul(transposed, slope).asnumpy(), total
        counts = np.zeros(self.features + 1, np.int64)
        counts[columns + 1] = np.diff(transposed.indptr)
        by_column = transposed._replace(indptr=np.cumsum(counts), shape=(self.features, len(batch)))
        gradient = mxnet_csr_matmul(by_column, slope).asnumpy()
        gradient -= batch.shift[:, None] * total
        gradient[batch.constant_features] = 0
        return np.arange(self.features), gradient, total

    def copy_current_weights(self, columns: Int64s) -> Float32s:
        """Return the current weights of some columns, (u, M * K), with pending L1 steps applied.

        They are in a buffer that the next call overwrites.
        """
        values = self.reserve_buffers(len(columns))[0][: len(columns)]

        def copy_slab(slab: slice) -> None:
            copy_rows(self.weights.value, columns[slab], values[slab])
            self.apply_pending_l1(values[slab], columns[slab])

        self.map_slabs(copy_slab, len(columns))
        return values

    def update_columns(self, columns: Int64s, values: Float32s, gradient: Float32s, step: UpdateTerms) -> None:
        """Update the weights of some columns; `values` are their current values, with pending L1 steps applied."""

        def update_slab(slab: slice) -> None:
            weights = self.weights.copy_rows(columns[slab], values[slab])
            apply_gradient(weights, gradient[slab], step)
            self.weights.write_rows(columns[slab], weights)

        self.map_slabs(update_slab, len(columns))
        self.last_touched[columns] = self.updates - self.flushed_updates

    def reserve_buffers(self, rows: int) -> list[Float32s]:
        """Return two arrays of at least `rows` rows, reused because fresh memory is slow."""
        if len(self.column_buffers[0]) < rows:
            self.column_buffers = [
                np.empty((rows + rows // 4, self.weight_decays.shape[1]), np.float32) for _ in self.column_buffers
            ]
        return self.column_buffers

    def update_all(self, columns: Int64s, gradient: Float32s, step: UpdateTerms) -> None:
        """Update all weights; `gradient` is that of `columns`, and 0 for all others."""
        if len(columns) < self.features:
            some, gradient = gradient, np.zeros((self.features, self.weight_decays.shape[1]), np.float32)
            gradient[columns] = some

        def update_slab(slab: slice) -> None:
            apply_gradient(self.weights.view_rows(slab), gradient[slab], step)

        self.map_slabs(update_slab, self.features)

    def map_slabs(self, update: Callable[[slice], None], rows: int) -> None:
        """Call `update` for each slab of `rows` rows, in threads, as slabs are independent."""
        for _ in self.executor.map(update, (slice(first, first + SLAB_ROWS) for first in range(0, rows, SLAB_ROWS))):
            pass

    def apply_pending_l1(self, values: Float32s, chosen: Int64s | slice) -> None:
        """Apply the L1 steps of those updates that did not touch these features."""
        if self.l1_strengths.any():
            since = np.take(self.l1_sums, self.last_touched[chosen], axis=0)
            apply_proximal_step(values, self.l1_sums[self.updates - self.flushed_updates] - since)

    def rescale_lags(self) -> None:
        """Rescale lags before they overflow float32."""
        if factor := self.lag.renew_unit(self.updates):
            for weights in (self.weights, self.biases):
                if weights.lag is not None:
                    weights.lag *= np.float32(factor)

    def optimizer_terms(self, rates: Float64s) -> OptimizerTerms[Float32s]:
        """Return the optimizers' coefficients at these learning rates (M,), as rows (1, M * K)."""
        each = [OPTIMIZERS[c.optimizer].terms(rate, vars(c)) for c, rate in zip(self.candidates, rates, strict=True)]
        return OptimizerTerms(*(self.repeat_per_output(values) for values in zip(*each, strict=True)))

    def compute_slope(self, batch: SparseRows, z: Array, offset: Float32s) -> tuple[Array, Float32s]:
        """Return the derivative of the mean loss by each margin, (n, M * K), and its sum over rows, (1, M * K)."""
        rows = len(batch)
        if rows not in self.compiled_losses:
            self.compiled_losses[rows] = self.compile_loss(rows)
        compiled = self.compiled_losses[rows]
        inputs = {"z": z, "offset": as_ndarray(offset), "y": as_ndarray(batch.y)}
        if batch.row_weights is not None:
            inputs["counted"] = as_ndarray(batch.row_weights[:, None])
        compiled(inputs)
        return compiled.arrays["slope"], compiled.arrays["total"].asnumpy()

    def margin_offset(self, weights: Float32s, biases: Float32s, rows: SparseRows) -> Float32s:
        """Return what to add to products X W, (1, M * K): biases, less the weighted shift."""
        return biases if rows.shift is None else biases - rows.shift[None, :] @ weights

    def compile_loss(self, rows: int) -> CompiledGraph:
        """Compile the loss and its derivative for a mini-batch of `rows` rows."""
        S = mx.sym
        names = ["z", "offset", "y", "lost", "ones", "class_weights", "counted"]
        product, offset, y, lost, ones, by_class, counted = map(S.Variable, names)
        z = S.broadcast_add(product, offset)
        objective, class_weights = self.objective, self.objective.class_weights
        value, slope = objective.loss.graph(S, z, y, self.models, self.outputs, objective.parameter)
        arrays = {
            "lost": self.loss_sums,
            "slope": mx.nd.zeros((rows, self.models * self.outputs)),
            "total": mx.nd.zeros((1, self.models * self.outputs)),
            "ones": mx.nd.ones((rows, 1)),
        }
        if class_weights is not None:
            arrays["class_weights"] = as_ndarray(class_weights.T.astype(np.float32))
            share = S.dot(S.one_hot(S.reshape(y, shape=(-1,)), depth=class_weights.shape[1]), by_class)
            value = value if objective.reported_weights is None else value * share
            slope = slope * (share if self.outputs == 1 else S.repeat(share, repeats=self.outputs, axis=1))
        if objective.has_row_weights:
            value, slope = S.broadcast_mul(value, counted), S.broadcast_mul(slope, counted)
        slope = slope * (1 / self.batch_size)
        results = {
            "lost": lost + S.dot(ones, value, transpose_a=True),
            "slope": slope,
            "total": S.dot(ones, slope, transpose_a=True),
        }
        inputs = ["z", "offset", "y", *(["counted"] if objective.has_row_weights else [])]
        return CompiledGraph(results, arrays, inputs)

    def flush_pending_l1(self) -> None:
        """Apply all pending L1 steps and clear their record."""
        now = self.l1_sums[self.updates - self.flushed_updates]
        if self.lazy and len(self.l1_sums) > 1:
            for first in range(0, self.features, SLAB_ROWS):
                slab = slice(first, first + SLAB_ROWS)
                since = np.take(self.l1_sums, self.last_touched[slab], axis=0)
                apply_proximal_step(self.weights.value[slab], now - since)
        self.last_touched[:] = 0
        self.flushed_updates = self.updates
        self.l1_sums = now[None, :] * 0

    def evaluated_weights(self, weights: WeightState) -> Float32s:
        """Return the weights to evaluate: running averages where there are any."""
        self.flush_pending_l1()
        if weights.lag is None:
            return weights.value
        average = weights.lag * np.float32(-self.lag.distance_factor(self.updates))
        average += weights.value
        return average

    def evaluate(
        self, rows: SparseRows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first rows, (M, margin_rows).

        See `DenseBank.evaluate`.
        """
        weights, biases = self.evaluated_weights(self.weights), self.evaluated_weights(self.biases)
        lost = np.zeros(self.models)
        z_all = np.empty((self.models, margin_rows), np.float32)
        chunk, objective = scoring_chunk_rows(self.models * self.outputs), self.objective
        for first in range(0, len(rows), chunk):
            raise_if_stopped()
            part = rows.slice_rows(first, min(first + chunk, len(rows)))
            z = mxnet_csr_matmul(part.X, as_ndarray(weights))
            z = mx.nd.broadcast_add(z, as_ndarray(self.margin_offset(weights, biases, part)))
            y, counts = as_ndarray(part.y), as_ndarray(reported_row_weights(part, objective.reported_weights))
            value, _ = objective.loss.graph(mx.nd, z, y, self.models, self.outputs, objective.parameter)
            lost += mx.nd.dot(counts, value).asnumpy()[0]
            if first < margin_rows:
                z_all[:, first : first + chunk] = z.asnumpy().T[:, : margin_rows - first]
        return lost, z_all

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        flat = np.empty((self.models * self.outputs, self.features + 1), np.float32)
        flat[:, :-1] = self.evaluated_weights(self.weights).T
        flat[:, -1:] = self.evaluated_weights(self.biases).T
        return flat.reshape(self.models, self.outputs, -1)

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        self.flush_pending_l1()
        flat = snapshot.reshape(self.models * self.outputs, -1).T
        for part, values in ((self.weights, flat[:-1]), (self.biases, flat[-1:])):
            part.value[:] = values
            if part.lag is not None:
                part.lag[:] = 0

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and array of the state that training resumes from.

        L1 steps stay pending: applying them here would change how later ones are rounded.
        """
        yield "updates", np.array(self.updates)
        yield "forgotten", np.array(self.flushed_updates)
        yield "unit", np.array(self.lag.unit)
        yield "reached", self.l1_sums
        yield from self.carried_arrays().items()

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates, self.flushed_updates = int(state[f"{prefix}updates"]), int(state[f"{prefix}forgotten"])
        self.lag.unit = float(state[f"{prefix}unit"])
        self.l1_sums = np.asarray(state[f"{prefix}reached"], np.float32)
        for name, array in self.carried_arrays().items():
            array[:] = state[prefix + name]

    def state_layout(self, name: str, array: Numbers) -> StateLayout:
        """Return how an array of the state, of two dimensions, is divided among models."""
        return StateLayout(name, range(self.models), 1)

    def carried_arrays(self) -> dict[str, Numbers]:
        """Return by name the arrays that persist between updates and keep their shape."""
        weights = {f"weights.{name}": array for name, array in self.weights.named_arrays().items()}
        biases = {f"biases.{name}": array for name, array in self.biases.named_arrays().items()}
        return {"seen": self.last_touched, **weights, **biases}
