"""Unsupported formats, recognized by their first bytes: the name of each, and what to do with it."""

import re
import zlib
from dataclasses import dataclass

_UNPACK = "Unpack it first"
_SHEET = "Save the sheet as CSV (UTF-8)"
_WRITE = "Write its rows as {expected}"
_OTHER = "Rows of numbers are needed: see that it is the right file"
_ENCODE = "Save it as UTF-8"
_FETCH = "The download failed: fetch the file again"


@dataclass(frozen=True)
class ForeignFormat:
    """An unsupported format: its name, and a remedy in which `{expected}` stands for a content type."""

    name: str
    remedy: str


_BINARY = {
    rb"PK\x03\x04|PK\x05\x06": ("a ZIP archive", _UNPACK),
    rb"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    rb"Rar!\x1a\x07": ("a RAR archive", _UNPACK),
    rb"MSCF\x00": ("a CAB archive", _UNPACK),
    rb"(?s:.{257})ustar": ("a tar archive", _UNPACK),
    rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)": ("data compressed by bzip2", _UNPACK),
    rb"\xfd7zXZ\x00": ("data compressed by xz", _UNPACK),
    rb"\x5d\x00\x00(?s:.{2})[\x00-\x08\xff]{2}": ("data compressed by LZMA", _UNPACK),
    rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18": ("data compressed by Zstandard", _UNPACK),
    rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18": ("data compressed by LZ4", _UNPACK),
    rb"\xff\x06\x00\x00sNaPpY": ("data compressed by Snappy", _UNPACK),
    rb"\x1f[\x9d\xa0]": ("data compressed by compress", _UNPACK),
    rb"LZIP[\x00\x01]|\x89LZO\x00": ("data compressed by lzip or lzop", _UNPACK),
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("a file of old Microsoft Office, such as xls", _SHEET),
    rb"\x93NUMPY": ("a NumPy array (npy)", _WRITE),
    rb"\x80[\x02-\x05]|c(?:copy_reg|numpy|pandas|builtins|__builtin__)[\w.]*\n|\([ld]p\d|[\]}(]q\x00": (
        "a Python pickle",
        _WRITE,
    ),
    rb"ORC(?=(?s:.{0,2})[\x00-\x08\x0e-\x1f])": ("an ORC file", _WRITE),
    rb"PARE(?=(?s:.{0,2})[\x00-\x08\x0e-\x1f])": ("an encrypted Parquet file", _WRITE),
    rb"Obj\x01": ("an Avro file", _WRITE),
    rb"ARROW1\x00|FEA1\x00|\xff\xff\xff\xff(?s:..)\x00\x00": ("an Arrow or Feather file", _WRITE),
    rb"\x89HDF\r\n": ("an HDF5 file", _WRITE),
    rb"CDF[\x01\x02\x05]": ("a netCDF file", _WRITE),
    rb"SQLite format 3\x00": ("an SQLite database", _WRITE),
    rb"PGDMP": ("a PostgreSQL dump", _WRITE),
    rb"MATLAB [5-7]\.": ("a MATLAB file", _WRITE),
    rb"RD[AX][23]\n|[XA]\n\x00\x00\x00[\x02\x03]": ("data of R", _WRITE),
    rb"\x00{12}\xc2\xea\x81\x60|HEADER RECORD\*{7}": ("a SAS data set", _WRITE),
    rb"\$FL[23]@": ("an SPSS file", _WRITE),
    rb"<stata_dta>|[\x71-\x77][\x01\x02]\x01\x00": ("a Stata file", _WRITE),
    rb"SEQ[\x04-\x06]": ("a Hadoop sequence file", _WRITE),
    rb"\xac\xed\x00\x05": ("a Java object", _WRITE),
    rb"\x12\x01\x00{6}": ("MXNet arrays", _WRITE),
    rb"%PDF-": ("a PDF document", _OTHER),
    rb"\{\\rtf": ("an RTF document", _OTHER),
    rb"\x89PNG\r?\n?": ("a PNG image", _OTHER),
    rb"\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|BM(?s:.{4})\x00{4}|RIFF(?s:.{4})WEBP": ("an image", _OTHER),
    rb"\x7fELF|MZ(?s:.)\x00": ("a program", _OTHER),
    rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff|(?:[\t\n\r -~]\x00{3}){2}|(?:\x00{3}[\t\n\r -~]){2}": (
        "text in UTF-32",
        _ENCODE,
    ),
    rb"\xff\xfe|\xfe\xff|(?:[\t\n\r -~]\x00){2}|(?:\x00[\t\n\r -~]){2}": ("text in UTF-16", _ENCODE),
}
_TEXT = {
    rb"version https://git-lfs": ("a Git LFS pointer", "Fetch the file itself by git lfs pull"),
    rb"outs:\s+- (?:md5|hash|etag|path):": ("a DVC pointer", "Fetch the file itself by dvc pull"),
    rb"(?:\.\./)*\.git/annex/|/annex/objects/": ("a git-annex pointer", "Fetch the file itself by git annex get"),
    rb"(?i:<!doctype html|<html[\s>]|<(?:head|body)\b[^>]*>\s*<)": ("an HTML page", _FETCH),
    rb"(?:<\?xml[^>]*>\s*)?<(?:Error|ErrorResponse)(?:\s[^>]*)?>\s*<": ("an error message in XML", _FETCH),
    rb"(?:<\?xml[^>]*>\s*)?<ListBucketResult\b": ("a list of an S3 bucket", "Fetch the objects in it"),
    rb"<\?xml[^>]*>\s*<\?mso-application": ("an Excel sheet in XML", _SHEET),
    rb"<\?xml\b|<[A-Za-z][\w:.-]*(?:\s[^<>]*)?>\s*<": ("XML", _WRITE),
    rb"(?i:(?:%[^\n]*\n\s*)*@relation\b)": ("ARFF, as of Weka", "Keep the rows below @data only, as {expected}"),
    rb"(?i:(?:--[^\n]*\n\s*|/\*[^/]*/;?\s+)*(?:(?:create|drop|alter) (?:table|database|schema)\b|insert into\b))|"
    rb"-- (?:MySQL|PostgreSQL|MariaDB|SQLite|phpMyAdmin) ": ("SQL", _WRITE),
    rb"#!": ("a script", _OTHER),
    rb"%%MatrixMarket": ("a Matrix Market file", _WRITE),
    rb"HTTP/[123](?:\.\d)? \d{3}": ("an answer of HTTP with its headers", "Keep its body only"),
    rb"--\S+\r?\nContent-Disposition:": ("a form (multipart)", "Send the data alone as the body"),
    rb"-----BEGIN ": ("encoded or encrypted text (PEM or PGP)", _OTHER),
    rb"(?:[a-z]+\.)?(?:array|tensor)\(\[": ("what Python prints of an array", _WRITE),
    rb"\[+\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s+[\d.+-]": ("what NumPy prints of an array", _WRITE),
    rb"[\[{(]\s*[\[{(]?\s*'|\[\s*[\[(]?(?:[a-z]+\.)?[A-Za-z]\w*\(": ("what Python prints of its objects", _WRITE),
}
_NUMBERS = b"0123456789+-.,:eE \t\r\n"
_FORMATS = [ForeignFormat(*kind) for kind in (*_BINARY.values(), *_TEXT.values())]
_BEGINNING = re.compile(
    b"(%b)" % b")|(".join(_BINARY) + rb"|\s*(?:(%b))" % b")|(".join(_TEXT),
)
_ZIPPED = {  # by what the first entries are called
    rb"PK\x03\x04(?s:.{26})xl/": ForeignFormat("an Excel workbook", _SHEET),
    rb"PK\x03\x04(?s:.{26})word/": ForeignFormat("a Word document", _OTHER),
    rb"PK\x03\x04(?s:.{26})ppt/": ForeignFormat("a PowerPoint presentation", _OTHER),
    rb"opendocument\.spreadsheet": ForeignFormat("an OpenDocument spreadsheet", _SHEET),
    rb"opendocument\.": ForeignFormat("an OpenDocument document", _OTHER),
    rb"/data\.pkl": ForeignFormat("a file of torch", _WRITE),
    rb"\.npy": ForeignFormat("NumPy arrays (npz)", _WRITE),
}


def recognize_format(head: bytes) -> ForeignFormat | None:
    """Return the unsupported format that data beginning with `head` has; None if it is supported or not known."""
    if head.startswith(b'{"') or not head.translate(None, _NUMBERS):  # most requests
        return None
    found = _BEGINNING.match(head.removeprefix(b"\xef\xbb\xbf"))
    if not found:
        return ForeignFormat("data compressed by zlib", _UNPACK) if _is_zlib_stream(head) else None
    kind = _FORMATS[(found.lastindex or 1) - 1]
    if kind.name == "a ZIP archive":
        return next((inner for entry, inner in _ZIPPED.items() if re.search(entry, head)), kind)
    if code := kind.remedy == _FETCH and re.search(rb"<Code>(\w{1,40})</Code>", head):
        return ForeignFormat(f"{kind.name} ({code[1].decode()})", kind.remedy)
    return kind


def _is_zlib_stream(head: bytes) -> bool:
    """Tell whether `head` is the beginning of a zlib stream."""
    if head[:2] not in (b"x\x01", b"x\x9c", b"x\xda"):
        return False
    try:
        return bool(zlib.decompressobj().decompress(head, 64))
    except zlib.error:
        return False


def recognize_in_gzip(head: bytes) -> ForeignFormat | None:
    """Return the unsupported format inside gzip data that begins with `head`; None if it is supported or not known."""
    try:
        return recognize_format(zlib.decompressobj(31).decompress(head, 512))
    except zlib.error:
        return None
