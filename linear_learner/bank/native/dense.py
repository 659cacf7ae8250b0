"""The dense bank of the native library."""

import ctypes
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from linear_learner.bank.native.columns import Columns
from linear_learner.bank.native.objective import NativeObjective, class_shares, native_objective
from linear_learner.bank.native.terms import OUTSIDE_ROOT, UpdateTable
from linear_learner.bank.updating.bank import StateLayout
from linear_learner.bank.updating.class_weights import reported_row_weights
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from open_algorithms.learning.engine.native.library import LANES, Library, NativeJob, SharedWork, aligned_zeros
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import DenseRows, batch_table
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Numbers

RUN_OPERATIONS = 50e9  # of products between two looks at whether to stop: about a quarter of a second on two cores
RUN_UPDATES = 4096  # updates, at most, whose coefficients are laid out at once
TABLE_ENTRIES = 2**21  # of a table of coefficients, at most
JOINED_UPDATES = 64  # updates in which a host without rows takes part, whose coefficients are laid out at once
OVERHEAD_OPERATIONS = 100  # operations of a product that all else costs, for each margin and for each weight
OPERATIONS_PER_PART = 1e6  # of products between two waits, below which another thread does not pay
MOST_PARTS = 12  # of a mini-batch: each has a sum of gradients of its own, and memory is set aside for so many
NO_ROWS = DenseRows(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))


class DenseJob(NativeJob):
    """The C structure `dense`."""

    _fields_ = (
        ("objective", NativeObjective),
        *((name, ctypes.c_int64) for name in ("rows", "width")),
        *((name, ctypes.c_int32) for name in ("panels", "batch_size", "summed")),
        *((name, ctypes.c_void_p) for name in ("X", "y", "row_weights", "padding", "order", "constants", "steps")),
        *((name, ctypes.c_void_p) for name in ("weights", "averages", "first", "second", "gradients", "lost")),
        ("scratch", ctypes.c_void_p),
        ("scratch_size", ctypes.c_int64),
        ("margins", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("margin_stride", "kept")),
        ("parts", ctypes.c_void_p),
    )


class NativeDenseBank:
    """M candidates of K outputs each, trained together on dense rows; same interface as `DenseBank`.

    A mini-batch is divided into parts, whose number follows from sizes and processors, and the sums of the parts are
    added in their order: results do not depend on which threads do the work.
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
        hosts: Hosts = SINGLE_HOST,
    ) -> None:
        """Set up the candidates, with `start` (M, K, d + 1) as their initial weights; see `DenseBank`."""
        self.library, self.hosts, self.objective = library.functions, hosts, objective
        self.models, self.outputs, self.width = start.shape
        self.columns = Columns(self.models, self.outputs)
        self.batch_size, self.processors = batch_size // hosts.count, processors
        self.table = UpdateTable(candidates, objective, batch_size)
        self.averaging = self.columns.spread([c.average for c in candidates]).reshape(-1, 1, LANES) > 0
        self.updates = 0
        self.weights = self.columns.lay_out(start)
        self.averages, self.first, self.second = (aligned_zeros(self.weights.shape) for _ in range(3))
        self.averages[:] = self.weights
        self.shares = class_shares(objective, self.columns)
        self.constants = self.columns.spread(self.table.constants())
        self.constants[OUTSIDE_ROOT, self.models * self.outputs :] = 1  # nothing is divided by 0
        self.exchange = None if hosts.count == 1 else hosts.exchange_buffer(self.weights.size + 1)
        self.threads: dict[int, SharedWork] = {}
        self.padding, self.scratch = aligned_zeros((self.width,)), aligned_zeros((0,))

    def make_job(self, rows: DenseRows, work: SharedWork, sums: Float64s) -> DenseJob:
        """Return a job on rows for some threads that adds losses to `sums` (parts, columns)."""
        job = DenseJob(rows=len(rows), width=self.width, panels=self.columns.panels, parts=work.address)
        job.objective = native_objective(self.objective, self.columns, self.shares, is_signed=rows.design.is_signed)
        job.X, job.y, job.lost = job.hold(rows.X), job.hold(rows.y), job.hold(sums)
        job.padding = job.hold(self.padding)
        job.weights, job.averages = job.hold(self.weights), job.hold(self.averages)
        job.first, job.second, job.constants = job.hold(self.first), job.hold(self.second), job.hold(self.constants)
        job.scratch_size = self.library.dense_scratch(ctypes.byref(job))
        if self.scratch.size < work.count * job.scratch_size:
            self.scratch = aligned_zeros((work.count * job.scratch_size,))
        job.scratch = job.hold(self.scratch)
        return job

    def share_work(self, operations: float) -> SharedWork:
        """Return the threads for this many operations of products between two waits."""
        count = max(1, min(self.processors, MOST_PARTS, int(operations / OPERATIONS_PER_PART)))
        if count not in self.threads:
            self.threads[count] = SharedWork(count)
        return self.threads[count]

    def train(self, rows: DenseRows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, summed over rows, (M,).

        `raise_if_stopped` is called between runs of updates.
        """
        lost = np.zeros(self.models)
        if not len(order):
            return lost
        table = batch_table(order, self.batch_size)
        run = self.run_length(table.shape[1])
        for first in range(0, len(table), run):
            lost += self.train_batches(rows, table[first : first + run])
            raise_if_stopped()
        return lost

    def run_length(self, batch_size: int) -> int:
        """Return the number of updates on mini-batches of `batch_size` rows between two looks at whether to stop."""
        columns = self.columns.count
        cost = columns * (4 * self.width * batch_size + OVERHEAD_OPERATIONS * (batch_size + self.width))
        return max(1, min(RUN_UPDATES, int(RUN_OPERATIONS / cost), TABLE_ENTRIES // columns))

    def train_batches(self, rows: DenseRows, table: Int32s) -> Float64s:
        """Train on a table of mini-batches (T, batch_size); return each model's loss, (M,)."""
        work = self.share_work(4 * table.shape[1] * self.width * self.columns.count)
        sums = np.zeros((work.count, self.columns.count))
        gradients = aligned_zeros((work.count, *self.weights.shape))
        steps, job = self.next_steps(len(table)), self.make_job(rows, work, sums)
        job.batch_size = table.shape[1]
        if rows.weights is not None:
            job.row_weights = job.hold(rows.weights)
        at_once = len(table) if self.exchange is None else 1
        for first in range(0, len(table), at_once):
            job.order, job.steps = job.hold(table[first:]), job.hold(steps[first:])
            job.summed, job.gradients = work.count, job.hold(gradients)
            work.begin()
            if self.exchange is None:
                self.run_phases(job, work, 2 * at_once)
            else:
                self.run_phases(job, work, 1)
                self.exchange.sent[:-1], self.exchange.sent[-1] = gradients.sum(axis=0).ravel(), 1
                self.exchange.all_reduce()
                self.update_by_total(job, work)
            self.updates += at_once
        return self.columns.sum_by_model(sums.sum(axis=0))

    def run_phases(self, job: DenseJob, work: SharedWork, last: int) -> None:
        """Work on the phases up to `last`: two for each mini-batch, its gradients and then its update."""
        work.run(lambda number: self.library.train_dense(ctypes.byref(job), number, last))

    def update_by_total(self, job: DenseJob, work: SharedWork) -> None:
        """Update by the gradients of all hosts."""
        assert self.exchange is not None
        job.summed, job.gradients = 1, job.hold(self.exchange.total)
        self.run_phases(job, work, 2)

    def join_updates(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""
        if self.exchange is None:
            return
        work = self.share_work(0)
        job = self.make_job(NO_ROWS, work, np.zeros((1, self.columns.count)))
        while True:
            for step in self.next_steps(JOINED_UPDATES):
                self.exchange.sent[:] = 0
                if not self.exchange.all_reduce()[-1]:
                    return
                job.steps = job.hold(step)
                work.begin(phase=2)
                self.update_by_total(job, work)
                self.updates += 1

    def next_steps(self, updates: int) -> Float32s:
        """Return the coefficients of the next updates, (T, 6, columns)."""
        return self.columns.spread(self.table.steps(np.arange(updates) + self.updates + 1))

    def evaluate(
        self, rows: DenseRows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first `margin_rows` rows, (M, margin_rows).

        Margins are for models with a single output only. `raise_if_stopped` is called before each chunk and may raise.
        """
        chunk = max(1, int(RUN_OPERATIONS / (2 * self.width * self.columns.count)))
        lost, margins = np.zeros(self.models), np.empty((self.models, margin_rows), np.float32)
        for first in range(0, len(rows), chunk):
            raise_if_stopped()
            part = rows.slice_rows(first, min(first + chunk, len(rows)))
            lost += self.score_rows(part, margins[:, min(first, margin_rows) :])
        return lost, margins

    def score_rows(self, rows: DenseRows, margins: Float32s) -> Float64s:
        """Return each model's loss, (M,), and put the margins of the first rows into `margins` (M, r), a view."""
        work = self.share_work(2 * len(rows) * self.width * self.columns.count)
        sums = np.zeros((work.count, self.columns.count))
        job, counts = self.make_job(rows, work, sums), reported_row_weights(rows, self.objective.reported_weights)
        job.objective.shares, job.row_weights = None, job.hold(counts)
        job.held.append(margins)
        job.margins, job.margin_stride, job.kept = margins.ctypes.data, margins.strides[0] // 4, margins.shape[1]
        work.begin()
        work.run(lambda number: self.library.score_dense(ctypes.byref(job), number))
        return self.columns.sum_by_model(sums.sum(axis=0))

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""
        return self.columns.restore(self.averages)

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""
        self.averages[:] = self.columns.lay_out(snapshot)
        np.copyto(self.weights, self.averages, where=~self.averaging)

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and copy of each array that training resumes from."""
        yield "updates", np.array(self.updates)
        for name, array in self.carried_arrays().items():
            yield name, self.columns.restore(array).reshape(self.models, -1)

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""
        self.updates = int(state[f"{prefix}updates"])
        for name, array in self.carried_arrays().items():
            values = np.asarray(state[prefix + name], np.float32)
            array[:] = self.columns.lay_out(values.reshape(self.models, self.outputs, self.width))

    def state_layout(self, name: str, array: Numbers) -> StateLayout:
        """Return how an array of the state, of two dimensions, is divided among models."""
        return StateLayout(name, range(self.models), 0)

    def carried_arrays(self) -> dict[str, Float32s]:
        """Return by name the arrays that persist between updates."""
        return {"weights": self.weights, "averages": self.averages, "first": self.first, "second": self.second}
