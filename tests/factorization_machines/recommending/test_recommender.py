"""What is recommended is what scoring and sorting every row would give, without what was seen."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending import recommender as module
from open_algorithms.factorization_machines.recommending.pairs import choose_pair
from open_algorithms.factorization_machines.recommending.recommender import Recommended, open_recommender
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.pairs import (
    ITEM,
    ITEMS,
    PAIR,
    SEEN,
    WITH_CONTEXT,
    WITH_PLACE,
    as_arrays,
    draw_model,
    make_wide_recipe,
    score_rows,
)


def recommend_by_rows(
    model: FactorModel, user: str, top: int, out: set[str] | None = None, **context: str
) -> list[tuple[str, float]]:
    """Score a row for each item, and sort."""
    items = [*choose_pair(model.recipe, "user", "movie").item.column.levels]
    given: dict[str, list[str | None]] = {name: [value] * len(items) for name, value in context.items()}
    scores = score_rows(model, user=[user] * len(items), movie=[*items], **given)
    told = model.predict_from_margins(scores)["score"]
    ordered = [(items[i], float(told[i])) for i in np.argsort(-scores).tolist()]
    return [pair for pair in ordered if pair[0] not in (out or set())][:top]


def assert_same(found: Recommended, expected: list[tuple[str, float]]) -> None:
    assert found.items == [item for item, _ in expected]
    np.testing.assert_allclose(found.scores, [score for _, score in expected], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("predictor_type", ["regressor", "binary_classifier"])
@pytest.mark.parametrize("recipe", [PAIR, WITH_CONTEXT, make_wide_recipe()])
@pytest.mark.parametrize("top", [1, 6, 1000])
@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_the_best_items_are_those_of_all_rows_scored_one_by_one(
    predictor_type: str, recipe: Recipe, top: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "VALUES_AT_ONCE", at_once)
    model = draw_model(recipe, predictor_type=predictor_type)
    users = ["u3", "nobody", "u0", "u3"]
    found = list(open_recommender(model).recommend(as_arrays(user=[*users]), top))
    assert [one.known for one in found] == [True, False, True, True]
    for user, one in zip(users, found, strict=True):
        assert_same(one, recommend_by_rows(model, user, top))


def test_context_is_of_each_row() -> None:
    model = draw_model(WITH_PLACE)
    recommender = open_recommender(model, "user", "movie")
    assert recommender.context_columns == ["place"]
    places = ["home", "cinema", None]
    found = list(recommender.recommend(as_arrays(user=["u3", "u3", "u4"], place=[*places]), 5))
    assert_same(found[0], recommend_by_rows(model, "u3", 5, place="home"))
    assert_same(found[1], recommend_by_rows(model, "u3", 5, place="cinema"))
    assert_same(found[2], recommend_by_rows(model, "u4", 5))


def test_a_value_that_a_column_cannot_have_is_a_fault_of_it() -> None:
    recommender = open_recommender(draw_model(WITH_CONTEXT))
    with pytest.raises(ColumnFault, match="column 'age': expected a number, found 'old'"):
        list(recommender.recommend(as_arrays(user=["u3"], age=["old"]), 5))
    assert recommender.text_columns == {"user", "day", "weekend", "movie"}


def test_what_was_seen_in_training_or_is_given_is_left_out() -> None:
    model = draw_model(seen=SEEN)
    users = as_arrays(user=["u3", "u4", "nobody"])
    found = list(open_recommender(model).recommend(users, ITEMS))
    assert_same(found[0], recommend_by_rows(model, "u3", ITEMS, {"m1", "m4", "m24"}))
    assert_same(found[1], recommend_by_rows(model, "u4", ITEMS))
    assert_same(found[2], recommend_by_rows(model, "nobody", ITEMS))
    more = as_arrays(user=["u3", "u4", "nobody"], movie=["m2", "m1", "m3"])
    recommender = open_recommender(model).leave_out([(more["user"], more["movie"])])
    found = list(recommender.recommend(users, ITEMS))
    assert_same(found[0], recommend_by_rows(model, "u3", ITEMS, {"m1", "m2", "m4", "m24"}))
    assert_same(found[1], recommend_by_rows(model, "u4", ITEMS, {"m1"}))
    assert_same(found[2], recommend_by_rows(model, "nobody", ITEMS))


def test_a_user_who_has_seen_everything_is_recommended_nothing() -> None:
    model = draw_model()
    every = as_arrays(user=["u5"] * ITEMS, movie=[*ITEM.levels])
    recommender = open_recommender(model).leave_out([(every["user"], every["movie"])])
    assert list(recommender.recommend(as_arrays(user=["u5"]), 3)) == [Recommended(True, [], [])]


def test_what_was_seen_is_included_if_wanted_and_where_other_columns_are_meant() -> None:
    model = draw_model(seen=SEEN)
    users = as_arrays(user=["u3"])
    found = list(open_recommender(model, include_seen=True).recommend(users, 9))
    assert_same(found[0], recommend_by_rows(model, "u3", 9))
    assert open_recommender(model, "movie", "user").seen == ()


def test_one_user_that_is_not_known_is_refused_in_a_sentence() -> None:
    recommender = open_recommender(draw_model())
    recommender.require_user(as_arrays(user=[" u29 "])["user"])
    message = "user: expected one of the 30 users that the model knows, 'u0', 'u1', 'u2', 'u3', 'u4', ..., found 'u30'."
    with pytest.raises(InputError, match=message):
        recommender.require_user(as_arrays(user=["u30"])["user"])


def test_numbers_that_are_written_otherwise_are_the_same_user() -> None:
    recipe = Recipe((CategoryColumn("user", ("7", "42")), ITEM))
    recommender = open_recommender(draw_model(recipe))
    found = list(recommender.recommend(as_arrays(user=["42", "42.0", "43"]), 4))
    assert found[0] == found[1]
    assert [one.known for one in found] == [True, True, False]
