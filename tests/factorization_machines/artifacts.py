"""Artifacts of machines as bytes, ours and the original's, and what makes two machines the same."""

import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.seen import write_seen
from open_algorithms.factorization_machines.artifact.write import write_artifact
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.rows.csr import as_csr
from tests.factorization_machines.models import draw_rows
from tests.learning.artifact.packages import pack_zip

ZIP, BESIDE = "model_algo-1", "additional-params.json"
ENTRIES = ("symbol.json", "params", "meta.json")


def artifact_files(model: FactorModel) -> dict[str, bytes]:
    """Return the files that are written."""
    with TemporaryDirectory() as folder:
        write_artifact(model, Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def unzip(content: bytes) -> dict[str, bytes]:
    """Return the entries of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, which is made."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def dense_network(model: FactorModel) -> dict[str, bytes]:
    """Return the entries of the zip that the original writes of a network for dense rows."""
    arrays = {
        "arg:v": np.ascontiguousarray(model.factors.T),
        "arg:Linear_Plus_Bias_weight": model.linear.astype(np.float32)[None],
        "arg:Linear_Plus_Bias_bias": np.array([model.bias], np.float32),
    }
    settings = {"training_parameters": dict(model.settings), "version": 1, "epoch_number": 1}
    symbol = {"nodes": [{"op": "SomethingOfTheirOwn", "name": "out", "inputs": []}], "heads": [[0, 0, 0]]}
    return {
        "symbol.json": json.dumps(symbol).encode(),
        "params": format_arrays(arrays),
        "meta.json": json.dumps(settings).encode(),
    }


def pack_entries(entries: dict[str, bytes]) -> bytes:
    """Return the original's zip of these entries."""
    return pack_zip([*entries.items()])


def assert_same_model(found: FactorModel, model: FactorModel) -> None:
    """Assert that two machines are the same to the last bit."""
    assert (found.predictor_type, found.threshold, found.bias) == (model.predictor_type, model.threshold, model.bias)
    assert (found.linear.dtype, found.factors.dtype) == (model.linear.dtype, model.factors.dtype)
    assert (found.linear.tobytes(), found.factors.tobytes()) == (model.linear.tobytes(), model.factors.tobytes())
    assert found.factors.shape == model.factors.shape
    assert (found.centers is None) == (model.centers is None)
    if found.centers is not None and model.centers is not None:
        assert found.centers.tobytes() == model.centers.tobytes()
    assert (dict(found.settings), tuple(found.names)) == (dict(model.settings), tuple(model.names))
    assert (found.label_name, found.recipe, found.label_classes) == (
        model.label_name,
        model.recipe,
        model.label_classes,
    )
    assert (found.seen is None) == (model.seen is None)
    if found.seen is not None and model.seen is not None:
        assert write_seen(found.seen) == write_seen(model.seen)
    X = draw_rows(features=model.feature_dim)
    for rows in (X, as_csr(X)):
        for name, values in model.predict(rows).items():
            np.testing.assert_array_equal(found.predict(rows)[name], values)
