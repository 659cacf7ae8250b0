"""What a model knows of its features comes back from its file and from shared memory."""

import pytest

from open_algorithms.learning.columns.recipe import CategoryColumn, LeftOutColumn, NumberColumn, Recipe
from open_algorithms.learning.features import (
    number_columns,
    pack_features,
    read_features,
    unpack_features,
    write_features,
)
from open_algorithms.learning.job.errors import InputError

RECIPE = Recipe((NumberColumn("age", 30.0), NumberColumn("fare", 9.5)), None)


@pytest.mark.parametrize(("names", "recipe"), [((), None), (("age", "fare"), None), (("age", "fare"), RECIPE)])
def test_names_and_recipe_come_back(names: tuple[str, ...], recipe: Recipe | None) -> None:
    assert read_features(write_features(names, recipe), 2) == (names, recipe)
    found_names, found_recipe = unpack_features(*pack_features(names, recipe))
    assert tuple(found_names) == names
    assert (None if found_recipe is None else found_recipe.columns) == (None if recipe is None else recipe.columns)


@pytest.mark.parametrize(
    ("found", "match"),
    [
        ({"feature_names": ["a"]}, "says 1 feature_names, but the model has 2 features"),
        ({"feature_names": "ab"}, "says feature_names 'ab'; expected a list of texts"),
        ({"feature_names": [1, 2]}, "expected a list of texts"),
        (write_features((), Recipe((NumberColumn("age", 30.0),), None)), "says 1 features of columns, but"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(found: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_features(found, 2)


def test_each_feature_knows_the_number_of_its_column_and_is_one_of_its_own_without_a_table() -> None:
    columns = (NumberColumn("age", 30.0, has_missing=True), LeftOutColumn("id", ""), CategoryColumn("town", ("a", "b")))
    assert number_columns(Recipe(columns), 4).tolist() == [0, 0, 1, 1]
    assert number_columns(None, 3).tolist() == [0, 1, 2]
