"""Rows that fit are held, rows that do not are streamed, and training cannot tell."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.channels import plan_reading
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr, as_dense, compress_matrix, expand_rows
from open_algorithms.learning.rows.dense import Block, DenseRows
from open_algorithms.learning.rows.kept import HeldRows, Storage, StreamedRows, hold_or_stream
from open_algorithms.learning.rows.reading import read_scored_channel, read_train_channel
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import LARGEST_EAGER_WIDTH, SparseRows
from open_algorithms.learning.types.arrays import Floats
from open_algorithms.learning.work import Work
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.silence import SilentLog

FEATURES = 5
SCALER = Scaler(np.arange(FEATURES, dtype=np.float32), np.full(FEATURES, 2, np.float32), 1.0, 4.0)


def blocks(rows: int, size: int = 37, *, sparse: bool = False) -> list[Block]:
    generator = np.random.default_rng(1)
    X = (generator.normal(size=(rows, FEATURES)) * (generator.random((rows, FEATURES)) < 0.7)).astype(np.float32)
    y = generator.normal(size=rows).astype(np.float32)
    parts = [(X[i : i + size], y[i : i + size]) for i in range(0, rows, size)]
    return [(compress_matrix(X), y) for X, y in parts] if sparse else list(parts)


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
    source = Source(blocks(500, sparse=sparse))
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
    whole = held(Source(blocks(503, sparse=sparse)), 1 << 20)
    source = Source(blocks(503, sparse=sparse))
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
    data = held(Source(blocks(503)), 9_000)
    order = next(order for _, order in data.iterate_epoch(np.random.default_rng(0)))
    assert sorted(order) == list(range(len(order)))
    assert order.tolist() != sorted(order)


def test_raw_rows_of_a_stream_are_those_that_came() -> None:
    source = Source(blocks(100))
    data = held(source, 2_500)
    assert isinstance(data, StreamedRows)
    np.testing.assert_array_equal(
        np.concatenate([X for X, _ in data.raw_blocks()]), np.concatenate([X for X, _ in source.blocks])
    )


def test_dense_blocks_join_sparse_ones_and_the_other_way_round() -> None:
    dense, sparse = blocks(100), blocks(100, sparse=True)
    expected = matrix(next(held(Source(dense), 1 << 20).iterate_pieces()))
    for mixed in ([dense[0], *sparse[1:]], [sparse[0], *dense[1:]]):
        found = matrix(next(held(Source(mixed), 1 << 20).iterate_pieces()))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_mini_batch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"A mini-batch of 400 rows is larger than the 0 MiB .* Lower mini_batch_size"):
        held(Source(blocks(500)), 2_500, batch=400)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_first_block_that_does_not_fit_is_refused(sparse: bool) -> None:
    with pytest.raises(InputError, match="use an instance with more memory"):
        held(Source(blocks(500, 500, sparse=sparse)), 2_500)


def open_width(rows: int) -> list[Block]:
    """Return sparse blocks that do not tell how wide they are; later ones use more columns."""
    result: list[Block] = []
    for i in range(rows):
        indices = np.array([0, 2 + i], np.int32)
        X = Csr(np.array([1, 2 + i], np.float32), indices, np.array([0, 2]), (1, None))
        result.append((X, np.array([i % 2], np.float32)))
    return result


def test_rows_that_do_not_tell_their_width_are_as_wide_as_the_widest() -> None:
    scaler = Scaler(np.array([1, 0, 3], np.float32), np.array([1, 1, 2], np.float32))
    data = held(Source(open_width(6)), 1 << 20, scaler=scaler)
    assert data.feature_dim == 8
    assert data.scaler.deviation.tolist() == [1, 1, 2, 1, 1, 1, 1, 1]
    assert matrix(next(data.iterate_pieces()))[5, :8].tolist() == [0, 0, -1.5, 0, 0, 0, 0, 7]


def test_a_stream_must_know_its_width() -> None:
    with pytest.raises(InputError, match=r"does not tell how many features it has. Set feature_dim"):
        held(Source(open_width(600)), 8_000, scaler=Scaler(np.zeros(1, np.float32), np.ones(1, np.float32)))


def test_rows_that_hold_nothing_at_all_are_refused() -> None:
    nothing = Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(4, np.int64), (3, None))
    with pytest.raises(InputError, match="no row holds any feature"):
        fit_model(JOB, {"train": [(nothing, np.array([0, 1, 0], np.float32))]}, SilentLog())


@pytest.mark.parametrize("told", [None, 2**31 - 1])
def test_rows_wider_than_any_model_are_refused_before_anything_as_wide_is_made(told: int | None) -> None:
    far = Csr(np.ones(1, np.float32), np.array([2**31 - 2], np.int32), np.array([0, 1]), (1, told))
    channels: dict[str, list[Block]] = {"train": [*([] if told else open_width(20)), (far, np.ones(1, np.float32))]}
    with pytest.raises(InputError, match=rf"row {1 if told else 21}: 2147483647 features, more than the \d+ for which"):
        fit_model(JOB, channels, SilentLog())


def test_a_bank_that_outgrows_the_memory_as_the_data_widens_is_refused() -> None:
    far = Csr(np.ones(1, np.float32), np.array([900_000], np.int32), np.array([0, 1]), (1, None))
    many = [block for _ in range(300) for block in open_width(40)]
    with pytest.raises(InputError, match=r"32 candidates of 1 x 900001 weights .* more than can be spared"):
        fit_model(JOB, {"train": [*many, (far, np.ones(1, np.float32))]}, SilentLog(), Budget(1 << 30))


def test_very_wide_sparse_rows_are_not_centred() -> None:
    wide = LARGEST_EAGER_WIDTH + 1
    scaler = Scaler(np.ones(wide, np.float32), np.full(wide, 2, np.float32))
    X = Csr(np.array([8.0], np.float32), np.array([3], np.int32), np.array([0, 1]), (1, wide))
    rows = next(held(Source([(X, np.ones(1, np.float32))]), 1 << 20, scaler=scaler).iterate_pieces())
    assert isinstance(rows, SparseRows)
    assert rows.shift is None
    assert rows.X.data.tolist() == [4]


class Log(SilentLog):
    """Keep what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def info(self, text: str) -> None:
        self.said.append(text)


JOB = {"predictor_type": "binary_classifier", "mini_batch_size": "1000", "epochs": "3", "shuffle": "false"}
BY_LOSS = {"binary_classifier_model_selection_criteria": "loss_function"}


def problem(rows: int, *, sparse: bool) -> list[Block]:
    generator = np.random.default_rng(2)
    X = (generator.normal(size=(rows, 20)) * (generator.random((rows, 20)) < 0.5)).astype(np.float32)
    y = (X @ generator.normal(size=20) + generator.normal(size=rows) > 0.3).astype(np.float32)
    parts = [(X[i : i + 7777], y[i : i + 7777]) for i in range(0, rows, 7777)]
    return [(compress_matrix(X), y) for X, y in parts] if sparse else list(parts)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_job_larger_than_the_memory_ends_with_the_same_model(sparse: bool) -> None:
    channels = {"train": problem(60_000, sparse=sparse)}
    log, tight_log = Log(), Log()
    model = fit_model(JOB | BY_LOSS, channels, log)
    tight = fit_model(JOB | BY_LOSS, channels, tight_log, Budget(74 << 20))
    assert any("The channel 'train' is held in memory: 60000 rows" in line for line in log.said)
    assert any(
        re.search("The channel 'train' is larger than the .* MiB that there are for it", line)
        for line in tight_log.said
    )
    np.testing.assert_allclose(tight.weight, model.weight, atol=1e-6)
    np.testing.assert_allclose(tight.bias, model.bias, atol=1e-6)


def test_thresholds_are_calibrated_on_as_many_rows_as_the_memory_allows() -> None:
    log = Log()
    fit_model(JOB, {"train": problem(60_000, sparse=False)}, log, Budget(74 << 20))
    assert any(
        re.match(r"Thresholds are calibrated on the first \d{5} rows: more would not", line) for line in log.said
    )


def test_sparse_rows_train_the_model_of_their_dense_form() -> None:
    models = [
        fit_model(
            JOB,
            {
                name: problem(rows, sparse=sparse)
                for name, rows in (("train", 5000), ("validation", 999), ("test", 500))
            },
            SilentLog(),
        )
        for sparse in (False, True)
    ]
    np.testing.assert_allclose(models[1].weight, models[0].weight, atol=1e-4)
    np.testing.assert_allclose(models[1].bias, models[0].bias, atol=1e-4)
    assert models[1].threshold == pytest.approx(models[0].threshold, abs=1e-4)


@pytest.mark.parametrize("sparse", [False, True])
def test_the_other_channels_are_sparse_or_dense_as_the_train_channel_is(sparse: bool) -> None:
    models = [
        fit_model(
            JOB,
            {
                "train": problem(5000, sparse=sparse),
                "validation": problem(999, sparse=other),
                "test": problem(500, sparse=other),
            },
            SilentLog(),
        )
        for other in (sparse, not sparse)
    ]
    np.testing.assert_array_equal(models[1].weight, models[0].weight)
    assert models[1].threshold == models[0].threshold


def test_a_channel_that_is_only_scored_needs_no_room_for_a_mini_batch() -> None:
    hp = replace(parse_hyperparameters({**JOB, "mini_batch_size": "400"}), predictor_type="regressor")
    reading = plan_reading(Work({}, {}, SilentLog()), hp, Budget())
    train, _ = read_train_channel(blocks(500), reading, share=1)
    data = read_scored_channel("test", blocks(500), reading, train, 2_500)
    assert isinstance(data, StreamedRows)
    assert sum(len(rows) for rows in data.iterate_pieces()) == 500


def test_rows_larger_than_a_sample_are_budgeted_as_whole_mini_batches() -> None:
    hp = parse_hyperparameters({"predictor_type": "regressor", "mini_batch_size": "1000", "num_models": "1"})
    wide = [(np.ones((1, 50_000), np.float32), np.ones(1, np.float32))] * 200
    with pytest.raises(InputError, match=r"mini-batches of 1000 rows need about"):
        read_train_channel(wide, plan_reading(Work({}, {}, SilentLog()), hp, Budget(500 << 20)), share=1)
