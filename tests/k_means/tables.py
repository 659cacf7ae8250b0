"""A table of every kind of column, and models of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.columns.encode import encode_rows
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
)
from open_algorithms.learning.rows.csr import as_dense
from open_algorithms.learning.types.arrays import Float32s

RECIPE = Recipe(
    (
        NumberColumn("age", 40.0, has_missing=True),
        LeftOutColumn("id", "each row has its own"),
        NumberColumn("since", 1.6e9, offset=1.6e9),
        CategoryColumn("town", ("Rome", "Oslo"), has_other=True, has_missing=True),
        BooleanColumn("paid", 0.5, has_missing=True),
        DateColumn("day", "2018-03-15", 19000.0, weekdays=(0, 5)),
        DateColumn("hour", "12:30", 0.5),
    )
)
COLUMNS: dict[str, list[Any]] = {
    "age": ["31.5", "62", None, "40"],
    "since": ["1600000123.25", "1600000001", "1599999000", "1600000000"],
    "town": ["Oslo", "Rome", "Bonn", None],
    "paid": ["true", "false", "true", None],
    "day": ["2024-02-29", "1999-12-31", "2023-01-02", "2024-06-30"],
    "hour": ["08:30", "23:59", "00:00", "12:00"],
}


def encode_table(columns: dict[str, list[Any]] | None = None) -> Float32s:
    """Return the features of rows."""
    texts = COLUMNS if columns is None else columns
    arrays = {name: pyarrow.array(values, pyarrow.string()) for name, values in texts.items()}
    return as_dense(encode_rows(RECIPE, arrays).features)


def make_table_model(sizes: Sequence[int] = (30, 10)) -> CentroidModel:
    """Return a model whose centers are the first rows of the table."""
    return CentroidModel(encode_table()[: len(sizes)], None, {"sizes": list(sizes)}, RECIPE.feature_names, RECIPE)


def make_model(k: int, features: int = 4, **more: Any) -> CentroidModel:
    """Return a model of drawn centers."""
    centers = np.random.default_rng(0).normal(0, 2, (k, features)).astype(np.float32)
    return CentroidModel(centers, **more)
