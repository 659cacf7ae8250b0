"""Steps of training by the native library; see factors.c.

Tests: tests/factorization_machines/machines/test_stepping.py.
"""

import ctypes

import numpy as np

from open_algorithms.factorization_machines.machines.machines import (
    BETA_1,
    BETA_2,
    MEANS,
    TALLIES,
    Gradients,
    LabelledRows,
    Machines,
)
from open_algorithms.learning.engine.native.library import Library, NativeJob
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Numbers

LABELS = ("labels", "row_weights", "order")
CONSTANTS = ("owners", "label_mean", "label_scale")
STATE = ("weights", "first", "second", "means", "bias", "touched_at")
STEPS = ("rates", "decays", "shrinkage", "bias_rates", "bias_decays")
ROOM = ("tallies", "totals", "slopes", "gradients", "scratch", "slot_of", "slots", "entries", "bias_gradient")


class FactorJob(NativeJob):
    """The C structure `factors`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("ordered", "features")),
        *(
            (name, ctypes.c_int32)
            for name in ("machines", "linear_blocks", "blocks", "batch_rows", "is_logistic", "slot_count")
        ),
        *((name, ctypes.c_void_p) for name in ("values", "indices", "row_ends", *LABELS, *CONSTANTS, *STATE, *STEPS)),
        *((name, ctypes.c_float) for name in ("beta_1", "beta_2", "epsilon", "clip", "rescale")),
        *((name, ctypes.c_int64) for name in ("updates", "epoch_updates")),
        *((name, ctypes.c_void_p) for name in ROOM),
    )


class NativeStepper:
    """Steps machines of one thread; see `Stepper`."""

    def __init__(self, library: Library) -> None:
        """Use the native library."""
        self.library = library.functions
        self.buffers: dict[str, Numbers] = {}

    def train(self, machines: Machines, rows: LabelledRows, order: Int32s) -> Float64s:
        """Train on mini-batches of rows in this order (n,); return each machine's tallies before updates, (M, 7)."""
        tallies = np.zeros((machines.count, TALLIES))
        job = self._training_job(machines, rows, order, min(machines.batch_rows, len(order)), tallies)
        slots = int(self.buffers["slots"].size // 2)
        features, occurrences = self._reserve("features", slots, np.int32), self._reserve("counts", slots, np.float32)
        self.library.train_factors(
            ctypes.byref(job), ctypes.c_void_p(features.ctypes.data), ctypes.c_void_p(occurrences.ctypes.data)
        )
        machines.updates, machines.epoch_updates = int(job.updates), int(job.epoch_updates)
        return tallies

    def sum_gradients(self, machines: Machines, rows: LabelledRows, order: Int32s) -> tuple[Gradients, Float64s]:
        """Return the gradient of one mini-batch, the rows `order` (n,), and the tallies (M, 7)."""
        tallies = np.zeros((machines.count, TALLIES))
        job = self._training_job(machines, rows, order, len(order), tallies)
        own = np.ascontiguousarray(order, np.int32)
        self.library.sum_factor_gradients(ctypes.byref(job), ctypes.c_void_p(own.ctypes.data), len(own))
        count = int(job.slot_count)
        slots = self.buffers["slots"][: 2 * count].reshape(count, 2)
        sums = self.buffers["gradients"][: count * machines.layout.width].reshape(count, machines.layout.width)
        occurrences = np.diff(slots[:, 1], prepend=0).astype(np.float32)
        bias = self.buffers["bias_gradient"][: machines.layout.linear_columns].astype(np.float32)
        return Gradients(slots[:, 0].astype(np.int32), occurrences, sums.astype(np.float32), bias), tallies

    def update(self, machines: Machines, gradients: Gradients, rows: float) -> None:
        """Make a step of Adam from the summed gradients of so many rows."""
        job = self._make_job(machines)
        job.bias_gradient = job.hold(gradients.bias, np.float32)
        arrays = (job.hold(gradients.features, np.int32), job.hold(gradients.occurrences, np.float32))
        addresses = (ctypes.c_void_p(address) for address in (*arrays, job.hold(gradients.sums, np.float32)))
        count = ctypes.c_int64(len(gradients.features))
        self.library.update_factors(ctypes.byref(job), *addresses, count, ctypes.c_double(rows))
        machines.updates, machines.epoch_updates = int(job.updates), int(job.epoch_updates)

    def average(self, machines: Machines) -> None:
        """Complete the means over an epoch; they are the weights to evaluate."""
        job = self._make_job(machines)
        averaged, bias = (job.hold(array, np.float32) for array in (machines.averaged, machines.bias_averaged))
        self.library.average_factors(ctypes.byref(job), ctypes.c_void_p(averaged), ctypes.c_void_p(bias))

    def score(self, machines: Machines, X: Csr) -> Float32s:
        """Return the scores of rows X (n, d) by the weights to evaluate, in the units learned, (M, n)."""
        job = self._make_job(machines)
        self._give_rows(job, X)
        scores = np.empty((machines.count, X.shape[0]), np.float32)
        self.library.score_factors(
            ctypes.byref(job),
            ctypes.c_void_p(machines.means.ctypes.data),
            ctypes.c_void_p(machines.bias[MEANS].ctypes.data),
            ctypes.c_int64(X.shape[0]),
            ctypes.c_void_p(scores.ctypes.data),
        )
        return scores

    def _make_job(self, machines: Machines) -> FactorJob:
        """Return a job on machines, without rows."""
        layout, rules = machines.layout, machines.rules
        job = FactorJob(
            features=machines.task.features,
            machines=machines.count,
            linear_blocks=layout.linear_blocks,
            blocks=len(layout.owners),
            batch_rows=machines.batch_rows,
            is_logistic=machines.task.is_classifier,
            beta_1=BETA_1,
            beta_2=BETA_2,
            epsilon=rules.epsilon,
            clip=rules.clip,
            rescale=0.0 if rules.rescale is None else rules.rescale,
            updates=machines.updates,
            epoch_updates=machines.epoch_updates,
        )
        for name in (*STATE, *STEPS):
            setattr(job, name, job.hold(getattr(machines, name)))
        job.owners = job.hold(layout.owners)
        job.label_mean, job.label_scale = job.hold(machines.label_means), job.hold(machines.label_scales)
        job.scratch = job.hold(self._reserve("scratch", 3 * layout.width + TALLIES * layout.linear_columns, np.float32))
        return job

    def _give_rows(self, job: FactorJob, X: Csr) -> None:
        job.values, job.indices = job.hold(X.data, np.float32), job.hold(X.indices, np.int32)
        job.row_ends = job.hold(X.indptr, np.int64)

    def _training_job(
        self, machines: Machines, rows: LabelledRows, order: Int32s, batch: int, tallies: Float64s
    ) -> FactorJob:
        """Return a job on rows, with room for mini-batches of so many."""
        layout, features = machines.layout, machines.task.features
        job = self._make_job(machines)
        self._give_rows(job, rows.X)
        job.labels, job.order = job.hold(rows.y, np.float32), job.hold(order, np.int32)
        job.ordered, job.tallies = len(order), job.hold(tallies)
        if rows.weights is not None:
            job.row_weights = job.hold(rows.weights, np.float32)
        starts = np.arange(0, len(order), batch)
        entries = int(np.add.reduceat(np.diff(rows.X.indptr)[order], starts).max(initial=0))
        slots = 1 + min(features, entries)
        job.totals = job.hold(self._reserve("totals", batch * layout.width, np.float32))
        job.slopes = job.hold(self._reserve("slopes", batch * layout.linear_columns, np.float32))
        job.gradients = job.hold(self._reserve("gradients", slots * layout.width, np.float32))
        job.slots = job.hold(self._reserve("slots", 2 * slots, np.int32))
        job.entries = job.hold(self._reserve("entries", 2 * entries + 2, np.int32))
        job.bias_gradient = job.hold(self._reserve("bias_gradient", layout.linear_columns, np.float32))
        if "slot_of" not in self.buffers:
            self.buffers["slot_of"] = np.full(features, -1, np.int32)
        job.slot_of = job.hold(self.buffers["slot_of"])
        return job

    def _reserve(self, name: str, count: int, kind: type) -> Numbers:
        """Return room for numbers, which the next job may overwrite."""
        if name not in self.buffers or self.buffers[name].size < count:
            self.buffers[name] = np.zeros(count + count // 4, kind)
        return self.buffers[name]
