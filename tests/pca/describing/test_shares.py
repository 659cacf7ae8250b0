"""What columns add to a projection adds up to it."""

import numpy as np
import pytest

from open_algorithms.learning.columns.recipe import CategoryColumn, NumberColumn, Recipe
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.work import Columns
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.describing.shares import explain_rows, render_shares
from tests.pca.data import draw_rows
from tests.pca.jobs import find

ROWS = draw_rows(60, 5)
RECIPE = Recipe((NumberColumn("a", 0.0, has_missing=True), CategoryColumn("b", ("x", "y")), NumberColumn("c", 0.0)))
MODEL = find({"num_components": "3"}, ROWS).model
TABLE = find({"num_components": "3"}, ROWS, columns=Columns(RECIPE.feature_names, recipe=RECIPE)).model


@pytest.mark.parametrize("model", [MODEL, TABLE])
@pytest.mark.parametrize("sparse", [False, True])
def test_parts_add_up_to_the_projection_on_the_largest_component(model: ComponentModel, sparse: bool) -> None:
    found = explain_rows(model, as_csr(ROWS) if sparse else ROWS)
    np.testing.assert_allclose(found.base + found.added.sum(axis=1), model.project(ROWS)[:, -1], atol=1e-9)
    assert list(found.names) == (["a", "b", "c"] if model is TABLE else [f"f{i}" for i in range(5)])


def test_the_page_shows_projections_and_parts_of_a_row() -> None:
    shown = render_shares(TABLE, ROWS[:1])
    assert shown.count("<figure>") == 2
    for text in ("component 3", "What columns add to that on component 1", ">b<"):
        assert text in shown
