"""Guess what bytes are from how they begin, for messages and for requests without a content type."""

import re

from container.codecs.framing import MAGIC

HEAD_BYTES = 4096
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_BEGINNINGS = {
    MAGIC: "application/x-recordio-protobuf",
    b"\x1f\x8b": "gzip",
    b"PAR1": "application/x-parquet",
}
_TEXT = bytes([*b"\t\n\r", *range(32, 256)])
_NUMBER = rb"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
_RECORD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:features|data)"\s*:')  # a document lists such
_LIBSVM = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:%b[ \t]+)?[0-9]+:%b(?:\s|$)" % (_NUMBER, _NUMBER))


def sniff(head: bytes) -> str | None:
    """Name the type of data that begins with `head`; any other text is text/csv, and other bytes are None."""
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    text = head[:HEAD_BYTES]
    if text.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"["):
        return "application/json"
    if not text or text.translate(None, _TEXT):
        return None
    return "text/libsvm" if _LIBSVM.match(text) else "text/csv"


def sniff_request(head: bytes) -> str | None:
    """Name the type of a request that begins with `head`, where JSON that begins with a record is one a line."""
    name = sniff(head)
    return "application/jsonlines" if name == "application/json" and _RECORD.match(head) else name


def may_be(expected: str, head: bytes) -> bool:
    """Tell whether nothing speaks against the expected type of text, one that looks like no other being of any."""
    return sniff(head) in (expected, "text/csv")


def mismatch(expected: str, head: bytes) -> str:
    """Say that bytes are not of the expected type, what they look like, and what to do."""
    found = sniff(head)
    if found is None:
        return f"expected {expected}, found bytes of no known type: {head[:16].hex(' ')}"
    if found == "gzip":
        return f"expected {expected}, found gzip-compressed data, which is read from files only: send it uncompressed"
    return f"expected {expected}, but the data looks like {found}: if it is, set the content type to {found}"
