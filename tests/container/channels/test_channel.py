"""Files in a folder become blocks of labelled rows, and what is wrong with them is said with its place."""

import os
from collections.abc import Callable
from gzip import compress
from pathlib import Path

import numpy as np
import pytest

from container.channels.channel import Channel
from container.channels.sources import find_sources
from container.codecs.recordio import encode_records
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError

MakeChannel = Callable[..., Channel]


def labels(channel: Channel) -> list[float]:
    return [float(label) for _, y in channel for label in y]


def test_every_iteration_is_the_same_epoch(channel: MakeChannel) -> None:
    train = channel({"a.csv": b"1,2,3\n0,5,6\n"})
    for _ in range(2):
        ((X, y),) = train
        assert isinstance(X, np.ndarray)
        assert X.tolist() == [[2, 3], [5, 6]]
        assert y.tolist() == [1, 0]
        assert X.dtype == y.dtype == np.float32
        assert X.flags.c_contiguous
        assert y.shape == (2,)


def test_files_are_read_in_the_order_of_their_paths_and_hidden_ones_are_not(channel: MakeChannel) -> None:
    files = {"b/1.csv": b"3,0\n", "b-c/1.csv": b"2,0\n", "a.csv": b"1,0\n", "z": b"4,0\n", "empty.csv": b""}
    hidden = {".crc": b"x", "_SUCCESS": b"x", "_temporary/0": b"x", ".git/config": b"x"}
    assert labels(channel({**files, **hidden})) == [1, 2, 3, 4]


def test_recordio_is_the_default_type(channel: MakeChannel) -> None:
    data = encode_records(np.ones((3, 2), np.float32), np.arange(3, dtype=np.float32))
    assert labels(channel({"part-0": data}, content_type=None)) == [0, 1, 2]


@pytest.mark.parametrize("content_type", ["text/csv;label_size=1", "text/CSV; label_size=1; charset=utf-8", "Text/Csv"])
def test_the_content_type_may_be_written_in_any_way(channel: MakeChannel, content_type: str) -> None:
    assert labels(channel({"a": b"7,8\n"}, content_type)) == [7]


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        (
            "text/html",
            r"channel 'train': expected a ContentType of application/jsonlines or text/csv or .*recordio-protobuf, "
            "found 'text/html'",
        ),
        ("application/json", "found 'application/json'"),
        ("text/csv;label_size=0", "channel 'train': the ContentType says label_size=0, but every row needs a label"),
    ],
)
def test_a_content_type_that_cannot_be_trained_on_is_refused(
    channel: MakeChannel, content_type: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        channel({"a": b"1,2\n"}, content_type)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"channel 'validation': the folder .*/nowhere does not exist"):
        Channel(ChannelConfig("validation"), tmp_path / "nowhere")


def test_a_folder_without_files_is_named(channel: MakeChannel) -> None:
    with pytest.raises(ClientError, match="channel 'train': no files in"):
        channel({"_SUCCESS": b""})


@pytest.mark.parametrize(
    ("files", "content_type", "message"),
    [
        ({"a": b"", "b": b"\n\r\n"}, "text/csv", "none of the 2 files has a row: the first, file 'a', is empty."),
        ({"a.csv": b""}, "text/csv", "file 'a.csv' is empty; expected rows."),
        ({"a.csv": b"\xef\xbb\xbf\n \n"}, "text/csv;header=present", "file 'a.csv' is empty; expected rows."),
        ({"a.gz": compress(b"")}, "text/csv", "file 'a.gz' is empty; expected rows."),
        ({"a.csv": b"y,a\n"}, "text/csv;header=present", "file 'a.csv' holds a header only; expected rows."),
        ({"a.txt": b"# none\n"}, "text/libsvm", "file 'a.txt' has no row; expected rows."),
    ],
)
def test_files_without_rows_are_named_with_what_they_hold(
    channel: MakeChannel, files: dict[str, bytes], content_type: str, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        list(channel(files, content_type))
    assert str(refused.value) == f"channel 'train': {message}"


def test_a_channel_that_may_be_empty_yields_nothing_if_it_is(channel: MakeChannel, root: Path) -> None:
    for files in ({}, {"a": b"", "b": b"\n\r\n"}):
        train = channel(files, may_be_empty=True)
        assert [list(train) for _ in range(3)] == [[], [], []]
    nowhere = Channel(ChannelConfig("validation"), root / "nowhere", may_be_empty=True)
    assert list(nowhere) == []
    assert labels(channel({"a": b"1,2\n"}, may_be_empty=True)) == [1]


def test_files_that_disagree_are_named_with_both_numbers(channel: MakeChannel) -> None:
    message = r"file 'b.csv', row 1: expected 3 \(a label and 2 features\) columns, found 2"
    with pytest.raises(ClientError, match=message):
        list(channel({"a.csv": b"1,2,3\n", "b.csv": b"1,2\n"}))
    ones = np.ones((1, 3), np.float32)
    records = {"a": encode_records(ones, ones[0, :1]), "b": encode_records(ones[:, :2], ones[0, :1])}
    with pytest.raises(ClientError, match="file 'b', record 1, byte 0: expected 3 features, found 2"):
        list(channel({"a.csv": b"", "b.csv": b"", **records}, content_type=None))


@pytest.mark.parametrize(
    ("content_type", "content", "message"),
    [
        (None, b"label,age\n1,2\n", "recordio-protobuf, but the data looks like text/csv: .* set the content type to"),
        (None, b"\x00\x01\x02", "found bytes of no known type: 00 01 02"),
        ("text/csv", encode_records(np.ones((1, 1), np.float32)), "expected text/csv, but the data looks like appl"),
        (
            "text/csv",
            b'{"features": [1]}',
            "found JSON, which is read as application/jsonlines only. Write one row a line",
        ),
    ],
)
def test_a_wrong_content_type_is_seen_in_the_first_bytes(
    channel: MakeChannel, content_type: str | None, content: bytes, message: str
) -> None:
    with pytest.raises(ClientError, match=f"channel 'train', file 'data': .*{message}"):
        list(channel({"data": content}, content_type))


def test_a_file_that_is_gone_is_named(channel: MakeChannel, root: Path) -> None:
    train = channel({"a.csv": b"1,2\n"})
    (root / "input/data/train/a.csv").unlink()
    with pytest.raises(ClientError, match=r"channel 'train': file 'a.csv' cannot be read: No such file"):
        list(train)


def test_a_fifo_among_the_files_is_refused_without_waiting_for_its_writer(channel: MakeChannel, root: Path) -> None:
    (root / "input/data/train").mkdir(parents=True)
    os.mkfifo(root / "input/data/train/b")
    with pytest.raises(ClientError, match=r"channel 'train': file 'b' cannot be read: Illegal seek"):
        list(channel({"a.csv": b"1,2\n"}))


def test_a_file_that_the_system_refuses_is_named(channel: MakeChannel, root: Path) -> None:
    (root / "input/data/train/folder").mkdir(parents=True)
    (root / "input/data/train/folder/loop.csv").symlink_to("loop.csv")
    with pytest.raises(ClientError, match=r"channel 'train': file 'folder/loop.csv' cannot be read: Too many levels"):
        list(channel({"a.csv": b"1,2\n"}))


@pytest.mark.parametrize("content_type", ["text/csv", "application/x-recordio-protobuf"])
def test_gzip_is_unpacked_whatever_the_files_are_called(channel: MakeChannel, content_type: str) -> None:
    ones = np.ones((1000, 3), np.float32)
    content = b"1,2,3\n" * 5000 if content_type == "text/csv" else encode_records(ones, ones[:, 0])
    plain = labels(channel({"a": content, "b.gz": content}, content_type))
    members = compress(content[:999]) + compress(content[999:])
    assert labels(channel({"a": compress(content), "b.gz": members}, content_type)) == plain != []


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_a_file_in_the_place_of_the_folder_is_read(root: Path, mode: str) -> None:
    file = root / "input/data/train"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"1,2\n3,4\n")
    train = Channel(ChannelConfig("train", "text/csv", mode), file)
    assert [labels(train) for _ in range(3)] == [[1, 3]] * 3
    assert train.locate_row(2) == "row 2 of file 'train'"
    file.write_bytes(b"1,2\n3\n")
    with pytest.raises(ClientError, match="channel 'train', file 'train', row 2: expected 2 "):
        list(Channel(ChannelConfig("train", "text/csv", mode), file))
    file.write_bytes(b"")
    with pytest.raises(ClientError, match="channel 'train': file 'train' is empty; expected rows"):
        list(Channel(ChannelConfig("train", "text/csv", mode), file))


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda packed: packed[: len(packed) // 2], "ended before the end-of-stream marker"),
        (lambda packed: packed[:-5], "ended before the end-of-stream marker"),
        (lambda packed: packed[:-8] + b"spoiled!", "CRC check failed"),
        (lambda packed: packed[:40] + b"\xff" * 40 + packed[80:], "decompressing data"),
        (lambda packed: packed + b"left over", "Not a gzipped file"),
        (lambda packed: packed[:2], "ended before the end-of-stream marker"),
    ],
    ids=["half", "tail", "sum", "middle", "more", "magic"],
)
def test_gzip_that_is_cut_short_or_corrupt_is_told_with_its_cause(
    channel: MakeChannel, spoil: Callable[[bytes], bytes], cause: str
) -> None:
    packed = compress(b"".join(b"%d,%d\n" % (number, number**3) for number in range(1000)))
    with pytest.raises(
        ClientError, match=rf"channel 'train', file 'a': the gzip data is cut short or corrupt: .*{cause}"
    ):
        list(channel({"a": spoil(packed)}))


def test_nothing_is_left_of_an_epoch_that_is_left_early(channel: MakeChannel, nothing_left: None) -> None:
    train = channel({f"part-{number}": compress(b"1,2\n") for number in range(20)})
    for _ in range(2):
        next(blocks := iter(train))
        blocks.close()


def test_a_fault_in_a_later_file_comes_after_the_rows_before_it(channel: MakeChannel, nothing_left: None) -> None:
    blocks = iter(channel({"a": b"1,2\n", "b": b"3,4\n", "c": b"5\n"}))
    assert [float(next(blocks)[1][0]) for _ in range(2)] == [1, 3]
    with pytest.raises(ClientError, match="file 'c', row 1"):
        next(blocks)


HEADED = "text/csv;header=present"


@pytest.mark.parametrize(
    ("content_type", "content", "names"),
    [
        (HEADED, b"y,age,sex\n1,2,3\n", ("age", "sex")),
        (HEADED, compress(b"y,age,sex\n1,2,3\n"), ("age", "sex")),
        ("Text/CSV; Header=Present; label_size=1", b"y,age,sex\n1,2,3\n", ("age", "sex")),
        (HEADED, b"y,,a,,a,a.2,a\n" + b"1," * 6 + b"1\n", ("f0", "a", "f2", "a.3", "a.2", "a.5")),
        ("text/csv;header=absent", b"1,2,3\n", ()),
        ("text/csv", b"1,2,3\n", ()),
        ("text/libsvm", b"1 1:2\n", ()),
        (None, encode_records(np.ones((1, 2), np.float32), np.ones(1, np.float32)), ()),
    ],
)
def test_the_features_have_the_names_that_the_data_tells(
    channel: MakeChannel, content_type: str | None, content: bytes, names: tuple[str, ...]
) -> None:
    train = channel({"a": content, "b": content}, content_type)
    for _ in range(3):
        assert sum(len(y) for _, y in train) == 2
        assert train.feature_names == names


def test_every_file_begins_with_the_header_even_one_without_rows(channel: MakeChannel) -> None:
    files = {"a": b"y,age\n", "b": b"", "c": b"y,age\n1,2\n", "d": b"label,age", "e": b"\ny, age\n3,4\n"}
    train = channel(files, HEADED)
    for _ in range(3):
        assert labels(train) == [1, 3]
    assert train.feature_names == ("age",)


def test_headers_alone_are_no_data(channel: MakeChannel) -> None:
    message = "channel 'train': none of the 2 files has a row: the first, file 'a', holds a header only"
    with pytest.raises(ClientError, match=message):
        list(channel({"a": b"y,age\n", "b": b"y,age\n"}, HEADED))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            b"y,sex,name\n1,2,3\n",
            "file 'b', row 1: expected the columns of the files before: 'age' is missing, 'name' is not known. Every "
            "channel must have the same columns, in any order.",
        ),
        (
            b"1,2,3\n4,5,6\n",
            "file 'b', row 1: expected the columns of the files before: 'age', 'sex' are missing, '2', '3' are "
            "not known. Every channel must have the same columns, in any order. Its first line holds numbers "
            "only, as where a header is missing.",
        ),
        (b"y,age\n1,2\n", "file 'b', row 1: expected the columns of the files before: 'sex' is missing."),
    ],
)
@pytest.mark.parametrize("first", [b"y,age,sex\n", b"y,age,sex\n1,2,3\n"])
def test_files_of_other_names_are_refused(channel: MakeChannel, first: bytes, second: bytes, message: str) -> None:
    with pytest.raises(ClientError, match=f"channel 'train', {message}"):
        list(channel({"a": first, "b": second}, HEADED))


def test_a_row_below_a_header_is_found_where_an_editor_shows_it(channel: MakeChannel) -> None:
    train = channel({"a": b"y,a\n1,2\n3,4\n", "b": b"y,a\n5,6\n"}, HEADED)
    list(train)
    assert [train.locate_row(row) for row in (1, 2, 3)] == [
        "row 2 of file 'a'",
        "row 3 of file 'a'",
        "row 2 of file 'b'",
    ]


def test_a_row_is_found_in_its_file(channel: MakeChannel) -> None:
    train = channel({"a": b"1,2\n3,4\n", "b": b"", "c/d": b"5,6\n"})
    list(train)
    assert [train.locate_row(row) for row in (1, 2, 3)] == [
        "row 1 of file 'a'",
        "row 2 of file 'a'",
        "row 1 of file 'c/d'",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [("\n\n", "is empty"), ("a,b\n", "holds a header only"), ("a,b\n,2\n,3\n", "has no row with a label")],
)
def test_rows_whose_labels_are_missing_are_not_called_a_header(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "rows.csv").write_text(text)
    sources = find_sources(ChannelConfig("train", "text/csv"), tmp_path, may_be_empty=False)
    assert sources.explain_no_rows("rows.csv", has_header=True) == f"rows.csv {found}; expected rows"
