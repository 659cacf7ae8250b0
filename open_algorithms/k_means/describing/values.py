"""What rows have in the columns that people know: numbers, levels and dates, from the features that these became."""

from collections.abc import Sequence

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.features import write_days
from open_algorithms.learning.columns.dates import CLOCK
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    ColumnFeatures,
    DateColumn,
    NumberColumn,
)
from open_algorithms.learning.types.arrays import Float64s

DIGITS = 6  # that float32 keeps

Value = float | str | bool | None


def column_names(model: CentroidModel) -> Sequence[str]:
    """Return the names of the columns: those of the table, else the features' own."""
    if model.recipe is None:
        return model.feature_names
    return [found.column.name for found in model.recipe.encoded_columns]


def column_features(model: CentroidModel, columns: Sequence[int]) -> list[range]:
    """Return the features of each of some columns."""
    if model.recipe is None:
        return [range(column, column + 1) for column in columns]
    encoded: Sequence[ColumnFeatures] = model.recipe.encoded_columns
    return [range(encoded[column].first, encoded[column].last) for column in columns]


def read_values(model: CentroidModel, X: Float64s, columns: Sequence[int], deviation: Float64s) -> list[list[Value]]:
    """Return of rows of features X (n, f), those of some columns one after the other, a value for each column.

    Features have a standard deviation, (f,), from which follows how many of their digits mean something.
    """
    found: list[list[Value]] = []
    first = 0
    X = round_values(X, deviation, exact=model.exact)
    for column, features in zip(columns, column_features(model, columns), strict=True):
        part = X[:, first : first + len(features)]
        first += len(features)
        if model.recipe is None:
            found.append([clean(value) for value in part[:, 0].tolist()])
        else:
            found.append([read_value(model.recipe.encoded_columns[column].column, row) for row in part.tolist()])
    return [list(row) for row in zip(*found, strict=True)]


def round_values(X: Float64s, deviation: Float64s, *, exact: bool) -> Float64s:
    """Round X (n, f) to DIGITS of its numbers or of the deviation of their feature, whichever is larger.

    Where numbers are `exact`, it is that of the deviation.
    """
    size = np.where(deviation > 0, deviation, np.abs(X)) if exact else np.maximum(np.abs(X), deviation)
    unit = 10 ** (np.floor(np.log10(np.where(size > 0, size, 1))) - DIGITS + 1)
    return np.asarray(np.round(X / unit) * unit + 0.0)


def read_value(column: Column, features: Sequence[float]) -> Value:
    """Return the value of a column with these features; None where it is missing."""
    if getattr(column, "has_missing", False) and features[-1] > 0.5:
        return None
    match column:
        case NumberColumn():
            return clean(features[0] + column.offset)
        case BooleanColumn():
            return features[0] > 0.5
        case DateColumn():
            return write_days(features[0] + column.mean, is_time=column.form == CLOCK)
        case CategoryColumn():
            level = int(np.argmax(features))
            if features[level] < 0.5:
                return None
            return column.levels[level] if level < len(column.levels) else "(other)"
        case _:
            return None


def clean(value: float) -> float:
    """Drop the last digits of float64, which arithmetic leaves behind.

    >>> clean(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.15g}")
