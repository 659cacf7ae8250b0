"""The parts of columns add up to the squared distance of a row from its center."""

import numpy as np
import pytest

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.shares import explain_rows, render_shares
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.showing.bars import draw_bars
from tests.k_means.jobs import draw_rows
from tests.k_means.tables import encode_table, make_model, make_table_model

X = draw_rows(50)


@pytest.mark.parametrize(
    "model", [make_model(5), make_model(5, deviations=np.array([1, 2, 3, 4], np.float32))], ids=["raw", "scaled"]
)
def test_they_add_up_to_the_squared_distance(model: CentroidModel) -> None:
    distances, closest = model.nearest(X)
    for rows in (X, as_csr(X)):
        found = explain_rows(model, rows)
        np.testing.assert_allclose(found.base + found.added.sum(axis=1), distances**2, rtol=1e-6)
    assert list(found.names) == ["f0", "f1", "f2", "f3"]
    unit = 1 if model.deviations is None else float(model.deviations[2])
    np.testing.assert_allclose(found.added[:, 2], ((X[:, 2] - model.centers[closest, 2]) / unit) ** 2, rtol=1e-5)


def test_the_features_of_a_column_count_together() -> None:
    model, rows = make_table_model(), encode_table()
    found = explain_rows(model, rows)
    assert list(found.names) == ["age", "since", "town", "paid", "day", "hour"]
    np.testing.assert_allclose(found.added.sum(axis=1), model.nearest(rows)[0] ** 2, rtol=1e-6)
    np.testing.assert_allclose(found.added[:2], 0)


def test_a_row_is_shown_with_the_nearest_centers_and_the_largest_parts() -> None:
    model = make_model(30, features=30)
    row = draw_rows(1, features=30)
    html = render_shares(model, row)
    distances, parts = model.distances(row)[0], explain_rows(model, row).added[0]
    near, largest = np.argsort(distances)[:10].tolist(), np.argsort(-parts)[:20].tolist()
    assert draw_bars([f"cluster {c}" for c in near], distances[near].tolist(), "Distances from centers") in html
    what = f"What columns add to the squared distance from cluster {near[0]}"
    assert draw_bars([f"f{i}" for i in largest], parts[largest].tolist(), what) in html
    assert "The 10 smallest, left out here, add" in html
