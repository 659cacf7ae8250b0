"""Vectors come as files that a search of neighbours reads in a few lines."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.exporting.export import export_model
from open_algorithms.factorization_machines.recommending.recommender import open_recommender
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.pairs import ITEM, USER, WITH_CONTEXT, WITH_PLACE, as_arrays, draw_model


def read(model: FactorModel, target_format: str) -> Any:
    return parquet.read_table(BytesIO(export_model(model, target_format)))


def test_a_search_by_inner_products_finds_what_the_model_recommends() -> None:
    model = draw_model()
    users, items = read(model, "user-vectors"), read(model, "item-vectors")
    assert (users.column_names, items.column_names) == (["user", "vector"], ["item", "vector"])
    assert (users["user"].to_pylist(), items["item"].to_pylist()) == ([*USER.levels], [*ITEM.levels])
    products = np.stack(users["vector"].to_numpy()) @ np.stack(items["vector"].to_numpy()).T
    found = [items["item"][place].as_py() for place in np.argsort(-products[7])[:6].tolist()]
    (recommended,) = open_recommender(model).recommend(as_arrays(user=["u7"]), 6)
    assert found == recommended.items
    assert str(items.schema.field("vector").type) == "fixed_size_list<element: float>[5]"


def test_all_features_have_their_names_columns_and_levels() -> None:
    model = draw_model(WITH_CONTEXT)
    table = read(model, "vectors")
    assert table.column_names == ["feature", "column", "level", "weight", "vector"]
    assert table["feature"].to_pylist() == [*WITH_CONTEXT.feature_names]
    rows = {row["feature"]: row for row in table.to_pylist()}
    assert (rows["age (missing)"]["column"], rows["age (missing)"]["level"]) == ("age", None)
    assert (rows["user=u3"]["column"], rows["user=u3"]["level"]) == ("user", "u3")
    assert (rows["user (other)"]["column"], rows["user (other)"]["level"]) == ("user", None)
    np.testing.assert_array_equal(table["weight"].to_numpy(), model.linear)
    np.testing.assert_array_equal(np.stack(table["vector"].to_numpy()), model.factors)


def test_features_of_a_model_of_numbers_have_names_alone() -> None:
    table = read(draw_model(None), "vectors")
    assert table.column_names == ["feature", "weight", "vector"]
    assert table["feature"].to_pylist() == [f"f{i}" for i in range(7)]


@pytest.mark.parametrize("target_format", ["item-vectors", "user-vectors"])
def test_where_users_and_items_are_not_clear_it_is_said(target_format: str) -> None:
    with pytest.raises(InputError, match="by --to vectors"):
        read(draw_model(WITH_PLACE), target_format)
    with pytest.raises(InputError, match="trained on numbers"):
        read(draw_model(None), target_format)
