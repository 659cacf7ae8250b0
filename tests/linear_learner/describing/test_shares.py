"""What columns or features add to the margins of rows are the margins, and no more."""

import tracemalloc
from html import unescape

import numpy as np
import pytest

from linear_learner.describing.shares import explain_rows, render_shares
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, DateColumn, NumberColumn, Recipe
from open_algorithms.learning.rows.csr import Csr, compress_matrix
from open_algorithms.learning.showing.bars import draw_bars

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
@pytest.mark.parametrize("recipe", [RECIPE, None])
def test_base_and_parts_add_up_to_the_margin_of_the_answer(outputs: int, recipe: Recipe | None) -> None:
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
        largest = model.margins(X).argmax(axis=1)
        np.testing.assert_allclose(base, model.margins(USUAL)[0][largest], rtol=1e-5)


def test_a_row_of_means_has_no_share_but_those_of_its_levels() -> None:
    weight = np.ones((10, 1), np.float32)
    model = LinearModel("regressor", "squared_loss", weight, np.zeros(1, np.float32), recipe=RECIPE)
    assert not explain_rows(model, USUAL).added.any()
    assert np.flatnonzero(explain_rows(model, ROW).added[0]).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("predictor", "loss", "what"),
    [
        ("regressor", "squared_loss", "the score"),
        ("binary_classifier", "logistic", "the log odds of 1"),
        ("binary_classifier", "hinge_loss", "the score of 1"),
        ("multiclass_classifier", "softmax_loss", "the margin of 2"),
    ],
)
def test_the_parts_of_a_row_are_drawn_the_largest_first(predictor: str, loss: str, what: str) -> None:
    weight = np.array([[2], [-0.5], [0.25]], np.float32)
    outputs = 3 if predictor == "multiclass_classifier" else 1
    weight = np.concatenate([np.zeros((3, outputs - 1), np.float32), weight], axis=1)
    model = LinearModel(predictor, loss, weight, np.ones(outputs, np.float32), names=("a", "b", "<c>"))
    html = render_shares(model, np.array([[0.5, 8, 40]], np.float32))
    assert draw_bars(["<c>", "b", "a"], [10, -4, 1], f"What each feature adds to {what}") in html
    assert "They begin at 1.000, the bias, and come to 8.000. A feature adds its weight times its value." in unescape(
        html
    )
    assert "left out" not in html


def test_columns_of_a_table_count_from_their_means() -> None:
    weight = np.ones((10, 1), np.float32)
    model = LinearModel("regressor", "squared_loss", weight, np.zeros(1, np.float32), recipe=RECIPE)
    html = render_shares(model, ROW)
    assert "What each column adds to the score" in html
    assert "where every number has its mean, and come to" in html


@pytest.mark.parametrize("sparse", [False, True])
def test_of_many_features_the_largest_are_drawn_and_the_others_counted_and_summed(sparse: bool) -> None:
    X = np.zeros((1, 500), np.float32)
    X[0, 100:125] = np.arange(25, 0, -1)
    model = LinearModel("regressor", "squared_loss", np.ones((500, 1), np.float32), np.zeros(1, np.float32))
    html = render_shares(model, compress_matrix(X) if sparse else X)
    names, values = [f"f{i}" for i in range(100, 120)], [float(value) for value in range(25, 5, -1)]
    assert draw_bars(names, values, "What each feature adds to the score") in html
    assert f"The {5 if sparse else 480} smallest, left out here, add 15.0 in all." in html


def test_a_row_of_few_among_ten_million_features_is_explained_at_once() -> None:
    weight = np.zeros((10**7, 1), np.float32)
    weight[[5, 9_999_999]] = [[1], [-2]]
    model = LinearModel("binary_classifier", "logistic", weight, np.zeros(1, np.float32))
    row = Csr(np.array([3, 1], np.float32), np.array([5, 9_999_999], np.int32), np.array([0, 2]), (1, 10**7))
    tracemalloc.start()
    html = render_shares(model, row)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert draw_bars(["f5", "f9999999"], [3, -2], "What each feature adds to the log odds of 1") in html


def test_a_sparse_row_of_zeros_has_no_parts() -> None:
    model = LinearModel("regressor", "squared_loss", np.ones((5, 1), np.float32), np.full(1, 7, np.float32))
    html = render_shares(model, compress_matrix(np.zeros((1, 5), np.float32)))
    assert "They begin at 7.000, the bias, and come to 7.000." in html
