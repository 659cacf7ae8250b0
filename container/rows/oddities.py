"""Warnings about the first rows of a table: columns that are probably not features."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from container.rows.columns import is_increasing, is_permuted_range

MIN_ROWS = 10  # from which on to count up is no chance
COLLISION_FACTOR = (
    20  # times the numbers that there could be: where the square of the rows exceeds it, chance would repeat one
)
OUTLIER_FACTOR = 1024.0  # times the spread of most values that the others may lie apart


def find_oddities(X: Any, y: Any, names: Sequence[str], may_be_header: bool) -> Iterator[str]:
    """Yield warnings about rows X (n, d) with labels y (n,), or (n, 0) without labels.

    `may_be_header` tells that the first row may be a header.
    """
    labels = y.ndim == 1
    if may_be_header and len(y):
        yield from _describe_numeric_header([*y[0].ravel().tolist(), *X[0].tolist()], X[1] if len(y) > 1 else None)
    if len(y) < MIN_ROWS:
        return
    called = [repr(name) for name in names] or [f"{column + 1 + labels}" for column in range(X.shape[1])]
    counted = "counts the rows, as an index does"
    numbered = "has a whole number of its own for each row, as an index or an id does"
    for column in np.flatnonzero(X[1] - X[0] == 1).tolist():
        if (np.diff(X[:, column]) == 1).all():
            yield f"column {called[column]} {counted}. If it is one, leave it out"
    advice = "If it is one, write the data without it (pandas: index=False) and the label first"
    if labels and (np.diff(y) == 1).all():
        yield f"the label, column 1, {counted}. {advice}"
    elif labels and _is_id_column(y):
        yield f"the label, column 1, {numbered}. {advice}"
    for column, far, middle in _find_outliers(X):
        yield (
            f"column {called[column]} holds {far:g}, which is far from most of its values, such as {middle:g}. If "
            "it stands for a missing value, remove or replace it"
        )


def _find_outliers(X: Any) -> Iterator[tuple[int, float, float]]:
    """Yield each column of X (n, d) of more than two values with an outlier, which is the next, and its median."""
    ordered = np.ascontiguousarray(X.T)
    ordered.sort(axis=1)  # all columns at once: a call for each would take longer than reading the rows
    rows = ordered.shape[1]
    chosen = ordered[:, [0, rows // 4, rows // 2, rows - 1 - rows // 4, rows - 1]]
    least, low, middle, high, most = chosen.astype(np.float64).T
    distance = np.maximum(middle - least, most - middle)
    for column in np.flatnonzero((high > low) & (distance > OUTLIER_FACTOR * (high - low))).tolist():
        if len(np.unique(ordered[column])) > 2:
            far = most if distance[column] == most[column] - middle[column] else least
            yield column, far[column], middle[column]


def _describe_numeric_header(first: list[float], second: Any) -> Iterator[str]:
    """Yield a warning if the first row may be names that are numbers."""
    texts = [f"{value:g}" for value in first]
    fractions = 0 if second is None else np.count_nonzero(second != np.floor(second))
    if (len(texts) > 2 and is_permuted_range(texts)) or (
        len(texts) > 3 and 2 * fractions > len(texts) and is_increasing(texts[1:])
    ):
        yield (
            f"the first row is {', '.join(texts[:3])} and so on, as names of columns are that are numbers. If it is a "
            "header, set the content type to 'text/csv;header=present'; as it stands it is a row"
        )


def _is_id_column(y: Any) -> bool:
    """Tell whether labels are distinct whole numbers from a range in which chance would repeat one."""
    if (y < 0).any() or (y != np.floor(y)).any() or len(y) ** 2 <= COLLISION_FACTOR * (y.max() - y.min() + 1):
        return False
    return len(np.unique(y)) == len(y)
