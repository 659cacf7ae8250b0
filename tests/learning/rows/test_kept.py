"""Rows that fit are held, rows that do not are streamed, and training cannot tell."""

from collections.abc import Iterator

import numpy as np
import pytest

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr, as_dense, compress_matrix, expand_rows
from open_algorithms.learning.rows.dense import Block, DenseRows
from open_algorithms.learning.rows.kept import HeldRows, Storage, StreamedRows, hold_or_stream, join_rows
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import LARGEST_EAGER_WIDTH, SparseRows
from open_algorithms.learning.types.arrays import Floats
from tests.learning.rows.problems import FEATURES, draw_blocks, draw_widening_blocks

SCALER = Scaler(np.arange(FEATURES, dtype=np.float32), np.full(FEATURES, 2, np.float32), 1.0, 4.0)


class Source:
    """Blocks that can be read again; counts how often they were and how many blocks are alive at once."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.passes = 0

    def __call__(self) -> Iterator[Block]:
        self.passes += 1
        yield from self.blocks


def held(source: Source, room: int, batch: int = 10, scaler: Scaler = SCALER) -> HeldRows | StreamedRows:
    X, _ = source.blocks[0]
    widest = int if X.shape[1] is None else None
    return hold_or_stream(source(), source, scaler, Storage(room, batch, isinstance(X, Csr)), widest)


def matrix(rows: DenseRows | SparseRows) -> Floats:
    """Return the standardised rows with their labels, (n, d + 1)."""
    if isinstance(rows, DenseRows):
        return np.column_stack([rows.X[:-1, :-1], rows.labels])
    shift = np.float32(0) if rows.shift is None else rows.shift
    return np.column_stack([expand_rows(rows.X) - shift, rows.labels])


@pytest.mark.parametrize("sparse", [False, True])
def test_what_fits_is_read_once_and_held_standardised(sparse: bool) -> None:
    source = Source(draw_blocks(500, sparse=sparse))
    data = held(source, 1 << 20)
    assert isinstance(data, HeldRows)
    for _ in range(2):
        ((rows, order),) = data.iterate_epoch(None)
        assert order.tolist() == list(range(500))
    X = np.concatenate([as_dense(X) for X, _ in source.blocks])
    expected = np.column_stack(
        [SCALER.standardise_features(X), np.concatenate([SCALER.standardise_label(y) for _, y in source.blocks])]
    )
    np.testing.assert_allclose(matrix(rows), expected, atol=1e-6)
    assert source.passes == 1
    assert data.row_count == 500


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("room", [2_500, 9_000, 15_000])
def test_what_does_not_fit_comes_as_whole_mini_batches_and_every_pass_is_the_same(room: int, sparse: bool) -> None:
    whole = held(Source(draw_blocks(503, sparse=sparse)), 1 << 20)
    source = Source(draw_blocks(503, sparse=sparse))
    data = held(source, room)
    assert isinstance(data, StreamedRows)
    for passes in (1, 2, 3):
        pieces = [(rows, order) for rows, order in data.iterate_epoch(None)]
        assert len(pieces) > 1
        assert all(len(rows) % 10 == 0 for rows, _ in pieces[:-1])
        assert all(order.tolist() == list(range(len(rows))) for rows, order in pieces)
        ((expected, _),) = whole.iterate_epoch(None)
        np.testing.assert_array_equal(np.concatenate([matrix(rows) for rows, _ in pieces]), matrix(expected))
        assert source.passes == passes
        assert data.row_count == 503


def test_a_stream_is_shuffled_within_each_piece() -> None:
    data = held(Source(draw_blocks(503)), 9_000)
    order = next(order for _, order in data.iterate_epoch(np.random.default_rng(0)))
    assert sorted(order) == list(range(len(order)))
    assert order.tolist() != sorted(order)


def test_raw_rows_of_a_stream_are_those_that_came() -> None:
    source = Source(draw_blocks(100))
    data = held(source, 2_500)
    assert isinstance(data, StreamedRows)
    np.testing.assert_array_equal(
        np.concatenate([X for X, _ in data.raw_blocks()]), np.concatenate([X for X, _ in source.blocks])
    )


def test_dense_blocks_join_sparse_ones_and_the_other_way_round() -> None:
    dense, sparse = draw_blocks(100), draw_blocks(100, sparse=True)
    expected = matrix(next(held(Source(dense), 1 << 20).iterate_pieces()))
    for mixed in ([dense[0], *sparse[1:]], [sparse[0], *dense[1:]]):
        found = matrix(next(held(Source(mixed), 1 << 20).iterate_pieces()))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_mini_batch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"A mini-batch of 400 rows is larger than the 0 MiB .* Lower mini_batch_size"):
        held(Source(draw_blocks(500)), 2_500, batch=400)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_first_block_that_does_not_fit_is_refused(sparse: bool) -> None:
    with pytest.raises(InputError, match="use an instance with more memory"):
        held(Source(draw_blocks(500, 500, sparse=sparse)), 2_500)


def test_rows_that_do_not_tell_their_width_are_as_wide_as_the_widest() -> None:
    scaler = Scaler(np.array([1, 0, 3], np.float32), np.array([1, 1, 2], np.float32))
    data = held(Source(draw_widening_blocks(6)), 1 << 20, scaler=scaler)
    assert data.feature_dim == 8
    assert data.scaler.deviation.tolist() == [1, 1, 2, 1, 1, 1, 1, 1]
    assert matrix(next(data.iterate_pieces()))[5, :8].tolist() == [0, 0, -1.5, 0, 0, 0, 0, 7]


def test_a_stream_must_know_its_width() -> None:
    with pytest.raises(InputError, match=r"does not tell how many features it has. Set feature_dim"):
        held(Source(draw_widening_blocks(600)), 8_000, scaler=Scaler(np.zeros(1, np.float32), np.ones(1, np.float32)))


def test_very_wide_sparse_rows_are_not_centred() -> None:
    wide = LARGEST_EAGER_WIDTH + 1
    scaler = Scaler(np.ones(wide, np.float32), np.full(wide, 2, np.float32))
    X = Csr(np.array([8.0], np.float32), np.array([3], np.int32), np.array([0, 1]), (1, wide))
    rows = next(held(Source([(X, np.ones(1, np.float32))]), 1 << 20, scaler=scaler).iterate_pieces())
    assert isinstance(rows, SparseRows)
    assert rows.shift is None
    assert rows.X.data.tolist() == [4]


@pytest.mark.parametrize("sparse", [False, True])
def test_rows_that_are_joined_are_those_that_were_never_parted(sparse: bool) -> None:
    (rows,) = held(Source(draw_blocks(100, sparse=sparse)), 1 << 20).iterate_pieces()
    blocks = draw_blocks(100, 60, sparse=sparse)
    parts = [next(held(Source([block]), 1 << 20).iterate_pieces()) for block in blocks]
    joined = join_rows(*parts)
    assert len(joined) == 100
    assert joined.row_weights is None
    for mine, whole in zip(joined.arrays, rows.arrays, strict=True):  # the row of zeros at the end, too
        np.testing.assert_array_equal(mine, whole)


@pytest.mark.parametrize("sparse", [False, True])
def test_weights_follow_rows_that_are_joined(sparse: bool) -> None:
    weights = np.arange(100, dtype=np.float32)
    parts = [next(held(Source([block]), 1 << 20).iterate_pieces()) for block in draw_blocks(100, 60, sparse=sparse)]
    joined = join_rows(parts[0].weigh_rows(weights[:60]), parts[1].weigh_rows(weights[60:]))
    assert joined.row_weights is not None
    np.testing.assert_array_equal(joined.row_weights, weights)
    np.testing.assert_array_equal(matrix(joined), matrix(join_rows(*parts)))


def test_a_feature_is_constant_only_if_it_is_in_all_rows_that_are_joined() -> None:
    X = np.ones((4, FEATURES), np.float32)
    X[3, 2] = 5
    blocks = [(compress_matrix(part), np.ones(2, np.float32)) for part in (X[:2], X[2:])]
    scaler = Scaler(np.ones(FEATURES, np.float32), np.ones(FEATURES, np.float32))
    parts = [next(held(Source([block]), 1 << 20, scaler=scaler).iterate_pieces()) for block in blocks]
    joined = join_rows(*parts)
    assert isinstance(parts[0], SparseRows)
    assert isinstance(joined, SparseRows)
    assert parts[0].constant_features.tolist() == [0, 1, 2, 3, 4]
    assert joined.constant_features.tolist() == [0, 1, 3, 4]
