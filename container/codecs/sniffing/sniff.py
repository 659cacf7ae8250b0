"""Detection of the type of data by its first bytes, for messages and for requests without a content type."""

import codecs
import re

from container.codecs.records.framing import MAGIC
from container.codecs.sniffing.formats import recognize_format, recognize_in_gzip
from container.codecs.text.instance_faults import EXAMPLE_DOCUMENT

HEAD_BYTES = 4096
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARQUET_MAGIC = b"PAR1"
GZIP, JSON, JSON_LINES = "gzip", "application/json", "application/jsonlines"

_BEGINNINGS = {
    MAGIC: "application/x-recordio-protobuf",
    b"\x1f\x8b": GZIP,
    PARQUET_MAGIC: "application/x-parquet",
}
_TEXT = bytes([*b"\t\n\r", *range(32, 256)])
_NUMBER = rb"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
_RECORD = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:features|data)"\s*:')  # a document lists such
_INSTANCES = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"instances"\s*:')
_MANIFEST = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{\s*"prefix"\s*:|\{\s*"(?:entries|sourceBucket|fileLocations)"\s*:)'
)
_AUGMENTED = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^{}\n]*"[\w-]*source-ref"\s*:')
_LISTING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:Bucket|Contents|Buckets|Records)"\s*:')
_ROW = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?:\[\s*)?[0-9+.\-\]\"n]")
_LIBSVM = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:%b[ \t]+)?[0-9]+:%b(?:\s|$)" % (_NUMBER, _NUMBER))


def sniff_type(head: bytes) -> str | None:
    """Return the media type of data that begins with `head`, or the name of an unsupported format.

    Any other text is text/csv; other bytes are None.
    """
    head = head[:HEAD_BYTES]
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    if found := recognize_format(head):
        return found.name
    if head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"["):
        return JSON
    if not head or head.translate(None, _TEXT):
        return None
    return "text/libsvm" if _LIBSVM.match(head) else "text/csv"


def sniff_request_type(head: bytes) -> str | None:
    """Return the media type of a request that begins with `head`; a single JSON record means JSON Lines."""
    name = sniff_type(head)
    return JSON_LINES if name == JSON and _RECORD.match(head) else name


def sniff_asked_type(head: bytes) -> str | None:
    """Return the media type of a request to a model of a table that begins with `head`.

    JSON without a list of instances is JSON Lines, whatever the columns are called, and libsvm has no commas.
    """
    name = sniff_type(head)
    if name == JSON and b'"instances"' not in head[:HEAD_BYTES]:
        return JSON_LINES
    if name == "text/libsvm" and b"," in head.lstrip().split(b"\n", 1)[0]:
        return "text/csv"
    return name


def may_be_type(expected: str, head: bytes) -> bool:
    """Tell whether data may be of the expected text type; text that resembles no other type may be any."""
    return sniff_type(head) in (JSON if expected == JSON_LINES else expected, "text/csv")


def explain_mismatch(expected: str, head: bytes, is_request: bool = False) -> str:
    """Explain that training data, or a request, is not of the expected type: what it looks like, and what to do."""
    head = head[:HEAD_BYTES]
    name = sniff_request_type(head)
    found = recognize_in_gzip(head) if name == GZIP else recognize_format(head)
    if found:
        inside = ", within gzip" if name == GZIP else ""
        return f"expected {expected}, found {found.name}{inside}. {found.remedy.format(expected=expected)}"
    if name is None:
        return f"expected {expected}, found {_explain_unknown_bytes(head)}"
    if name == GZIP:
        return f"expected {expected}, found gzip-compressed data{_GZIP_REMEDY[is_request]}"
    if name in (JSON, JSON_LINES):
        return (
            f"expected {expected}, "
            f"{_explain_json_request(head, name) if is_request else _explain_json_file(head, expected)}"
        )
    return f"expected {expected}, but the data looks like {name}: if it is, set the content type to {name}"


_GZIP_REMEDY = {
    False: ", which is read in File and FastFile mode only, and not within gzip: unpack it",
    True: ". Set the Content-Encoding to gzip, or send it uncompressed",
}


def _explain_unknown_bytes(head: bytes) -> str:
    if not head:
        return "nothing"
    control = head.translate(None, _TEXT)
    if len(set(control)) <= 2 and len(control) <= len(head) // 2 and _is_utf8(head):
        return (
            f"text with the control character U+{control[0]:04X}, at byte {head.index(control[0])}. Write text without "
            "such characters, with commas between the columns of CSV"
        )
    return f"bytes of no known type: {head[:16].hex(' ')}"


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _explain_json_file(head: bytes, expected: str) -> str:
    """Explain JSON in a training channel of another type."""
    rows = "Write one row a line as text/csv, the label first"
    if expected != "text/csv":
        rows += f", and set the content type to it, or write {expected}"
    if _MANIFEST.match(head):
        return (
            "found a manifest, a list of files. Put the files themselves into the channel, on SageMaker by S3DataType "
            "ManifestFile"
        )
    if _AUGMENTED.match(head):
        return f"found an augmented manifest, which training does not read. {rows}"
    if _LISTING.match(head):
        return "found a list of files or events of S3. Put the files themselves into the channel"
    if _ROW.match(head):
        return f"found rows in brackets, as of JSON, which is read as {JSON_LINES} only. {rows}, without brackets"
    return f"found JSON, which is read as {JSON_LINES} only. {rows}"


def _explain_json_request(head: bytes, name: str) -> str:
    """Explain JSON in a request of another content type."""
    if name == JSON_LINES or _INSTANCES.match(head):
        return f"but the data looks like {name}: if it is, set the content type to {name}"
    if _ROW.match(head):
        return f"found rows in brackets. Write each as a line without brackets, or send {EXAMPLE_DOCUMENT} as {JSON}"
    return f"found other JSON than is read. Send {EXAMPLE_DOCUMENT} as {JSON}"
