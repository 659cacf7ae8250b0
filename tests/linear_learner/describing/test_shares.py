"""What the columns of a table add to the margins of a row are the margins, and no more."""

import numpy as np
import pytest

from linear_learner.describing.shares import explain_rows, share_margins
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, DateColumn, NumberColumn, Recipe
from open_algorithms.learning.rows.csr import compress_matrix

RECIPE = Recipe(
    (
        NumberColumn("age", 30.0, has_missing=True),
        NumberColumn("since", 1.6e9, offset=1.5e9),
        CategoryColumn("port", ("Cork", "Ghent"), has_other=True),
        BooleanColumn("member", 0.25),
        DateColumn("joined", "2018-03-15", 17000.0, months=(1, 7)),
    )
)
ROW = np.array([[40, 0, 2e8, 0, 1, 0, 1, -3.5, 0, 1]], np.float32)
USUAL = np.array([[30, 0, 1e8, 0, 0, 0, 0.25, 0, 0, 0]], np.float32)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("sparse", [False, True])
def test_base_and_shares_add_up_to_the_margins(outputs: int, sparse: bool) -> None:
    generator = np.random.default_rng(outputs)
    weight = (generator.normal(size=(10, outputs)) / (1 + USUAL.T)).astype(np.float32)
    kind = "multiclass_classifier" if outputs > 1 else "regressor"
    bias = generator.normal(size=outputs).astype(np.float32)
    model = LinearModel(kind, "softmax_loss" if outputs > 1 else "squared_loss", weight, bias, recipe=RECIPE)
    base, shares = share_margins(model, compress_matrix(ROW) if sparse else ROW)
    np.testing.assert_allclose(base + sum(share.added for share in shares), model.margins(ROW)[0], rtol=1e-5)
    np.testing.assert_allclose(base, model.margins(USUAL)[0], rtol=1e-5)
    largest = [np.abs(share.added).max() for share in shares]
    assert largest == sorted(largest, reverse=True)
    assert {share.column for share in shares} == {*RECIPE.column_names}


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("recipe", [RECIPE, None])
def test_many_rows_are_explained_as_each_alone_by_the_margin_of_its_answer(outputs: int, recipe: Recipe | None) -> None:
    generator = np.random.default_rng(outputs)
    weight = generator.normal(size=(10, outputs)).astype(np.float32)
    kind, loss = ("multiclass_classifier", "softmax_loss") if outputs > 1 else ("regressor", "squared_loss")
    model = LinearModel(kind, loss, weight, generator.normal(size=outputs).astype(np.float32), recipe=recipe)
    X = generator.normal(size=(7, 10)).astype(np.float32) + USUAL
    for rows in (X, compress_matrix(X)):
        names, base, added = explain_rows(model, rows)
        np.testing.assert_allclose(base + added.sum(axis=1), model.margins(X).max(axis=1), rtol=1e-5)
        assert list(names) == (RECIPE.needed_names if recipe else [f"f{i}" for i in range(10)])
    if recipe is not None:
        for row in range(len(X)):
            alone = {share.column: share.added for share in share_margins(model, X[row : row + 1]).shares}
            output = int(model.margins(X)[row].argmax())
            np.testing.assert_allclose(added[row], [alone[name][output] for name in names], rtol=1e-9)


def test_a_row_of_means_has_no_share_but_those_of_its_levels() -> None:
    model = LinearModel(
        "regressor", "squared_loss", np.ones((10, 1), np.float32), np.zeros(1, np.float32), recipe=RECIPE
    )
    assert all(not share.added.any() for share in share_margins(model, USUAL).shares)
