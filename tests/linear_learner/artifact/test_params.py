"""MXNet's arrays: what is not exactly a weight and a bias is refused before it is believed."""

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.artifact.params import BIAS, WEIGHT, read_parameters
from open_algorithms.learning.artifact.arrays import ARRAY_MAGIC, LIST_MAGIC
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError

Floats = NDArray[np.float32]


def array(
    shape: tuple[int, ...], numbers: Floats, magic: int = ARRAY_MAGIC, storage: int = 0, kind: int = 0, device: int = 1
) -> bytes:
    head = struct.pack(f"<IiI{len(shape)}qiii", magic, storage, len(shape), *shape, device, 0, kind)
    return head + numbers.tobytes()


def listed(arrays: Iterable[bytes], names: Iterable[bytes] = (WEIGHT.encode(), BIAS.encode())) -> bytes:
    arrays, names = list(arrays), list(names)
    parts = [struct.pack("<QQQ", LIST_MAGIC, 0, len(arrays)), *arrays, struct.pack("<Q", len(names))]
    return b"".join(parts + [struct.pack("<Q", len(name)) + name for name in names])


ONES = np.ones(3, np.float32)
GOOD = array((3, 1), ONES)
BIASED = array((1, 1), ONES[:1])


def test_arrays_come_in_any_order_from_any_device_and_are_not_copied() -> None:
    content = bytearray(listed([BIASED, array((3, 1), ONES * 2, device=2)], [BIAS.encode(), WEIGHT.encode()]))
    weight, bias = read_parameters(content)
    assert (weight.tolist(), bias.tolist()) == ([[2], [2], [2]], [1])
    assert np.shares_memory(weight, np.frombuffer(content, np.uint8))
    assert not weight.flags.writeable


def test_what_mxnet_saves_is_read(tmp_path: Path) -> None:
    mx.nd.save(str(tmp_path / "saved"), {WEIGHT: mx.nd.ones((3, 2)), BIAS: mx.nd.zeros((2,))})
    weight, bias = read_parameters((tmp_path / "saved").read_bytes())
    assert (weight.shape, bias.shape) == ((3, 2), (2,))


def test_parameters_cut_short_anywhere_are_refused() -> None:
    whole = listed([array((5, 4), np.ones(20, np.float32)), array((1, 4), np.ones(4, np.float32))])
    read_parameters(whole)
    for size in range(len(whole)):
        with pytest.raises(InputError, match=r"mx-mod-0000\.params"):
            read_parameters(whole[:size])


HUGE = 1 << 62


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"\0" * 64, "begins with 0x0; expected MXNet's list of arrays, 0x112"),
        (listed([GOOD, BIASED]) + b"\0", "goes on for 1 bytes"),
        (listed([GOOD]), "announces 1 arrays; expected 2"),
        (struct.pack("<QQQ", LIST_MAGIC, 0, 1 << 60) + GOOD, "announces 1152921504606846976 arrays; expected 2"),
        (listed([GOOD, BIASED], [b"arg:fc0_weight"]), "announces 1 names"),
        (listed([GOOD, BIASED], [b"arg:fc0_weight", b"arg:fc1_bias"]), "holds 'arg:fc0_weight' and 'arg:fc1_bias'"),
        (listed([GOOD, GOOD], [b"arg:fc0_weight"] * 2), "holds 'arg:fc0_weight' and 'arg:fc0_weight'"),
        (listed([GOOD, BIASED], [b"arg:fc0_weight", b"\xff\xfe"]), r"and '\\\\xff\\\\xfe'; expected"),
        (listed([GOOD, BIASED], [b"arg:fc0_weight", b"x" * 65]), "announces a name of 65 bytes"),
        (listed([array((3, 1), ONES, magic=0xF993FAC8), BIASED]), r"before 0\.12 \(0xf993fac8\).*mx\.nd\.save"),
        (listed([array((3, 1), ONES, magic=0xF993FACA), BIASED]), r"numpy's shapes \(0xf993faca\)"),
        (listed([struct.pack("<III", 2, 3, 1), BIASED]), r"very old version \(0x2\)"),
        (listed([array((3, 1), ONES, storage=2), BIASED]), "stored as csr; expected dense"),
        (listed([array((3, 1), ONES, kind=2), BIASED]), "type float16; expected float32"),
        (listed([array((3, 1), ONES, kind=1), BIASED]), "type float64; expected float32"),
        (listed([array((3, 1), ONES, kind=99), BIASED]), "type 99"),
        (listed([array((), ONES), BIASED]), "0 dimensions; expected 1 or 2"),
        (listed([struct.pack("<IiI", ARRAY_MAGIC, 0, 0xFFFFFFFF), BIASED]), "4294967295 dimensions"),
        (listed([array((HUGE, HUGE), ONES), BIASED]), "expected one that fits"),
        (listed([array((HUGE, 4), ONES), BIASED]), "expected one that fits"),
        (listed([array((-3, -1), ONES), BIASED]), "expected one that fits"),
        (listed([array((0, 1), ONES[:0]), BIASED]), "expected one that fits"),
        (listed([array((3,), ONES), BIASED]), r"shapes disagree: fc0_weight \(3,\)"),
        (listed([GOOD, array((3, 1), ONES)]), r"shapes disagree: fc0_weight \(3, 1\) and fc0_bias \(3, 1\)"),
        (listed([array((3, 1), ONES * np.float32(np.nan)), BIASED]), "not finite, in arg:fc0_weight"),
        (listed([GOOD, array((1, 1), ONES[:1] * np.float32(-np.inf))]), "not finite, in arg:fc0_bias"),
    ],
)
def test_what_is_not_a_weight_and_a_bias_is_refused(content: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_parameters(content)
