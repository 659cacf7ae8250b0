"""Assign rows by products of matrices in numpy, where the native library is not built."""

from collections.abc import Iterator, Sequence

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assignment
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.csr import csr_matmul
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats, Int32s

NUMBERS_AT_ONCE = 2**20  # of the features of a block of rows, or of its margins
MOST_ROWS = 4096  # of a block, whose sums are taken in float32


class NumpyAssigner:
    """Assigns rows block by block; see `Assigner`."""

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
        found = Assignment(
            np.zeros(len(centers)),
            np.zeros(centers.shape),
            np.empty((len(rows), len(ends)), np.int32) if with_labels else None,
            np.empty((len(rows), len(ends)), np.float32) if with_margins else None,
        )
        offsets = np.square(centers, dtype=np.float64).sum(axis=1) / -2
        by_feature = np.ascontiguousarray(centers.T)
        for first, last in row_blocks(rows, len(centers)):
            raise_if_stopped()
            block = rows.slice_rows(first, last)
            z = multiply(block, by_feature, offsets.astype(np.float32))
            labels = find_largest(z, ends)
            if found.labels is not None:
                found.labels[first:last] = labels
            if found.margins is not None:
                found.margins[first:last] = np.take_along_axis(z, labels + group_starts(ends), axis=1)
            add_rows(block, labels + group_starts(ends), found.counts, found.sums)
        return found


def row_blocks(rows: AnyRows, centers: int) -> Iterator[tuple[int, int]]:
    """Yield first and last row of each block, few enough that its numbers fit a cache."""
    width = centers if isinstance(rows, SparseRows) else max(centers, rows.feature_dim)
    size = max(1, min(MOST_ROWS, NUMBERS_AT_ONCE // width))
    return ((first, min(first + size, len(rows))) for first in range(0, len(rows), size))


def multiply(rows: AnyRows, by_feature: Float32s, offsets: Float32s) -> Floats:
    """Return the margins of rows, (n, K), with centers (d, K)."""
    if isinstance(rows, SparseRows):
        return csr_matmul(rows.X, by_feature) + offsets
    z: Floats = rows.X[: len(rows), :-1] @ by_feature
    z += offsets
    return z


def group_starts(ends: Sequence[int]) -> Int32s:
    """Return the first center of each group, (G,)."""
    return np.array([0, *ends[:-1]], np.int32)


def find_largest(z: Floats, ends: Sequence[int]) -> Int32s:
    """Return the number of the largest margin (n, K) within each group, (n, G)."""
    spans = zip(group_starts(ends), ends, strict=True)
    return np.asarray(np.stack([z[:, start:end].argmax(axis=1) for start, end in spans], axis=1), np.int32)


def add_rows(rows: AnyRows, numbers: Int32s, counts: Float64s, sums: Float64s) -> None:
    """Add rows to the counts (K,) and sums (K, d) of centers with these numbers (n, G)."""
    weights = rows.row_weights
    weights = np.ones(len(rows), np.float32) if weights is None else weights
    for of_group in numbers.T:
        np.add.at(counts, of_group, weights.astype(np.float64))
    if isinstance(rows, DenseRows):
        members = np.zeros((len(rows), len(counts)), np.float32)
        np.put_along_axis(members, numbers, weights[:, None], axis=1)
        sums += members.T @ rows.X[: len(rows), :-1]
        return
    lengths = np.diff(rows.X.indptr)
    values = rows.X.data * np.repeat(weights.astype(np.float64), lengths)
    for of_group in numbers.T.astype(np.int64):
        np.add.at(sums.reshape(-1), np.repeat(of_group * sums.shape[1], lengths) + rows.X.indices, values)
