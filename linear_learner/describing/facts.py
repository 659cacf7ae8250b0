"""A model described in words and numbers, for people.

Tests: tests/commands/test_inspect.py, tests/linear_learner/describing/test_portrait.py,
tests/linear_learner/report/test_build.py.
"""

from typing import NamedTuple

import numpy as np

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.showing.text_table import TextTable
from open_algorithms.learning.types.arrays import Float32s, Float64s

SHOWN_WEIGHTS = 20  # weights that are shown
MAX_CLASS_COLUMNS = 10  # classes whose weights have a column each
MAX_BARS = 20  # of a chart of weights
PICTURED_CLASSES, CLASS_BARS = 10, 5  # of a multiclass classifier: charts, and bars of each


def has_names(model: LinearModel) -> bool:
    """Tell whether the classes have names of their own."""
    return bool(model.classes)


def name_classes(model: LinearModel) -> str:
    """Return the names of the classes, of many the first."""
    names = [repr(name) for name in model.class_names[:MAX_CLASS_COLUMNS]]
    more = len(model.class_names) - len(names)
    return ", ".join([*names, *([f"{more} more"] if more else [])])


class FeatureWeights(NamedTuple):
    """A feature: its column, counted from 0, its name, and its weights (K,)."""

    column: int
    name: str
    values: Float32s


def model_facts(model: LinearModel) -> list[tuple[str, str]]:
    """Return everything about a model but its weights, as pairs of a name and a text."""
    known = [
        ("predictor type", model.predictor_type),
        ("loss", model.loss_type),
        ("features", f"{model.feature_dim:,}"),
        ("weights that are 0", f"{int((model.weight == 0).sum()):,} of {model.weight.size:,}"),
    ]
    if model.label_name:
        known.insert(2, ("label", model.label_name))
    if model.predictor_type == "multiclass_classifier":
        known.insert(-1, ("classes", name_classes(model) if has_names(model) else f"{model.outputs}"))
    else:
        known.append(("bias", f"{float(model.bias[0]):.6g}"))
    if model.predictor_type == "binary_classifier":
        known.append(("threshold", f"{model.threshold:.6g}"))
        if has_names(model):
            known.insert(-1, ("classes", name_classes(model)))
    given = {name: value for name, value in model.metrics_params.items() if value is not None}
    return known + [(name, f"{value:.6g}" if isinstance(value, float) else str(value)) for name, value in given.items()]


def largest_weights(model: LinearModel, count: int) -> list[FeatureWeights]:
    """Return the `count` features with the largest absolute weight, those of one column of a table together.

    Of a multiclass classifier the largest over the classes counts.
    """
    names = model.feature_names
    largest = largest_rows(model.weight, count)
    if model.recipe is not None:
        largest = model.recipe.group_by_column(largest)
    return [FeatureWeights(i, names[i], model.weight[i]) for i in largest]


def largest_rows(weight: Float32s, count: int, unit: Float64s | float = 1) -> list[int]:
    """Return the `count` rows of weight (d, K), scaled by `unit` (d,), with the largest absolute value, largest first.

    The absolute values of all weights are never materialised: they may take most of the memory.
    """
    size = np.maximum(weight.max(axis=1), -weight.min(axis=1)) * unit
    found: list[int] = np.argsort(-size, kind="stable")[:count].tolist()
    return found


def weights_table(model: LinearModel) -> TextTable:
    """Tabulate features and weights; with many classes only each feature's largest weight."""
    largest = largest_weights(model, SHOWN_WEIGHTS)
    some = f"the {len(largest)} largest of {model.feature_dim:,}" if len(largest) < model.feature_dim else "all"
    heads = ["feature", "weight"]
    if model.outputs > MAX_CLASS_COLUMNS:
        heads.append("class")
    elif model.outputs > 1:
        heads[1:] = [f"class {name}" for name in model.class_names]
    rows = []
    for _, name, values in largest:
        shown = [f"{value:.6g}" for value in values]
        if model.outputs > MAX_CLASS_COLUMNS:
            furthest = int(abs(values).argmax())
            shown = [shown[furthest], model.class_names[furthest]]
        rows.append([name, *shown])
    return TextTable(f"Weights, {some}", heads, rows)
