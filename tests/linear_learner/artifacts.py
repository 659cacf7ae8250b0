"""Random models of every predictor type and loss, and their artifacts as bytes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.artifact.write import write_artifact
from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel

PARAMETERS, SYMBOL, ADDITIONAL = "mx-mod-0000.params", "mx-mod-symbol.json", "additional-params.json"
NAMES = (PARAMETERS, SYMBOL, ADDITIONAL)
KINDS = [(predictor, loss) for predictor, losses in LOSSES_BY_PREDICTOR.items() for loss in losses]
GENERATOR = np.random.default_rng(4)


def draw_model(predictor: str = "binary_classifier", loss: str | None = None, features: int = 5) -> LinearModel:
    outputs = 4 if predictor == "multiclass_classifier" else 1
    weight = GENERATOR.normal(size=(features, outputs)).astype(np.float32)
    bias = GENERATOR.normal(size=outputs).astype(np.float32)
    return LinearModel(
        predictor, loss or LOSSES_BY_PREDICTOR[predictor][0], weight, bias, 0.4, {"f_beta": 1.0, "quantile": None}
    )


def draw_rows(features: int = 5) -> NDArray[Any]:
    return GENERATOR.normal(size=(9, features)).astype(np.float32)


def artifact_files(model: LinearModel) -> dict[str, bytes]:
    """Return the files that `save` writes."""
    with TemporaryDirectory() as folder:
        write_artifact(model, Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def write_files(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory


def assert_same_model(found: LinearModel, model: LinearModel) -> None:
    assert (found.predictor_type, found.loss_type) == (model.predictor_type, model.loss_type)
    assert (found.threshold, found.metrics_params) == (model.threshold, model.metrics_params)
    assert found.names == model.names
    np.testing.assert_array_equal(found.weight, model.weight)
    np.testing.assert_array_equal(found.bias, model.bias)
    assert (found.deviations is None) == (model.deviations is None)
    if model.deviations is not None:
        np.testing.assert_allclose(np.asarray(found.deviations), model.deviations, rtol=1e-6)
    X = draw_rows(model.feature_dim)
    for name, values in model.predict(X).items():
        np.testing.assert_array_equal(found.predict(X)[name], values)
