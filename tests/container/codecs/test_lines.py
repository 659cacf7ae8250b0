"""Text comes in blocks of whole lines, however it arrives, and all of it."""

from io import BytesIO

import pytest

from container.codecs import lines
from container.codecs.lines import read_request_lines, read_training_lines
from container.contract.errors import DecodeError

MARK = b"\xef\xbb\xbf"


class Pieces(BytesIO):
    """A stream that returns at most so many bytes at once."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self.most, self.most if size is None or size < 0 else size))


def requested(content: bytes, most: int) -> list[bytes]:
    return list(read_request_lines(Pieces(content, most), "text/csv"))


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        (b"1,2\n", [b"1,2\n"]),
        (b"1,2\n3", [b"1,2\n", b"3\n"]),
        (b"1,2\r3,4\r\n5", [b"1,2\r3,4\r\n", b"5\n"]),
        (b"1,2\r", [b"1,2\r\n"]),  # a line feed may follow
        (b"", []),
    ],
)
def test_a_request_is_cut_behind_its_last_line_break_and_ends_in_one(content: bytes, blocks: list[bytes]) -> None:
    assert requested(content, 1000) == blocks


@pytest.mark.parametrize("most", range(1, 12))
@pytest.mark.parametrize("start", [b"", MARK])
def test_a_request_is_the_same_in_pieces_of_any_size(start: bytes, most: int) -> None:
    content = b"1,2\n33,44\r\n\n5,6\r7,8\n9,10"
    blocks = requested(start + content, most)
    assert b"".join(blocks) == content + b"\n"
    assert all(block.endswith((b"\n", b"\r")) for block in blocks)


def test_lines_of_a_request_are_there_as_soon_as_they_have_arrived() -> None:
    stream = Pieces(b"1,2\n3,4\n5,6\n", 4)
    blocks = read_request_lines(stream, "text/csv")
    assert next(blocks) == b"1,2\n"
    assert stream.tell() == 4


def test_only_the_beginning_is_taken_for_a_byte_order_mark_or_for_another_format() -> None:
    later = [b"1,2\n", MARK + b"3\n", b"{5,6\n"]
    assert requested(b"".join(later), 4) == [b"1,2\n", MARK + b"3\n", b"{5,6\n"]


def test_training_data_that_a_stream_returns_in_pieces_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 10)
    content = b"1,2\n3,4\n5,6\n7,8\n"
    assert list(read_training_lines(Pieces(content, 3), "text/csv")) == [b"1,2\n3,4\n", b"5,6\n7,8\n"]


def test_lines_that_end_in_a_return_alone_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_LINE_BYTES", 100)
    monkeypatch.setattr(lines, "_TEXT_BYTES", 64)
    content = b"1,2\r" * 1000
    assert b"".join(read_training_lines(BytesIO(content), "text/csv")) == content + b"\n"


@pytest.mark.parametrize("line", [1 << 20, (1 << 20) + 1])
def test_a_line_that_is_too_long_is_refused_with_the_byte_that_it_begins_at(
    line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_LINE_BYTES", 1 << 20)
    monkeypatch.setattr(lines, "_TEXT_BYTES", 1 << 19)
    content = b"1,2\n" * 3 + b"1" * line
    if line == 1 << 20:
        assert b"".join(read_training_lines(BytesIO(content), "text/csv")) == content + b"\n"
    else:
        with pytest.raises(
            DecodeError, match=r"^byte 12: a line of more than 1 MB. Is this text/csv\? Every row is a l"
        ):
            list(read_training_lines(BytesIO(content), "text/csv"))
