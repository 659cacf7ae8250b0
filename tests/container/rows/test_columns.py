"""Columns go by their names: any order will do, what is missing is named, and an index is no feature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from container.contract.errors import DecodeError
from container.rows.columns import (
    ColumnNames,
    ExpectedColumns,
    arrange_columns,
    arrange_features,
    arrange_numbered_features,
    find_index_columns,
    index_column_count,
    is_increasing,
    is_permuted_range,
    is_range,
    make_names_distinct,
    show_names,
)
from container.rows.offsets import find_shift, median_shift, subtract_shift

TRAIN = ExpectedColumns(ColumnNames("y", ("a", "b", "c")), "the channel 'train'")
MODEL = ExpectedColumns(TRAIN.names, "the model", allows_others=True)

names = st.lists(st.text("abcde", min_size=1, max_size=2), min_size=2, max_size=6, unique=True)


@given(names, st.randoms())
def test_columns_in_any_order_come_to_the_order_that_is_known(known: list[str], random: object) -> None:
    header = ColumnNames(known[0], tuple(known[1:]))
    shuffled = np.random.default_rng(hash(tuple(known)) % 2**32).permutation(known).tolist()
    order = arrange_columns(shuffled, ExpectedColumns(header, "the channel 'train'"))
    assert [shuffled[i] for i in order.columns] == known
    assert not order.left_out


@given(names)
def test_the_first_names_are_taken_as_they_lie(known: list[str]) -> None:
    order = arrange_columns(known, None)
    assert order.columns == tuple(range(len(known)))
    assert order.names == ColumnNames(known[0], tuple(known[1:]))


@pytest.mark.parametrize("reference", [TRAIN, MODEL])
def test_the_labels_name_is_free_where_all_features_are_there(reference: ExpectedColumns) -> None:
    order = arrange_columns(["target", "c", "a", "b"], reference)
    assert order.columns == (0, 2, 3, 1)
    assert order.names.label == "target"


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        (["y", "a", "b"], "'c' is missing"),
        (["y", "a", "b", "c", "d"], "'d' is not known"),
        (["y", "a", "b", "C"], "'c' is missing, 'C' is not known"),
        (["a", "b", "c", "target"], "'y' is missing, 'target' is not known"),
        (["c", "b", "a"], "'y' is missing"),
        (["y", "a", "a", "c"], "'b' is missing, 'a.1' is not known"),
        (["y", *"defghi"], "'a', 'b', 'c' are missing, 'd', 'e', 'f', 'g', 'h' and 1 more are not known"),
    ],
)
def test_channels_must_have_the_same_columns(found: list[str], difference: str) -> None:
    with pytest.raises(DecodeError) as error:
        arrange_columns(found, TRAIN)
    expected = f"expected the columns of the channel 'train': {difference}."
    assert str(error.value) == f"{expected} Every channel must have the same columns, in any order"


def test_what_is_measured_may_have_more_columns_as_long_as_its_label_is_known_by_name() -> None:
    order = arrange_columns(["id", "c", "y", "a", "b", "note"], MODEL)
    assert (order.columns, order.left_out) == ((2, 3, 4, 1), ("id", "note"))
    with pytest.raises(DecodeError, match="expected the columns of the model: 'y' is missing, 'note', 'id' are not"):
        arrange_columns(["note", "id", "a", "b", "c"], MODEL)
    unnamed = ExpectedColumns(ColumnNames("", ("a", "b", "c")), "the model", allows_others=True)
    assert arrange_columns(["label", "id", "c", "a", "b"], unnamed).columns == (0, 3, 4, 2)


def test_a_request_may_have_more_features_and_no_fewer() -> None:
    order = arrange_features(["y", "c", "a", "id", "b"], ["a", "b", "c"])
    assert (order.columns, order.left_out) == ((2, 4, 1), ("y", "id"))
    with pytest.raises(DecodeError, match="expected the features of the model: 'b' is missing, 'B' is not known"):
        arrange_features(["a", "B", "c"], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("found", "index"),
    [
        (["", "y", "a"], 1),
        (["Unnamed: 0", "y"], 1),
        (["Unnamed: 0.1", "Unnamed: 0", "y"], 2),
        (["", "", "y", "a"], 2),
        (["__index_level_0__", "y"], 1),
        (["y", "", "Unnamed: 0"], 0),
        (["unnamed", "y"], 0),
    ],
)
def test_leading_columns_without_a_name_of_their_own_are_an_index(found: list[str], index: int) -> None:
    assert index_column_count(found) == index


def test_names_that_only_count_are_told_from_others() -> None:
    assert is_range(["0", "1", "2"])
    assert is_range(["1", "2", "3"])
    assert not is_range(["2", "3"])
    assert not is_range(["0", "2"])
    assert not is_range(["0", "01"])


def test_every_feature_has_a_name_and_no_two_have_the_same() -> None:
    assert make_names_distinct(["a", "", "a", "a.2", "a"]) == ("a", "f1", "a.2", "a.2.3", "a.4")


def test_many_names_are_cut() -> None:
    assert show_names(list("abcdef")) == "'a', 'b', 'c', 'd', 'e' and 1 more"


def test_what_float32_would_blur_is_shifted_and_nothing_else() -> None:
    t = np.linspace(0, 600, 1000)
    X = np.column_stack([1.6e9 + t, 1 + t * 1e-9, 2000 + t % 20, t, 1e9 + t * 1e8, np.full(1000, 0.1), 1.7e9 + 0 * t])
    shift = find_shift(X)
    assert shift is not None
    assert np.flatnonzero(shift).tolist() == [0, 1, 6]
    exact = X - X[0]
    ours = subtract_shift(X, shift)
    np.testing.assert_allclose(ours[:, :2].astype(float) - ours[0, :2], exact[:, :2], rtol=1e-5, atol=5e-5)
    assert np.abs((X.astype(np.float32)[:, 0] - np.float32(X[0, 0])) - exact[:, 0]).max() > 50
    assert find_shift(X[:, 2:6]) is None


def test_columns_that_pandas_calls_by_their_place_are_an_index_wherever_they_are() -> None:
    assert find_index_columns(["", "y", "Unnamed: 0", "a", "", "__index_level_1__"]) == [0, 2, 5]


@pytest.mark.parametrize(
    ("found", "known", "columns"),
    [
        (["", "f0", "f1"], ["f0", "f1"], (1, 2)),
        (["f0", "", "f1"], ["f0", "f1"], (0, 2)),
        (["", "b"], ["f0", "b"], (0, 1)),
        (["f1", "", "f0"], ["f0", "f1"], (2, 0)),
    ],
)
def test_a_name_that_is_made_up_is_not_taken_for_that_of_another_column(
    found: list[str], known: list[str], columns: tuple[int, ...]
) -> None:
    assert arrange_features(found, known).columns == columns


def test_a_column_without_a_name_fits_no_name_where_the_order_is_another() -> None:
    with pytest.raises(DecodeError, match="'f1' is missing, '' is not known"):
        arrange_columns(
            ["y", "f3", "", "f0", "f2"],
            ExpectedColumns(ColumnNames("y", ("f0", "f1", "f2", "f3")), "the channel 'train'"),
        )


def test_the_very_same_names_fit_whatever_they_are() -> None:
    names = ["y", "y", "", "b", "b"]
    order = arrange_columns(names, None)
    assert arrange_columns(names, ExpectedColumns(order.names, "the files before")) == order


def test_names_that_number_columns_are_known_in_any_order() -> None:
    assert is_permuted_range(["2", "0", "1"])
    assert is_permuted_range([3, 1, 2])
    assert not is_permuted_range(["0", "2"])
    assert not is_permuted_range(["0", "0", "1"])
    assert is_increasing(["2018", "2019", "2021"])
    assert not is_increasing(["2018", "2018"])
    assert not is_increasing(["2018", "x"])
    assert arrange_numbered_features(["y", "f1", "f0"], 2) == [2, 1]
    assert arrange_numbered_features(["f1", "a"], 2) is None


def test_an_offset_is_found_among_few_values_that_are_far_from_it() -> None:
    generator = np.random.default_rng(0)
    time = 1.6e9 + generator.uniform(0, 600, (1000, 1))
    time[::100] = 0
    shift = find_shift(time)
    assert shift is not None
    assert 1.6e9 <= shift[0] <= 1.6e9 + 600


@pytest.mark.parametrize(
    ("value", "shifted"), [(13.1234567, True), (1600000000.0, True), (2024.0, True), (0.1, False), (7.0, False)]
)
def test_a_column_that_does_not_vary_yet_is_shifted_where_it_may_vary_by_little(value: float, shifted: bool) -> None:
    assert (find_shift(np.full((5, 1), value)) is not None) == shifted
    assert (find_shift(np.full((1, 1), value)) is not None) == shifted


def test_whole_numbers_so_large_that_a_bias_loses_them_are_shifted() -> None:
    X = np.column_stack([12e6 + np.arange(30) % 3, 1000 + np.arange(30) % 3])
    shift = find_shift(X)
    assert shift is not None
    assert shift.tolist() == [12e6 + 1, 0]


def test_rows_of_another_width_are_left_for_somebody_else_to_refuse() -> None:
    assert find_shift(np.zeros((0, 3))) is None
    assert subtract_shift(np.ones((2, 1), np.float32), np.ones(3)).tolist() == [[1], [1]]
    assert median_shift(np.array([[1.0, 5], [1, 7]]), [1]) == pytest.approx([0, 6])
    assert median_shift(np.zeros((0, 2)), [1]) is None
    assert median_shift(np.zeros((1, 2)), [2]) is None
