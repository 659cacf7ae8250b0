"""The scores of all items for users, by one product over the items' factors.

With one item i in a row whose other features x are known, its score is

    score(x) + linear_i + <factors_i, sum_j factors_j x_j>

since the pairs among the other features are in score(x), and a one-hot feature makes no pair with itself.
"""

from typing import NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import PairColumns
from open_algorithms.learning.columns.encode import Arrays
from open_algorithms.learning.rows.csr import Csr, as_csr, csr_matmul
from open_algorithms.learning.types.arrays import Float64s, Floats, Int64s


class Contexts(NamedTuple):
    """Rows without an item: their scores before any link (n,), and the sums of their factors (n, k)."""

    scores: Float64s
    sums: Float64s


def encode_contexts(model: FactorModel, pair: PairColumns, arrays: Arrays, rows: int) -> Csr:
    """Encode n rows of some columns of the model's table; others are missing, and there is no item.

    Raises ColumnFault for a value that a column cannot have.
    """
    import pyarrow

    assert model.recipe is not None
    nothing = pyarrow.nulls(rows, pyarrow.string())
    given = {name: arrays.get(name, nothing) for name in model.recipe.needed_names}
    X = as_csr(model.encode_rows(given).features)
    return drop_features(X, pair.item.first, pair.item.last)


def drop_features(X: Csr, first: int, last: int) -> Csr:
    """Return rows without the values of the features from `first` to before `last`."""
    kept = (X.indices < first) | (X.indices >= last)
    indptr = np.append(np.int64(0), np.cumsum(kept))[X.indptr]
    return Csr(X.data[kept], X.indices[kept], indptr, X.shape)


def sum_contexts(model: FactorModel, X: Csr) -> Contexts:
    """Return what rows (n, d) without an item add to the score of every item."""
    return Contexts(model.margins(X), csr_matmul(X, model.factors))


def compare_items(model: FactorModel, pair: PairColumns, contexts: Contexts) -> Floats:
    """Return numbers (n, items) that order the items of each row as their scores do."""
    linear, factors = model.linear[pair.item.span], model.factors[pair.item.span]
    numbers: Floats = contexts.sums.astype(linear.dtype) @ factors.T
    numbers += linear
    return numbers


def score_items(model: FactorModel, pair: PairColumns, contexts: Contexts, items: Int64s) -> Float64s:
    """Return the scores, before any link, of some items (n, t) of each row, by their places, summed in float64."""
    places = items + pair.item.first
    products = np.einsum("nk,ntk->nt", contexts.sums, model.factors[places], dtype=np.float64)
    return np.asarray(contexts.scores[:, None] + model.linear[places] + products)
