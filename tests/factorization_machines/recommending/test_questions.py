"""A question in JSON gets the recommendations for its user, or a sentence that says what is wrong with it."""

import json
import re
from typing import Any

import pytest

from open_algorithms.factorization_machines.recommending import questions as module
from open_algorithms.factorization_machines.recommending import recommender
from open_algorithms.factorization_machines.recommending.questions import recommend_items
from open_algorithms.factorization_machines.recommending.recommender import open_recommender
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.job.errors import InputError
from tests.factorization_machines.pairs import ITEM, SEEN, WITH_CONTEXT, WITH_PLACE, as_arrays, draw_model

MODEL = draw_model(seen=SEEN)


def expected(user: str, top: int, include_seen: bool = False, **context: str) -> list[dict[str, Any]]:
    columns: dict[str, list[str | None]] = {"user": [user], **{name: [value] for name, value in context.items()}}
    model = MODEL if not context else draw_model(WITH_CONTEXT)
    (found,) = open_recommender(model, include_seen=include_seen).recommend(as_arrays(**columns), top)
    return [{"item": item, "score": score} for item, score in zip(found.items, found.scores, strict=True)]


def test_questions_are_answered_in_their_order() -> None:
    asked = [
        {"user": "u3"},
        {"user": "u3", "exclude_seen": False, "top": 3},
        {"user": "u4", "exclude_seen": False, "top": 3},
        {"user": "nobody"},
        {"user": "u4", "top": 2},
    ]
    found = list(recommend_items(MODEL, asked))
    assert found == [
        {"user": "u3", "known": True, "recommendations": expected("u3", 10)},
        {"user": "u3", "known": True, "recommendations": expected("u3", 3, True)},
        {"user": "u4", "known": True, "recommendations": expected("u4", 3, True)},
        {"user": "nobody", "known": False, "recommendations": expected("nobody", 10)},
        {"user": "u4", "known": True, "recommendations": expected("u4", 2)},
    ]
    assert json.loads(json.dumps(found)) == found
    assert list(recommend_items(MODEL, [])) == []


@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_items_are_left_out_that_a_question_excludes(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommender, "VALUES_AT_ONCE", at_once)
    first, second = (one["item"] for one in expected("u3", 2))
    asked = [{"user": "u3"}, {"user": "u3", "exclude": [first, "lost", 7]}, {"user": "u3", "exclude": [first, second]}]
    found = [[pair["item"] for pair in one["recommendations"]] for one in recommend_items(MODEL, asked)]
    every = [pair["item"] for pair in expected("u3", 12)]
    assert found == [every[:10], every[1:11], every[2:12]]


def test_context_has_values_of_any_kind() -> None:
    model = draw_model(WITH_CONTEXT)
    context = {"age": 31.5, "weekend": True, "day": None}
    (found,) = recommend_items(model, [{"user": "u3", "top": 4, "context": context}])
    assert found["recommendations"] == expected("u3", 4, age="31.5", weekend="true")


def test_users_may_be_numbers_and_columns_are_named() -> None:
    recipe = Recipe((*WITH_PLACE.columns, CategoryColumn("viewer", ("7", "42"))))
    columns = {"user_column": "viewer", "item_column": "movie"}
    found = list(recommend_items(draw_model(recipe), [{"user": user, **columns} for user in (42, "42", 42.0, 7)]))
    assert found[0] == found[1] == found[2] != found[3]
    assert found[0]["user"] == "42"
    assert found[0]["known"]
    with pytest.raises(InputError, match="Say which of them holds users"):
        list(recommend_items(draw_model(recipe), [{"user": "42"}]))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("u3", """expected an object such as {"user": "42", "top": 10}, found 'u3'."""),
        (
            {"user": "u3", "k": 4},
            "expected user, top, context, exclude_seen, exclude, user_column, item_column, found 'k'.",
        ),
        ({}, "expected a user, a text or a number, found None."),
        ({"user": ["u3"]}, "expected a user, a text or a number, found ['u3']."),
        ({"user": "u3", "top": 0}, "expected a whole number from 1 on as top, found 0."),
        ({"user": "u3", "top": True}, "expected a whole number from 1 on as top, found True."),
        ({"user": "u3", "top": "3"}, "expected a whole number from 1 on as top, found '3'."),
        ({"user": "u3", "context": [1]}, "expected an object of columns and their values as context"),
        ({"user": "u3", "context": {"age": [1]}}, "expected an object of columns and their values as context"),
        ({"user": "u3", "context": {"movie": "m1"}}, "as context, 'age', 'day', 'weekend', found 'movie'."),
        ({"user": "u3", "exclude_seen": 1}, "expected true or false as exclude_seen, found 1."),
        ({"user": "u3", "exclude": "m1"}, "expected a list of items, texts or numbers, as exclude, found 'm1'."),
        (
            {"user": "u3", "exclude": [["m1"]]},
            "expected a list of items, texts or numbers, as exclude, found [['m1']].",
        ),
        ({"user": "u3", "user_column": 1}, "expected names of columns as user_column and item_column, found [1, '']."),
        ({"user": "x" * 99, "top": "x" * 99}, "found '" + "x" * 79 + "...."),
    ],
)
def test_a_question_that_cannot_be_understood_is_refused(asked: Any, message: str) -> None:
    model = draw_model(WITH_CONTEXT)
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        list(recommend_items(model, [asked]))
    assert str(refused.value).startswith("recommend: ")
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        list(recommend_items(model, [{"user": "u4"}, asked]))
    assert str(refused.value).startswith("recommend, question 2: ")


def test_a_value_of_the_context_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="context, column 'age': expected a number, found 'old'"):
        list(recommend_items(draw_model(WITH_CONTEXT), [{"user": "u3", "context": {"age": "old"}}]))


def test_more_items_than_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ITEMS", 30)
    asked = [{"user": "u3", "top": 1_000_000}, {"user": "u4", "top": 5}]
    assert len(list(recommend_items(MODEL, asked))) == 2
    with pytest.raises(InputError, match="expected at most 30 items for all users of a request, found 31"):
        list(recommend_items(MODEL, [*asked, {"user": "u4", "top": 1}]))
    assert len(ITEM.levels) == 25
