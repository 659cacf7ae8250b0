"""What is written is the original's zip: MXNet's modules load it and answer as we do."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.read import load_model
from open_algorithms.factorization_machines.artifact.write import write_artifact
from open_algorithms.factorization_machines.measuring.folding import warn_of_folding
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.artifacts import ENTRIES, ZIP, artifact_files, assert_same_model, unzip
from tests.factorization_machines.models import KINDS, draw_model, draw_rows, move_centers


def load_as_documented(model: FactorModel, folder: Path) -> Any:
    """Load the artifact as Amazon's instructions say: unzip, rename, load."""
    write_artifact(model, folder)
    with zipfile.ZipFile(folder / ZIP) as archive:
        archive.extractall(folder)
    (folder / "symbol.json").rename(folder / "model-symbol.json")
    (folder / "params").rename(folder / "model-0000.params")
    return mx.module.Module.load(str(folder / "model"), 0, False, label_names=["out_label"])


def answer_by_mxnet(module: Any, X: Float32s, *, sparse: bool) -> Float32s:
    rows = mx.nd.sparse.csr_matrix(X) if sparse else mx.nd.array(X)
    data = mx.io.NDArrayIter(rows, mx.nd.zeros(len(X)), len(X), label_name="out_label", last_batch_handle="discard")
    module.bind(data.provide_data, data.provide_label, for_training=False)
    assert [executor.arg_dict["data"].stype for executor in module._exec_group.execs] == ["csr"]
    answer = module.predict(data).asnumpy()
    assert answer.shape == (len(X), 1)
    return np.asarray(answer[:, 0])


@pytest.mark.whole_mxnet
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the scipy of today, to MXNet
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [0, 1, 3])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_mxnets_module_loads_the_files_and_answers_the_same(
    kind: str, factors: int, sparse: bool, tmp_path: Path
) -> None:
    model = draw_model(kind, factors=factors)
    module = load_as_documented(model, tmp_path)
    assert module.symbol.list_outputs() == ["out_output"]
    assert module.symbol.list_arguments() == ["data", "w1_weight", "w0_weight", "v", "out_label"]
    X = draw_rows(20)
    np.testing.assert_allclose(answer_by_mxnet(module, X, sparse=sparse), model.predict(X)["score"], rtol=2e-5)


@pytest.mark.whole_mxnet
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mxnet_finds_the_factors_of_each_feature_where_readers_of_the_original_look(tmp_path: Path) -> None:
    model = draw_model()
    load_as_documented(model, tmp_path)
    found = mx.nd.load(str(tmp_path / "model-0000.params"))
    assert [*found] == ["arg:v", "arg:w1_weight", "arg:w0_weight"]
    np.testing.assert_array_equal(found["arg:v"].asnumpy(), model.factors)
    np.testing.assert_array_equal(found["arg:w1_weight"].asnumpy(), model.linear[:, None])
    np.testing.assert_array_equal(found["arg:w0_weight"].asnumpy(), [np.float32(model.bias)])


def test_the_zip_is_not_compressed_and_holds_the_originals_three_files(tmp_path: Path) -> None:
    write_artifact(draw_model(), tmp_path)
    with zipfile.ZipFile(tmp_path / ZIP) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    assert [entry.filename for entry in entries] == [*ENTRIES]
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_model_is_the_same_files() -> None:
    assert artifact_files(draw_model()) == artifact_files(draw_model())


def test_a_file_beyond_what_32_bits_count_is_written_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2000)
    model = draw_model(features=400)
    write_artifact(model, tmp_path)
    monkeypatch.undo()
    assert_same_model(load_model(tmp_path), model)


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_file_changes_nothing_of_the_originals(kind: str) -> None:
    plain = draw_model(kind)
    more = replace(plain, names=tuple("abcdefg"), label_name="y", threshold=0.7, bias=plain.bias + 1e-12)
    assert unzip(artifact_files(more)[ZIP]) == unzip(artifact_files(plain)[ZIP])


def test_the_originals_file_is_that_of_the_machine_without_centers() -> None:
    model = move_centers(draw_model())
    bias, linear = model.fold_centers()
    plain = replace(model, linear=linear.astype(np.float32), bias=bias, centers=None)
    assert artifact_files(model)[ZIP] == artifact_files(plain)[ZIP]


@pytest.mark.whole_mxnet
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_mxnet_answers_for_centers_that_are_not_far_from_0_as_we_do(kind: str, tmp_path: Path) -> None:
    model, X = move_centers(draw_model(kind), 10), draw_rows(20) + np.float32(5)
    assert warn_of_folding(model, None) is None
    answer = answer_by_mxnet(load_as_documented(model, tmp_path), X, sparse=False)
    np.testing.assert_allclose(answer, model.predict(X)["score"], rtol=1e-3, atol=1e-3)


def test_a_disk_that_is_full_is_told_as_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "additional-params.json").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        write_artifact(draw_model(), tmp_path)
