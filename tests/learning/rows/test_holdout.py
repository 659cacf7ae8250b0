"""Rows that are held out are a fair part of every class, and the same ones in every pass."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.rows.csr import as_dense
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.holdout import Holdout, choose_numbers
from tests.learning.rows.problems import draw_blocks

AMPLE = 1 << 20


def draw_classes(rows: int, block_rows: int) -> list[Block]:
    y = np.sort(np.random.default_rng(3).choice([0, 0, 0, 0, 0, 0, 1, 1, 2], rows)).astype(np.float32)
    X = np.arange(rows, dtype=np.float32)[:, None]
    return [(X[i : i + block_rows], y[i : i + block_rows]) for i in range(0, rows, block_rows)]


def row_numbers(blocks: list[Block]) -> list[int]:
    return [int(x) for X, _ in blocks for x in as_dense(X)[:, 0]]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.25, 1 / 3, 0.4, 0.5])
def test_a_share_of_each_class_is_held_out_even_of_sorted_rows(share: float) -> None:
    blocks = draw_classes(20_000, 777)
    held = list(Holdout(share, 0, by_class=True).rows_held_out(blocks))
    every, some = (Counter(np.concatenate([y for _, y in part]).tolist()) for part in (blocks, held))
    for label, count in every.items():
        assert some[label] == pytest.approx(share * count, abs=1)


@pytest.mark.parametrize("byte_limit", [0, 500, AMPLE])
@pytest.mark.parametrize("sparse", [False, True])
def test_each_row_is_trained_on_or_held_out_and_the_same_in_every_pass(sparse: bool, byte_limit: int) -> None:
    blocks = draw_blocks(1000, sparse=sparse)
    holdout = Holdout(0.2, 7, by_class=False, byte_limit=byte_limit)
    labels = [
        np.concatenate([y for _, y in part]).tolist()
        for part in (
            holdout.rows_to_train_on(blocks),
            holdout.rows_held_out(blocks),
            holdout.rows_to_train_on(blocks),
            holdout.rows_held_out(blocks),
        )
    ]
    assert labels[:2] == labels[2:]
    assert Counter(labels[0] + labels[1]) == Counter(np.concatenate([y for _, y in blocks]).tolist())


def test_rows_set_aside_in_the_first_pass_are_not_read_again() -> None:
    holdout = Holdout(0.2, 0, by_class=True, byte_limit=AMPLE)
    blocks = draw_classes(1000, 100)
    kept = row_numbers(list(holdout.rows_to_train_on(blocks)))
    held = row_numbers(list(holdout.rows_held_out([])))
    assert sorted(kept + held) == list(range(1000))
    assert not holdout.aside


def test_a_first_pass_that_does_not_end_sets_nothing_aside() -> None:
    holdout = Holdout(0.2, 0, by_class=True, byte_limit=AMPLE)
    blocks = draw_classes(1000, 100)
    begun = holdout.rows_to_train_on(blocks)
    next(begun)
    held = row_numbers(list(holdout.rows_held_out(blocks)))
    assert len(held) == pytest.approx(200, abs=2)
    kept = row_numbers(list(begun))
    assert not {*kept} & {*held}
    assert not holdout.aside


def test_another_seed_holds_out_other_rows() -> None:
    blocks = draw_classes(1000, 100)
    held = [set(row_numbers(list(Holdout(0.2, seed, by_class=True).rows_held_out(blocks)))) for seed in (0, 1)]
    assert len(held[0] & held[1]) < 80


@given(st.integers(0, 300), st.floats(0, 0.5), st.integers(0, 2**32 - 1), st.lists(st.integers(1, 50), max_size=8))
def test_the_choice_does_not_depend_on_how_rows_are_cut_into_blocks(
    rows: int, share: float, seed: int, sizes: list[int]
) -> None:
    whole = choose_numbers(0, rows, share, [seed])
    ends = [0, *(end for end in np.cumsum(sizes).tolist() if end < rows), rows]
    parts = [first + choose_numbers(first, last, share, [seed]) for first, last in pairwise(ends)]
    assert np.concatenate([np.zeros(0, np.int64), *parts]).tolist() == whole.tolist()
    assert 0 not in whole
    assert abs(len(whole) - share * rows) <= 1.5


def test_every_row_of_a_stratum_is_as_likely() -> None:
    counts = np.zeros(5)
    for seed in range(200):
        chosen = choose_numbers(5, 500, 0.2, [seed])
        counts += np.bincount(chosen % 5, minlength=5)
    assert counts / counts.sum() == pytest.approx(np.full(5, 0.2), abs=0.01)
