"""A table with every kind of column, and models of it with weights that were drawn."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import pyarrow

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.encode import encode_rows
from open_algorithms.learning.columns.infer import infer_recipe
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes

Rows = list[dict[str, str | None]]

ROWS, TARGET = 400, "answer"
CLASSES: Mapping[str, tuple[Any, ...]] = {
    "binary_classifier": ("no, never", "yes"),
    "multiclass_classifier": ("a", 'b "quoted"', "c"),
    "regressor": (),
}
LOSSES = {"binary_classifier": "logistic", "multiclass_classifier": "softmax_loss", "regressor": "squared_loss"}


@dataclass(frozen=True)
class ModelWithRows:
    """A model and rows of its table, as people write them: by column, the target left out."""

    model: LinearModel
    rows: Rows

    @property
    def names(self) -> list[str]:
        """The columns in the order of the training data."""
        assert self.model.recipe is not None
        return self.model.recipe.column_names

    def score(self, rows: Rows) -> dict[str, Any]:
        """Score rows without a server."""
        assert self.model.recipe is not None
        return dict(self.model.predict(self.encode(rows)))

    def encode(self, rows: Rows) -> Any:
        """Make features of rows."""
        assert self.model.recipe is not None
        arrays = {name: pyarrow.array([row[name] for row in rows], pyarrow.string()) for name in self.names}
        return encode_rows(self.model.recipe, arrays).features


def draw_table(seed: int = 0) -> dict[str, list[str | None]]:
    """Draw columns of every kind: an id that is left out, numbers, money, truth values, dates, times, categories."""
    draw = np.random.default_rng(seed)

    def leave_gaps(values: list[str]) -> list[str | None]:
        return [None if gone else value for value, gone in zip(values, draw.random(ROWS) < 0.1, strict=True)]

    return {
        "id": [str(i) for i in range(ROWS)],
        "Age": leave_gaps([f"{x:.1f}" for x in draw.normal(40, 10, ROWS)]),
        "Größe, in cm": [f"{x:.0f}" for x in draw.normal(170, 10, ROWS)],
        "Fare": leave_gaps([f"${x:,.2f}" for x in draw.normal(2000, 400, ROWS)]),
        "Sex": draw.choice(["male", "female"], ROWS).tolist(),
        "Color": leave_gaps(draw.choice(["red", "light, blue", 'so-called "green"', "1", "2"], ROWS).tolist()),
        "Alone": leave_gaps(draw.choice(["yes", "no"], ROWS).tolist()),
        "Day": [f"2018-{m:02d}-{d:02d}" for m, d in zip(*draw.integers(1, 13, (2, ROWS)), strict=True)],
        "Seen": [f"2018-03-15 {h:02d}:30" for h in draw.integers(0, 24, ROWS)],
    }


def draw_table_model(predictor: str = "binary_classifier", seed: int = 0) -> ModelWithRows:
    """Draw a table, infer its recipe, and draw weights for its features."""
    draw, table = np.random.default_rng(seed), draw_table(seed)
    classes = CLASSES[predictor]
    labels = draw.choice(classes, ROWS).tolist() if classes else [f"{x:.2f}" for x in draw.normal(size=ROWS)]
    columns = {"id": table["id"], TARGET: labels, **table}
    wishes = ColumnWishes(TARGET, types={"id": "ignore"}, class_count=len(classes) or None)
    recipe = infer_recipe(
        [survey_column(name, [pyarrow.array(texts, pyarrow.string())]) for name, texts in columns.items()], wishes
    )
    outputs = len(classes) if predictor == "multiclass_classifier" else 1
    width = len(recipe.feature_names)
    scale = np.array([0.001 if name in ("Fare", "Größe, in cm") else 0.1 for name in recipe.feature_names])
    weight = (draw.normal(size=(width, outputs)) * scale[:, None]).astype(np.float32)
    model = LinearModel(
        predictor, LOSSES[predictor], weight, np.zeros(outputs, np.float32), names=recipe.feature_names, recipe=recipe
    )
    return ModelWithRows(model, [{name: table[name][i] for name in table} for i in range(ROWS)])


def write_csv(rows: Sequence[Sequence[str | None]], end: str = "\n", delimiter: str = ",") -> bytes:
    """Write rows as CSV, None as nothing."""
    text = StringIO()
    csv.writer(text, lineterminator=end, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def with_header(rows: Rows, names: Sequence[str], end: str = "\n", delimiter: str = ",") -> bytes:
    """Write rows as CSV below a header with these names; columns that they lack are empty."""
    return write_csv([names, *([row.get(name) for name in names] for row in rows)], end, delimiter)
