"""The largest weights of a model as a table of texts."""

from linear_learner.objective.model import LinearModel
from linear_learner.report.facts import largest_weights
from open_algorithms.learning.showing.text_table import TextTable

SHOWN_WEIGHTS = 20  # weights that are shown
MAX_CLASS_COLUMNS = 10  # classes whose weights have a column each


def weights_table(model: LinearModel) -> TextTable:
    """Tabulate features and weights; with many classes only each feature's largest weight."""
    largest = largest_weights(model, SHOWN_WEIGHTS)
    some = f"the {len(largest)} largest of {model.feature_dim:,}" if len(largest) < model.feature_dim else "all"
    heads = ["feature", "weight"]
    if model.outputs > MAX_CLASS_COLUMNS:
        heads.append("class")
    elif model.outputs > 1:
        heads[1:] = [f"class {c}" for c in range(model.outputs)]
    rows = []
    for _, name, values in largest:
        shown = [f"{value:.6g}" for value in values]
        if model.outputs > MAX_CLASS_COLUMNS:
            furthest = int(abs(values).argmax())
            shown = [shown[furthest], f"{furthest}"]
        rows.append([name, *shown])
    return TextTable(f"Weights, {some}", heads, rows)
