"""What lies in a folder is loaded as the model that it is, or what is wrong with it is named."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linear_learner.artifact.read import load_model
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.archives import MODULE_FILES
from open_algorithms.learning.job.errors import InputError
from tests.chance import draw_examples
from tests.learning.artifact.packages import pack_tar, pack_zip
from tests.linear_learner.artifacts import (
    NAMES,
    PARAMETERS,
    SYMBOL,
    artifact_files,
    assert_same_model,
    draw_model,
    write_files,
)

MODEL = draw_model()
WHOLE = artifact_files(MODEL)
LOOSE = {name: WHOLE[name] for name in NAMES}
FILES = list(LOOSE.items())
PACKAGES = {
    **dict.fromkeys(NAMES, LOOSE),
    "model.tar.gz": {"model.tar.gz": pack_tar([*FILES, ("other", b"x" * 600)])},
    "model_algo-1": {"model_algo-1": pack_zip(FILES)},
}
CHECKED = (SYMBOL, "model.tar.gz", "model_algo-1")  # that cannot be damaged into another model
MOST_BYTES = 64 << 20


def test_loose_files_win_over_a_tar_which_wins_over_the_originals_package(tmp_path: Path) -> None:
    loose, packed, zipped = (draw_model("regressor") for _ in range(3))
    write_files(tmp_path, {"model_algo-1": artifact_files(zipped)["model_algo-1"]})
    assert_same_model(load_model(tmp_path), zipped)
    write_files(tmp_path, {"model.tar.gz": pack_tar(list(artifact_files(packed).items()))})
    assert_same_model(load_model(tmp_path), packed)
    files = artifact_files(loose)
    write_files(tmp_path, {name: files[name] for name in NAMES})
    assert_same_model(load_model(tmp_path), loose)


def test_an_empty_folder_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"No model found: expected mx-mod-0000\.params with mx-mod-symbol.json"):
            load_model(folder)


@pytest.mark.parametrize("place", ["the model folder", "model.tar.gz", "model_algo-1"])
@pytest.mark.parametrize("lost", NAMES)
def test_a_part_that_is_missing_is_named_with_its_place(tmp_path: Path, lost: str, place: str) -> None:
    files = {name: content for name, content in artifact_files(draw_model()).items() if name in NAMES and name != lost}
    if place == "the model folder":
        write_files(tmp_path, files)
    else:
        package = pack_tar if place == "model.tar.gz" else pack_zip
        write_files(tmp_path, {place: package(list(files.items()))})
    with pytest.raises(InputError, match=f"{place} lacks {lost}|No model found: expected"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", [*NAMES, "model.tar.gz", "model_algo-1"])
def test_no_file_of_a_model_is_a_link_that_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    if name in NAMES:
        write_files(folder, LOOSE)
        (folder / name).unlink()
    (folder / name).symlink_to(write_files(tmp_path, PACKAGES[name]) / name)
    with pytest.raises(InputError, match=f"{name} is a link that leads out of the model folder"):
        load_model(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_larger_than_any_model_is_refused_unread(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, artifact_files(draw_model()))
    small = replace(MODULE_FILES, limits=dict.fromkeys(MODULE_FILES.limits, 1 << 20))
    monkeypatch.setattr("linear_learner.artifact.read.MODULE_FILES", small)
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match=f"{name} is too large: expected at most 1048576 bytes"):
        load_model(tmp_path)


@pytest.mark.parametrize("form", ["loose", "model.tar.gz", "model_algo-1"])
def test_a_model_one_folder_down_is_found(tmp_path: Path, form: str) -> None:
    model = draw_model()
    files = artifact_files(model)
    packed = {"model.tar.gz": pack_tar([(f"model/{name}", files[name]) for name in NAMES]), **files}
    (tmp_path / "model").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "notes").write_text("")
    write_files(tmp_path / "model", files if form == "loose" else {form: packed[form]})
    assert_same_model(load_model(tmp_path), model)


def test_folders_that_are_hidden_linked_or_further_down_hold_no_model(tmp_path: Path) -> None:
    for folder in ("outside", "root/.saving", "root/a/b"):
        (tmp_path / folder).mkdir(parents=True)
        write_files(tmp_path / folder, artifact_files(draw_model()))
    (tmp_path / "root" / "linked").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="No model found"):
        load_model(tmp_path / "root")


def test_a_link_out_of_a_folder_one_down_is_refused(tmp_path: Path) -> None:
    outside = write_files(tmp_path, artifact_files(draw_model()))
    (tmp_path / "root" / "model").mkdir(parents=True)
    (tmp_path / "root" / "model" / PARAMETERS).symlink_to(outside / PARAMETERS)
    with pytest.raises(InputError, match="leads out of the model folder"):
        load_model(tmp_path / "root")


def test_of_two_folders_with_models_none_is_chosen(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, artifact_files(draw_model()))
    with pytest.raises(InputError, match=r"^the model folder holds several models, in first, second\. Put one at the"):
        load_model(tmp_path)


def test_a_model_that_there_is_no_room_for_is_told_before_it_is_held(tmp_path: Path) -> None:
    write_files(tmp_path, LOOSE)
    size = len(LOOSE[PARAMETERS])
    with pytest.raises(MemoryError, match=f"mx-mod-0000.params is larger than {size - 1} bytes"):
        load_model(tmp_path, size - 1)


def test_a_number_of_names_that_is_not_the_features_is_refused(tmp_path: Path) -> None:
    write_artifact(replace(draw_model(), names=("age", "height")), tmp_path)
    with pytest.raises(InputError, match=r"says 2 feature_names, but .* holds fc0_weight \(5, 1\)"):
        load_model(tmp_path)


def test_a_number_of_deviations_that_is_not_the_features_is_refused(tmp_path: Path) -> None:
    write_artifact(replace(draw_model(), deviations=np.ones(4, np.float32)), tmp_path)
    with pytest.raises(InputError, match=r"says 4 feature_deviations, but .* holds fc0_weight \(5, 1\)"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("predictor", "columns"), [("regressor", 4), ("binary_classifier", 2), ("multiclass_classifier", 1)]
)
def test_a_number_of_columns_that_the_predictor_type_cannot_have_is_refused(
    tmp_path: Path, predictor: str, columns: int
) -> None:
    weight, bias = np.ones((5, columns), np.float32), np.ones(columns, np.float32)
    write_artifact(LinearModel(predictor, LOSSES_BY_PREDICTOR[predictor][0], weight, bias), tmp_path)
    with pytest.raises(
        InputError, match=rf"shapes disagree: fc0_weight \(5, {columns}\) .* expected [12].* of a {predictor}"
    ):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("predictor", "loss", "other"),
    [
        ("binary_classifier", "logistic", "hinge_loss"),
        ("binary_classifier", "hinge_loss", "logistic"),
        ("multiclass_classifier", "softmax_loss", None),
    ],
)
def test_an_output_operator_of_another_loss_is_refused(
    tmp_path: Path, predictor: str, loss: str, other: str | None
) -> None:
    write_artifact(draw_model(predictor, loss), tmp_path)
    graph = artifact_files(draw_model("binary_classifier", other or "logistic"))["mx-mod-symbol.json"]
    write_files(tmp_path, {"mx-mod-symbol.json": graph})
    with pytest.raises(InputError, match=f"mx-mod-symbol.json ends with the output operator of .* loss_type {loss}"):
        load_model(tmp_path)


def test_a_graph_of_another_shape_is_refused(tmp_path: Path) -> None:
    write_artifact(draw_model(features=5), tmp_path)
    write_files(tmp_path, {"mx-mod-symbol.json": artifact_files(draw_model(features=6))["mx-mod-symbol.json"]})
    with pytest.raises(InputError, match=r"says fc0_weight has the shape \(6, 1\), but .* holds fc0_weight \(5, 1\)"):
        load_model(tmp_path)


def test_a_bias_or_a_feature_that_is_not_the_models_is_refused(tmp_path: Path) -> None:
    files = artifact_files(draw_model())
    wrong = {"says bias": {"bias": [7.0]}, "says blurred_features up to 5": {"blurred_features": [5]}}
    for complaint, more in wrong.items():
        additional = json.dumps(json.loads(files["additional-params.json"]) | more).encode()
        with pytest.raises(InputError, match=complaint):
            load_model(write_files(tmp_path, files | {"additional-params.json": additional}))


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw `content` with bytes changed, put in or taken out, and maybe cut short."""
    result = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(result) - 1)))
        size = draw(st.sampled_from([0, 1, 1, 1, 2, 4, 8]))
        result[place : place + size] = draw(st.binary(max_size=8) | st.binary(min_size=size, max_size=size))
    return bytes(result[: draw(st.just(len(result)) | st.integers(0, len(result)))])


def assert_loads_or_names_the_damage(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        write_files(Path(folder), {**PACKAGES[name], name: content})
        tracemalloc.start()
        try:
            found = load_model(Path(folder))
        except InputError:
            pass
        else:
            assert (found.weight.shape, found.bias.shape) == (MODEL.weight.shape, MODEL.bias.shape)
            assert np.isfinite([found.threshold, *found.weight[:, 0], *found.bias]).all()
            if name in CHECKED:
                assert json.dumps(found.metrics_params) == json.dumps(MODEL.metrics_params)
                np.testing.assert_array_equal(found.predict(np.eye(5))["score"], MODEL.predict(np.eye(5))["score"])
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < MOST_BYTES


@pytest.mark.parametrize("name", PACKAGES)
@draw_examples(150)
@given(data=st.data())
def test_a_damaged_artifact_is_the_same_model_or_refused(name: str, data: st.DataObject) -> None:
    assert_loads_or_names_the_damage(name, data.draw(damaged(PACKAGES[name][name])))
