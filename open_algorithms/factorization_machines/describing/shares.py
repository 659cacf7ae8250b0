"""How much each column, or each feature, adds to the scores of rows, by itself and in pairs."""

from dataclasses import replace

import numpy as np
from markupsafe import Markup

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.facts import name_feature
from open_algorithms.factorization_machines.describing.pairs import find_largest_pairs
from open_algorithms.factorization_machines.describing.portrait import tabulate_pairs
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.rows.csr import Csr, Features, as_csr, csr_matmul
from open_algorithms.learning.showing.contributions import Contributions, draw_contributions
from open_algorithms.learning.showing.portraits import join_lines
from open_algorithms.learning.showing.words import format_rounded
from open_algorithms.learning.types.arrays import Float64s

MAX_PAIRS = 10  # that are shown
VALUES_AT_ONCE = 2**14  # of rows, whose factors are held at once


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
    rows = model.limit_reach(as_csr(X))
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


def narrow_to_row(model: FactorModel, X: Features) -> tuple[FactorModel, Features]:
    """Return the machine of the features that the one sparse row X (1, d) stores, and that row: others add nothing.

    A machine of a table or with centers, or a dense row, stays as it is.
    """
    if model.recipe is not None or model.centers is not None or not isinstance(X, Csr):
        return model, X
    reach = None if model.reach is None else model.reach[X.indices]
    names = [name_feature(model, i) for i in X.indices.tolist()]
    linear, factors = model.linear[X.indices], model.factors[X.indices]
    return replace(model, linear=linear, factors=factors, reach=reach, names=names), X.data[None]


def render_shares(model: FactorModel, X: Features) -> Markup:
    """Render what columns add to the score of the one row X (1, d), and its pairs of columns that add most."""
    model, X = narrow_to_row(model, X)
    found = explain_rows(model, X)
    base, total = float(found.base[0]), float(found.base[0] + found.added[0].sum())
    what, each = "the score", "feature" if model.recipe is None else "column"
    if model.predictor_type == "binary_classifier":
        what = f"the log odds of {model.class_names[1]}"
    note = f"They begin at {format_rounded(base, 4)}, the bias, and come to {format_rounded(total, 4)}. "
    note += f"A {each} has half of what each of its pairs adds."
    note += " Numbers count by how far they are from their centers." * model.exact
    shown = draw_contributions(found, f"What each {each} adds to {what}", note)
    return join_lines([shown, *_show_pairs(model, X)])


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
    each = "feature" if model.recipe is None else "column"
    return [tabulate_pairs(f"Pairs of {each}s that add most", each, "adds", rows)]
