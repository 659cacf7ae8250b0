"""Data of another format than its content type says: named for what it is, with an advice that can be followed."""

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, orc

from container.codecs.recordio import encode_records
from container.codecs.registry import CODECS, TRAINING_TYPES
from container.codecs.sniffing import sniff
from container.codecs.sniffing.formats import recognize_format, recognize_in_gzip
from container.contract.errors import DecodeError
from container.rows.blocks import DEFAULT_OPTIONS
from tests.container.bodies import decode_body

ROWS = b"1,0.5,2\n0,0.25,3\n" * 100
TABLE = pa.table({"label": [1.0, 0.0], "age": [31.0, 42.0]})
AS_CSV = "Write its rows as text/csv"
UNPACK = "Unpack it first"
SHEET = r"Save the sheet as CSV \(UTF-8\)"
OTHER = "Rows of numbers are needed: see that it is the right file"
FETCH = "The download failed: fetch the file again"


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    file = BytesIO()
    write(file)
    return file.getvalue()


def zipped(*names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, ROWS)
    return file.getvalue()


def tarred(mode: str) -> bytes:
    file = BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("train.csv")
        entry.size = len(ROWS)
        archive.addfile(entry, BytesIO(ROWS))
    return file.getvalue()


def arrow(open_writer: Callable[..., Any]) -> bytes:
    file = BytesIO()
    writer = open_writer(file, TABLE.schema)
    writer.write_table(TABLE)
    writer.close()
    return file.getvalue()


def refuse_training(content: bytes, kind: str = "text/csv") -> str:
    decode_blocks = CODECS[kind].decode_blocks
    assert decode_blocks
    with pytest.raises(DecodeError) as refused:
        list(decode_blocks(BytesIO(content), {}, None, DEFAULT_OPTIONS))
    return str(refused.value)


def refuse_request(body: bytes, kind: str = "text/csv") -> str:
    with pytest.raises(DecodeError) as refused:
        decode_body(kind, body, {}, 2)
    return str(refused.value)


FORMATS = {
    "zip": (zipped("train.csv"), "a ZIP archive", UNPACK),
    "xlsx": (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "an Excel workbook", SHEET),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), "a Word document", OTHER),
    "npz": (written(lambda file: np.savez(file, X=np.ones((2, 2)))), r"NumPy arrays \(npz\)", AS_CSV),
    "tar": (tarred("w"), "a tar archive", UNPACK),
    "tar.gz": (tarred("w:gz"), "a tar archive, within gzip", UNPACK),
    "npy.gz": (
        gzip.compress(written(lambda file: np.save(file, np.ones(3)))),
        r"a NumPy array \(npy\), within",
        AS_CSV,
    ),
    "bz2": (bz2.compress(ROWS), "data compressed by bzip2", UNPACK),
    "xz": (lzma.compress(ROWS), "data compressed by xz", UNPACK),
    "lzma": (lzma.compress(ROWS, lzma.FORMAT_ALONE), "data compressed by LZMA", UNPACK),
    "zst": (pa.compress(ROWS, "zstd", asbytes=True), "data compressed by Zstandard", UNPACK),
    "lz4": (pa.compress(ROWS, "lz4", asbytes=True), "data compressed by LZ4", UNPACK),
    "zlib": (zlib.compress(ROWS), "data compressed by zlib", UNPACK),
    "7z": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive", UNPACK),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "a file of old Microsoft Office, such as xls", SHEET),
    "npy": (written(lambda file: np.save(file, np.ones((2, 2)))), r"a NumPy array \(npy\)", AS_CSV),
    "pickle 0": (pickle.dumps(np.ones(2), 0), "a Python pickle", AS_CSV),
    "pickle 4": (pickle.dumps([1, 2.5], 4), "a Python pickle", AS_CSV),
    "orc": (written(lambda file: orc.write_table(TABLE, file)), "an ORC file", AS_CSV),
    "arrow": (arrow(ipc.new_file), "an Arrow or Feather file", AS_CSV),
    "arrow stream": (arrow(ipc.new_stream), "an Arrow or Feather file", AS_CSV),
    "avro": (b"Obj\x01\x04\x14avro.codec", "an Avro file", AS_CSV),
    "hdf5": (b"\x89HDF\r\n\x1a\n\x00", "an HDF5 file", AS_CSV),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document", OTHER),
    "png": (b"\x89PNG\r\n\x1a\n\x00", "a PNG image", OTHER),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "an image", OTHER),
    "utf-16": (ROWS.decode().encode("utf-16"), "text in UTF-16", "Save it as UTF-8"),
    "utf-16, no mark": (ROWS.decode().encode("utf-16-le"), "text in UTF-16", "Save it as UTF-8"),
    "utf-32": (ROWS.decode().encode("utf-32"), "text in UTF-32", "Save it as UTF-8"),
    "git lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
        "a Git LFS pointer",
        "Fetch the file itself by git lfs pull",
    ),
    "html": (b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title>", "an HTML page", FETCH),
    "s3": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>',
        r"an error message in XML \(AccessDenied\)",
        FETCH,
    ),
    "xml": (b"<rows>\n  <row><label>1</label></row>\n</rows>\n", "XML", AS_CSV),
    "arff": (b"% Iris\n%\n@RELATION iris\n", "ARFF, as of Weka", "Keep the rows below @data only, as text/csv"),
    "sql": (b"-- rows of 2024\nCREATE TABLE rows (label INT);\n", "SQL", AS_CSV),
    "script": (b"#!/bin/sh\necho 1,2\n", "a script", OTHER),
    "printed array": (b"[[1.  0.5]\n [0.  2. ]]\n", "what NumPy prints of an array", AS_CSV),
    "printed dict": (b"{'features': [1.0, 0.5]}\n", "what Python prints of its objects", AS_CSV),
    "printed numbers": (b"[np.float64(1.0), np.float64(0.5)]\n", "what Python prints of its objects", AS_CSV),
}


@pytest.mark.parametrize(("content", "name", "advice"), FORMATS.values(), ids=FORMATS)
def test_a_format_that_is_not_read_is_named_with_what_to_do(content: bytes, name: str, advice: str) -> None:
    for message in (refuse_training(content), refuse_request(content)):
        with pytest.raises(AssertionError, match=rf"^expected text/csv, found {name}.*\. {advice}$"):
            raise AssertionError(message)


@pytest.mark.parametrize("kind", [*TRAINING_TYPES, "application/json"])
@pytest.mark.parametrize("name", ["zip", "npy", "utf-16", "html"])
def test_it_is_named_whatever_was_expected(kind: str, name: str) -> None:
    content, found, _ = FORMATS[name]
    if kind == "application/json" and name == "utf-16":
        content = b"\xff\xfe1\x00,\x002\x00"
    refuse = refuse_training if kind in TRAINING_TYPES else refuse_request
    with pytest.raises(AssertionError, match=f"^expected {kind}, found {found}"):
        raise AssertionError(refuse(content, kind))


def test_a_database_is_named(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "rows")
    base.execute("CREATE TABLE rows (label)")
    base.close()
    content = (tmp_path / "rows").read_bytes()
    assert refuse_training(content) == "expected text/csv, found an SQLite database. Write its rows as text/csv"


def test_bytes_that_nobody_knows_are_shown() -> None:
    assert refuse_training(b"\x01\x02\x03\xf0") == "expected text/csv, found bytes of no known type: 01 02 03 f0"
    assert refuse_training(b"1\x012\x013\n") == (
        "expected text/csv, found text with the control character U+0001, at byte 1. Write text without such "
        "characters, with commas between the columns of CSV"
    )


@pytest.mark.parametrize(
    "header", [b"ORC,a", b"<NA>,<PAD>", b"MZ,BM", b"x,y", b"(Intercept),x", b"version,II*", b"a,@"]
)
def test_names_that_begin_as_a_format_does_are_names(header: bytes) -> None:
    assert sniff.sniff_type(header + b"\n1,2\n") == "text/csv"


ROW_A_LINE = "Write one row a line as text/csv, the label first"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            b'{"label": 1, "features": [2, 3]}\n',
            f"found JSON, which is read as application/jsonlines only. {ROW_A_LINE}",
        ),
        (b'[{"label": 1, "age": 2}]', f"found JSON, which is read as application/jsonlines only. {ROW_A_LINE}"),
        (
            b"[1, 2]\n[3, 4]\n",
            f"found rows in brackets, as of JSON, which is read as application/jsonlines only. {ROW_A_LINE}",
        ),
        (b"\xef\xbb\xbf[[1, 2], [3, 4]]", "found rows in brackets, as of JSON"),
        (
            b'[{"prefix": "s3://bucket/rows/"}, "part-1", "part-2"]',
            "found a manifest, a list of files. Put the files themselves into the channel, on SageMaker by S3DataType "
            "ManifestFile",
        ),
        (
            b'{"entries": [{"url": "s3://bucket/rows/1"}]}',
            "found a manifest, a list of files. Put the files themselves",
        ),
        (b'{"class": 0, "source-ref": "s3://bucket/1.jpg"}\n', "found an augmented manifest, which training does not"),
        (b'{"Bucket": "bucket", "Contents": []}', "found a list of files or events of S3. Put the files themselves"),
    ],
)
def test_training_never_advises_the_json_that_it_refuses(content: bytes, found: str) -> None:
    for kind in {*TRAINING_TYPES} - {sniff.JSON_LINES}:
        message = refuse_training(content, kind)
        assert message.startswith(f"expected {kind}, {found}")
        assert "set the content type to application/json" not in message
    assert refuse_training(b'{"a": 1}', "application/x-parquet") == (
        "expected application/x-parquet, found JSON, which is read as application/jsonlines only. Write one row a line "
        "as text/csv, the label first, and set the content type to it, or write application/x-parquet"
    )


@pytest.mark.parametrize("kind", ["text/csv", "text/libsvm"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            b'{"instances": [{"features": [1, 2]}]}',
            "looks like application/json: if it is, set the content type to app",
        ),
        (b'{"features": [1, 2]}\n', "looks like application/jsonlines: if it is, set the content type to application/"),
        (b"[1, 2]\n[3, 4]\n", 'found rows in brackets. Write each as a line without brackets, or send {"instances'),
        (
            b'{"inputs": [[1, 2]]}',
            r'found other JSON than is read. Send {"instances": \[{"features": \[...\]}, ...\]} as',
        ),
        (b"PAR1", "looks like application/x-parquet: if it is, set the content type to application/x-parquet"),
        (b"\x1f\x8b\x08", "found gzip-compressed data. Set the Content-Encoding to gzip, or send it uncompressed"),
    ],
)
def test_requests_never_advise_what_they_refuse(kind: str, body: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=f"expected {kind}, .*{message.replace('{kind}', kind)}"):
        decode_body(kind, body, {}, 2)


def test_gzip_within_gzip_or_a_pipe_is_told_how_it_is_read() -> None:
    assert refuse_training(gzip.compress(ROWS)) == (
        "expected text/csv, found gzip-compressed data, which is read in File and FastFile mode only, and not within "
        "gzip: unpack it"
    )


def test_what_is_read_elsewhere_is_advised() -> None:
    records = encode_records(np.ones((1, 2), np.float32))
    for refuse in (refuse_training, refuse_request):
        assert refuse(records) == (
            "expected text/csv, but the data looks like application/x-recordio-protobuf: if it is, set the content "
            "type to application/x-recordio-protobuf"
        )


WRITE, ENCODE = "Write its rows as {expected}", "Save it as UTF-8"
SAVE_SHEET = "Save the sheet as CSV (UTF-8)"


def zip_entry(name: bytes, content: bytes = b"") -> bytes:
    return b"PK\x03\x04" + bytes(26) + name + content


BEGINNINGS = [
    (b"PK\x05\x06" + bytes(18), "a ZIP archive", UNPACK),
    (b"Rar!\x1a\x07\x01\x00", "a RAR archive", UNPACK),
    (b"MSCF\x00\x00\x00\x00", "a CAB archive", UNPACK),
    (b"train.csv".ljust(257, b"\x00") + b"ustar\x0000", "a tar archive", UNPACK),
    (b"BZh9\x17\x72\x45\x38\x50\x90", "data compressed by bzip2", UNPACK),
    (b"\x52\x2a\x4d\x18\x04\x00\x00\x00", "data compressed by Zstandard", UNPACK),
    (b"\x02\x21\x4c\x18\x04\x00\x00\x00", "data compressed by LZ4", UNPACK),
    (b"\xff\x06\x00\x00sNaPpY\x00", "data compressed by Snappy", UNPACK),
    (b"\x1f\x9d\x90\x31", "data compressed by compress", UNPACK),
    (b"LZIP\x01\x0c", "data compressed by lzip or lzop", UNPACK),
    (b"\x89LZO\x00\r\n\x1a\n", "data compressed by lzip or lzop", UNPACK),
    *((zlib.compress(b"1,2\n" * 50, level), "data compressed by zlib", UNPACK) for level in (1, 6, 9)),
    (b"PARE\x15\x04\x15\x00", "an encrypted Parquet file", WRITE),
    (b"FEA1\x00\x00\x00\x00", "an Arrow or Feather file", WRITE),
    (b"CDF\x01\x00\x00\x00\x00", "a netCDF file", WRITE),
    (b"PGDMP\x01\x0e\x00", "a PostgreSQL dump", WRITE),
    (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB file", WRITE),
    *((head, "data of R", WRITE) for head in (b"RDX3\nX\n", b"RDA2\nA\n2\n", b"X\n\x00\x00\x00\x03\x00")),
    (bytes(12) + b"\xc2\xea\x81\x60\xb3\x14", "a SAS data set", WRITE),
    (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "a SAS data set", WRITE),
    (b"$FL2@(#) SPSS DATA FILE", "an SPSS file", WRITE),
    *((head, "a Stata file", WRITE) for head in (b"<stata_dta><header>", b"\x73\x02\x01\x00")),
    (b"SEQ\x06\x19org.apache.hadoop", "a Hadoop sequence file", WRITE),
    (b"\xac\xed\x00\x05sr\x00\x13", "a Java object", WRITE),
    (b"\x12\x01\x00\x00\x00\x00\x00\x00" + bytes(8), "MXNet arrays", WRITE),
    (b"{\\rtf1\\ansi", "an RTF document", OTHER),
    *(
        (head, "an image", OTHER)
        for head in (
            b"GIF89a\x01\x00",
            b"II*\x00",
            b"MM\x00*",
            b"BM\x36\x00\x0c\x00\x00\x00\x00\x00",
            b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        )
    ),
    *((head, "a program", OTHER) for head in (b"\x7fELF\x02\x01\x01", b"MZ\x90\x00\x03")),
    *(("1,2\n3,4\n".encode(name), "text in UTF-32", ENCODE) for name in ("utf-32", "utf-32-le", "utf-32-be")),
    *(("1,2\n3,4\n".encode(name), "text in UTF-16", ENCODE) for name in ("utf-16", "utf-16-le", "utf-16-be")),
    (b"outs:\n- md5: 22a1a2931c8370d3aeedd7183606fd7f\n", "a DVC pointer", "Fetch the file itself by dvc pull"),
    *(
        (head, "a git-annex pointer", "Fetch the file itself by git annex get")
        for head in (b"../../.git/annex/objects/3X", b"/annex/objects/MD5E-s14--f4.csv")
    ),
    (b"<head><title>Sign in</title>", "an HTML page", FETCH),
    (b"<Error><Message>No</Message>", "an error message in XML", FETCH),
    (b"<ErrorResponse xmlns='x'><Code>Throttling</Code>", "an error message in XML (Throttling)", FETCH),
    (b'<?xml version="1.0"?>\n<ListBucketResult xmlns="x">', "a list of an S3 bucket", "Fetch the objects in it"),
    (
        b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>',
        "an Excel sheet in XML",
        SAVE_SHEET,
    ),
    (b'<?xml version="1.0"?><rows>', "XML", WRITE),
    (b"@relation iris\n", "ARFF, as of Weka", "Keep the rows below @data only, as {expected}"),
    *((text, "SQL", WRITE) for text in (b"INSERT INTO rows VALUES (1);", b"-- MySQL dump 10.13", b"drop table rows")),
    (b"%%MatrixMarket matrix coordinate real general\n", "a Matrix Market file", WRITE),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n", "an answer of HTTP with its headers", "Keep its body only"),
    (
        b"--d74496d66958873e\r\nContent-Disposition: form-data",
        "a form (multipart)",
        "Send the data alone as the body",
    ),
    (b"-----BEGIN CERTIFICATE-----\nMIID", "encoded or encrypted text (PEM or PGP)", OTHER),
    *((text, "what Python prints of an array", WRITE) for text in (b"array([1., 2.])", b"torch.tensor([1., 2.])")),
    *((text, "what NumPy prints of an array", WRITE) for text in (b"[1. 2.]", b"[[-1.5e-3  2]", b"[.5 1]")),
    (zip_entry(b"ppt/presentation.xml"), "a PowerPoint presentation", OTHER),
    (
        zip_entry(b"mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        "an OpenDocument spreadsheet",
        SAVE_SHEET,
    ),
    (zip_entry(b"mimetype", b"application/vnd.oasis.opendocument.text"), "an OpenDocument document", OTHER),
    (zip_entry(b"model/data.pkl"), "a file of torch", WRITE),
]


@pytest.mark.parametrize(("head", "name", "remedy"), BEGINNINGS, ids=ascii)
def test_a_format_is_known_by_its_first_bytes(head: bytes, name: str, remedy: str) -> None:
    found = recognize_format(head)
    assert found is not None
    assert (found.name, found.remedy) == (name, remedy)


def test_text_is_known_behind_a_byte_order_mark_and_blanks() -> None:
    for start in (b"\xef\xbb\xbf", b"\n  ", b"\xef\xbb\xbf\r\n"):
        found = recognize_format(start + b"<!DOCTYPE html>\n")
        assert found is not None
        assert found.name == "an HTML page"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"1,2\n",
        b"+1.5e3:2 -7\r\n",
        b'{"instances": [[1 2]]}',
        b"x\x01,2\n",  # as zlib begins, but not as it goes on
        b"x\x9c",
        b"x\x01other",
        b"BMW,Audi\n",
        b"[1, 2]",
        b"age,income\n",
        b"{}",
    ],
)
def test_what_is_read_is_no_foreign_format(head: bytes) -> None:
    assert recognize_format(head) is None


def test_a_format_is_known_within_gzip_even_if_only_its_beginning_is_there() -> None:
    packed = gzip.compress(b"\x93NUMPY\x01\x00" + bytes(range(256)) * 100)
    for head in (packed, packed[:100]):
        found = recognize_in_gzip(head)
        assert found is not None
        assert found.name == "a NumPy array (npy)"
    assert recognize_in_gzip(gzip.compress(b"1,2\n")) is None
    assert recognize_in_gzip(b"\x1f\x8b\x08 and no more") is None
    assert recognize_in_gzip(b"1,2\n") is None
