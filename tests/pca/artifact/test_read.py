"""A model comes back from its files and from shared memory; what is no model is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import FOLDER
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.artifact.packing import pack_model, unpack_model
from open_algorithms.pca.artifact.read import load_model
from open_algorithms.pca.artifact.write import write_artifact
from tests.pca.data import draw_rows

LOADINGS, MEAN, VALUES = draw_rows(4, 2), draw_rows(1, 4)[0], np.array([1, 2], np.float32)
FACTS = {"rows": 7, "total_variance": 3.5, "singular_values": [2, 1, 0.5], "explained_variance_ratios": [0.6, 0.3, 0.1]}
MODELS = {
    "plain": ComponentModel(LOADINGS, MEAN, VALUES, facts=FACTS),
    "named": ComponentModel(LOADINGS, MEAN, VALUES, names=("a", "b", "c", "d")),
    "normalised": ComponentModel(LOADINGS, MEAN, VALUES, np.array([1, 2, 3, 0.1])),
    "exact": ComponentModel(LOADINGS, MEAN.astype(np.float64) + 1e9, VALUES),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    write_artifact(model, tmp_path)
    for found in (load_model(tmp_path), unpack_model(b"".join(pack_model(model)))):
        np.testing.assert_array_equal(found.loadings, model.loadings)
        np.testing.assert_array_equal(found.mean, model.mean)
        np.testing.assert_array_equal(found.singular_values, model.singular_values)
        assert found.mean.dtype == model.mean.dtype
        assert (found.scales is None) == (model.scales is None)
        assert (tuple(found.names), found.facts) == (model.names, model.facts)
        rows = draw_rows(50, 4, seed=2).astype(model.mean.dtype)
        np.testing.assert_array_equal(found.predict(rows)["projection"], model.predict(rows)["projection"])


def test_mxnet_loads_the_components_as_the_documented_notebook_does(tmp_path: Path) -> None:
    write_artifact(MODELS["named"], tmp_path)
    arrays = mx.ndarray.load(str(tmp_path / "model_algo-1"))
    assert [*arrays] == ["s", "v", "mean"]
    np.testing.assert_array_equal(arrays["s"].asnumpy(), VALUES)
    np.testing.assert_array_equal(arrays["v"].asnumpy(), LOADINGS)
    np.testing.assert_array_equal(arrays["mean"].asnumpy(), MEAN[None])


@pytest.mark.shared
def test_a_public_model_of_the_original_is_read() -> None:
    model = load_model(FOLDER / "golden/pca/34_to_10.tar.gz")
    assert (model.outputs, model.feature_dim) == (10, 34)
    assert (np.diff(model.singular_values) > 0).all()
    np.testing.assert_allclose(model.loadings.T @ model.loadings, np.eye(10), atol=1e-5)


@pytest.mark.parametrize("layout", ["folder", "subfolder", "file"])
def test_a_model_is_found_wherever_it_lies(layout: str, tmp_path: Path) -> None:
    folder = tmp_path / "one" if layout == "subfolder" else tmp_path
    folder.mkdir(exist_ok=True)
    write_artifact(MODELS["plain"], folder)
    found = load_model(tmp_path / "model_algo-1" if layout == "file" else tmp_path)
    np.testing.assert_array_equal(found.loadings, LOADINGS)


def write_arrays(folder: Path, arrays: dict[str, Float32s]) -> None:
    (folder / "model_algo-1").write_bytes(format_arrays(arrays))


def test_singular_values_of_the_original_that_are_no_numbers_do_not_matter(tmp_path: Path) -> None:
    write_arrays(tmp_path, {"s": np.array([np.nan, 2], np.float32), "v": LOADINGS, "mean": MEAN[None]})
    rows = draw_rows(5, 4)
    np.testing.assert_array_equal(
        load_model(tmp_path).predict(rows)["projection"], MODELS["plain"].predict(rows)["projection"]
    )


def test_a_model_without_a_mean_subtracts_nothing(tmp_path: Path) -> None:
    write_arrays(tmp_path, {"s": VALUES, "v": LOADINGS})
    rows = draw_rows(5, 4)
    np.testing.assert_allclose(load_model(tmp_path).predict(rows)["projection"], rows @ LOADINGS, rtol=1e-5)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"PK\x03\x04", "model_algo-1 is a zip, as other algorithms write it; expected arrays s"),
        (format_arrays([LOADINGS]), "holds arrays without names; expected arrays s"),
        (format_arrays({"s": VALUES, "w": LOADINGS}), "holds s, w; expected arrays s"),
        (format_arrays({"s": VALUES[:1], "v": LOADINGS, "mean": MEAN[None]}), r"holds s \(1,\), v \(4, 2\)"),
        (format_arrays({"s": VALUES, "v": LOADINGS, "mean": MEAN[None, :3]}), r"mean \(1, 3\); expected"),
        (format_arrays({"s": VALUES, "v": LOADINGS * np.float32(np.nan), "mean": MEAN[None]}), "not finite, in v"),
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
        ({"scales": [1, 2]}, r"says scales \[1, 2\]; expected 4 finite numbers"),
        ({"scales": [1, 2, 3, 0]}, "scales that are not above 0"),
        ({"scales": [1, 2, 3, 1e-300]}, "scales that are not above 0, or that float32 does not hold"),
        ({"scales": "x"}, "says scales 'x'"),
        ({"mean": [0, 0, 0, 0]}, "says another mean than model_algo-1 holds"),
        ({"facts": [1]}, r"says facts \[1\]; expected an object"),
        ({"facts": {"rows": "x"}}, "says rows 'x'; expected a finite number"),
        ({"facts": {"singular_values": [1]}}, r"says singular_values \[1\]; expected 2 finite numbers or more"),
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
