"""A stream gives what a file of the same bytes gives, whenever its writer comes, and each open is the next number."""

import os
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from threading import Event, Thread, Timer
from time import thread_time
from types import SimpleNamespace

import numpy as np
import pytest

from container.channels.channel import Channel
from container.channels.fifos import HaltedError, next_fifo_path, open_next_fifo
from container.codecs.recordio import WINDOW_BYTES, encode_records, encode_sparse_records
from container.contract.environment import ChannelConfig
from container.contract.errors import ClientError
from open_algorithms.learning.rows.csr import Csr
from tests.container.pipes import serve_fifos
from tests.waiting import HANG_SECONDS

MakeChannel = Callable[..., Channel]
RECORDIO = "application/x-recordio-protobuf"
ROWS = np.random.default_rng(0).standard_normal((3000, 500), np.float32)
SPARSE = Csr(ROWS[0], np.tile(np.arange(0, 500, 50, np.int32), 50), np.arange(0, 501, 10, np.int64), (50, 1000))
CONTENTS = {
    RECORDIO: encode_records(ROWS, ROWS[:, 0]),
    f"{RECORDIO};sparse": encode_sparse_records(SPARSE, ROWS[:50, 0]) * 20,
    "text/csv": "".join(",".join(map(repr, row)) + "\n" for row in ROWS[:, :50].tolist()).encode(),
    "text/libsvm": "".join(f"1 3:{row[0]} 70000:{row[1]}\n" for row in ROWS.tolist()).encode(),
}

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def train(root: Path) -> Path:
    return root / "input" / "data" / "train"


def epoch(channel: Channel) -> tuple[list[float], list[float], list[int]]:
    """Read an epoch: the values, the labels and, of a sparse one, the indices."""
    values: list[float] = []
    labels: list[float] = []
    indices: list[int] = []
    for X, y in channel:
        values += (X.data if isinstance(X, Csr) else X.ravel()).tolist()
        labels += y.tolist()
        indices += X.indices.tolist() if isinstance(X, Csr) else []
    return values, labels, indices


def test_every_stream_begins_with_the_header(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, [b"y,age,sex\n1,2,", b"3\n4,5,6\n"]):
        stream = pipe("text/csv;header=present")
        for _ in range(3):
            assert epoch(stream) == ([2, 3, 5, 6], [1, 4], [])
            assert stream.feature_names == ("age", "sex")


@pytest.mark.parametrize("content_type", CONTENTS)
def test_a_stream_gives_what_a_file_of_the_same_bytes_gives(
    channel: MakeChannel, pipe: MakeChannel, train: Path, content_type: str
) -> None:
    content = CONTENTS[content_type]
    cut = len(content) // 3
    expected = epoch(channel({"a": content}, content_type))
    with serve_fifos(train, [content[:cut], content[cut:]]) as ends:
        stream = pipe(content_type)
        assert epoch(stream) == expected
        assert epoch(stream) == expected
    assert ends == ["read", "read"]


def test_a_fifo_and_its_writer_may_come_late(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, [b"1,2\n3,4\n"], late=0.2):
        assert epoch(pipe()) == ([2, 4], [1, 3], [])
    fifo = next_fifo_path(train)
    os.mkfifo(fifo)
    late = Timer(0.2, fifo.write_bytes, [b"5,6\n"])
    late.start()
    assert epoch(pipe()) == ([6], [5], [])
    late.join()


def test_a_writer_may_pause(pipe: MakeChannel, train: Path) -> None:
    def slowly() -> Iterator[bytes]:
        yield b"1,2\n"
        Event().wait(0.3)
        yield b"3,4\n"

    with serve_fifos(train, slowly()):
        assert epoch(pipe()) == ([2, 4], [1, 3], [])


def test_leaving_early_closes_the_fifo_and_the_next_epoch_is_the_next_number(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, repeat(CONTENTS[RECORDIO] * 4)) as ends:
        stream = pipe(RECORDIO)
        for number in (1, 2):
            blocks = iter(stream)
            X, _ = next(blocks)
            assert isinstance(X, np.ndarray)
            np.testing.assert_array_equal(X, ROWS[: len(X)])
            blocks.close()
            assert next_fifo_path(train).name == f"train_{number}"
    assert ends == ["left", "left"]


def test_two_channels_of_one_name_share_the_numbers(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, [b"1,2\n"]) as ends:
        for stream in (pipe(), pipe(), pipe()):
            epoch(stream)
    assert ends == ["read"] * 3
    assert next_fifo_path(train).name == "train_3"
    assert next_fifo_path(train.with_name("test")).name == "test_0"


def test_leaving_does_not_wait_for_a_silent_writer(pipe: MakeChannel, train: Path) -> None:
    os.mkfifo(fifo := next_fifo_path(train))
    writer = os.open(fifo, os.O_RDWR)
    content = CONTENTS[RECORDIO][: 3 * WINDOW_BYTES // 2]  # so that the second window waits for what does not come
    feeder = Thread(target=os.write, args=(writer, content))
    feeder.start()
    blocks = iter(pipe(RECORDIO))
    next(blocks)
    feeder.join()
    leaving = Thread(target=blocks.close)
    leaving.start()
    leaving.join(HANG_SECONDS)
    has_left = not leaving.is_alive()
    os.close(writer)
    leaving.join()
    assert has_left


def test_a_wait_for_a_fifo_ends_once_nobody_wants_it(train: Path) -> None:
    halt = Event()
    later = Timer(0.1, halt.set)
    later.start()
    with pytest.raises(HaltedError), open_next_fifo(train, halt, HANG_SECONDS):
        pass
    later.join()


def test_a_wait_for_bytes_ends_once_nobody_wants_them(train: Path) -> None:
    os.mkfifo(next_fifo_path(train))
    halt = Event()
    later = Timer(0.1, halt.set)
    with open_next_fifo(train, halt, HANG_SECONDS) as stream:
        later.start()
        with pytest.raises(HaltedError):
            stream.read(1)
    later.join()


def test_waiting_takes_hardly_any_time_of_a_processor(train: Path) -> None:
    started = thread_time()
    with pytest.raises(ClientError, match="did not appear"), open_next_fifo(train, Event(), timeout=0.5):
        pass
    os.mkfifo(next_fifo_path(train))
    with open_next_fifo(train, Event(), timeout=0.5) as stream, pytest.raises(ClientError, match="nothing came"):
        stream.read(1)
    assert thread_time() - started < 0.3


def test_a_fifo_and_its_writer_may_each_take_five_minutes(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=iter([0.0, 299.9, 300.1, 500.0, 1000.0, 1299.9, 1300.1]).__next__)
    monkeypatch.setattr("container.channels.fifos.time", clock)
    with pytest.raises(ClientError, match="did not appear within 300 seconds"), open_next_fifo(train, Event()):
        pass
    os.mkfifo(next_fifo_path(train))
    with open_next_fifo(train, Event()) as stream, pytest.raises(ClientError, match=r"nothing came .* for 300 seconds"):
        stream.read(1)
    with pytest.raises(StopIteration):
        clock.monotonic()


def test_a_writer_may_be_a_megabyte_ahead(train: Path) -> None:
    os.mkfifo(fifo := next_fifo_path(train))
    with open_next_fifo(train, Event()) as stream:
        writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        try:
            assert os.write(writer, bytes(2**21)) == 2**20
        finally:
            os.close(writer)
        assert len(stream.read()) == 2**20


def test_a_writer_that_dies_within_a_record_is_told_by_stream_and_record(pipe: MakeChannel, train: Path) -> None:
    record = encode_records(ROWS[:1], ROWS[0, :1])
    with serve_fifos(train, [record, record[:-4]]):
        message = f"channel 'train', stream 'train_0', record 2, byte {len(record)}: .* cut short"
        with pytest.raises(ClientError, match=message):
            list(pipe(RECORDIO))


def test_bad_data_is_told_by_stream_row_and_column(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, [b"1,2\n1,red\n"]):
        stream = pipe()
        with pytest.raises(ClientError, match=r"channel 'train', stream 'train_0', row 2, column 2: .*'red'"):
            list(stream)
        with pytest.raises(ClientError, match="stream 'train_1', row 2"):
            list(stream)
        assert stream.locate_row(1) == "row 1 of stream 'train_1'"


def test_a_stream_without_a_byte_has_no_row(pipe: MakeChannel, train: Path) -> None:
    with (
        serve_fifos(train, []),
        pytest.raises(ClientError, match="channel 'train': stream 'train_0' has no row"),
    ):
        list(pipe())


def test_a_stream_that_may_be_empty_yields_nothing_if_it_is(pipe: MakeChannel, train: Path) -> None:
    with serve_fifos(train, []) as ends:
        stream = pipe(may_be_empty=True)
        assert [list(stream) for _ in range(2)] == [[], []]
    assert ends == ["read", "read"]


def test_a_fifo_that_never_appears_is_named(train: Path) -> None:
    message = r"the FIFO /.*/train_0 did not appear within 0.2 seconds. Check .* or set the input mode"
    with pytest.raises(ClientError, match=message), open_next_fifo(train, Event(), timeout=0.2):
        pass


def test_a_fifo_that_nobody_writes_to_is_named(train: Path) -> None:
    os.mkfifo(next_fifo_path(train))
    with (
        open_next_fifo(train, Event(), timeout=0.2) as stream,
        pytest.raises(ClientError, match=r"nothing came through the FIFO /.*/train_0 for 0.2 seconds"),
    ):
        stream.read(1)


def test_wrapped_objects_must_be_records(train: Path) -> None:
    message = r"channel 'train': RecordWrapperType RecordIO goes with .*recordio-protobuf only, found .* 'text/csv'"
    with pytest.raises(ClientError, match=message):
        Channel(ChannelConfig("train", "text/csv", "Pipe", is_wrapped=True), train)
    with serve_fifos(train, [CONTENTS[RECORDIO]]):
        wrapped = Channel(ChannelConfig("train", RECORDIO, "Pipe", is_wrapped=True), train)
        assert epoch(wrapped)[0] == ROWS.ravel().tolist()
