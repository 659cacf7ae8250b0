"""Bodies end where HTTP says, however the bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.contract.errors import BadPayload
from container.wire.message import ChunkedBody, SizedBody


def chunked(parts: list[bytes], trailers: bytes = b"") -> bytes:
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n" + trailers + b"\r\n"


def feed(framing: SizedBody | ChunkedBody, data: bytes, step: int) -> tuple[bytes, bytes]:
    """Give the body and what comes behind it."""
    body = bytearray()
    at = 0
    while at < len(data) and not framing.is_complete:
        at += framing.feed_data(memoryview(data)[at : at + step], body.extend)
    return bytes(body), data[at:]


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from([b"", b"A: b\r\nC: d\r\n"]), st.integers(1, 80))
def test_chunks_are_put_together_and_what_follows_is_left(parts: list[bytes], trailers: bytes, step: int) -> None:
    framing = ChunkedBody()
    assert feed(framing, chunked(parts, trailers) + b"GET /", step) == (b"".join(parts), b"GET /")
    assert framing.is_complete


@given(st.binary(max_size=40), st.integers(1, 80))
def test_a_length_is_kept_to(body: bytes, step: int) -> None:
    framing = SizedBody(len(body))
    assert feed(framing, body + b"GET /", step) == (body, b"GET /")
    assert framing.is_complete


@pytest.mark.parametrize("end", range(len(chunked([b"abc"], b"A: b\r\n"))))
def test_what_is_cut_short_has_not_ended(end: int) -> None:
    framing = ChunkedBody()
    feed(framing, chunked([b"abc"], b"A: b\r\n")[:end], 3)
    assert not framing.is_complete


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x\r\n", "chunk of length 'x'"),
        (b"\r\n", "chunk of length ''"),
        (b"-1\r\n", "chunk of length '-1'"),
        (b"+1\r\n", "chunk of length"),
        (b"0x1\r\n", "chunk of length"),
        (b"1_0\r\n", "chunk of length"),
        (b"f" * 16 + b"\r\n", "chunk of length"),
        (b"3\nabc", "does not end in CR LF"),
        (b"3\r\nabcd\r\n", "longer than it says"),
        (b"1;" + b"x" * 2000, "line that does not end"),
        (b"0\r\n" + b"a: b\r\n" * 5000, "trailers of more than 8192 bytes"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_what_are_no_chunks_is_refused(data: bytes, message: str, step: int) -> None:
    with pytest.raises(BadPayload, match=message):
        feed(ChunkedBody(), data, step)
