from collections import Counter

import numpy as np
import pandas as pd
import pytest

from benchmarks.sets import BINARY, MULTICLASS, REGRESSOR, SETS, Set, encode_table, sample_rows, split_rows


def with_needs(given: Set) -> object:
    return pytest.param(given, id=given.name, marks=[pytest.mark.shared] if given.source == "shared" else [])


# A set of a package that only the benchmarks need is looked at where that is installed.
@pytest.mark.parametrize("given", [with_needs(given) for given in SETS if given.is_here or given.source == "shared"])
def test_a_set_is_numbers_that_a_job_could_read(given: Set) -> None:
    X, y = given.load()
    assert X.ndim == 2
    assert y.shape == (len(X),)
    assert X.dtype == y.dtype == np.float32
    assert np.isfinite(X).all()
    assert np.isfinite(y).all()
    assert len(y) >= 150
    if given.predictor_type != REGRESSOR:
        counts = np.bincount(y.astype(int))
        assert (y == np.floor(y)).all()
        assert (len(counts) == 2) == (given.predictor_type == BINARY)
        assert counts.min() >= 10


def test_sets_are_of_every_kind_and_each_has_a_name_of_its_own() -> None:
    assert len({given.name for given in SETS}) == len(SETS) >= 58
    assert min(Counter(given.predictor_type for given in SETS).values()) >= 20


@pytest.mark.parametrize("predictor_type", [REGRESSOR, BINARY, MULTICLASS])
def test_every_row_is_dealt_once(predictor_type: str) -> None:
    y = np.arange(503, dtype=np.float32) % 2
    parts = split_rows(y, predictor_type, seed=0)
    assert sorted(np.concatenate(parts)) == list(range(503))
    assert [round(len(part) / 503, 2) for part in parts] == [0.6, 0.2, 0.2]


def test_rows_of_a_class_are_dealt_to_every_part() -> None:
    y = np.repeat([0.0, 1.0, 2.0], [10, 480, 10])
    parts = split_rows(y, MULTICLASS, seed=3)
    assert [np.bincount(y[part].astype(int)).tolist() for part in parts] == [[6, 288, 6], [2, 96, 2], [2, 96, 2]]


def test_training_rows_come_in_no_order() -> None:
    y = np.repeat([0.0, 1.0], 100)
    train, _, _ = split_rows(y, BINARY, seed=0)
    assert 20 < y[train][:60].sum() < 40


def test_another_seed_deals_otherwise_and_the_same_seed_does_not() -> None:
    y = np.zeros(100)
    first, again, other = (split_rows(y, REGRESSOR, seed)[2].tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_a_table_becomes_numbers() -> None:
    table = pd.DataFrame({"size": [1.0, np.nan, 3.0] * 10, "colour": ["red", None, "blue"] * 10, "y": range(30)})
    X, y = encode_table(table, "y", REGRESSOR)
    rows = X[np.argsort(y)]
    assert sorted(y) == list(range(30))
    assert rows[:3, 0].tolist() == [1, 2, 3]  # a gap is the mean
    assert sorted(rows[:3, 1:].tolist()) == [[0, 0], [0, 1], [1, 0]]


def test_rare_levels_and_classes_are_left_out() -> None:
    table = pd.DataFrame({"colour": ["red"] * 30 + ["pink"], "y": ["b"] * 11 + ["a"] * 11 + ["c"] * 8 + ["a"]})
    X, y = encode_table(table, "y", BINARY)
    assert np.bincount(y.astype(int)).tolist() == [12, 11]
    assert X.shape == (23, 1)


def test_a_large_set_is_sampled() -> None:
    X, y = sample_rows(np.arange(50.0)[:, None], np.arange(50.0), most=20)
    assert len(set(y)) == 20
    assert (X[:, 0] == y).all()
