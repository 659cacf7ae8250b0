"""A copy gives back what was put in, and is made only where it can be."""

import resource
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from gzip import compress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.channels.channel import Channel
from container.channels.copies import DiskCopy, block_bytes, copy_while_reading, writable_bytes
from container.codecs.recordio import encode_records, encode_sparse_records
from container.rows.blocks import Block
from container.rows.notices import Notices
from open_algorithms.learning.rows.csr import Csr
from tests.chance import draw_examples

MakeChannel = Callable[..., Channel]
RECORDIO = "application/x-recordio-protobuf"
ROWS = np.random.default_rng(0).standard_normal((20_000, 100), np.float32)
RECORDS = encode_records(ROWS, ROWS[:, 0])
SPARSE = Csr(ROWS[0], np.tile(np.arange(2, dtype=np.int32), 50), np.arange(0, 101, 2, np.int64), (50, 9))
CSV = b"1,2,3\n4,5,6\n"


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Draw a block, dense or sparse."""
    rows, width = draw(st.integers(0, 5)), draw(st.integers(1, 9))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    X = generator.standard_normal((rows, width), np.float32)
    y = generator.standard_normal(rows, np.float32)
    if draw(st.booleans()):
        return X, y
    kept = generator.random((rows, width)) < 0.4
    indptr = np.append(0, np.cumsum(kept.sum(axis=1))).astype(np.int64)
    known = draw(st.sampled_from([width, None]))
    return Csr(X[kept], np.nonzero(kept)[1].astype(np.int32), indptr, (rows, known)), y


def assert_same(left: Block, right: Block) -> None:
    (X, y), (Z, z) = left, right
    assert type(X) is type(Z)
    assert X.shape == Z.shape
    pairs = [(y, z), *(zip(X[:3], Z[:3], strict=True) if isinstance(X, Csr) else [(X, Z)])]
    for one, other in pairs:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def drain(iteration: Generator[Any, None, Any]) -> Any:
    """Run a generator to its end and give what it returns."""
    while True:
        try:
            next(iteration)
        except StopIteration as end:
            return end.value


@draw_examples(50)
@given(st.lists(blocks(), max_size=4))
def test_blocks_come_back_alike_as_often_as_wanted(kept: list[Block]) -> None:
    copy = DiskCopy(Path.cwd())
    for block in kept:
        copy.append_block(block)
    for _ in range(2):
        for back, block in zip(copy, kept, strict=True):
            assert_same(back, block)


def make_slow(channel: MakeChannel, kind: str, **options: Any) -> Channel:
    """Make a channel of a kind that is slower to read than a disk."""
    return {
        "csv": lambda: channel({"a": CSV, "b": CSV}, **options),
        "gzip": lambda: channel({"a": compress(RECORDS)}, RECORDIO, **options),
        "sparse": lambda: channel({"a": encode_sparse_records(SPARSE, ROWS[:50, 0])}, RECORDIO, **options),
        "FastFile": lambda: channel({"a": RECORDS}, RECORDIO, "FastFile", **options),
    }[kind]()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("kind", ["csv", "gzip", "sparse", "FastFile"])
def test_the_second_epoch_of_what_is_slow_to_read_is_kept_for_the_later_ones(
    channel: MakeChannel, root: Path, disk: Path, kind: str
) -> None:
    said: list[str] = []
    train = make_slow(channel, kind, notices=Notices(said.append))
    first = list(train)
    assert train.next_source == "from its files"
    second = list(train)
    assert train.next_source == "from a decoded copy on local disk"
    assert [line for line in said if "is read from a decoded copy on local disk from now on" in line] == said != []
    for file in (root / "input/data/train").iterdir():
        file.unlink()
    for again in (second, list(train), list(train)):
        for left, right in zip(first, again, strict=True):
            assert_same(left, right)


def test_an_epoch_that_is_left_early_keeps_nothing(channel: MakeChannel, disk: Path) -> None:
    train = channel({f"part-{number}": CSV for number in range(100)})
    list(train)
    next(blocks := iter(train))
    blocks.close()
    assert train.next_source == "from its files"
    list(train)
    assert train.next_source == "from a decoded copy on local disk"


def test_plain_records_on_disk_are_as_fast_as_a_copy_and_stay_alone(channel: MakeChannel, disk: Path) -> None:
    train = channel({"a": RECORDS}, RECORDIO)
    for _ in range(3):
        assert sum(len(y) for _, y in train) == len(ROWS)
        assert train.next_source == "from its files"


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("nothing_left")
def test_a_disk_that_fills_up_is_done_without(channel: MakeChannel, disk: Path) -> None:
    said: list[str] = []
    train = make_slow(channel, "gzip", notices=Notices(said.append))
    size = sum(map(block_bytes, train))
    with files_limited_to(size - 1000):
        assert sum(map(block_bytes, train)) == size
    assert sum(map(block_bytes, train)) == size
    assert train.next_source == "from its files"
    assert len(said) == 1


def test_memory_that_looks_like_a_disk_is_no_room() -> None:
    assert writable_bytes(Path("/dev/shm")) == 0


@pytest.mark.parametrize("folder", ["/dev/shm", "/nowhere"])
def test_without_room_the_files_are_read_again(
    channel: MakeChannel, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", folder)
    train = make_slow(channel, "csv")
    for _ in range(3):
        assert [y.tolist() for _, y in train] == [[1, 4], [1, 4]]
        assert train.next_source == "from its files"


def test_what_does_not_fit_is_not_begun(disk: Path) -> None:
    assert drain(copy_while_reading(iter([]), writable_bytes(disk) + (1 << 40))) is None
    assert drain(copy_while_reading(iter([]), 1)) is not None
