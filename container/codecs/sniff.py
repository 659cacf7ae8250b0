"""Guess what bytes are from how they begin, for messages and for requests without a content type."""

from container.codecs.framing import MAGIC

HEAD_BYTES = 4096

_BEGINNINGS = {
    MAGIC: "application/x-recordio-protobuf",
    b"\x1f\x8b": "gzip",
    b"PAR1": "application/x-parquet",
    b"{": "application/json",
    b"[": "application/json",
}


def sniff(head: bytes) -> str | None:
    """Name the type of data that begins with `head`; None where it is neither known nor text."""
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    text = head[:HEAD_BYTES]
    printable = all(byte >= 32 or byte in b"\t\n\r" for byte in text)
    return "text/csv" if text and printable else None


def mismatch(expected: str, head: bytes) -> str:
    """Say that bytes are not of the expected type, what they look like, and what to do."""
    found = sniff(head)
    if found is None:
        return f"expected {expected}, found bytes of no known type: {head[:16].hex(' ')}"
    if found == "gzip":
        return f"expected {expected}, found gzip-compressed data: give it uncompressed"
    return f"expected {expected}, but the data looks like {found}: if it is, set the content type to {found}"
