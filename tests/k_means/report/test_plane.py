"""The plane of a report is that of the first two principal components, as numpy and scikit-learn find them."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from open_algorithms.k_means.report.plane import find_axes
from open_algorithms.learning.types.arrays import Float64s
from tests.k_means.jobs import draw_rows
from tests.k_means.report.jobs import JOBS, expand_sample, run


def centre(X: Float64s) -> Float64s:
    return np.asarray(X - X.mean(axis=0))


@pytest.mark.parametrize(("rows", "features"), [(400, 2), (400, 40), (60, 300), (500, 784), (3, 5)])
def test_components_are_those_of_a_whole_decomposition(rows: int, features: int) -> None:
    Z = centre(draw_rows(rows, features=features, spread=1.0).astype(np.float64))
    _, sizes, expected = np.linalg.svd(Z, full_matrices=False)
    found = find_axes(Z)
    np.testing.assert_allclose(found.explained, sizes[:2] ** 2 / (sizes**2).sum(), rtol=1e-9)
    np.testing.assert_allclose(np.abs((found.directions * expected[:2]).sum(axis=1)), 1, rtol=1e-6)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-9)
    assert (found.directions.max(axis=1) == np.abs(found.directions).max(axis=1)).all()


def test_what_rows_have_no_spread_in_is_no_component() -> None:
    line = centre(np.outer(np.arange(5.0), [3, 4]))
    found = find_axes(line)
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-12)
    np.testing.assert_allclose(found.directions[0], [0.6, 0.8])
    single = find_axes(centre(np.arange(4.0)[:, None]))
    assert single.explained.tolist() == pytest.approx([1, 0])
    assert single.directions[:, 0].tolist() == pytest.approx([1, 0])
    nothing = find_axes(np.zeros((4, 3)))
    assert np.isnan(nothing.explained).all()
    assert not nothing.directions.any()


@pytest.mark.parametrize("name", ["several", "asked", "sparse", "table", "many clusters"])
def test_rows_and_centers_lie_where_scikit_learn_puts_them(name: str) -> None:
    job = run(name)
    plane, count = job.report.plane, len(job.report.plane.rows.x)
    assert count == min(1000, len(job.X))
    Z, centers = expand_sample(job.result), job.result.clustering.centers
    pca = PCA(2, svd_solver="full").fit(Z[:count])
    np.testing.assert_allclose(plane.explained, pca.explained_variance_ratio_, rtol=1e-6)
    for points, rows in ((plane.rows, Z[:count]), (plane.centers, centers)):
        expected = pca.transform(rows)
        signs = np.sign((expected * np.stack([points.x, points.y], axis=1)).sum(axis=0))
        np.testing.assert_allclose(np.stack([points.x, points.y], axis=1), expected * signs, atol=1e-4)
    nearest = np.square(Z[:count, None] - centers).sum(axis=2).argmin(axis=1)
    assert plane.rows.cluster == nearest.tolist()


@pytest.mark.parametrize("name", JOBS)
def test_every_job_has_a_plane_of_finite_numbers(name: str) -> None:
    plane = run(name).report.plane
    assert np.isfinite([*plane.rows.x, *plane.rows.y, *plane.centers.x, *plane.centers.y]).all()
    assert set(plane.rows.cluster) <= set(plane.centers.cluster)
