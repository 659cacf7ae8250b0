"""The type of data is told by its beginning, and what it looks like if it is of another type than said."""

import gzip

import pytest

from container.codecs.sniffing.sniff import (
    explain_mismatch,
    may_be_type,
    sniff_asked_type,
    sniff_request_type,
    sniff_type,
)

MARK = b"\xef\xbb\xbf"
RECORDIO, PARQUET = "application/x-recordio-protobuf", "application/x-parquet"
ROW_A_LINE = "Write one row a line as text/csv, the label first"
OTHER_ROWS = f"{ROW_A_LINE}, and set the content type to it, or write text/libsvm"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x0a\x23\xd7\xce\x10\x00\x00\x00", RECORDIO),
        (b"PAR1\x15\x04", PARQUET),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x93NUMPY\x01", "a NumPy array (npy)"),
        (b'{"instances": []}', "application/json"),
        (MARK + b" \n[1, 2]", "application/json"),
        (b"1,2\n", "text/csv"),
        (b"hello", "text/csv"),
        ("größe\n".encode("latin-1"), "text/csv"),
        (b"\t1\r\n", "text/csv"),
        (b"1 3:2 4:5\n", "text/libsvm"),
        (MARK + b"  -1.5e3\t7:.5", "text/libsvm"),
        (b"3:2\n", "text/libsvm"),
        (b"1 3:2x\n", "text/csv"),
        (b"a:1 2:3\n", "text/csv"),
        (b"", None),
        (b"1,2\x00\n", None),
        (b"1\x1f2\n", None),
        (b"1" * 4096 + b"\x00", "text/csv"),
        (b"1" * 4095 + b"\x00", None),
    ],
)
def test_the_type_is_told_by_the_first_four_kilobytes(head: bytes, kind: str | None) -> None:
    assert sniff_type(head) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'{"features": [1]}\n', "application/jsonlines"),
        (MARK + b' { "data" : {}}', "application/jsonlines"),
        (b'{"instances": [{"features": [1]}]}', "application/json"),
        (b"1,2\n", "text/csv"),
    ],
)
def test_a_request_of_one_record_is_json_lines(head: bytes, kind: str) -> None:
    assert sniff_request_type(head) == kind


@pytest.mark.parametrize(
    ("expected", "head", "may"),
    [
        ("text/csv", b"1,2\n", True),
        ("text/csv", b"1 2:3\n", False),
        ("text/libsvm", b"1 2:3\n", True),
        ("text/libsvm", b"hello\n", True),
        ("text/libsvm", b"[1]", False),
        ("application/json", b"[1]", True),
        ("application/jsonlines", b"[1]", True),
        ("application/jsonlines", b"hello", True),
        ("application/jsonlines", b"1 2:3\n", False),
        ("text/csv", b"PAR1", False),
    ],
)
def test_text_that_resembles_no_other_type_may_be_any(expected: str, head: bytes, may: bool) -> None:
    assert may_be_type(expected, head) == may


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", "found nothing"),
        (b"\x01\x02\x03", "found bytes of no known type: 01 02 03"),
        (bytes(range(128, 160)), "but the data looks like text/csv: if it is, set the content type to text/csv"),
        (b"\x00" + bytes(range(1, 31)), f"found bytes of no known type: {bytes(range(16)).hex(' ')}"),
        (
            "gr\x00öße\x00".encode(),
            "found text with the control character U+0000, at byte 2. Write text without such characters, with commas "
            "between the columns of CSV",
        ),
        (
            b"a\x1fb\x1e",
            "found text with the control character U+001F, at byte 1. Write text without such characters, with commas "
            "between the columns of CSV",
        ),
        (b"ab\x01\x02\x03cd", "found bytes of no known type: 61 62 01 02 03 63 64"),
        (b"a\x01\x01", "found bytes of no known type: 61 01 01"),
        (b"abc\x01\xff\xff", "found bytes of no known type: 61 62 63 01 ff ff"),
        (
            gzip.compress(b"1,2\n"),
            "found gzip-compressed data, which is read in File and FastFile mode only, and not w",
        ),
        (gzip.compress(b"\x93NUMPY\x01"), "found a NumPy array (npy), within gzip. Write its rows as text/libsvm"),
        (b"\x93NUMPY\x01", "found a NumPy array (npy). Write its rows as text/libsvm"),
        (b"PAR1", f"but the data looks like {PARQUET}: if it is, set the content type to {PARQUET}"),
        (b'{"prefix": 1}', f"found JSON, which is read as application/jsonlines only. {OTHER_ROWS}"),
        (b'{"features": [1]}', f"found JSON, which is read as application/jsonlines only. {OTHER_ROWS}"),
        (b'[{"prefix": "s3://b/"}, "a"]', "found a manifest, a list of files. Put the files themselves into the chann"),
        (
            b'{"sourceBucket": "b"}',
            "found a manifest, a list of files. Put the files themselves into the channel, on S",
        ),
        (
            b'{"fileLocations": []}',
            "found a manifest, a list of files. Put the files themselves into the channel, on S",
        ),
        (
            b'{"a": 1, "my-source-ref": "s3"}',
            f"found an augmented manifest, which training does not read. {OTHER_ROWS}",
        ),
        *(
            (b'{"%b": []}' % name, "found a list of files or events of S3. Put the files themselves into the channel")
            for name in (b"Contents", b"Buckets", b"Records", b"Bucket")
        ),
        (
            b"[ [0.5, 1]]",
            "found rows in brackets, as of JSON, which is read as application/jsonlines only. "
            f"{OTHER_ROWS}, without brackets",
        ),
    ],
)
def test_training_data_of_another_type_is_told_what_it_looks_like(head: bytes, found: str) -> None:
    assert explain_mismatch("text/libsvm", head).startswith(f"expected text/libsvm, {found}")


def test_of_unknown_bytes_the_first_sixteen_are_shown() -> None:
    assert explain_mismatch("text/csv", bytes(range(30))) == (
        "expected text/csv, found bytes of no known type: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"
    )


def test_what_comes_after_the_first_four_kilobytes_does_not_matter() -> None:
    head = b"a\x01\x02".ljust(4096, b"b")
    assert explain_mismatch("text/csv", head) == explain_mismatch("text/csv", head + b"\x03")
    assert "text with the control character U+0001" in explain_mismatch("text/csv", head + b"\x03")
    assert "bytes of no known type" in explain_mismatch("text/csv", head[:-1] + b"\x03")


def test_rows_as_csv_are_advised_once_where_csv_is_expected() -> None:
    assert explain_mismatch("text/csv", b'{"a": 1}') == (
        f"expected text/csv, found JSON, which is read as application/jsonlines only. {ROW_A_LINE}"
    )


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"PAR1", f"but the data looks like {PARQUET}: if it is, set the content type to {PARQUET}"),
        (b"1 2:3\n", "but the data looks like text/libsvm: if it is, set the content type to text/libsvm"),
        (b'{"features": [1]}', "but the data looks like application/jsonlines: if it is, set the content type to"),
        (b' {"instances" : []}', "but the data looks like application/json: if it is, set the content type to applic"),
        (
            b"[[1, 2]]",
            "found rows in brackets. Write each as a line without brackets, or send "
            '{"instances": [{"features": [...]}, ...]} as application/json',
        ),
        (
            b'{"a": 1}',
            'found other JSON than is read. Send {"instances": [{"features": [...]}, ...]} as application/json',
        ),
        (
            gzip.compress(b"1,2\n"),
            "found gzip-compressed data. Set the Content-Encoding to gzip, or send it uncompressed",
        ),
    ],
)
def test_a_request_of_another_type_is_told_what_it_looks_like(head: bytes, found: str) -> None:
    assert explain_mismatch("text/csv", head, is_request=True).startswith(f"expected text/csv, {found}")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'{"Age": 22}\n', "application/jsonlines"),
        (b'[22, "male"]\n', "application/jsonlines"),
        (b'{"features": {"Age": 22}}', "application/jsonlines"),
        (b'{"id": 7, "instances": [{"Age": 22}]}', "application/json"),
        (b"12:30 PM,1\n", "text/csv"),
        (b"1:2 3:4\n", "text/libsvm"),
        (b"Age,Sex\n22,male\n", "text/csv"),
        (b"PAR1", PARQUET),
    ],
)
def test_a_request_to_the_model_of_a_table_may_call_its_columns_anything(head: bytes, kind: str) -> None:
    assert sniff_asked_type(head) == kind
