"""A model answers the nearest center and the distance from it, in whatever units its rows are."""

import numpy as np
import pytest

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float32s
from tests.k_means.jobs import draw_rows

X = draw_rows(300)
CENTERS = X[:5].copy()


@pytest.mark.parametrize("deviations", [None, np.array([1, 10, 0.1, 2], np.float32)])
def test_answers_are_those_of_distances_taken_one_by_one_dense_as_sparse(
    deviations: Float32s | None,
) -> None:
    model = CentroidModel(CENTERS, deviations)
    scale = 1 if deviations is None else deviations.astype(np.float64)
    expected = np.sqrt(np.square((X[:, None].astype(np.float64) - CENTERS) / scale).sum(axis=2))
    for rows in (X, as_csr(X), X.astype(np.float64)):
        answer = model.predict(rows)
        np.testing.assert_array_equal(answer["closest_cluster"], expected.argmin(axis=1))
        np.testing.assert_allclose(answer["distance_to_cluster"], expected.min(axis=1), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(model.distances(rows), expected, rtol=1e-6, atol=1e-6)
        assert {values.dtype.name for values in answer.values()} == {"float32"}


def test_numbers_far_from_zero_do_not_cost_digits() -> None:
    far = CentroidModel(CENTERS.astype(np.float64) + 1e9)
    near = CentroidModel(CENTERS)
    assert far.exact
    found = far.predict(X.astype(np.float64) + 1e9)["distance_to_cluster"]
    np.testing.assert_allclose(found, near.predict(X)["distance_to_cluster"], atol=1e-6)
