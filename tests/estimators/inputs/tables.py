"""A table with a column of texts and one with gaps."""

from typing import Any

import numpy as np
import pyarrow

TOWNS = np.array(["Bern", "Basel", "Ulm"])


def make_table(rows: int = 200) -> tuple[Any, Any]:
    """Return a table and the labels of its rows."""
    generator = np.random.default_rng(2)
    town, age = TOWNS[generator.integers(0, 3, rows)], generator.normal(40, 9, rows)
    labels = np.where((age > 40) ^ (town == "Ulm"), "yes", "no")
    gone = generator.random(rows) < 0.1
    return pyarrow.table({"town": town, "age": pyarrow.array(age, mask=gone)}), labels
