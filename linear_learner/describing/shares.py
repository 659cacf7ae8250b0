"""How much each column, or each feature, adds to the margins of rows."""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import BooleanColumn, Column, NumberColumn, Recipe
from open_algorithms.learning.rows.csr import Features, as_dense
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.contributions import Contributions
from open_algorithms.learning.types.arrays import Float64s

MAX_SHARES = 20  # columns whose shares are drawn

_SHARES = Markup(
    '<figure>\n<figcaption>What each column adds to {}</figcaption>\n{}\n</figure>\n<p class="note">{}</p>'
)


class ColumnShare(NamedTuple):
    """What a column adds to the margins, (K,), of one row."""

    column: str
    added: Float64s


class RowShares(NamedTuple):
    """The margins (K,) of a row in which every column of numbers has its mean, and what the columns add to them."""

    base: Float64s
    shares: list[ColumnShare]


def share_margins(model: LinearModel, X: Features) -> RowShares:
    """Divide the margins of the one row X (1, d) among the columns of the model's recipe, the largest share first.

    A number counts by how far it is from its mean in training, a category by the weight of its level. The base and all
    shares add up to the margins.
    """
    recipe: Recipe | None = model.recipe
    assert recipe is not None
    row = as_dense(X)[0].astype(np.float64)
    base = model.bias.astype(np.float64)
    shares = []
    for column, first, last in recipe.encoded_columns:
        usual = np.zeros(last - first)
        usual[0] = usual_value(column)
        weight = model.float64_weight[first:last]
        base = base + usual @ weight
        shares.append(ColumnShare(column.name, (row[first:last] - usual) @ weight))
    return RowShares(base, sorted(shares, key=lambda share: -np.abs(share.added).max()))


def explain_rows(model: LinearModel, X: Features) -> Contributions:
    """Divide a margin of each of the rows X (n, d) among columns: of many classes that of the predicted one.

    They are the columns of the model's recipe, which count as in `share_margins`, or else the features, whose share is
    weight times value. Of a binary classifier with the logistic loss the margin is the log odds.
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


def render_shares(model: LinearModel, X: Features) -> Markup:
    """Render what the columns add to the score of the one row X (1, d); of several classes to that of the answer."""
    base, shares = share_margins(model, X)
    total = base + sum(share.added for share in shares)
    output = int(total.argmax())
    what = {
        "regressor": "the score",
        "binary_classifier": f"the log odds of {model.class_names[-1] if model.class_names else 1}",
        "multiclass_classifier": f"the margin of {model.class_names[output] if model.class_names else output}",
    }[model.predictor_type]
    shown = shares[:MAX_SHARES]
    left = f" The {len(shares) - MAX_SHARES} smallest are left out." if len(shares) > MAX_SHARES else ""
    note = (
        f"They begin at {base[output]:.4g}, where every number has its mean, and come to {total[output]:.4g}. A number "
        f"counts by how far it is from its mean.{left}"
    )
    values = [float(share.added[output]) for share in shown]
    bars = draw_bars([share.column for share in shown], values, f"Shares of {what}")
    return _SHARES.format(what, bars, note)
