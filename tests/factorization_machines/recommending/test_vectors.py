"""Inner products of vectors order items as the model does."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.recommending.pairs import choose_pair
from open_algorithms.factorization_machines.recommending.vectors import item_vectors, user_vectors
from open_algorithms.learning.columns.recipe import Recipe
from tests.factorization_machines.pairs import PAIR, WITH_CONTEXT, draw_model, score_rows


@pytest.mark.parametrize("recipe", [PAIR, WITH_CONTEXT])
def test_inner_products_differ_from_scores_by_one_number_for_each_user(recipe: Recipe) -> None:
    model, pair = draw_model(recipe), choose_pair(recipe)
    users, items = (levels.column.levels for levels in pair)
    products = user_vectors(model, pair) @ item_vectors(model, pair).T
    assert products.dtype == np.float32
    if recipe is PAIR:
        scores = [score_rows(model, user=[user] * len(items), movie=[*items]) for user in users]
        differences = np.array(scores) - products
        np.testing.assert_allclose(differences, differences[:, :1] + np.zeros(len(items)), atol=1e-5)


def test_a_vector_has_the_factors_first_and_the_weight_behind_them() -> None:
    model, pair = draw_model(), choose_pair(PAIR)
    first = pair.item.first
    np.testing.assert_array_equal(item_vectors(model, pair)[2], [*model.factors[first + 2], model.linear[first + 2]])
    np.testing.assert_array_equal(user_vectors(model, pair)[2], [*model.factors[2], 1])
