"""MXNet's file of arrays: what is written here MXNet reads, and the other way round."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import FOLDER
from open_algorithms.learning.artifact.arrays import Floats, format_arrays, list_parts, read_arrays, require_finite
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError

ONE = np.arange(6, dtype=np.float32).reshape(2, 3)
TWO = np.array([7], np.float32)


@pytest.mark.parametrize("arrays", [{"s": ONE, "mean": TWO}, [ONE, TWO], [ONE.T]])
def test_what_is_written_is_what_mxnet_writes_and_reads(
    arrays: dict[str, Floats] | list[Floats], tmp_path: Path
) -> None:
    content = format_arrays(arrays)
    (tmp_path / "ours").write_bytes(content)
    loaded = mx.nd.load(str(tmp_path / "ours"))
    values = list(arrays.values()) if isinstance(arrays, dict) else arrays
    assert [array.asnumpy().tolist() for array in (loaded.values() if isinstance(arrays, dict) else loaded)] == [
        array.tolist() for array in values
    ]
    mx.nd.save(str(tmp_path / "theirs"), loaded)
    assert (tmp_path / "theirs").read_bytes() == content
    names, found = read_arrays(content, "model_algo-1", {1, 2}, "one or two")
    assert names == (list(arrays) if isinstance(arrays, dict) else [])
    assert [array.tolist() for array in found] == [array.tolist() for array in values]


@pytest.mark.shared
def test_a_public_model_of_the_original_is_written_byte_by_byte() -> None:
    content = (FOLDER / "golden/k_means/census_8x7").read_bytes()
    names, arrays = read_arrays(content, "model_algo-1", {1}, "one")
    assert (names, [array.shape for array in arrays]) == ([], [(8, 7)])
    assert format_arrays(arrays) == content


def test_a_file_cut_short_or_of_another_kind_is_refused_by_its_name() -> None:
    content = format_arrays({"s": ONE})
    for size in range(len(content)):
        with pytest.raises(InputError, match="model_algo-1"):
            read_arrays(content[:size], "model_algo-1", {1}, "one")
    with pytest.raises(InputError, match="model_algo-1 announces 1 arrays; expected three"):
        read_arrays(content, "model_algo-1", {3}, "three")
    with pytest.raises(InputError, match="model_algo-1 begins with 0x4034b50; expected MXNet's list of arrays"):
        read_arrays(b"PK\x03\x04\0\0\0\0" * 9, "model_algo-1", {1}, "one")


def test_numbers_that_are_not_finite_are_refused() -> None:
    require_finite("s", ONE)
    with pytest.raises(InputError, match="The model holds numbers that are not finite, in s"):
        require_finite("s", np.array([1, np.nan], np.float32))


def test_the_parts_of_a_file_are_views_of_arrays_that_lie_row_by_row() -> None:
    numbers = [np.frombuffer(part, np.uint8) for part in list_parts({"one": ONE, "two": TWO, "turned": ONE.T})]
    shared = [np.flatnonzero([np.shares_memory(part, array) for part in numbers]).tolist() for array in (ONE, TWO)]
    assert shared == [[2], [4]]
    assert b"".join(list_parts([ONE, TWO])) == format_arrays([ONE, TWO])
