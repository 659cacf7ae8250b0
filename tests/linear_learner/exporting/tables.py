"""Tables with every kind of column, and models of them with random weights."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow

from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.encode import encode_rows
from open_algorithms.learning.columns.infer import infer_recipe
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.rows.csr import as_dense
from open_algorithms.learning.types.arrays import Numbers

GENERATOR = np.random.default_rng(11)
ROWS = 120
MONTHS = ("January", "Feb", "March", "Apr", "may", "JUN", "July", "aug.", "Sept", "Oct", "Nov", "December")
WEEKDAYS = ("Mon", "Tuesday", "Wed", "Thurs", "Friday", "Sat", "Sun")
LEVELS = ("red", "o'clock", 'say "no"', "a, b", "grün", "1", "2.5", "True", "x" * 50)
MISSING = (None, "", "NA", " n/a ", "-")
WHOLE = ("swiss", "flag", "moment", "german", "letter", "quarter")  # columns without missing values
FIRST_DAY, SECONDS = datetime(1890, 1, 1), 220 * 365 * 86_400

Table = Mapping[str, Sequence[str | None]]  # texts by column, None where missing


def draw_table(rows: int = ROWS) -> Table:
    """Return a table with every kind of column; it has missing values, written in several ways, and rare levels."""
    written = [write_row(*drawn) for drawn in GENERATOR.integers(0, (SECONDS, 90_000, 100), (rows, 3)).tolist()]
    table: dict[str, list[str | None]] = {name: [row[name] for row in written] for name in written[0]}
    for name in table.keys() - WHOLE:
        for place in range(GENERATOR.integers(10), rows, 10):
            table[name][place] = MISSING[GENERATOR.integers(len(MISSING))]
    return table | {"empty": [None] * rows}


def write_row(seconds: int, number: int, share: int) -> dict[str, str]:
    """Write a point of time, an amount and a share of 100 in many ways."""
    at, amount = FIRST_DAY + timedelta(seconds=seconds), number - 30_000
    return {
        "size (cm)": f"{amount / 7:.4f}",
        "since": str(1_600_000_000 + share),
        "price": f"${number:,}",
        'über "alles"': f"{amount:,}".replace(",", ".") + ",5",
        "share": f"{share / 10}%",
        "balance": f"({-amount:,.2f})" if amount < 0 else f"{amount:,.2f}",
        "swiss": f"CHF {number:,}".replace(",", "'\N{RIGHT SINGLE QUOTATION MARK}"[share % 2]),
        "french": f"{number:,}".replace(",", "\u202f") + ",25 €",
        "member": ("yes", "No", "YES", "no")[share % 4],
        "flag": ("True", "false")[seconds % 2],
        "score": LEVELS[share % len(LEVELS)] if share < 90 else f"rare {share}",
        "day": f"{at.year}-{at.month}-{at.day}",
        "moment": f"{at:%Y-%m-%dT%H:%M:%S}.25Z",
        "month": f"{MONTHS[at.month - 1][:3]}-{at.year}",
        "american": f"{at.month}/{at.day}/{at:%y} {at.hour}:{at:%M}",
        "german": f"{at.day}.{at.month}.{at.year}",
        "letter": f"{WEEKDAYS[at.weekday()]}, {at.day} {MONTHS[at.month - 1]} {at.year}",
        "clock": f"{at.hour % 12 or 12}:{at:%M} {'ap'[at.hour > 11]}.m.",
        "quarter": f"{at.year}Q{(at.month + 2) // 3}",
    }


def make_arrays(table: Table) -> dict[str, Any]:
    """Return the columns of a table as arrow delivers them."""
    return {name: pyarrow.array(texts, pyarrow.string()) for name, texts in table.items()}


def survey_table(table: Table, wishes: ColumnWishes) -> Recipe:
    """Find out what the columns of a table are."""
    return infer_recipe([survey_column(name, [values]) for name, values in make_arrays(table).items()], wishes)


def draw_raw_model(recipe: Recipe, table: Table, predictor: str, loss: str = "") -> LinearModel:
    """Return a model with weights of the size that features are of in a table."""
    outputs = len(recipe.target.classes) if recipe.target and predictor == "multiclass_classifier" else 1
    features = as_dense(encode_rows(recipe, make_arrays(table)).features)
    spread = features.std(axis=0) + np.abs(features).mean(axis=0) / 10 + 0.01
    weight = GENERATOR.normal(size=(features.shape[1], outputs)) / spread[:, None] / 4
    bias = -np.mean(features @ weight, axis=0) + GENERATOR.normal(size=outputs)
    loss = loss or LOSSES_BY_PREDICTOR[predictor][0]
    weight, bias = weight.astype(np.float32), bias.astype(np.float32)
    return LinearModel(predictor, loss, weight, bias, 0.4, names=recipe.feature_names, recipe=recipe)


def answer_table(model: LinearModel, table: Table) -> dict[str, Numbers]:
    """Return what a model answers for a table."""
    assert model.recipe is not None
    return model.predict(encode_rows(model.recipe, make_arrays(table)).features)
