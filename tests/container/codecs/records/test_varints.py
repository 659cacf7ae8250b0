"""Varints are read in bulk as protobuf's rules say, one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.codecs.records.varints import read_varints, unpack_varints


def encode(value: int) -> bytes:
    """Seven bits a byte, lowest first, the top bit set on all but the last."""
    digits = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])


def raw(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 16383, 16384, 2**21, 2**28 - 1, 2**28, 2**35, 2**56 - 1])
def test_a_value_of_any_length_reads_back_equal_alone_and_between_others(value: int) -> None:
    data = encode(5) + encode(value) + encode(300)
    values, after = read_varints(raw(data), np.array([1]))
    assert (values.tolist(), after.tolist()) == ([value], [len(data) - 2])
    unpacked = unpack_varints(raw(data))
    assert unpacked is not None
    assert [int(number) for number in unpacked[0]] == [5, value, 300]
    assert unpacked[1].tolist() == [0, 1, len(data) - 2, len(data)]


@given(st.lists(st.integers(0, 2**56 - 1) | st.integers(0, 300)))
def test_many_values_are_read_at_once(values: list[int]) -> None:
    unpacked = unpack_varints(raw(b"".join(map(encode, values))))
    assert unpacked is not None
    assert [int(number) for number in unpacked[0]] == values
    assert unpacked[1].tolist() == np.cumsum([0, *(len(encode(value)) for value in values)]).tolist()


@pytest.mark.parametrize("value", [2**62, 2**63 - 1])
def test_nine_bytes_are_read_where_a_value_stands_alone_and_ten_are_not(value: int) -> None:
    assert read_varints(raw(encode(value) + b"\x05"), np.array([0]))[0].tolist() == [value]
    assert read_varints(raw(encode(2**63) + b"\x05"), np.array([0, 10]))[0].tolist() == [-1, 5]


def test_a_value_that_is_cut_off_is_none() -> None:
    assert read_varints(raw(b"\x05\x80"), np.array([0, 1, 2, 7]))[0].tolist() == [5, -1, -1, -1]
    assert unpack_varints(raw(b"\x05\x80")) is None
    assert unpack_varints(raw(encode(2**63))) is None
