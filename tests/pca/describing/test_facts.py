"""A model is described by its variance and by what its components are made of."""

import numpy as np
import pytest

from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, Recipe
from open_algorithms.pca.answer import list_row_fields
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.describing.facts import components_table, loadings_table, model_facts, model_tables
from open_algorithms.pca.describing.loadings import list_largest_loadings

LOADINGS = np.array([[0, 0.6], [1, 0], [0, -0.8]], np.float32)
MEAN, VALUES = np.ones(3, np.float32), np.array([1, 3], np.float32)
FACTS = {
    "rows": 1234,
    "total_variance": 12.0,
    "singular_values": [3.0, 1.0, 0.5],
    "explained_variance_ratios": [0.8, 0.15, 0.05],
}
OURS = ComponentModel(LOADINGS, MEAN, VALUES, facts=FACTS, names=("a", "b", "c"))
THEIRS = ComponentModel(LOADINGS, MEAN, VALUES)
NORMALIZED = ComponentModel(LOADINGS / np.array([[1], [10], [100]], np.float32), MEAN, VALUES, np.array([1.0, 10, 100]))


def test_facts_tell_how_much_is_explained_and_what_it_takes() -> None:
    assert model_facts(OURS) == [
        ("components", "2"),
        ("features", "3"),
        ("mean", "subtracted"),
        ("training rows", "1,234"),
        ("total variance", "12"),
        ("explained variance", "95.00%"),
        ("components for 50%", "1"),
        ("components for 80%", "1"),
        ("components for 90%", "2"),
        ("components for 95%", "2"),
        ("components for 99%", "3"),
    ]


def test_of_a_model_of_the_original_there_is_what_its_arrays_tell() -> None:
    assert model_facts(THEIRS) == [("components", "2"), ("features", "3"), ("mean", "subtracted")]
    assert components_table(THEIRS).heads == ["component", "singular value", "largest loadings"]


def test_the_largest_component_comes_first_with_its_place_in_an_answer() -> None:
    assert components_table(OURS).rows == [
        ["1 (projection_1)", "3", "80.00%", "80.00%", "-0.800 c, +0.600 a, +0.000 b"],
        ["2 (projection_0)", "1", "15.00%", "95.00%", "+1.000 b, +0.000 a, +0.000 c"],
    ]


@pytest.mark.parametrize("model", [THEIRS, NORMALIZED])
def test_loadings_are_of_features_in_the_units_of_components(model: ComponentModel) -> None:
    assert dict(list_largest_loadings(model, 0, 2)) == pytest.approx({"f2": -0.8, "f0": 0.6})


def test_loadings_of_the_first_components_are_a_table() -> None:
    assert loadings_table(OURS).rows[0] == ["b", "+0.0000", "+1.0000"]


def test_the_columns_of_a_table_are_shown() -> None:
    recipe = Recipe((BooleanColumn("p", 0.5), CategoryColumn("q", ("x", "y"))))
    model = ComponentModel(LOADINGS, MEAN, VALUES, names=recipe.feature_names, recipe=recipe)
    assert [table.title for table in model_tables(model)] == [
        "Columns",
        "Components, the largest first",
        "Loadings, all",
    ]
    assert [field.name for field in list_row_fields(model)] == ["p", "q"]
    assert list_row_fields(OURS) == []
