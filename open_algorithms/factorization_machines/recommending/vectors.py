"""Vectors of items, of users and of features, for a search of neighbours elsewhere.

The inner product of a user's vector with an item's is the item's score but for what all items of that user share: it
orders items as the model does.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import PairColumns
from open_algorithms.learning.types.arrays import Floats


def item_vectors(model: FactorModel, pair: PairColumns) -> Floats:
    """Return the factors of each item, and its linear weight behind them, (items, k + 1)."""
    span = pair.item.span
    vectors: Floats = np.column_stack([model.factors[span], model.linear[span]])
    return vectors


def user_vectors(model: FactorModel, pair: PairColumns) -> Floats:
    """Return the factors of each user, and a 1 behind them for the weight of an item, (users, k + 1)."""
    factors = model.factors[pair.user.span]
    vectors: Floats = np.column_stack([factors, np.ones(len(factors), model.linear.dtype)])
    return vectors
