"""A machine described in words and numbers, for people."""

from collections.abc import Sequence

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.pairs import MOST_COMPARED, Pair, list_largest_pairs
from open_algorithms.factorization_machines.describing.units import read_sizes, standardise_model
from open_algorithms.learning.columns.describe import describe_recipe
from open_algorithms.learning.showing.text_table import TextTable
from open_algorithms.learning.showing.words import cut_middle, format_count

SHOWN_WEIGHTS, SHOWN_PAIRS = 20, 20
IN_UNITS = "in units of training"
TOLD_SETTINGS = {
    "epochs": "epochs",
    "mini_batch_size": "rows of a mini-batch",
    "bias_lr": "learning rate of the bias",
    "linear_lr": "learning rate of linear weights",
    "factors_lr": "learning rate of factors",
    "bias_wd": "weight decay of the bias",
    "linear_wd": "weight decay of linear weights",
    "factors_wd": "weight decay of factors",
}
LONGEST_SETTING = 40  # letters


def model_facts(model: FactorModel) -> list[tuple[str, str]]:
    """Return everything about a machine but its weights and factors, as pairs of a name and a text."""
    known = [("predictor type", model.predictor_type)]
    if model.label_name:
        known.append(("label", model.label_name))
    if model.classes:
        known.append(("classes", ", ".join(map(repr, model.class_names))))
    known += [
        ("features", format_count(model.feature_dim)),
        ("factors", format_count(model.num_factors)),
        ("linear weights that are 0", f"{int((model.linear == 0).sum()):,} of {model.feature_dim:,}"),
        ("bias", f"{model.bias:.6g}"),
    ]
    if model.centers is not None:
        known.append(("features less a center", f"{int((model.centers != 0).sum()):,} of {model.feature_dim:,}"))
    if model.predictor_type == "binary_classifier":
        known.append(("threshold", f"{model.threshold:.6g}"))
    alone = model.settings.get("num_models") in (None, "1")  # others are not the settings of what was chosen
    told = [(words, model.settings[name]) for name, words in TOLD_SETTINGS.items() if alone and name in model.settings]
    return known + [(words, cut_middle(text, LONGEST_SETTING)) for words, text in told]


def model_tables(model: FactorModel) -> list[TextTable]:
    """Return the columns of the machine's table, its largest linear weights, and its largest pairs, if it has any."""
    columns = [] if model.recipe is None else [describe_recipe(model.recipe)]
    pairs = list_largest_pairs(standardise_model(model), SHOWN_PAIRS)
    return [*columns, weights_table(model), *([pairs_table(model, pairs)] if pairs else [])]


def weights_table(model: FactorModel) -> TextTable:
    """Tabulate the features with the largest linear weights, as they are and in the units of training."""
    found, heads = list_largest_weights(model, SHOWN_WEIGHTS), ["feature", "weight"]
    rows = [[name_feature(model, i), f"{model.linear[i]:.6g}"] for i, _ in found]
    if read_sizes(model) is not None:
        heads, rows = [*heads, IN_UNITS], [[*row, f"{value:.6g}"] for row, (_, value) in zip(rows, found, strict=True)]
    some = f"the {len(found)} largest of {model.feature_dim:,}" if len(found) < model.feature_dim else "all"
    return TextTable(f"Linear weights, {some}", heads, rows)


def list_largest_weights(model: FactorModel, count: int) -> list[tuple[int, float]]:
    """Return the `count` features with the largest linear weights, in the units of training where these are known.

    Those of one column of a table are together.
    """
    linear = standardise_model(model).linear
    largest: list[int] = np.argsort(-np.abs(linear), kind="stable")[:count].tolist()
    if model.recipe is not None:
        largest = model.recipe.group_by_column(largest)
    return [(i, float(linear[i])) for i in largest]


def pairs_table(model: FactorModel, pairs: Sequence[Pair]) -> TextTable:
    """Tabulate pairs of features: the products of their factors, and, as given, those in the units of training."""
    heads, rows = ["feature", "and feature", "product"], []
    for first, second, value in pairs:
        product = float(model.factors[first].astype(np.float64) @ model.factors[second])
        rows.append([name_feature(model, first), name_feature(model, second), f"{product:.6g}", f"{value:.6g}"])
    if read_sizes(model) is None:
        rows = [row[:-1] for row in rows]
    else:
        heads.append(IN_UNITS)
    return TextTable(f"Pairs, {describe_pairs(model, len(rows))}", heads, rows)


def describe_pairs(model: FactorModel, count: int) -> str:
    """Say which pairs so many are: of a wide machine not all features were compared."""
    among = f" among the {MOST_COMPARED:,} features with the largest factors" if is_wide(model) else ""
    return f"the {count:,} largest{among}"


def is_wide(model: FactorModel) -> bool:
    """Whether the machine has more features than are compared with each other."""
    return model.feature_dim > MOST_COMPARED


def name_feature(model: FactorModel, feature: int) -> str:
    """Return the name of a feature, or its number where the machine knows no names."""
    return model.names[feature] if model.names else f"f{feature}"
