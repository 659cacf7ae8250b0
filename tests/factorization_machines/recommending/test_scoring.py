"""One product over the items gives what the model predicts for explicit rows."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.recommending.pairs import choose_pair
from open_algorithms.factorization_machines.recommending.scoring import (
    compare_items,
    drop_features,
    encode_contexts,
    score_items,
    sum_contexts,
)
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.rows.csr import as_csr, as_dense
from tests.factorization_machines.pairs import (
    ITEM,
    PAIR,
    WITH_CONTEXT,
    WITH_PLACE,
    as_arrays,
    draw_model,
    make_wide_recipe,
    score_rows,
)


@pytest.mark.parametrize(
    ("recipe", "given"),
    [
        (PAIR, {}),
        (make_wide_recipe(), {}),
        (WITH_CONTEXT, {}),
        (WITH_CONTEXT, {"age": "31.5", "day": "2024-01-01", "weekend": "true"}),
        (WITH_PLACE, {"place": "cinema"}),
        (WITH_PLACE, {"place": "moon"}),
    ],
)
@pytest.mark.parametrize("user", ["u7", "nobody", None])
@pytest.mark.parametrize("exact", [False, True])
def test_the_scores_of_all_items_are_those_of_explicit_rows(
    recipe: Recipe, given: dict[str, str | None], user: str | None, exact: bool
) -> None:
    model = draw_model(recipe)
    if exact:
        model = FactorModel("regressor", 0.25, model.linear.astype(np.float64), model.factors, recipe=recipe)
    pair = choose_pair(recipe, "user", "movie")
    items = list(pair.item.column.levels)
    contexts = sum_contexts(
        model, encode_contexts(model, pair, as_arrays(user=[user], **{n: [v] for n, v in given.items()}), 1)
    )
    scores = score_items(model, pair, contexts, np.arange(len(items))[None, :])
    repeated = {name: [value] * len(items) for name, value in {**given, "user": user}.items()}
    expected = score_rows(model, movie=[*items], **repeated)
    np.testing.assert_allclose(scores[0], expected, rtol=2e-6, atol=2e-6)
    compared = compare_items(model, pair, contexts)[0]
    np.testing.assert_allclose(compared - compared[0], scores[0] - scores[0, 0], rtol=1e-5, atol=1e-5)


def test_a_missing_item_adds_nothing_to_a_context() -> None:
    model, pair = draw_model(PAIR), choose_pair(PAIR)
    X = as_dense(encode_contexts(model, pair, as_arrays(user=["u3"]), 1))
    assert np.flatnonzero(X[0]).tolist() == [3]
    assert ITEM.has_missing


def test_features_are_dropped_from_rows_and_from_no_other() -> None:
    X = np.arange(12, dtype=np.float32).reshape(3, 4)
    X[1] = 0
    found = as_dense(drop_features(as_csr(X), 1, 3))
    np.testing.assert_array_equal(found, X * np.array([1, 0, 0, 1], np.float32))
