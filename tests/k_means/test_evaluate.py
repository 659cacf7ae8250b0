"""A finished model is measured as scikit-learn measures its clusters."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.evaluate import measure_model
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Columns, Work
from tests.k_means.jobs import as_blocks, cluster, draw_rows
from tests.learning.job.recorder import Recorder

X = draw_rows(900, spread=0.6)


def measure(
    model: CentroidModel, rows: Float32s, *, sparse: bool = False, columns: Columns | None = None
) -> dict[str, float]:
    work = Work({}, {"data": as_blocks(rows, sparse=sparse)}, Recorder(), read_columns=lambda _: columns or Columns())
    return {name: value for name, _, value in measure_model(model, work)}


@pytest.mark.parametrize("normalize", ["false", "true"])
@pytest.mark.parametrize("sparse", [False, True])
def test_the_metrics_are_those_of_training_and_of_scikit_learn(normalize: str, sparse: bool) -> None:
    result = cluster({"k": "5", "normalize_data": normalize}, as_blocks(X, sparse=sparse))
    found = measure(result.model, X, sparse=sparse)
    assert found["msd"] == pytest.approx(result.clustering.distortion.msd, rel=1e-5)
    assert found["ssd"] == pytest.approx(result.clustering.distortion.ssd, rel=1e-5)
    scaled = X if result.model.deviations is None else X / result.model.deviations
    labels = result.model.nearest(X)[1]
    assert found["silhouette"] == pytest.approx(silhouette_score(scaled, labels), abs=1e-5)
    sizes = [found[f"rows_of_cluster_{cluster}"] for cluster in range(5)]
    assert sizes == result.model.facts["sizes"] == np.bincount(labels).tolist()


def test_the_silhouette_of_many_rows_is_that_of_a_sample() -> None:
    rows = draw_rows(6000)
    found = measure(cluster({"k": "6"}, rows).model, rows)
    labels = cluster({"k": "6"}, rows).model.nearest(rows)[1]
    assert found["silhouette"] == pytest.approx(silhouette_score(rows, labels), abs=0.02)


def test_rows_that_are_shifted_so_that_they_keep_their_digits_are_as_far_as_before() -> None:
    near = CentroidModel(X[:5])
    shift = np.full(4, 1e9)
    far = CentroidModel(X[:5].astype(np.float64) + 1e9)
    assert measure(far, X, columns=Columns(shift=shift)) == pytest.approx(measure(near, X), rel=1e-6)


def test_one_cluster_has_no_silhouette() -> None:
    found = measure(CentroidModel(X[:1]), X)
    assert found["silhouette"] == 0
    assert found["rows_of_cluster_0"] == len(X)
