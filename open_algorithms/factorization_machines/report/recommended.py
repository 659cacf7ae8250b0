"""What a model recommends beside what is popular, where it learned from a table of users and items.

Tests: tests/factorization_machines/report/test_build.py.
"""

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import find_pair
from open_algorithms.factorization_machines.recommending.recommender import open_recommender
from open_algorithms.factorization_machines.report.schema import ItemEntry, RecommendationSummary
from open_algorithms.learning.types.arrays import Int64s

TOP = 10  # items that are recommended to a user
LISTED_ITEMS = 20
MOST_USERS, MOST_PRODUCTS = 1000, 2**31  # users that are asked for, and numbers multiplied for all of them


def describe_recommendations(model: FactorModel) -> RecommendationSummary | None:
    """Return what is recommended to users, of many some; None where it is not known who was seen with what."""
    pair, seen = find_pair(model.recipe), model.seen
    if pair is None or seen is None or (seen.user_column, seen.item_column) != tuple(one.column.name for one in pair):
        return None
    items, users = pair.item.column.levels, pair.user.column.levels
    asked = choose_users(len(users), len(items) * (model.num_factors + 1))
    popular = np.bincount(seen.items, minlength=len(items))
    recommended = count_recommended(model, [users[user] for user in asked.tolist()])
    return RecommendationSummary(
        user_column=pair.user.column.name,
        item_column=pair.item.column.name,
        users=len(users),
        asked_users=len(asked),
        items=len(items),
        top=TOP,
        pairs=len(seen.items),
        recommendations=int(recommended.sum()),
        recommended_items=int((recommended > 0).sum()),
        popular=list_items(items, popular, recommended, popular),
        recommended=list_items(items, popular, recommended, recommended),
    )


def choose_users(users: int, products: int) -> Int64s:
    """Return the places of users to ask for, evenly spaced: each takes so many products of two numbers."""
    count = max(1, min(users, MOST_USERS, MOST_PRODUCTS // products))
    return np.linspace(0, users - 1, count).astype(np.int64)


def count_recommended(model: FactorModel, users: list[str]) -> Int64s:
    """Return to how many of the users each item is recommended, (items,)."""
    import pyarrow  # only here: a model of numbers does without

    recommender = open_recommender(model)
    places = recommender.pair.item.column.places
    counts = np.zeros(len(places), np.int64)
    for found in recommender.recommend({recommender.user_column: pyarrow.array(users)}, TOP):
        counts[[places[item] for item in found.items]] += 1
    return counts


def list_items(items: tuple[str, ...], popular: Int64s, recommended: Int64s, by: Int64s) -> list[ItemEntry]:
    """Return the items with the largest numbers `by` (items,), in which none is 0."""
    largest = np.argsort(-by, kind="stable")[:LISTED_ITEMS].tolist()
    return [ItemEntry(items[i], int(popular[i]), int(recommended[i])) for i in largest if by[i]]
