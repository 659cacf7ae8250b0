"""Components are measured as scikit-learn's reconstruction would be."""

import numpy as np
import pytest

from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.sparse import VALUES_AT_ONCE
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Work
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.evaluate import measure_model
from open_algorithms.pca.measuring.metrics import ERROR, RATIO, Reconstruction
from open_algorithms.pca.measuring.reconstruction import measure_blocks
from tests.learning.job.recorder import Recorder
from tests.pca.data import cut_blocks, draw_rows, draw_sparse_rows
from tests.pca.jobs import find

ROWS = draw_rows(200, 12)
OTHERS = draw_rows(90, 12, seed=4)


def reconstruct(model: ComponentModel, X: Float32s) -> "np.typing.NDArray[np.float64]":
    scales = np.ones(12) if model.scales is None else model.scales
    directions = model.loadings * scales[:, None]
    return np.asarray(model.mean + model.project(X) @ directions.T * scales)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("normalize", ["false", "true"])
def test_error_and_ratio_are_those_of_the_reconstruction(sparse: bool, normalize: str) -> None:
    model = find({"num_components": "4", "normalize_data": normalize}, ROWS).model
    scales = np.ones(12) if model.scales is None else model.scales
    found = measure_blocks(model, cut_blocks(OTHERS, 3, sparse=sparse))
    errors = (OTHERS - reconstruct(model, OTHERS)) / scales
    assert found.error == pytest.approx(np.square(errors).mean(), rel=1e-5)
    total = np.square((OTHERS - model.mean.astype(np.float64)) / scales).sum()
    assert found.ratio == pytest.approx(1 - np.square(errors).sum() / total, rel=1e-5)
    assert found.rows == 90


@pytest.mark.parametrize("subtract", ["false", "true"])
def test_those_of_the_training_rows_follow_from_the_singular_values(subtract: str) -> None:
    result = find({"num_components": "4", "subtract_mean": subtract}, ROWS)
    found = measure_blocks(result.model, cut_blocks(ROWS, 2))
    assert result.measured["train"].metrics == pytest.approx(found.metrics, rel=1e-5)


def test_nothing_is_not_a_number_where_there_is_no_variance() -> None:
    assert Reconstruction(0, 3, 0.0, 0.0).metrics == {RATIO: 0.0, ERROR: 0.0}
    assert Reconstruction(5, 3, 1.0, 1.0 + 1e-15).metrics == {RATIO: 1.0, ERROR: 0.0}


def test_a_finished_model_is_measured_on_a_channel() -> None:
    result = find({"num_components": "4"}, ROWS)
    work = Work({}, {"data": cut_blocks(OTHERS, 3)}, Recorder())
    found = measure_model(result.model, work)
    assert [(name, kind) for name, kind, _ in found] == [(RATIO, "score"), (ERROR, "loss")]
    assert found[0][2] == pytest.approx(measure_blocks(result.model, cut_blocks(OTHERS, 1)).ratio)


def test_wide_sparse_rows_are_measured_in_parts() -> None:
    X = draw_sparse_rows(50, 12)
    model = find({"num_components": "2"}, X).model
    assert measure_blocks(model, [(as_csr(X), np.zeros((50, 0), np.float32))]).ratio == pytest.approx(
        measure_blocks(model, cut_blocks(X, 50)).ratio
    )
    assert VALUES_AT_ONCE
