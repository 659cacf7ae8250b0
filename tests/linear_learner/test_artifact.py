"""The artifact: what is saved is what is loaded, by us and by MXNet; what is broken is refused."""

import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.engine import mx
from linear_learner.errors import InputError
from linear_learner.loading import load
from linear_learner.model import Model
from linear_learner.saving import save

GENERATOR = np.random.default_rng(4)
MODELS = {
    "binary_classifier": ("logistic", 1),
    "multiclass_classifier": ("softmax_loss", 4),
    "regressor": ("squared_loss", 1),
}


def example(predictor: str) -> Model:
    loss, outputs = MODELS[predictor]
    weight = GENERATOR.normal(size=(5, outputs)).astype(np.float32)
    return Model(predictor, loss, weight, GENERATOR.normal(size=outputs).astype(np.float32), 0.4, {"f_beta": 1.0})


def rows() -> NDArray[Any]:
    return GENERATOR.normal(size=(9, 5)).astype(np.float32)


def pack(directory: Path, names: list[str]) -> None:
    """Move files into a model.tar.gz beside them."""
    with tarfile.open(directory / "model.tar.gz", "w:gz") as tar:
        for name in names:
            tar.add(directory / name, name)
            (directory / name).unlink()


@pytest.mark.parametrize("predictor", MODELS)
def test_a_saved_model_loads_as_it_was(tmp_path: Path, predictor: str) -> None:
    model = example(predictor)
    save(model, tmp_path)
    loaded = load(tmp_path)
    assert loaded.metrics_params == model.metrics_params
    assert loaded.threshold == model.threshold
    for name, values in model.predict(X := rows()).items():
        np.testing.assert_array_equal(loaded.predict(X)[name], values)


@pytest.mark.parametrize("predictor", MODELS)
@pytest.mark.parametrize("kept", ["model.tar.gz", "model_algo-1", "model_algo-1 in model.tar.gz"])
def test_a_packed_model_loads_too(tmp_path: Path, predictor: str, kept: str) -> None:
    model = example(predictor)
    save(model, tmp_path)
    loose = [path.name for path in tmp_path.iterdir() if path.name != "model_algo-1"]
    if kept == "model.tar.gz":
        (tmp_path / "model_algo-1").unlink()
        pack(tmp_path, loose)
    else:
        for name in loose:
            (tmp_path / name).unlink()
        if kept != "model_algo-1":
            pack(tmp_path, ["model_algo-1"])
    np.testing.assert_array_equal(load(tmp_path).weight, model.weight)


@pytest.mark.parametrize("predictor", MODELS)
@pytest.mark.parametrize("inside", [False, True], ids=["loose", "in model_algo-1"])
def test_mxnet_itself_reads_the_artifact_and_predicts_the_same(tmp_path: Path, predictor: str, inside: bool) -> None:
    model = example(predictor)
    save(model, tmp_path)
    label = "softmax_label"
    if inside:
        with zipfile.ZipFile(tmp_path / "model_algo-1") as archive:
            assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
            archive.extractall(tmp_path)
        label = "out_label"
    symbol = mx.sym.load(str(tmp_path / "mx-mod-symbol.json"))
    assert symbol.list_arguments() == ["data", "fc0_weight", "fc0_bias", label]
    X = rows()
    arrays = mx.nd.load(str(tmp_path / "mx-mod-0000.params"))
    arguments = {name.removeprefix("arg:"): array for name, array in arrays.items()}
    arguments |= {"data": mx.nd.from_numpy(X.copy()), label: mx.nd.zeros((9,) if predictor[0] == "m" else (9, 1))}
    answer = symbol.bind(mx.cpu(), arguments).forward()[0].asnumpy()
    np.testing.assert_allclose(answer.squeeze(), model.predict(X)["score"], atol=1e-6)


def test_the_additional_parameters_are_the_originals(tmp_path: Path) -> None:
    save(example("binary_classifier"), tmp_path)
    facts = json.loads((tmp_path / "additional-params.json").read_text())
    assert set(facts) == {"threshold", "loss_type", "predictor_type", "metrics_params"}
    assert facts["metrics_params"]["threshold"] == facts["threshold"] == 0.4
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == {"additional-params.json": "json", "mx-mod": "mxnet_module", "version": 1}


def test_loose_files_win_over_a_packed_model(tmp_path: Path) -> None:
    save(example("regressor"), tmp_path)
    pack(tmp_path, [path.name for path in tmp_path.iterdir()])
    model = example("regressor")
    save(model, tmp_path)
    np.testing.assert_array_equal(load(tmp_path).weight, model.weight)


def test_an_empty_folder_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No model found: expected mx-mod-0000\.params with additional-params.json"):
        load(tmp_path)


@pytest.mark.parametrize("predictor", MODELS)
def test_parameters_cut_short_anywhere_are_refused(tmp_path: Path, predictor: str) -> None:
    save(example(predictor), tmp_path)
    path = tmp_path / "mx-mod-0000.params"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"mx-mod-0000\.params|lacks a part"):
            load(tmp_path)


def test_an_announced_size_beyond_the_file_is_refused_before_it_is_believed(tmp_path: Path) -> None:
    save(example("regressor"), tmp_path)
    path = tmp_path / "mx-mod-0000.params"
    content = bytearray(path.read_bytes())
    content[16:24] = (1 << 60).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(InputError, match="announces 1152921504606846976 entries"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["model.tar.gz", "model_algo-1"])
def test_a_broken_package_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a package")
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        load(tmp_path)


def test_shapes_that_disagree_are_refused(tmp_path: Path) -> None:
    model = example("multiclass_classifier")
    save(Model("regressor", "squared_loss", model.weight, model.bias), tmp_path)
    with pytest.raises(InputError, match=r"shapes disagree: fc0_weight \(5, 4\) and fc0_bias \(1, 4\) of a regressor"):
        load(tmp_path)


def test_a_link_in_the_tar_is_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("mx-mod-0000.params")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        outside = tarfile.TarInfo("../additional-params.json")
        tar.addfile(outside, io.BytesIO(b""))
    with pytest.raises(InputError, match="No model found"):
        load(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz"]


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    model = example("regressor")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        save(model, tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = example("regressor")
    save(replace(model, weight=model.weight * np.float32(np.inf)), tmp_path)
    with pytest.raises(InputError, match="not finite"):
        load(tmp_path)
