"""The sparse bank of the native library."""

import ctypes
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

import numpy as np

from linear_learner.bank.native.columns import Columns
from linear_learner.bank.native.objective import NativeObjective, class_shares, native_objective
from linear_learner.bank.native.terms import OUTSIDE_ROOT, UpdateTable
from linear_learner.bank.updating.bank import StateLayout
from linear_learner.bank.updating.class_weights import reported_row_weights
from linear_learner.bank.updating.lag import LARGEST_GAIN, AverageLag
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.native.library import LANES, Library, NativeJob, SharedWork
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.sparse import LARGEST_EAGER_WIDTH, SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Numbers

RUN_PRODUCTS = 150e6  # of values and columns between two looks at whether to stop: about a quarter of a second
RUN_UPDATES = 4096  # updates, at most, whose coefficients are laid out at once, and whose L1 steps are pending
TABLE_ENTRIES = 2**21  # of a table of coefficients, at most
NUMBERS_PER_PART = 512  # values, rows and features of a mini-batch, below which it is not divided into more parts
MOST_PARTS = 32  # more than processors, so that a thread whose parts are large is helped by others
OVERHEAD_COLUMNS = 16  # that all else costs as much as, for each value
PRODUCTS_PER_THREAD = 50e3  # of values and columns between two waits, below which another thread does not pay
SLAB_ROWS, ROOM = 64, 7  # as in sparse.c
FEWEST_SLOPES = 8  # of a row: few would be made one by one, whose last bits are others than those of vectors
REACH, GAIN, ADD_SECOND = 4, 5, 2  # rows of a step, and of the constants
LARGEST = 2**31 - 2  # of what an int32 holds
COPIED_ROWS = 2048  # features whose weights are copied at once


class SparseJob(NativeJob):
    """The C structure `sparse`."""

    _fields_ = (
        ("objective", NativeObjective),
        *((name, ctypes.c_int64) for name in ("rows", "ordered", "features", "stride")),
        *((name, ctypes.c_int32) for name in ("columns", "wide", "batch_size", "is_lazy")),
        *((name, ctypes.c_void_p) for name in ("values", "indices", "row_ends", "y", "row_weights", "order")),
        *((name, ctypes.c_void_p) for name in ("shift", "is_constant", "constants", "steps")),
        *((name, ctypes.c_void_p) for name in ("weights", "first", "second", "lags")),
        ("distance", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("l1_sums", "touched_at")),
        ("reached", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("slopes", "scratch", "lost", "margins")),
        *((name, ctypes.c_void_p) for name in ("slot_of", "slots", "entries")),
        ("slot_room", ctypes.c_int64),
        *((name, ctypes.c_int32) for name in ("slot_count", "base")),
        ("parts", ctypes.c_void_p),
    )


class NativeSparseBank:
    """M candidates of K outputs each, trained together on sparse rows; same interface and meaning as `SparseBank`.

    What a feature has of weights, moments and lags lies side by side, so that an update visits one place. The rows of a
    mini-batch, and then its features, are divided into parts whose number follows from the data alone: results do not
    depend on the threads.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        start: Float32s,
        objective: Objective,
        batch_size: int,
        *,
        library: Library,
        processors: int = 1,
        lazy: bool | None = None,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights; see `SparseBank`."""
        self.library, self.objective = library.functions, objective
        self.models, self.outputs, width = start.shape
        self.features = width - 1
        self.lazy = self.features > LARGEST_EAGER_WIDTH if lazy is None else lazy
        used = self.models * self.outputs
        self.columns = Columns(self.models, self.outputs, lanes=min(LANES, 1 << (used - 1).bit_length()))
        self.wide = Columns(self.models, self.outputs, max(FEWEST_SLOPES, self.columns.lanes))
        self.batch_size, self.processors = batch_size, processors
        self.table = UpdateTable(candidates, objective, batch_size)
        self.shares = class_shares(objective, self.wide)
        self.constants = self.columns.spread(self.table.constants())
        self.constants[OUTSIDE_ROOT, used:] = 1  # nothing is divided by 0
        self.averaging = self.columns.spread([c.average for c in candidates])
        self.has_l1 = bool(self.table.l1_strengths.any())
        has_second, averages = bool(self.constants[ADD_SECOND].any()), bool(self.averaging.any())
        names = ["value", "first", *["second"] * has_second, *["lag"] * averages]
        self.block = reserve_zeros((width, len(names), self.columns.count))
        self.arrays = {name: self.block[:, i] for i, name in enumerate(names)}
        self.lay_out(start, self.arrays["value"])
        self.lag, self.updates, self.flushed_updates = AverageLag(), 0, 0
        # The sums of reaches up to each update since the last flush, and which of these last touched each feature.
        self.l1_sums = np.zeros((1, self.columns.count), np.float32)
        self.touched_at, self.slot_of = reserve_zeros((2, self.features)).view(np.int32)
        self.base = 1
        self.buffers: dict[str, Numbers] = {}
        self.threads: dict[tuple[int, int], SharedWork] = {}

    def lay_out(self, weights: Float32s, into: Float32s) -> None:
        """Copy weights (M, K, w) to rows of columns, (w, columns)."""
        by_column = weights.transpose(1, 0, 2).reshape(self.models * self.outputs, -1)
        for slab in slabs(len(into)):
            into[slab, : len(by_column)] = by_column[:, slab].T

    def train(self, rows: SparseRows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, (M,).

        Losses are summed over rows. `raise_if_stopped` is called between runs of updates and may raise.
        """
        lost = np.zeros(self.models)
        if not len(order):
            return lost
        starts = np.arange(0, len(order), self.batch_size)
        counts = np.add.reduceat(np.diff(rows.X.indptr)[order], starts)
        work = self.share_work(int(counts.max()), min(self.batch_size, len(order)))
        sums = np.zeros((work.count, self.columns.count))
        job = self.make_job(rows, work, sums)
        self.reserve_batch(job, int(counts.max()), min(self.batch_size, len(order)))
        if rows.row_weights is not None and self.objective.has_row_weights:
            job.row_weights = job.hold(rows.row_weights, np.float32)
        order = np.ascontiguousarray(order, np.int32)
        products = self.columns.count * (1 + counts.mean() + (0 if self.lazy else self.features))
        most = min(RUN_UPDATES, TABLE_ENTRIES // self.columns.count, LARGEST // job.slot_room)
        run = max(1, min(most, int(RUN_PRODUCTS / products)))
        done = 0
        while done < len(starts):
            first = done * self.batch_size
            done += self.train_run(job, work, order[first : first + run * self.batch_size])
            raise_if_stopped()
        return self.columns.sum_by_model(sums.sum(axis=0))

    def train_run(self, job: SparseJob, work: SharedWork, order: Int32s) -> int:
        """Train on mini-batches of rows in this order, or on the first of them; return the number of updates."""
        if len(self.l1_sums) > RUN_UPDATES:
            self.flush_pending_l1()
        steps = self.next_steps(-(-len(order) // self.batch_size))
        job.order, job.ordered = job.hold(order), min(len(order), len(steps) * self.batch_size)
        job.steps, job.reached = job.hold(steps), self.updates - self.flushed_updates
        ahead = np.concatenate([self.l1_sums[-1:], steps[:, REACH]])
        self.l1_sums = np.concatenate([self.l1_sums[:-1], np.cumsum(ahead, axis=0, dtype=np.float32)])
        if self.lazy and self.has_l1:
            job.l1_sums, job.touched_at = job.hold(self.l1_sums), job.hold(self.touched_at)
        if self.base > LARGEST - len(steps) * job.slot_room:
            self.slot_of[:], self.base = 0, 1
        job.base = self.base
        self.base += len(steps) * job.slot_room
        phases = (2 if job.shift is None else 3) * len(steps)
        work.begin()
        work.run(lambda number: self.library.train_sparse(ctypes.byref(job), number, phases))
        self.updates += len(steps)
        return len(steps)

    def next_steps(self, updates: int) -> Float32s:
        """Return the coefficients of the next updates, (T, 6, columns): fewer if the unit of lags is to be renewed."""
        first = self.updates + 1
        if (factor := self.lag.renew_unit(first)) and "lag" in self.arrays:
            self.arrays["lag"] *= np.float32(factor)
        numbers = range(first, first + updates)
        gains = np.array([*takewhile(lambda gain: gain < LARGEST_GAIN, map(self.lag.gain_at, numbers))])
        steps = self.columns.spread(self.table.steps(np.arange(len(gains)) + first))
        steps[:, GAIN] = self.averaging * gains.astype(np.float32)[:, None]
        return steps

    def share_work(self, values: int, rows: int) -> SharedWork:
        """Return the threads for mini-batches of so many values and rows, and the parts that they share."""
        numbers = values + rows + (0 if self.lazy else self.features)
        count = max(1, min(MOST_PARTS, numbers // NUMBERS_PER_PART))
        products = numbers * (self.columns.count + OVERHEAD_COLUMNS)
        threads = max(1, min(self.processors, count, int(products / PRODUCTS_PER_THREAD)))
        if (count, threads) not in self.threads:
            self.threads[count, threads] = SharedWork(count, threads)
        return self.threads[count, threads]

    def make_job(self, rows: SparseRows, work: SharedWork, sums: Float64s) -> SparseJob:
        """Return a job on rows for some threads that adds losses to `sums` (parts, columns)."""
        job = SparseJob(
            objective=native_objective(self.objective, self.columns, self.shares, is_signed=False),
            rows=len(rows),
            features=self.features,
            stride=self.block[0].size,
            columns=self.columns.count,
            wide=self.wide.count,
            batch_size=self.batch_size,
            is_lazy=self.lazy,
            parts=work.address,
        )
        job.constants, job.lost = job.hold(self.constants), job.hold(sums)
        job.scratch = self.reserve(job, "scratch", work.count * ROOM * self.wide.count)
        job.held.append(self.block)
        job.values, job.indices = job.hold(rows.X.data, np.float32), job.hold(rows.X.indices, np.int32)
        job.row_ends, job.y = job.hold(rows.X.indptr, np.int64), job.hold(rows.y, np.float32)
        job.weights, job.first, job.second, job.lags = (
            self.arrays[name].ctypes.data if name in self.arrays else None
            for name in ("value", "first", "second", "lag")
        )
        if rows.shift is not None:
            is_constant = np.zeros(self.features, np.uint8)
            is_constant[rows.constant_features] = 1
            job.shift, job.is_constant = job.hold(rows.shift, np.float32), job.hold(is_constant, np.uint8)
        return job

    def reserve_batch(self, job: SparseJob, values: int, rows: int) -> None:
        """Give a job room for mini-batches of at most so many values and rows."""
        job.slot_room = 1 + (min(self.features, values) if self.lazy else self.features)
        job.slot_of, job.slots = job.hold(self.slot_of), self.reserve(job, "slots", 2 * job.slot_room)
        job.entries = self.reserve(job, "entries", 2 * values)
        job.slopes = self.reserve(job, "slopes", rows * self.wide.count)

    def reserve(self, job: SparseJob, name: str, count: int) -> int:
        """Return the address of room for numbers of four bytes, which the next job may overwrite."""
        if name not in self.buffers or self.buffers[name].size < count:
            self.buffers[name] = reserve_zeros((count + count // 4,))
        return job.hold(self.buffers[name])

    def join_updates(self) -> None:
        """Return: there are no other hosts."""

    def flush_pending_l1(self) -> None:
        """Apply all pending L1 steps and clear their record."""
        now = self.l1_sums[self.updates - self.flushed_updates]
        if self.lazy and self.has_l1 and len(self.l1_sums) > 1:
            work = self.share_work(self.features, 0)
            job = SparseJob(
                features=self.features,
                stride=self.block[0].size,
                columns=self.columns.count,
                reached=self.updates - self.flushed_updates,
                parts=work.address,
            )
            job.weights, job.l1_sums = job.hold(self.block), job.hold(self.l1_sums)
            job.touched_at = job.hold(self.touched_at)
            work.begin()
            work.run(lambda number: self.library.settle_sparse(ctypes.byref(job), number))
        self.touched_at[:] = 0
        self.flushed_updates = self.updates
        self.l1_sums = now[None, :] * 0

    @property
    def lag_distance(self) -> float:
        """What a lag is multiplied by, to be subtracted from the weight."""
        return self.lag.distance_factor(self.updates) if "lag" in self.arrays else 0.0

    def evaluate(
        self, rows: SparseRows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first rows, (M, margin_rows).

        See `DenseBank.evaluate`.
        """
        self.flush_pending_l1()
        per_row = self.columns.count * (1 + len(rows.X.data) / max(1, len(rows)))
        chunk = max(1, int(RUN_PRODUCTS / per_row))
        lost, margins = np.zeros(self.models), np.empty((self.models, margin_rows), np.float32)
        for first in range(0, len(rows), chunk):
            raise_if_stopped()
            part = rows.slice_rows(first, min(first + chunk, len(rows)))
            here = np.empty((self.models, len(part)), np.float32) if first < margin_rows else None
            lost += self.score_rows(part, here)
            if here is not None:
                margins[:, first : first + here.shape[1]] = here[:, : margin_rows - first]
        return lost, margins

    def score_rows(self, rows: SparseRows, margins: Float32s | None) -> Float64s:
        """Return each model's loss, (M,), and put its margins into `margins` (M, n) if they are given."""
        work = self.share_work(len(rows.X.data), len(rows))
        sums = np.zeros((work.count, self.columns.count))
        job = self.make_job(rows, work, sums)
        job.objective.shares, job.distance = None, self.lag_distance
        job.row_weights = job.hold(reported_row_weights(rows, self.objective.reported_weights), np.float32)
        job.slopes = self.reserve(job, "slopes", work.count * SLAB_ROWS * self.wide.count)
        job.margins = None if margins is None else job.hold(margins)
        work.begin()
        work.run(lambda number: self.library.score_sparse(ctypes.byref(job), number))
        return self.columns.sum_by_model(sums.sum(axis=0))

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        self.flush_pending_l1()
        used = self.models * self.outputs
        by_column = np.empty((used, self.features + 1), np.float32)
        distance = np.float32(self.lag_distance)
        for slab in slabs(self.features + 1):
            values = self.arrays["value"][slab, :used]
            by_column[:, slab] = (values - distance * self.arrays["lag"][slab, :used] if distance else values).T
        snapshot = by_column.reshape(self.outputs, self.models, -1).transpose(1, 0, 2)
        return np.ascontiguousarray(snapshot)

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        self.flush_pending_l1()
        self.lay_out(snapshot, self.arrays["value"])
        if "lag" in self.arrays:
            self.arrays["lag"][:] = 0

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and array of the state that training resumes from: those of `SparseBank`.

        L1 steps stay pending: applying them here would change how later ones are rounded.
        """
        yield "updates", np.array(self.updates)
        yield "forgotten", np.array(self.flushed_updates)
        yield "unit", np.array(self.lag.unit)
        yield "reached", self.by_model(self.l1_sums)
        yield "seen", self.touched_at
        for name, array in self.arrays.items():
            yield f"weights.{name}", self.by_model(array[:-1])
            yield f"biases.{name}", self.by_model(array[-1:])

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates, self.flushed_updates = int(state[f"{prefix}updates"]), int(state[f"{prefix}forgotten"])
        self.lag.unit = float(state[f"{prefix}unit"])
        self.l1_sums = self.by_output(state[f"{prefix}reached"])
        self.touched_at[:] = state[f"{prefix}seen"]
        for name, array in self.arrays.items():
            array[:-1] = self.by_output(state[f"{prefix}weights.{name}"])
            array[-1:] = self.by_output(state[f"{prefix}biases.{name}"])

    def by_model(self, array: Float32s) -> Float32s:
        """Return rows of columns, (n, columns), as rows of the outputs of one model after the other, (n, M K)."""
        used = array[:, : self.models * self.outputs].reshape(-1, self.outputs, self.models)
        return used.transpose(0, 2, 1).reshape(len(array), -1)

    def by_output(self, array: Numbers) -> Float32s:
        """Return what `by_model` returned as rows of columns again."""
        columns = np.zeros((len(array), self.columns.count), np.float32)
        by_output = array.reshape(-1, self.models, self.outputs).transpose(0, 2, 1)
        columns[:, : self.models * self.outputs] = by_output.reshape(len(array), -1)
        return columns

    def state_layout(self, name: str, array: Numbers) -> StateLayout:
        """Return how an array of the state, of two dimensions, is divided among models."""
        return StateLayout(name, range(self.models), 1)


def slabs(rows: int) -> Iterator[slice]:
    """Yield slices of rows that are few enough to stay in a processor's cache."""
    return (slice(first, min(first + COPIED_ROWS, rows)) for first in range(0, rows, COPIED_ROWS))


def reserve_zeros(shape: tuple[int, ...]) -> Float32s:
    """Return zeros that begin at a line of the cache.

    They are written and not what the system hands out zeroed: that comes page by small page, and is slow to visit.
    """
    size = math.prod(shape)
    memory = np.empty(size + LANES, np.float32)
    memory.fill(0)
    first = -(memory.ctypes.data // memory.itemsize) % LANES
    return memory[first : first + size].reshape(shape)
