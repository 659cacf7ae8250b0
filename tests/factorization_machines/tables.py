"""A table of every kind of column that features come of, rows of it, and machines of it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
)
from open_algorithms.learning.rows.csr import as_dense
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.models import draw_model

COLUMNS = (
    NumberColumn("age", 40.0, has_missing=True),
    LeftOutColumn("id", "each row has its own"),
    CategoryColumn("town", ("Rome", "Oslo"), has_other=True),
    BooleanColumn("paid", 0.5),
    DateColumn("day", "2018-03-15", 19000.0, weekdays=(0, 5)),
)
RECIPE = Recipe(COLUMNS, Target("left", ("no", "yes")))
ROWS: dict[str, list[Any]] = {
    "age": ["3", "1", None, "2"],
    "town": ["Oslo", "Rome", "Bonn", "Rome"],
    "paid": ["true", "false", "true", "true"],
    "day": ["2022-01-08", "2022-01-10", "2022-01-12", "2022-01-15"],
}


def make_table_model(kind: str = "binary_classifier", factors: int = 3) -> FactorModel:
    """Return a machine of the table."""
    model = draw_model(kind, len(RECIPE.feature_names), factors)
    recipe = RECIPE if kind == "binary_classifier" else Recipe(COLUMNS, Target("left"))
    return replace(model, recipe=recipe, names=RECIPE.feature_names, label_name="left")


def encode_table() -> Float32s:
    """Return the features of the rows, (4, d)."""
    arrays = {name: pyarrow.array(values, pyarrow.string()) for name, values in ROWS.items()}
    return np.asarray(as_dense(make_table_model().encode_rows(arrays).features))
