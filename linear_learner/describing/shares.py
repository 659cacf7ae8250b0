"""How much each column, or each feature, adds to the margins of rows."""

from dataclasses import replace

import numpy as np
from markupsafe import Markup

from linear_learner.objective.losses import LOSSES
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import BooleanColumn, Column, NumberColumn
from open_algorithms.learning.rows.csr import Csr, Features, as_dense
from open_algorithms.learning.showing.contributions import Contributions, draw_contributions
from open_algorithms.learning.showing.words import format_rounded


def explain_rows(model: LinearModel, X: Features) -> Contributions:
    """Divide a margin of each of the rows X (n, d) among columns: of many classes that of the predicted one.

    They are the columns of the model's recipe, of which a number counts by how far it is from its mean in training, a
    category by the weight of its level; or else the features, whose share is weight times value. Of a binary classifier
    with the logistic loss the margin is the log odds.
    """
    outputs = model.margins(X).argmax(axis=1)
    rows = as_dense(X).astype(np.float64, copy=False)
    base = model.bias.astype(np.float64)
    if model.recipe is None:
        return Contributions(model.feature_names, base[outputs], rows * model.float64_weight.T[outputs])
    usual = np.zeros(model.feature_dim)
    for column, first, _ in model.recipe.encoded_columns:
        usual[first] = usual_value(column)
    rows = rows - usual
    added = np.empty((len(rows), len(model.recipe.encoded_columns)))
    for place, (_, first, last) in enumerate(model.recipe.encoded_columns):
        shares = rows[:, first:last] @ model.float64_weight[first:last]
        added[:, place] = np.take_along_axis(shares, outputs[:, None], axis=1)[:, 0]
    return Contributions(model.recipe.needed_names, (base + usual @ model.float64_weight)[outputs], added)


def usual_value(column: Column) -> float:
    """Return the first feature of a row in which the column has its mean; 0 of a category or a date."""
    match column:
        case NumberColumn():
            return column.mean - column.offset
        case BooleanColumn():
            return column.mean
        case _:
            return 0.0


def narrow_to_row(model: LinearModel, X: Features) -> tuple[LinearModel, Features]:
    """Return the model of the features that the one sparse row X (1, d) stores, and that row: the others add nothing.

    A model of a table, or a dense row, stays as it is.
    """
    if model.recipe is not None or not isinstance(X, Csr):
        return model, X
    names = [model.names[i] if model.names else f"f{i}" for i in X.indices.tolist()]
    return replace(model, weight=model.weight[X.indices], names=names, blurred=(), deviations=None), X.data[None]


def render_shares(model: LinearModel, X: Features) -> Markup:
    """Render what columns, or features, add to the margin of the one row X (1, d), of several classes the answer's."""
    narrow, row = narrow_to_row(model, X)
    found = explain_rows(narrow, row)
    base, added, output = float(found.base[0]), found.added[0], int(narrow.margins(row)[0].argmax())
    what, each = describe_margin(model, output), "feature" if model.recipe is None else "column"
    begin, end = format_rounded(base, 4), format_rounded(base + float(added.sum()), 4)
    note = f"They begin at {begin}, the bias, and come to {end}. A feature adds its weight times its value."
    if model.recipe is not None:
        note = f"They begin at {begin}, where every number has its mean, and come to {end}. "
        note += "A number counts by how far it is from its mean."
    return draw_contributions(found, f"What each {each} adds to {what}", note)


def describe_margin(model: LinearModel, output: int) -> str:
    """Say what the margin of an output is."""
    if model.predictor_type == "regressor":
        return "the score"
    if model.predictor_type == "multiclass_classifier":
        return f"the margin of {model.class_names[output]}"
    return f"the {'log odds' if LOSSES[model.loss_type].name == 'logistic' else 'score'} of {model.class_names[1]}"
