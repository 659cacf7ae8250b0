"""Rows and centers to assign, and what is expected of whoever does."""

from collections.abc import Callable, Sequence

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assignment
from open_algorithms.learning.engine.native.library import Library, find_library
from open_algorithms.learning.rows.csr import as_dense, compress_matrix
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s

Problem = tuple[Float32s, Float32s, list[int]]
NO_FEATURES = np.zeros(0, np.int64)


def draw_problem(rows: int, features: int, group_sizes: Sequence[int], held: float = 1.0) -> Problem:
    """Draw rows (n, d), of whose values a share is not 0, centers (K, d) near some of them, and ends of groups."""
    generator = np.random.default_rng(7)
    X = generator.normal(size=(rows, features)) * (generator.random((rows, features)) < held)
    centers = X[generator.integers(0, rows, sum(group_sizes))] + generator.normal(0, 0.1, (sum(group_sizes), features))
    return X.astype(np.float32), centers.astype(np.float32), np.cumsum(group_sizes).tolist()


def hold_dense(X: Float32s) -> DenseRows:
    """Return rows (n, d) as they are held, with a column of ones and a row of zeros."""
    held = np.ones((len(X) + 1, X.shape[1] + 1), np.float32)
    held[:-1, :-1], held[-1] = X, 0
    return DenseRows(held, np.zeros((len(held), 1), np.float32))


def hold_sparse(X: Float32s) -> SparseRows:
    """Return rows (n, d) as they are held where most values are 0."""
    return SparseRows(compress_matrix(X), np.zeros((len(X), 1), np.float32), None, NO_FEATURES)


HOLD: dict[str, Callable[[Float32s], AnyRows]] = {"dense": hold_dense, "sparse": hold_sparse}


def squared_distances(rows: AnyRows, centers: Float32s) -> Float64s:
    """Return the squared distances of rows and centers, (n, K), in float64."""
    X = as_dense(rows.X).astype(np.float64) if isinstance(rows, SparseRows) else rows.X[: len(rows), :-1]
    return np.array([np.square(X - center).sum(axis=1) for center in centers.astype(np.float64)]).T


def group_spans(ends: Sequence[int]) -> list[tuple[int, int]]:
    """Return where the centers of each group begin and end."""
    return list(zip([0, *ends[:-1]], ends, strict=True))


def assert_nearest(rows: AnyRows, centers: Float32s, ends: Sequence[int], found: Assignment) -> None:
    """Each row has the nearest center of each group, but for roundings, and each center its rows' count and sum."""
    assert found.labels is not None
    assert found.margins is not None
    distances = squared_distances(rows, centers)
    X = as_dense(rows.X) if isinstance(rows, SparseRows) else rows.X[: len(rows), :-1]
    squares = np.square(X, dtype=np.float64).sum(axis=1)
    scale = 1e-5 * (1 + squares + np.square(centers).sum(axis=1).max())
    for group, (start, end) in enumerate(group_spans(ends)):
        labels, near = found.labels[:, group], distances[:, start:end].min(axis=1)
        assert (np.take_along_axis(distances[:, start:end], labels[:, None], axis=1)[:, 0] - near < scale).all()
        assert (abs(squares - 2 * found.margins[:, group] - near) < scale).all()
        assert_sums(X, labels, rows.row_weights, found.counts[start:end], found.sums[start:end])


def assert_sums(X: Float32s, labels: Int32s, weights: Float32s | None, counts: Float64s, sums: Float64s) -> None:
    """Centers have the counts (k,) and sums (k, d) of the rows with their labels."""
    members = labels[:, None] == np.arange(len(counts))
    weighed = members * (1.0 if weights is None else weights[:, None].astype(np.float64))
    np.testing.assert_allclose(counts, weighed.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(sums, weighed.T @ X.astype(np.float64), rtol=1e-5, atol=1e-6 * abs(X).sum())


def native_library() -> Library:
    """Return the native library; tests that are marked `native` are left out where there is none."""
    library = find_library()
    assert library is not None
    return library
