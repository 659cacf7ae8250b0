"""Records in their frames: whole, in parts, cut off or corrupt."""

import struct
from io import BytesIO

import numpy as np
import pytest

from container.codecs.records import framing
from container.codecs.records.framing import (
    MAGIC,
    StreamWindow,
    find_frames,
    leading_true_count,
    make_frame,
    read_frame,
)
from container.contract.errors import DecodeError


def part(flag: int, payload: bytes) -> bytes:
    return MAGIC + struct.pack("<I", flag << 29 | len(payload)) + payload + bytes(-len(payload) % 4)


def test_a_frame_is_a_magic_number_a_length_and_padding_to_four() -> None:
    assert make_frame(b"abcde") == struct.pack("<II", 0xCED7230A, 5) + b"abcde\0\0\0"
    assert make_frame(b"abcd") == struct.pack("<II", 0xCED7230A, 4) + b"abcd"


@pytest.mark.parametrize("payload", [b"", b"a", b"abcd", b"abcde" * 100])
def test_a_record_reads_back_with_the_place_of_the_next(payload: bytes) -> None:
    data = b"junk" + make_frame(payload) + b"next"
    assert read_frame(memoryview(data), 4, False) == (payload, len(data) - 4)


def test_the_parts_of_a_record_are_joined_by_the_magic_number_at_which_it_was_split() -> None:
    data = part(1, b"ab") + part(2, b"cdef") + part(3, b"g") + make_frame(b"next")
    assert read_frame(memoryview(data), 0, False) == (b"ab" + MAGIC + b"cdef" + MAGIC + b"g", len(data) - 12)
    assert read_frame(memoryview(data[:-20]), 0, False) is None


@pytest.mark.parametrize(
    ("data", "flag"), [(part(2, b"a"), 2), (part(3, b"a"), 3), (part(1, b"a") + part(0, b"b"), 0), (part(7, b""), 7)]
)
def test_parts_out_of_order_are_refused(data: bytes, flag: int) -> None:
    with pytest.raises(DecodeError, match=rf"^split flag {flag} is out of order: the file is corrupt$"):
        read_frame(memoryview(data), 0, True)


@pytest.mark.parametrize(("parts", "refused"), [(2, False), (3, True)])
def test_parts_that_make_too_long_a_record_are_refused(
    parts: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "_MAX_LENGTH", 30)
    data = part(1, b"8 bytes!") + part(2, b"8 bytes!") * (parts - 2) + part(3, b"8 bytes!")
    if refused:
        with pytest.raises(DecodeError, match="the parts of a split record are longer than 30 bytes"):
            read_frame(memoryview(data), 0, True)
    else:
        assert read_frame(memoryview(data), 0, True) == (b"8 bytes!" + MAGIC + b"8 bytes!", len(data))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (make_frame(b"abcd")[:7], "the data ends inside a record header, 7 of 8 bytes long"),
        (make_frame(b"abcd")[:10], "a length of 4 bytes, but only 2 follow: the file is cut short"),
        (b"no magic here", "expected the magic number 0a 23 d7 ce, found 6e 6f 20 6d: the file is corrupt"),
    ],
)
def test_what_is_cut_off_or_no_record_is_told(data: bytes, problem: str) -> None:
    with pytest.raises(DecodeError) as refused:
        read_frame(memoryview(data), 0, True)
    assert str(refused.value) == problem
    if "magic" not in problem:
        assert read_frame(memoryview(data), 0, False) is None


def test_whole_records_are_found_at_once_up_to_the_first_that_is_not() -> None:
    payloads = [b"abc", b"", b"defgh", MAGIC * 2]
    whole = b"".join(map(make_frame, payloads))
    for rest in (b"", b"\0", part(1, b"a"), make_frame(b"cut off")[:-1], b"no record here", whole[:9]):
        starts, stops = find_frames(np.frombuffer(whole + rest, np.uint8))
        found = [whole[start:stop] for start, stop in zip(starts, stops, strict=True)]
        assert found[:4] == payloads
        assert len(found) == 4
    for none in (b"", b"abc", b"junk" + whole, MAGIC):
        assert [part.tolist() for part in find_frames(np.frombuffer(none, np.uint8))] == [[], []]


@pytest.mark.parametrize(("flags", "count"), [([], 0), ([True], 1), ([True, True, False, True], 2), ([False, True], 0)])
def test_flags_are_counted_up_to_the_first_that_is_not_set(flags: list[bool], count: int) -> None:
    assert leading_true_count(np.array(flags, np.bool_)) == count


def test_a_window_keeps_what_is_not_consumed_and_grows_for_what_does_not_fit() -> None:
    content = bytes(range(50))
    window = StreamWindow(BytesIO(content), 8)
    assert window.fill()
    assert (bytes(window.unread_bytes), window.offset, window.has_ended) == (content[:8], 0, False)
    window.consume(5)
    assert window.fill()
    assert (bytes(window.unread_bytes), window.offset) == (content[5:13], 5)
    assert window.fill()
    assert bytes(window.unread_bytes) == content[5:21]
    window.consume(16)
    assert window.fill()
    assert (bytes(window.unread_bytes), window.offset) == (content[21:37], 21)
    window.consume(16)
    assert window.fill()
    assert (bytes(window.unread_bytes), window.has_ended) == (content[37:], True)
    window.consume(13)
    assert not window.fill()
    assert window.offset == 50


def test_numbers_that_take_most_of_a_window_stay_as_they_are_while_it_goes_on_elsewhere() -> None:
    content = np.arange(12, dtype="<f4")
    window = StreamWindow(BytesIO(content.tobytes()), 16)
    window.fill()
    raw = np.frombuffer(window.unread_bytes, "<f4")
    kept = window.lend_or_copy(raw)
    window.consume(16)
    window.fill()
    copied = window.lend_or_copy(np.frombuffer(window.unread_bytes, "<f4")[:3])
    unaligned = window.lend_or_copy(np.frombuffer(window.unread_bytes[1:13], "<f4"))
    window.consume(16)
    window.fill()
    assert np.shares_memory(kept, raw)
    assert not np.shares_memory(copied, unaligned)
    assert (kept.tolist(), copied.tolist()) == ([0, 1, 2, 3], [4, 5, 6])
    assert unaligned.tobytes() == content[4:8].tobytes()[1:13]
    assert np.frombuffer(window.unread_bytes, "<f4").tolist() == [8, 9, 10, 11]
