"""Content-Type and Accept as clients write them, and types told from the first bytes."""

import pytest

from container.codecs.sniffing.sniff import sniff_request_type, sniff_type
from container.contract.media import negotiate_type, parse_media_type

OFFERS = ["application/json", "application/jsonlines", "text/csv"]


@pytest.mark.parametrize("text", ["text/csv;label_size=1", "text/CSV; label_size=1", "TEXT/csv ; Label_Size = 1"])
def test_case_and_spaces_do_not_matter(text: str) -> None:
    media = parse_media_type(text)
    assert (media.name, media.parameters) == ("text/csv", {"label_size": "1"})


def test_quoted_and_several_parameters_are_read() -> None:
    assert parse_media_type('text/csv; charset="UTF-8"; label_size=0').parameters == {
        "charset": "UTF-8",
        "label_size": "0",
    }


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"1 3:0.5 7:1\n", "text/libsvm"),
        (b"-1.5e0\t3:-1e-2", "text/libsvm"),
        (b"\xef\xbb\xbf\n+1 3:4\r\n", "text/libsvm"),
        (b"3:0.5 7:1\n", "text/libsvm"),
        (b"1,2,3\n", "text/csv"),
        (b"1 2 3\n", "text/csv"),
        (b"12:30,5\n", "text/csv"),
        (b"1 3:x\n", "text/csv"),
        (b"", None),
        (b"PAR1", "application/x-parquet"),
        (b"\x00\x01", None),
    ],
)
def test_a_type_is_told_from_how_the_data_begins(head: bytes, name: str | None) -> None:
    assert sniff_type(head) == name
    assert sniff_request_type(head) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'{"instances": [{"features": [1]}]}', "application/json"),
        (b'\xef\xbb\xbf { "features" : [1]}\n', "application/jsonlines"),
        (b'{"data": {"features": {"values": [1]}}}', "application/jsonlines"),
        (b"[1]", "application/json"),
    ],
)
def test_json_that_begins_with_a_record_is_json_lines(head: bytes, name: str) -> None:
    assert sniff_request_type(head) == name


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/csv, application/json", "text/csv"),
        ("application/json;q=0.2, text/csv;q=0.9", "text/csv"),
        ("application/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/json;q=0, */*", "application/jsonlines"),
        ("text/html", None),
        ("text/csv;q=0", None),
        ("text/csv;q=x", None),
        ("", None),
    ],
)
def test_accept_chooses_by_quality_then_order(accept: str, expected: str | None) -> None:
    assert negotiate_type(accept, OFFERS) == expected
