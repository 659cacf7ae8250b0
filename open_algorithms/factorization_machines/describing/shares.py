"""How much each column, or each feature, adds to the scores of rows, by itself and in pairs."""

import numpy as np
from markupsafe import Markup

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.pairs import find_largest_pairs
from open_algorithms.factorization_machines.describing.portrait import tabulate_pairs
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.rows.csr import Csr, Features, as_csr, csr_matmul
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.contributions import Contributions
from open_algorithms.learning.showing.portraits import frame_figure, join_lines
from open_algorithms.learning.types.arrays import Float64s

MAX_BARS, MAX_PAIRS = 20, 10  # columns and pairs that are shown
VALUES_AT_ONCE = 2**14  # of rows, whose factors are held at once

_NOTE = Markup('<p class="note">{}</p>')


def explain_rows(model: FactorModel, X: Features) -> Contributions:
    """Divide the scores of rows X (n, d), before any link, among the columns of a table, or among the features.

    A feature adds its linear weight times its value less its center, and half of what each of its pairs adds; the bias
    is the base.
    """
    count, names = X.shape[0], model.feature_names if model.recipe is None else model.recipe.needed_names
    columns = number_columns(model.recipe, model.feature_dim)
    if model.exact:
        added = np.zeros((len(names), count))
        np.add.at(added, columns, share_features(model, model.center_rows(X)).T)
        return Contributions(names, np.full(count, model.bias), added.T)
    rows = as_csr(X)
    places = np.repeat(np.arange(count), np.diff(rows.indptr)) * len(names) + columns[rows.indices]
    added = np.asarray(np.bincount(places, share_values(model, rows), count * len(names)), np.float64)
    return Contributions(names, np.full(count, model.bias), added.reshape(count, len(names)))


def share_features(model: FactorModel, Z: Float64s) -> Float64s:
    """Return what each feature of rows less the centers, Z (n, d), adds to its row's score, (n, d)."""
    factors = model.factors.astype(np.float64)
    others = (Z @ factors) @ factors.T - Z * np.einsum("dk,dk->d", factors, factors)
    return np.asarray(Z * (model.linear + others / 2))


def share_values(model: FactorModel, X: Csr) -> Float64s:
    """Return what each stored value of rows X adds to its row's score, (v,)."""
    values = X.data.astype(np.float64)
    shares = values * model.linear[X.indices]
    if not model.num_factors:
        return shares
    sums, rows = csr_matmul(X, model.factors), np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    for first in range(0, len(values), VALUES_AT_ONCE):
        part = slice(first, first + VALUES_AT_ONCE)
        own = model.factors[X.indices[part]] * values[part, None]
        others = np.einsum("vk,vk->v", sums[rows[part]] - own, own)
        shares[part] += others / 2
    return shares


def render_shares(model: FactorModel, X: Features) -> Markup:
    """Render what columns add to the score of the one row X (1, d), and its pairs of columns that add most."""
    found = explain_rows(model, X)
    added, base = found.added[0], float(found.base[0])
    largest: list[int] = np.argsort(-np.abs(added), kind="stable")[:MAX_BARS].tolist()
    what = "the score"
    if model.predictor_type == "binary_classifier":
        what = f"the log odds of {model.class_names[1]}"
    bars = draw_bars([found.names[i] for i in largest], added[largest].tolist(), f"Shares of {what}")
    left = f" The {len(added) - MAX_BARS:,} smallest are left out." if len(added) > MAX_BARS else ""
    note = (
        f"They begin at {base:.4g}, the bias, and come to {base + added.sum():.4g}. A column has half of what each of "
        f"its pairs adds.{' Numbers count by how far they are from their centers.' * model.exact}{left}"
    )
    return join_lines(
        [frame_figure(f"What each column adds to {what}", bars), _NOTE.format(note), *_show_pairs(model, X)]
    )


def _show_pairs(model: FactorModel, X: Features) -> list[Markup]:
    """Return a table of the pairs of columns that add most to the score of the one row; none without factors."""
    values = model.center_rows(X)[0]
    (used,) = values.nonzero()
    columns, places = np.unique(number_columns(model.recipe, model.feature_dim)[used], return_inverse=True)
    sums = np.zeros((len(columns), model.num_factors))
    np.add.at(sums, places, model.factors[used] * values[used, None])
    found = find_largest_pairs(sums, np.arange(len(columns)), MAX_PAIRS)
    if not found:
        return []
    names = model.feature_names if model.recipe is None else model.recipe.needed_names
    rows = [(names[columns[first]], names[columns[second]], value) for first, second, value in found]
    return [tabulate_pairs("Pairs of columns that add most", "column", "adds", rows)]
