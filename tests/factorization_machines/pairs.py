"""Tables of users and items, with and without context, and drawn models of them."""

from typing import Any

import numpy as np
import pyarrow

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
    Recipe,
    Target,
)
from open_algorithms.learning.types.arrays import Float64s

USERS, ITEMS = 30, 25
USER = CategoryColumn("user", tuple(f"u{i}" for i in range(USERS)), has_other=True)
ITEM = CategoryColumn("movie", tuple(f"m{i}" for i in range(ITEMS)), has_missing=True)
CONTEXT = (
    NumberColumn("age", 40.0, has_missing=True),
    DateColumn("day", "2018-03-15", 19000.0, weekdays=(0, 5)),
    BooleanColumn("weekend", 0.25),
)
PLACE = CategoryColumn("place", ("home", "cinema"), has_other=True, has_missing=True)
PAIR = Recipe((USER, ITEM), Target("stars"))
WITH_CONTEXT = Recipe((CONTEXT[0], USER, *CONTEXT[1:], ITEM), Target("stars"))
WITH_PLACE = Recipe((PLACE, USER, ITEM), Target("liked", ("no", "yes")))

SEEN = SeenPairs(  # of user u3, movies m1, m4 and m24
    "user", "movie", np.array([0] * 4 + [3] * (USERS - 3), np.int64), np.array([1, 4, 24], np.int32), ITEMS
)


def draw_model(recipe: Recipe | None = PAIR, k: int = 4, predictor_type: str = "regressor", **more: Any) -> FactorModel:
    """Return a model of drawn numbers; without a recipe it has 7 features."""
    random = np.random.default_rng(3)
    d = 7 if recipe is None else len(recipe.feature_names)
    linear, factors = random.normal(0, 0.5, d), random.normal(0, 0.4, (d, k))
    names = () if recipe is None else recipe.feature_names
    settings = {"predictor_type": predictor_type, "feature_dim": str(d), "num_factors": str(k)}
    return FactorModel(
        predictor_type,
        0.25,
        linear.astype(np.float32),
        factors.astype(np.float32),
        settings=settings,
        names=names,
        recipe=recipe,
        **more,
    )


def make_wide_recipe() -> Recipe:
    """Return the recipe of a table of so many users and items that its rows are sparse."""
    columns: tuple[Column, ...] = (
        CategoryColumn("user", tuple(f"u{i}" for i in range(700))),
        CategoryColumn("movie", tuple(f"m{i}" for i in range(600))),
    )
    return Recipe(columns, Target("stars"))


def as_arrays(**columns: list[str | None]) -> dict[str, Any]:
    """Return columns of texts as arrow arrays."""
    return {name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()}


def score_rows(model: FactorModel, **columns: list[str | None]) -> Float64s:
    """Return the scores of explicit rows before any link, with columns that are not given missing."""
    assert model.recipe is not None
    rows = len(next(iter(columns.values())))
    given = {name: columns.get(name, [None] * rows) for name in model.recipe.needed_names}
    return model.margins(model.encode_rows(as_arrays(**given)).features)
