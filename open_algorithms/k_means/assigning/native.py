"""Assign rows by the native library: products, comparisons and sums while the rows are in a processor's cache."""

import ctypes
from collections.abc import Sequence

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assignment
from open_algorithms.learning.engine.native.library import (
    LANES,
    MOST_PARTS,
    Library,
    NativeJob,
    SharedWork,
    aligned_room,
)
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Numbers

SLAB_ROWS = 48  # as in largest.h
SUM_FEATURES = 64  # of a sum in registers, at most
CHUNK_NUMBERS = 2**20  # of dense rows that are assigned together, and stay in a cache meanwhile
FEWEST_SLABS, MOST_SLABS = 32, 128  # of such rows, whose sums are taken in float32
SPARSE_SLABS = 682  # of sparse rows, so many that centers are read several times while they are in a cache
SPARSE_COST, ROW_COST = 8, 50  # products of dense rows that cost as much as one of sparse rows, or as all else of a row
RUN_COST = 25e9  # products between two looks at whether to stop: about a quarter of a second on two cores
THREAD_COST = 15e6  # products below which another thread does not pay
PARTS_PER_THREAD = 8  # so that a thread that is held up is helped by others


class AssignmentJob(NativeJob):
    """The C structure `assignment`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("begin", "end", "features", "width", "numbers", "chunk")),
        *((name, ctypes.c_int32) for name in ("centers", "panels", "groups")),
        *((name, ctypes.c_void_p) for name in ("X", "values", "indices", "row_ends", "row_weights", "given", "ends")),
        *(
            (name, ctypes.c_void_p)
            for name in ("weights", "offsets", "found", "lists", "starts", "largest", "taken", "partial")
        ),
        *((name, ctypes.c_void_p) for name in ("labels", "margins", "counts", "sums", "parts")),
    )


class NativeAssigner:
    """Assigns rows chunk by chunk; see `Assigner`. Results do not depend on the number of threads."""

    def __init__(self, library: Library, processors: int = 1) -> None:
        """Use at most so many threads."""
        self.library, self.processors = library.functions, processors
        self.threads: dict[tuple[int, int], SharedWork] = {}
        self.buffers: dict[str, Numbers] = {}

    def assign(
        self,
        rows: AnyRows,
        centers: Float32s,
        ends: Sequence[int],
        *,
        with_labels: bool = False,
        with_margins: bool = False,
        raise_if_stopped: StopCheck = never_stop,
    ) -> Assignment:
        """Assign rows to centers (K, d) of groups that end before the centers `ends`."""
        sums = np.empty(centers.shape)
        sums.fill(0)  # not zeros of the system, which come page by small page
        found = Assignment(
            np.zeros(len(centers)),
            sums,
            np.empty((len(rows), len(ends)), np.int32) if with_labels else None,
            np.empty((len(rows), len(ends)), np.float32) if with_margins else None,
        )
        cost, chunk = assigning_cost(rows, len(centers)), chunk_rows(rows)
        work = self.share_work(cost, min(len(rows), chunk))
        job = self.make_job(rows, centers, ends, chunk, work)
        job.counts, job.sums = job.hold(found.counts), job.hold(found.sums)
        job.labels = None if found.labels is None else job.hold(found.labels)
        job.margins = None if found.margins is None else job.hold(found.margins)
        run = chunk * max(1, int(RUN_COST / cost * len(rows) / chunk))
        for first in range(0, len(rows), run):
            raise_if_stopped()
            job.begin, job.end = first, min(first + run, len(rows))
            work.begin(1 if first == 0 else 2)
            self.run_phases(job, work, 3 - (first - job.end) // chunk)
        return found

    def run_phases(self, job: AssignmentJob, work: SharedWork, last: int) -> None:
        """Work on the phases up to `last`: the layout of the centers, and two more than there are chunks."""
        work.run(lambda number: self.library.assign_rows(ctypes.byref(job), number, last))

    def share_work(self, cost: float, rows: int) -> SharedWork:
        """Return the threads for work that costs so many products, and the parts of so many rows that they share."""
        slabs = -(-rows // SLAB_ROWS)
        threads = max(1, min(self.processors, slabs, int(cost / THREAD_COST)))
        count = 1 if threads == 1 else min(MOST_PARTS, slabs, threads * PARTS_PER_THREAD)
        if (count, threads) not in self.threads:
            self.threads[count, threads] = SharedWork(count, threads)
        return self.threads[count, threads]

    def make_job(
        self, rows: AnyRows, centers: Float32s, ends: Sequence[int], chunk: int, work: SharedWork
    ) -> AssignmentJob:
        """Return a job on rows for some threads."""
        count, features = centers.shape
        panels = -(-count // LANES)
        job = AssignmentJob(features=features, chunk=chunk, centers=count, panels=panels, groups=len(ends))
        if isinstance(rows, DenseRows):
            job.X, job.width, job.numbers = job.hold(rows.X), rows.X.shape[1], rows.X.size
        else:
            job.values, job.indices = job.hold(rows.X.data, np.float32), job.hold(rows.X.indices, np.int32)
            job.row_ends = job.hold(rows.X.indptr, np.int64)
        job.row_weights = None if rows.row_weights is None else job.hold(rows.row_weights, np.float32)
        job.given, job.ends = job.hold(centers, np.float32), job.hold(np.array(ends), np.int32)
        job.weights = self.reserve(job, "weights", panels * LANES * features)
        job.offsets = self.reserve(job, "offsets", panels * LANES)
        job.found = self.reserve(job, "found", 2 * len(ends) * chunk)
        job.lists = self.reserve(job, "lists", 2 * len(ends) * chunk)
        job.starts = self.reserve(job, "starts", 2 * (count + len(ends)))
        job.largest = self.reserve(job, "largest", chunk // SLAB_ROWS * (2 + 2 * SLAB_ROWS))
        job.taken = self.reserve(job, "taken", 6 * work.count * count)
        job.partial = self.reserve(job, "partial", work.count * count * SUM_FEATURES)
        job.parts = work.address
        return job

    def reserve(self, job: AssignmentJob, name: str, count: int) -> int:
        """Return the address of room for numbers of four bytes, which the next job may overwrite."""
        if name not in self.buffers or self.buffers[name].size < count:
            self.buffers[name] = aligned_room(count)
        return job.hold(self.buffers[name])


def assigning_cost(rows: AnyRows, centers: int) -> float:
    """Return how many products of dense rows and centers cost as much as to assign these rows."""
    cost = SPARSE_COST if isinstance(rows, SparseRows) else 1
    return centers * (cost * rows.stored_numbers + ROW_COST * len(rows) + rows.feature_dim)


def chunk_rows(rows: AnyRows) -> int:
    """Return how many rows are assigned together: whole slabs."""
    if isinstance(rows, SparseRows):
        return SLAB_ROWS * SPARSE_SLABS
    return SLAB_ROWS * min(MOST_SLABS, max(FEWEST_SLABS, CHUNK_NUMBERS // rows.feature_dim // SLAB_ROWS))
