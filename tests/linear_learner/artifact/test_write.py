"""What is saved is what is loaded, by us and by MXNet, in whatever package."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe, Target
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError
from tests.learning.artifact.packages import pack_tar
from tests.linear_learner.artifacts import (
    KINDS,
    NAMES,
    artifact_files,
    assert_same_model,
    draw_model,
    draw_rows,
    write_files,
)

LOOSE = [*NAMES, "manifest.json"]
DEVIATIONS = np.array([1, 0, 1e-30, 3e38, 1 / 3], np.float32)


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_a_saved_model_loads_as_it_was(tmp_path: Path, predictor: str, loss: str) -> None:
    model = draw_model(predictor, loss)
    write_artifact(model, tmp_path)
    assert_same_model(load_model(tmp_path), model)


@pytest.mark.parametrize(
    ("predictor", "classes"),
    [("binary_classifier", ("no", "yes")), ("binary_classifier", (-1.0, 1.0)), ("multiclass_classifier", (*"dbca",))],
)
def test_classes_have_names_in_our_own_files(tmp_path: Path, predictor: str, classes: tuple[str | float, ...]) -> None:
    model = replace(draw_model(predictor), label_classes=classes)
    write_artifact(model, tmp_path)
    found = load_model(tmp_path)
    assert (found.classes, found.class_names) == (classes, model.class_names)
    assert_same_model(load_model(tmp_path / "model_algo-1"), replace(model, label_classes=()))


def test_classes_are_as_many_as_the_model_tells_apart(tmp_path: Path) -> None:
    write_artifact(replace(draw_model("multiclass_classifier"), label_classes=("a", "b")), tmp_path)
    with pytest.raises(InputError, match="says 2 classes of a multiclass_classifier; expected 4"):
        load_model(tmp_path)


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
@pytest.mark.parametrize("kept", [LOOSE, ["model_algo-1"], ["model_algo-1", *LOOSE], [*LOOSE, "model_algo-1"]])
def test_a_packed_model_loads_too(tmp_path: Path, predictor: str, loss: str, kept: list[str]) -> None:
    model = draw_model(predictor, loss)
    files = artifact_files(model)
    write_files(tmp_path, {"model.tar.gz": pack_tar([(name, files[name]) for name in kept])})
    assert_same_model(load_model(tmp_path), model)


@pytest.mark.parametrize(("predictor", "loss"), KINDS)
def test_the_originals_package_alone_loads_too(tmp_path: Path, predictor: str, loss: str) -> None:
    model = draw_model(predictor, loss)
    write_files(tmp_path, {"model_algo-1": artifact_files(model)["model_algo-1"]})
    assert_same_model(load_model(tmp_path), model)


@pytest.mark.parametrize("predictor", LOSSES_BY_PREDICTOR)
@pytest.mark.parametrize("inside", [False, True], ids=["loose", "in model_algo-1"])
def test_mxnet_itself_reads_the_artifact_and_predicts_the_same(tmp_path: Path, predictor: str, inside: bool) -> None:
    model = draw_model(predictor)
    write_artifact(model, tmp_path)
    label = "softmax_label"
    if inside:
        with zipfile.ZipFile(tmp_path / "model_algo-1") as archive:
            assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
            archive.extractall(tmp_path)
        label = "out_label"
    symbol = mx.sym.load(str(tmp_path / "mx-mod-symbol.json"))
    assert symbol.list_arguments() == ["data", "fc0_weight", "fc0_bias", label]
    X = draw_rows()
    arrays = mx.nd.load(str(tmp_path / "mx-mod-0000.params"))
    arguments = {name.removeprefix("arg:"): array for name, array in arrays.items()}
    arguments |= {"data": mx.nd.from_numpy(X.copy()), label: mx.nd.zeros((9,) if predictor[0] == "m" else (9, 1))}
    answer = symbol.bind(mx.cpu(), arguments).forward()[0].asnumpy()
    np.testing.assert_allclose(answer.squeeze(), model.predict(X)["score"], atol=1e-6)


def test_the_additional_parameters_are_the_originals(tmp_path: Path) -> None:
    write_artifact(draw_model("binary_classifier"), tmp_path)
    facts = json.loads((tmp_path / "additional-params.json").read_text())
    assert set(facts) == {"threshold", "loss_type", "predictor_type", "metrics_params"}
    assert facts["metrics_params"]["threshold"] == facts["threshold"] == 0.4
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == {"additional-params.json": "json", "mx-mod": "mxnet_module", "version": 1}


@pytest.mark.parametrize("kept", [LOOSE, [*LOOSE, "model_algo-1"], ["model_algo-1", *LOOSE]])
def test_a_model_keeps_the_names_of_its_features(tmp_path: Path, kept: list[str]) -> None:
    model = replace(draw_model(), names=("age", "", "age", 'a "b", c', "größe <b>"))
    files = artifact_files(model)
    assert_same_model(load_model(write_files(tmp_path, files)), model)
    (tmp_path / "packed").mkdir()
    write_files(tmp_path / "packed", {"model.tar.gz": pack_tar([(name, files[name]) for name in kept])})
    assert_same_model(load_model(tmp_path / "packed"), model)


def test_names_change_nothing_but_the_additional_parameters(tmp_path: Path) -> None:
    plain = draw_model()
    with_names, without = artifact_files(replace(plain, names=tuple("abcde"))), artifact_files(plain)
    assert [name for name in without if with_names[name] != without[name]] == ["additional-params.json"]
    named = json.loads(with_names["additional-params.json"])
    assert named.pop("feature_names") == list("abcde")
    assert named == json.loads(without["additional-params.json"])


def test_names_too_long_to_be_loaded_are_left_out() -> None:
    for model in (draw_model(), replace(draw_model(), deviations=DEVIATIONS)):
        files = artifact_files(replace(model, names=("x" * (16 << 20), *"abcd")))
        assert files == artifact_files(model)


@pytest.mark.parametrize(
    "recipe", [None, Recipe(tuple(NumberColumn(name, 0.0) for name in "abcde"), Target("y", ("no", "yes")))]
)
def test_a_model_keeps_the_deviations_of_its_features_in_our_own_files(tmp_path: Path, recipe: Recipe | None) -> None:
    plain = replace(draw_model(), names=tuple("abcde"), recipe=recipe)
    model = replace(plain, deviations=DEVIATIONS)
    files, without = artifact_files(model), artifact_files(plain)
    assert_same_model(load_model(write_files(tmp_path, files)), model)
    assert artifact_files(load_model(tmp_path)) == files
    assert [name for name in without if files[name] != without[name]] == ["additional-params.json"]


def test_deviations_of_very_many_features_are_left_out(tmp_path: Path) -> None:
    for features, are_kept in ((2**17, True), (2**17 + 1, False)):
        model = replace(draw_model(features=features), deviations=np.full(features, 0.7, np.float32))
        write_artifact(model, tmp_path)
        assert (load_model(tmp_path).deviations is not None) == are_kept
        assert ((tmp_path / "additional-params.json").stat().st_size > 300) == are_kept


def test_deviations_too_long_to_be_loaded_beside_the_names_are_left_out(tmp_path: Path) -> None:
    short = replace(draw_model(), names=("", *"abcd"))
    room = (16 << 20) - len(artifact_files(short)["additional-params.json"])
    model = replace(short, names=("x" * room, *"abcd"), deviations=DEVIATIONS)
    write_artifact(model, tmp_path)
    assert_same_model(load_model(tmp_path), replace(model, deviations=None))


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    model = draw_model("regressor")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_artifact(model, tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_a_disk_that_is_full_is_told_as_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "mx-mod-0000.params").symlink_to("/dev/full")
    weight = np.ones((100_000, 1), np.float32)
    with pytest.raises(OSError, match="No space left on device"):
        write_artifact(LinearModel("regressor", "squared_loss", weight, np.zeros(1, np.float32)), tmp_path)


@pytest.mark.parametrize("predictor", LOSSES_BY_PREDICTOR)
def test_a_bias_that_float32_cannot_hold_is_kept_whole_beside_the_documented_one(
    tmp_path: Path, predictor: str
) -> None:
    model = replace(draw_model(predictor), names=tuple("abcde"), label_name="y").absorb_shift(
        np.array([0, -1e9, 0, 0, 0])
    )
    write_artifact(model, tmp_path)
    found = load_model(tmp_path)
    assert found.bias.tobytes() == model.bias.tobytes()
    assert (found.exact, found.blurred, found.label_name, tuple(found.names)) == (True, (1,), "y", tuple("abcde"))
    documented = mx.nd.load(str(tmp_path / "mx-mod-0000.params"))["arg:fc0_bias"].asnumpy()[0]
    np.testing.assert_array_equal(documented, model.bias.astype(np.float32))
    (tmp_path / "original").mkdir()
    original = write_files(tmp_path / "original", {"model_algo-1": artifact_files(model)["model_algo-1"]})
    assert (load_model(original).exact, load_model(original).blurred) == (False, ())
