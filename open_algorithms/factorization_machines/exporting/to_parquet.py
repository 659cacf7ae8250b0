"""Vectors as files of Parquet: a row for each item, user or feature, with its vector as a list of one length."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import PairColumns, choose_pair, find_categories
from open_algorithms.factorization_machines.recommending.vectors import item_vectors, user_vectors
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Floats


def items_to_parquet(model: FactorModel) -> bytes:
    """Return columns `item`, a text, and `vector`, its factors and its linear weight."""
    pair = choose_sides(model)
    return write_parquet({"item": pair.item.column.levels}, item_vectors(model, pair))


def users_to_parquet(model: FactorModel) -> bytes:
    """Return columns `user`, a text, and `vector`, its factors and a 1."""
    pair = choose_sides(model)
    return write_parquet({"user": pair.user.column.levels}, user_vectors(model, pair))


def choose_sides(model: FactorModel) -> PairColumns:
    """Return the columns of users and items; raises InputError where the model's table has more columns than those.

    Else the vector of a user would depend on the other columns, too.
    """
    if len(find_categories(model.recipe)) > 2:
        raise InputError(
            "the model has more than two columns of categories, so which of them are users and items is not clear. "
            "Export the vectors of all features, by --to vectors, which names the column and the level of each."
        )
    return choose_pair(model.recipe)


def features_to_parquet(model: FactorModel) -> bytes:
    """Return columns `feature`, its name, `weight`, its linear weight, and `vector`, its factors.

    Of the model of a table `column` and `level` say where the feature comes from; without a level where it has none.
    """
    texts: dict[str, Sequence[str | None]] = {"feature": list(model.feature_names)}
    if model.recipe is not None:
        owners, levels = list[str](), list[str | None]()
        for found in model.recipe.encoded_columns:
            owners += [found.column.name] * (found.last - found.first)
        levels = [None] * len(owners)
        for category in find_categories(model.recipe):
            levels[category.span] = category.column.levels
        texts |= {"column": owners, "level": levels}
    return write_parquet(texts, model.factors, {"weight": model.linear})


def write_parquet(
    texts: Mapping[str, Sequence[str | None]], vectors: Floats, numbers: Mapping[str, Floats] | None = None
) -> bytes:
    """Return columns of texts and numbers (n,), and then vectors (n, k), as a file of Parquet."""
    import pyarrow
    from pyarrow import parquet

    columns: dict[str, Any] = {name: pyarrow.array(values, pyarrow.string()) for name, values in texts.items()}
    columns |= {name: pyarrow.array(values) for name, values in (numbers or {}).items()}
    flat = pyarrow.array(np.ascontiguousarray(vectors).reshape(-1))
    columns["vector"] = pyarrow.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    file = BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()
