"""Some features of some rows, as a matrix."""

from collections.abc import Sequence

import numpy as np

from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Int64s


def take_features(rows: AnyRows, numbers: Int64s, features: Int64s | Sequence[int]) -> Float64s:
    """Return some features of the rows with these numbers, (n, f)."""
    features = np.asarray(features, np.int64)
    if not isinstance(rows, SparseRows):
        return np.asarray(rows.X[np.ix_(numbers, features)], np.float64)
    X = rows.take_rows(numbers.astype(np.int32)).X
    places = np.full(rows.feature_dim, -1)
    places[features] = np.arange(len(features))
    row, place = np.repeat(np.arange(len(numbers)), np.diff(X.indptr)), places[X.indices]
    found = np.zeros((len(numbers), len(features)))
    found[row[place >= 0], place[place >= 0]] = X.data[place >= 0]
    return found


def take_head(rows: AnyRows, most_rows: int, most_numbers: int) -> tuple[Float64s, Int64s]:
    """Return the first rows, at least one, in those of their features that are not 0 in all of them, (n, f), and these.

    Of dense rows it is all features. There are at most so many rows, and numbers.
    """
    if not isinstance(rows, SparseRows):
        count = max(1, min(most_rows, len(rows), most_numbers // rows.feature_dim))
        return rows.X[:count, :-1].astype(np.float64), np.arange(rows.feature_dim)
    count = min(most_rows, len(rows))
    features = find_stored(rows, count)
    while count > 1 and count * len(features) > most_numbers:
        count //= 2
        features = find_stored(rows, count)
    return take_features(rows, np.arange(count), features), features


def find_stored(rows: SparseRows, count: int) -> Int64s:
    """Return the features that are stored in any of the first rows, or the first feature where there is none."""
    found = np.unique(rows.X.indices[: rows.X.indptr[count]]).astype(np.int64)
    return found if len(found) else np.zeros(1, np.int64)
