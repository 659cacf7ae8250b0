"""A model comes back from its files and from shared memory; what is no model is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import FOLDER
from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.artifact.packing import pack_model, unpack_model
from open_algorithms.k_means.artifact.read import load_model
from open_algorithms.k_means.artifact.write import write_artifact
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError
from tests.k_means.jobs import draw_rows

CENTERS = draw_rows(5)
MODELS = {
    "plain": CentroidModel(CENTERS, facts={"sizes": [1, 2, 3, 4, 5], "msd": 0.5}),
    "named": CentroidModel(CENTERS, names=("a", "b", "c", "d")),
    "normalised": CentroidModel(CENTERS, np.array([1, 2, 3, 0.5], np.float32)),
    "exact": CentroidModel(CENTERS.astype(np.float64) + 1e9),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    write_artifact(model, tmp_path)
    for found in (load_model(tmp_path), unpack_model(b"".join(pack_model(model)))):
        np.testing.assert_array_equal(found.centers, model.centers)
        assert found.centers.dtype == model.centers.dtype
        assert (found.deviations is None) == (model.deviations is None)
        assert (tuple(found.names), found.facts) == (model.names, model.facts)
        rows = draw_rows(50, seed=2).astype(model.centers.dtype)
        np.testing.assert_array_equal(
            found.predict(rows)["distance_to_cluster"], model.predict(rows)["distance_to_cluster"]
        )


def test_mxnet_loads_the_centers_as_the_documented_notebook_does(tmp_path: Path) -> None:
    write_artifact(MODELS["named"], tmp_path)
    (centers,) = mx.ndarray.load(str(tmp_path / "model_algo-1"))
    np.testing.assert_array_equal(centers.asnumpy(), CENTERS)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "shape"), [("census_8x7", (8, 7)), ("with_state.tar.gz", (10, 13))])
def test_public_models_of_the_original_are_read(name: str, shape: tuple[int, int]) -> None:
    model = load_model(FOLDER / "golden/k_means" / name)
    assert (model.outputs, model.feature_dim) == shape


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"PK\x03\x04", "model_algo-1 is a zip, as other algorithms write it; expected one array of centers"),
        (
            format_arrays({"s": CENTERS[0], "v": CENTERS, "mean": CENTERS[:1]}),
            "model_algo-1 holds s, v, mean; expected",
        ),
        (format_arrays([CENTERS[0]]), r"holds 1 arrays, the first of shape \(4,\); expected"),
        (format_arrays([CENTERS * np.float32(np.nan)]), "not finite"),
        (b"", "is cut short"),
    ],
)
def test_another_file_is_refused(content: bytes, match: str, tmp_path: Path) -> None:
    (tmp_path / "model_algo-1").write_bytes(content)
    with pytest.raises(InputError, match=match):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("found", "match"),
    [
        ({"deviations": [1, 2]}, r"says deviations \[1, 2\]; expected finite numbers, \(4,\)"),
        ({"deviations": [1, 2, 3, 0]}, "deviations that are not above 0"),
        ({"deviations": [1, 2, 3, 1e-300]}, "deviations that are not above 0, or that float32 does not hold"),
        ({"deviations": [1, 2, 3, 1e300]}, "deviations that are not above 0, or that float32 does not hold"),
        ({"centers": [[1e300] * 4] * 5}, "says other centers than model_algo-1 holds"),
        ({"deviations": "x"}, "says deviations 'x'"),
        ({"centers": [[0] * 4] * 5}, "says other centers than model_algo-1 holds"),
        ({"facts": [1]}, r"says facts \[1\]; expected an object"),
        ({"feature_names": ["a"]}, "says 1 feature_names, but the model has 4 features"),
    ],
)
def test_additional_parameters_that_do_not_fit_are_refused(
    found: dict[str, object], match: str, tmp_path: Path
) -> None:
    write_artifact(MODELS["plain"], tmp_path)
    (tmp_path / "additional-params.json").write_text(json.dumps(found))
    with pytest.raises(InputError, match=match):
        load_model(tmp_path)
