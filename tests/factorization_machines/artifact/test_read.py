"""A machine comes back from its files to the last bit, wherever they lie; what is no machine is refused by name."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data import FOLDER
from open_algorithms.factorization_machines.artifact.read import load_model, read_model
from open_algorithms.learning.artifact.archives import NETWORK_FILES, read_zip
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.columns.recipe import CategoryColumn, NumberColumn, Recipe, Target
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s
from tests.chance import draw_examples
from tests.factorization_machines import pairs
from tests.factorization_machines.artifacts import (
    BESIDE,
    ZIP,
    artifact_files,
    assert_same_model,
    dense_network,
    pack_entries,
    unzip,
    write_files,
)
from tests.factorization_machines.models import KINDS, draw_model, draw_rows, move_centers
from tests.learning.artifact.packages import pack_tar, pack_zip

COLUMNS = (CategoryColumn("c", ("x", "größe <b>"), has_missing=True), NumberColumn("n", 3.5, 1.0))
CLASSIFIER, REGRESSOR = draw_model("binary_classifier", 4), draw_model("regressor", 4)
MODELS = {
    "classifier": CLASSIFIER,
    "regressor": REGRESSOR,
    "linear": draw_model(factors=0),
    "one factor": draw_model(factors=1),
    "exact": move_centers(CLASSIFIER),
    "far": move_centers(REGRESSOR, 1e9),
    "beyond float32": replace(CLASSIFIER, centers=np.full(4, 3e38)),
    "linear with centers": move_centers(draw_model(factors=0)),
    "exact bias": replace(REGRESSOR, bias=0.1),
    "named": replace(CLASSIFIER, names=("a", "", "a", "größe <b>"), label_name="y", label_classes=("no", "yes")),
    "table": replace(
        CLASSIFIER,
        recipe=Recipe(COLUMNS, Target("t", ("bad", "good"))),
        names=Recipe(COLUMNS).feature_names,
        label_name="t",
    ),
    "seen pairs": pairs.draw_model(seen=pairs.SEEN, label_name="stars"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_machine_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    files = artifact_files(MODELS[name])
    assert_same_model(load_model(write_files(tmp_path / "one", files)), MODELS[name])
    assert_same_model(load_model(tmp_path), MODELS[name])
    for members in ([*files], [*files][::-1]):
        archive = pack_tar([(f"./{file}", files[file]) for file in members])
        assert_same_model(load_model(write_files(tmp_path / "packed", {"model.tar.gz": archive})), MODELS[name])
        assert_same_model(load_model(tmp_path / "packed" / "model.tar.gz"), MODELS[name])


@pytest.mark.parametrize("kind", KINDS)
def test_the_originals_zip_of_a_machine_with_centers_has_the_same_scores_by_itself(kind: str, tmp_path: Path) -> None:
    model, X = move_centers(draw_model(kind)), draw_rows()
    found = load_model(write_files(tmp_path, {ZIP: artifact_files(model)[ZIP]}))
    assert not found.exact
    assert found.margins(X) == pytest.approx(model.margins(X), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("field", "size"), [("centers", 3), ("bias", 3), ("linear", 3), ("centers", 1e9)])
def test_centers_of_another_machine_are_refused(field: str, size: float, tmp_path: Path) -> None:
    files = artifact_files(move_centers(CLASSIFIER, size))
    added = json.loads(files[BESIDE])
    added[field] = np.multiply(added[field], 1.5).tolist()
    with pytest.raises(
        InputError, match=r"additional-params.json says other centers, bias or linear weights than params"
    ):
        load_model(write_files(tmp_path, files | {BESIDE: json.dumps(added).encode()}))


@pytest.mark.parametrize("kind", KINDS)
def test_the_originals_zip_is_a_machine_by_itself(kind: str, tmp_path: Path) -> None:
    content = artifact_files(draw_model(kind))[ZIP]
    expected = replace(draw_model(kind), threshold=0.5)
    assert_same_model(load_model(write_files(tmp_path, {ZIP: content})), expected)
    assert_same_model(load_model(tmp_path / ZIP), expected)


@pytest.mark.parametrize("names", [{}, {"params": "model-0000.params", "symbol.json": "model-symbol.json"}])
@pytest.mark.parametrize("left_out", ["", "meta.json", "symbol.json"])
def test_loose_files_are_a_machine_also_under_the_names_that_mxnet_wants(
    names: dict[str, str], left_out: str, tmp_path: Path
) -> None:
    files = unzip(artifact_files(CLASSIFIER)[ZIP]) | {BESIDE: artifact_files(CLASSIFIER)[BESIDE]}
    write_files(tmp_path, {names.get(name, name): files[name] for name in files if name != left_out})
    expected = CLASSIFIER if left_out != "meta.json" else replace(CLASSIFIER, settings={})
    assert_same_model(load_model(tmp_path), expected)


def test_the_zip_comes_before_files_that_were_renamed(tmp_path: Path) -> None:
    others = unzip(artifact_files(REGRESSOR)[ZIP])
    write_files(tmp_path, {ZIP: artifact_files(CLASSIFIER)[ZIP], "model-0000.params": others["params"]})
    assert_same_model(load_model(tmp_path), replace(CLASSIFIER, threshold=0.5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("features", "factors"), [(4, 3), (3, 3), (1, 2), (5, 1)])
def test_the_originals_network_for_dense_rows_is_read_too(
    kind: str, features: int, factors: int, tmp_path: Path
) -> None:
    model = replace(draw_model(kind, features, factors), threshold=0.5)
    write_files(tmp_path, {"model.tar.gz": pack_tar([(ZIP, pack_entries(dense_network(model)))])})
    found = load_model(tmp_path)
    assert_same_model(found, model)
    assert found.factors.flags.c_contiguous


def test_where_the_settings_say_no_predictor_the_network_does() -> None:
    for model in (CLASSIFIER, REGRESSOR):
        entries = unzip(artifact_files(model)[ZIP])
        entries["meta.json"] = json.dumps({"training_parameters": {"epochs": "3"}}).encode()
        found = read_model({name: bytearray(content) for name, content in entries.items()}, "here")
        assert (found.predictor_type, found.settings) == (model.predictor_type, {"epochs": "3"})


def with_entry(name: str, content: bytes) -> bytes:
    return pack_entries(unzip(artifact_files(CLASSIFIER)[ZIP]) | {name: content})


def with_settings(**settings: str) -> bytes:
    return with_entry("meta.json", json.dumps({"training_parameters": settings}).encode())


V, W, B = CLASSIFIER.factors, CLASSIFIER.linear[:, None], np.ones(1, np.float32)


def with_arrays(**arrays: Float32s) -> bytes:
    return with_entry("params", format_arrays({f"arg:{name}": array for name, array in arrays.items()}))


NTM = ["embedding_weight", "encoder_weight", "encoder_bias", "mean_weight", "decoder_weight"]
PARAMS = unzip(artifact_files(CLASSIFIER)[ZIP])["params"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (format_arrays([V]), "model_algo-1 cannot be read as a zip"),
        (b"", "model_algo-1 cannot be read as a zip"),
        (artifact_files(CLASSIFIER)[ZIP][:-30], "model_algo-1 cannot be read as a zip"),
        (pack_zip([("mx-mod-0000.params", b"")]), "model_algo-1 lacks params; expected params, symbol.json and meta"),
        (with_arrays(**dict.fromkeys(NTM, V)), "params holds arg:embedding_weight.*expected arg:v, arg:w1_weight"),
        (with_entry("params", format_arrays([V, W, B])), "params holds arrays without names; expected arg:v"),
        (with_arrays(v=V, w1_weight=W), "params holds arg:v, arg:w1_weight; expected arg:v, arg:w1_weight, arg:w0"),
        (with_arrays(v=V, w1_weight=W, Linear_Plus_Bias_bias=B), "expected arg:v, arg:w1_weight, arg:w0_weight"),
        (with_arrays(v=V, w1_weight=W[:3], w0_weight=B), r"disagree: arg:v \(4, 3\), arg:w1_weight \(3, 1\).*expected"),
        (with_arrays(v=V[:, 0], w1_weight=W, w0_weight=B), r"arg:v \(4,\), arg:w1_weight \(4, 1\).*expected v \(feat"),
        (with_arrays(v=V, w1_weight=W, w0_weight=np.ones(2, np.float32)), r"arg:w0_weight \(2,\); expected.*one bias"),
        (with_arrays(v=V * np.float32(np.inf), w1_weight=W, w0_weight=B), "not finite, in arg:v"),
        (with_arrays(v=V, w1_weight=W, w0_weight=B * np.float32(np.nan)), "not finite, in arg:w0_weight"),
        (with_entry("params", PARAMS[:200]), "params is cut short at byte 200|that follow"),
        (with_entry("params", b""), "params is cut short"),
        (with_settings(predictor_type="regressor"), "meta.json says regressor, symbol.json says binary_classifier"),
        (with_settings(predictor_type="ranker"), "meta.json says predictor_type 'ranker'; expected one of binary_cl"),
        (with_settings(feature_dim="5"), r"meta.json says feature_dim '5', but params holds v with 4"),
        (with_settings(num_factors="2"), r"meta.json says num_factors '2', but params holds v with 3"),
        (with_settings(num_factors="0"), r"meta.json says num_factors '0', but params holds v with 3"),
        (with_entry("meta.json", b"{}"), "meta.json says training_parameters None; expected an object"),
        (with_entry("meta.json", b"[1]"), r"meta.json holds \[1\]; expected a JSON object"),
        (with_entry("symbol.json", b"nodes"), "symbol.json cannot be read as JSON"),
    ],
)
def test_what_is_no_machine_is_refused_by_name(content: bytes, match: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=match):
        load_model(write_files(tmp_path, {ZIP: content}))


def test_a_machine_of_which_nothing_says_what_it_predicts_is_refused() -> None:
    entries = dense_network(replace(CLASSIFIER, settings={}))
    with pytest.raises(InputError, match=r"No file says the predictor type: expected predictor_type in meta.json, or"):
        read_model({name: bytearray(content) for name, content in entries.items()}, "here")


@pytest.mark.parametrize(
    ("found", "match"),
    [
        ({"predictor_type": "regressor"}, "additional-params.json says regressor"),
        ({"classes": ["a", "b", "c"]}, "says 3 classes of a binary_classifier; expected 2"),
        ({"feature_names": ["a"]}, "says 1 feature_names, but the model has 4 features"),
    ],
)
def test_a_file_of_ours_that_contradicts_the_others_is_refused(
    found: dict[str, object], match: str, tmp_path: Path
) -> None:
    write_files(tmp_path, artifact_files(CLASSIFIER) | {BESIDE: json.dumps(found).encode()})
    with pytest.raises(InputError, match=match):
        load_model(tmp_path)


def test_a_folder_without_a_model_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected params with symbol.json and meta.json, model.tar.gz or model_algo"):
        load_model(tmp_path)


def test_a_file_beyond_the_memory_is_not_read(tmp_path: Path) -> None:
    write_files(tmp_path, artifact_files(draw_model(features=4000)))
    with pytest.raises(MemoryError, match="params in model_algo-1 is larger than 5000 bytes"):
        load_model(tmp_path, 5000)


@draw_examples(60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_zip_is_the_same_machine_or_refused(place: float, bit: int, cut: bool) -> None:
    content = bytearray(artifact_files(CLASSIFIER)[ZIP])
    at = int(place * len(content))
    if cut:
        del content[at:]
    else:
        content[at] ^= 1 << bit
    try:
        found = read_model(read_zip(BytesIO(content), NETWORK_FILES), "here")
    except InputError:
        return
    kept = replace(found, settings=CLASSIFIER.settings)  # which a damaged name of their file loses
    assert_same_model(kept, replace(CLASSIFIER, threshold=0.5))


@pytest.mark.shared
def test_a_public_model_of_another_algorithm_is_refused() -> None:
    with pytest.raises(InputError, match=r"lacks params; expected params, symbol.json and meta.json"):
        load_model(FOLDER / "golden/attrition/model_algo-1")
    with pytest.raises(InputError, match="cannot be read as a zip"):
        load_model(FOLDER / "golden/k_means/census_8x7")


def test_seen_pairs_of_other_columns_than_the_models_are_refused(tmp_path: Path) -> None:
    files = artifact_files(pairs.draw_model(seen=pairs.SEEN._replace(user_column="viewer")))
    with pytest.raises(InputError, match="says 30 levels of 'viewer', but the model has no such column"):
        load_model(write_files(tmp_path / "one", files))
