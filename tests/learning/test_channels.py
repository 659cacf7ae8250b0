"""Rows without labels are read whatever the memory, dense or sparse, by one host or several."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from open_algorithms.learning.channels import Demand, read_channels
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import ChannelRows, HeldRows, StreamedRows
from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Recorder

ROWS = np.random.default_rng(0).normal(50, 3, (20_000, 40)).astype(np.float32)


def make_blocks(X: Float32s, sparse: bool = False, labels: int = 0) -> list[Block]:
    parts = np.array_split(X, 20)
    return [(as_csr(part) if sparse else part, np.full((len(part), labels), 7, np.float32)) for part in parts]


def read(channels: dict[str, Iterable[Block]], free: int = 1 << 30, **more: Any) -> dict[str, ChannelRows]:
    demand = Demand(500, lambda features, rows: 0, "lower something", **more)
    return read_channels(Work({}, channels, Recorder(), free_memory=lambda: free), demand)


def restore(rows: ChannelRows) -> Float64s:
    parts = [np.asarray(X) for X, _ in rows.raw_blocks()]
    return np.concatenate(parts)


@pytest.mark.parametrize("labels", [0, 1])
def test_rows_are_held_or_streamed_and_labels_do_not_count(labels: int) -> None:
    blocks = make_blocks(ROWS, labels=labels)
    held, tight = read({"train": blocks})["train"], read({"train": blocks}, free=56 << 20)["train"]
    assert isinstance(held, HeldRows)
    assert isinstance(tight, StreamedRows)
    for rows in (held, tight):
        np.testing.assert_allclose(restore(rows), ROWS, rtol=1e-6)
        assert abs(np.concatenate([piece.standardised_features for piece in rows.iterate_pieces()]).mean()) < 0.1  # type: ignore[union-attr]


def test_a_test_channel_is_scaled_by_the_train_channel() -> None:
    data = read({"train": make_blocks(ROWS), "test": make_blocks(ROWS[:100] + 1)}, normalize=True)
    np.testing.assert_array_equal(data["test"].scaler.mean, data["train"].scaler.mean)
    assert abs(data["train"].rows.standardised_features.std() - 1) < 0.01  # type: ignore[union-attr]
    np.testing.assert_allclose(restore(data["test"]), ROWS[:100] + 1, rtol=1e-6)


def test_sparse_rows_stay_sparse() -> None:
    data = read({"train": make_blocks(np.where(ROWS > 52, ROWS, 0).astype(np.float32), sparse=True)})
    assert data["train"].rows.stored_numbers < ROWS.size / 2


def test_the_widest_sparse_rows_are_those_whose_need_fits_whatever_else_it_has() -> None:
    demand = Demand(500, lambda features, rows: (100 << 20) + features * features, "lower something")
    wide = as_csr(np.eye(1, 20_000, 19_999, dtype=np.float32))
    channel = {"train": [(wide, np.zeros((1, 0), np.float32))]}
    assert (
        read_channels(Work({}, channel, Recorder(), free_memory=lambda: 1 << 30), demand)["train"].feature_dim == 20_000
    )
    with pytest.raises(InputError, match="row 1: 20000 features, more than the 16511 for which there is memory"):
        read_channels(Work({}, channel, Recorder(), free_memory=lambda: 400 << 20), demand)


def test_what_does_not_fit_is_said_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"40 features need about 0\.00 GiB beside the data.*: lower something\."):
        read({"train": make_blocks(ROWS)}, free=50 << 20)
    with pytest.raises(InputError, match=r"channel 'train'.*expected 3 features"):
        read({"train": make_blocks(ROWS)}, features=3)
