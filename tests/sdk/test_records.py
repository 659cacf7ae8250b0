"""Amazon's own reader and writer of recordIO against ours."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from container.codecs.recordio import MEDIA_TYPE, decode_blocks, encode_answer, encode_records
from container.rows.blocks import Features
from open_algorithms.learning.rows.csr import Csr
from tests.container.bodies import decode_body

pytestmark = pytest.mark.sdk

WRITE = """
import numpy as np
import scipy.sparse
from sagemaker.amazon import common

X, y = np.load("X.npy"), np.load("y.npy")
with open("records", "wb") as file:
    common.{call}
"""
READ = """
import json
from sagemaker.amazon import common

def numbers(entries):
    return {name: list(value.float32_tensor.values) for name, value in entries.items()}

with open("records", "rb") as file:
    print(json.dumps([[numbers(record.features), numbers(record.label)] for record in common.read_records(file)]))
"""


@pytest.mark.parametrize("kind", ["float32", "float64", "int64"])  # the SDK writes int64 as int32_tensor
@pytest.mark.parametrize(
    "call",
    [
        "write_numpy_to_dense_tensor(file, X, y)",
        "write_spmatrix_to_sparse_tensor(file, scipy.sparse.csr_matrix(X), y)",
    ],
    ids=["dense", "sparse"],
)
def test_we_read_what_the_sdk_writes(sdk: Callable[[str], str], tmp_path: Path, call: str, kind: str) -> None:
    random = np.random.default_rng(7)
    X = np.where(random.random((50, 6)) < 0.5, 0, random.normal(0, 100, (50, 6))).astype(kind)
    X[3] = 0
    y = random.integers(0, 2, 50).astype(kind)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    sdk(WRITE.format(call=call))
    with (tmp_path / "records").open("rb") as file:
        blocks = list(decode_blocks(file, {}, None))
    assert all(isinstance(rows, Csr) == ("sparse" in call) for rows, _ in blocks)
    np.testing.assert_array_equal(np.concatenate([written_out(rows) for rows, _ in blocks]), X.astype(np.float32))
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in blocks]), y.astype(np.float32))
    request = decode_body(MEDIA_TYPE, (tmp_path / "records").read_bytes(), {}, 6)
    np.testing.assert_array_equal(written_out(request), X.astype(np.float32))


def written_out(X: Features) -> Any:
    return scipy.sparse.csr_matrix(X[:3], X.shape).toarray() if isinstance(X, Csr) else X


def test_the_sdk_reads_the_training_data_that_we_write(sdk: Callable[[str], str], tmp_path: Path) -> None:
    X = np.array([[1.5, 0, -2], [0, 0, 0]], np.float32)
    (tmp_path / "records").write_bytes(encode_records(X, np.array([1, 0], np.float32)))
    assert json.loads(sdk(READ).splitlines()[-1]) == [
        [{"values": [1.5, 0, -2]}, {"values": [1]}],
        [{"values": [0, 0, 0]}, {"values": [0]}],
    ]


def test_the_sdk_reads_the_answers_that_we_write(sdk: Callable[[str], str], tmp_path: Path) -> None:
    score = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    (tmp_path / "records").write_bytes(encode_answer({"score": score, "predicted_label": np.array([1, 0])}))
    assert json.loads(sdk(READ).splitlines()[-1]) == [
        [{}, {"score": [0.25, 0.75], "predicted_label": [1]}],
        [{}, {"score": [0.5, 0.5], "predicted_label": [0]}],
    ]
