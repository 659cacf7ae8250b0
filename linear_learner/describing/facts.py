"""A model described in words and numbers, for people."""

from collections.abc import Sequence

import numpy as np

from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import declarations
from open_algorithms.learning.showing.text_table import TextTable
from open_algorithms.learning.types.arrays import Float64s, Floats

SHOWN_WEIGHTS = 20  # weights that are shown
MAX_CLASS_COLUMNS = 10  # classes whose weights have a column each
MAX_BARS = 20  # of a chart of weights
PICTURED_CLASSES, CLASS_BARS = 10, 5  # of a multiclass classifier: charts, and bars of each
SETTINGS = {  # of training that a model keeps, in words
    "quantile": ("quantile of the label", "{}"),
    "huber_delta": ("loss is linear beyond", "an error of {} in the label's unit"),
    "margin": ("margin of the loss", "{}"),
    "loss_insensitivity": ("loss is 0 up to", "an error of {} in the label's unit"),
    "accuracy_top_k": ("top-k accuracy", "k = {}"),
    "f_beta": ("F score", "beta = {}"),
    "positive_example_weight_mult": ("positive rows count", "{} times as much as negative ones"),
    "class_weights": ("rows count by class", "{}"),
}
EVEN = "as much as negative ones"
TOLD_BY_LOSS = ("eps_insensitive_loss_type",)


def has_names(model: LinearModel) -> bool:
    """Tell whether the classes have names of their own."""
    return bool(model.classes)


def name_classes(model: LinearModel) -> str:
    """Return the names of the classes, of many the first."""
    names = [repr(name) for name in model.class_names[:MAX_CLASS_COLUMNS]]
    more = len(model.class_names) - len(names)
    return ", ".join([*names, *([f"{more} more"] if more else [])])


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
    return known + setting_facts(model)


def setting_facts(model: LinearModel) -> list[tuple[str, str]]:
    """Return the settings of training that a model keeps and that apply to its predictor type and loss, in words."""
    known, job = declarations(), {"predictor_type": model.predictor_type, "loss": model.loss_type}
    found = []
    for name, value in model.metrics_params.items():
        if value is None or name in TOLD_BY_LOSS or (name in known and not known[name].applies_to(job)):
            continue
        words, form = SETTINGS.get(name, (name, "{}"))
        is_even = name == "positive_example_weight_mult" and value == 1
        found.append((words, EVEN if is_even else form.format(write_setting(value))))
    return found


def write_setting(value: object) -> str:
    """Write a setting: of many numbers the least and the largest."""
    if isinstance(value, list):
        some = value if len(value) <= MAX_CLASS_COLUMNS else [min(value), max(value)]
        return (", " if some is value else " to ").join(map(write_setting, some))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def rank_features(model: LinearModel, count: int, output: int | None = None) -> list[int]:
    """Return the `count` features with the largest absolute weights, of an output or of all, the largest first.

    They are compared per standard deviation where deviations are known, else per unit. The absolute values of all
    weights are never materialised: they may take most of the memory.
    """
    weight = model.weight if output is None else model.weight[:, [output]]
    size = np.maximum(weight.max(axis=1), -weight.min(axis=1))
    if model.deviations is not None:
        size = size * model.deviations.astype(np.float64)
    found: list[int] = np.argsort(-size, kind="stable")[:count].tolist()
    return found


def compare_weights(model: LinearModel, features: Sequence[int]) -> Float64s:
    """Return the weights (f, K) of some features, per standard deviation where deviations are known."""
    weight = model.weight[features].astype(np.float64)
    return weight if model.deviations is None else weight * model.deviations[features].astype(np.float64)[:, None]


def group_by_column(model: LinearModel, features: list[int]) -> list[int]:
    """Return features with those of one column of a table together, in the order of the first of each."""
    return features if model.recipe is None else model.recipe.group_by_column(features)


def name_features(model: LinearModel, features: Sequence[int]) -> list[str]:
    """Return the names of some features, or their numbers where the model knows no names."""
    return [model.names[i] if model.names else f"f{i}" for i in features]


def weights_table(model: LinearModel) -> TextTable:
    """Tabulate features and weights, beside them those per standard deviation where that is known.

    Of several classes these alone stand in a column each, with the deviation in the last; of many classes there is only
    each feature's largest weight.
    """
    features = group_by_column(model, rank_features(model, SHOWN_WEIGHTS))
    raw, compared, deviations = model.weight[features], compare_weights(model, features), model.deviations
    title, columns = "Weights", {"feature": name_features(model, features)}
    if 1 < model.outputs <= MAX_CLASS_COLUMNS:
        columns |= {f"class {name}": write_numbers(compared[:, k]) for k, name in enumerate(model.class_names)}
        if deviations is not None:
            title = "Weights per standard deviation"
            columns["standard deviation"] = write_numbers(deviations[features])
    else:
        largest = np.abs(compared).argmax(axis=1)[:, None]
        columns["weight"] = write_numbers(np.take_along_axis(raw, largest, axis=1)[:, 0])
        if deviations is not None:
            columns["per standard deviation"] = write_numbers(np.take_along_axis(compared, largest, axis=1)[:, 0])
        if model.outputs > 1:
            columns["class"] = [model.class_names[k] for k in largest[:, 0]]
    some = f"the {len(features)} largest of {model.feature_dim:,}" if len(features) < model.feature_dim else "all"
    return TextTable(f"{title}, {some}", [*columns], list(map(list, zip(*columns.values(), strict=True))))


def write_numbers(values: Floats) -> list[str]:
    """Write numbers in the digits that float32 has at least."""
    return [f"{value:.6g}" for value in values]
