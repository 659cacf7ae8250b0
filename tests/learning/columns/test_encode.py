"""Rows become what the recipe says of each value, whatever way the columns are delivered in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns import encode, recipe
from open_algorithms.learning.columns.encode import ROWS_AT_ONCE, encode_labels, encode_rows, encode_weights
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.rows.csr import Csr, as_dense
from tests.chance import draw_examples
from tests.learning.columns.arrays import coded_array, find_recipe, number_array, text_array

RECIPE = Recipe(
    (
        NumberColumn("n", 3.0, 0.0, True),
        LeftOutColumn("id", "an index"),
        BooleanColumn("b", 0.25, True),
        DateColumn("d", "2018-03-15", 17605.0, (3, 4), (3, 4), (), True),
        CategoryColumn("c", ("red", "1"), True, True),
        CategoryColumn("f", ("x", "y")),
    )
)
ROWS: dict[str, list[str | None]] = {
    "n": ["1", " 2.50 ", None, "-4"],
    "id": ["1", "2", "3", "4"],
    "b": ["Yes", "f", "", "1.0"],
    "d": ["2018-03-15", "2018-04-20 12:00", "NA", "Jan 5, 2018"],
    "c": ["red ", "1.0", None, "blue"],
    "f": ["y", "x", "", "z"],
}
FEATURES: list[list[float]] = [
    [1, 0, 1, 0, 0.0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1],
    [2.5, 0, 0, 0, 36.5, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0],
    [3, 1, 0.25, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
    [-4, 0, 1, 0, -69, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
]


def deliver(rows: Mapping[str, Sequence[str | None]], coded: bool = True) -> dict[str, Any]:
    """Return columns of texts."""
    return {name: (coded_array if coded else text_array)(texts) for name, texts in rows.items()}


def encode_one(column: Column, values: Any) -> Any:
    """Return the features of a table with one column."""
    return as_dense(encode_rows(Recipe((column,)), {column.name: values}).features).tolist()


@pytest.fixture
def sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SPARSE_WIDTH", 1)
    monkeypatch.setattr(recipe, "SPARSE_FACTOR", 0)


@pytest.mark.parametrize("coded", [True, False])
def test_each_value_becomes_the_features_of_its_column(coded: bool) -> None:
    found = encode_rows(RECIPE, deliver(ROWS, coded))
    np.testing.assert_array_equal(as_dense(found.features), np.array(FEATURES, np.float32))
    assert found.missing == {"n": 1, "b": 1, "d": 1, "c": 1, "f": 1}
    assert found.unknown == {"c": 1, "f": 1}
    assert len(RECIPE.feature_names) == len(FEATURES[0])


@pytest.mark.usefixtures("sparse")
def test_sparse_rows_are_the_dense_ones_without_their_zeros() -> None:
    found = encode_rows(RECIPE, deliver(ROWS)).features
    assert isinstance(found, Csr)
    np.testing.assert_array_equal(as_dense(found), np.array(FEATURES, np.float32))
    assert (found.data != 0).all()
    for first, last in zip(found.indptr[:-1], found.indptr[1:], strict=True):
        assert (np.diff(found.indices[first:last]) > 0).all()


TEXTS = st.sampled_from(["1", "2.5", "red", "blue", "yes", "no", "2018-03-15", "2018-04-01", "", "NA", " red", "x"])
TABLES = st.integers(1, 12).flatmap(
    lambda rows: st.dictionaries(
        st.sampled_from("abcd"), st.lists(TEXTS, min_size=rows, max_size=rows), min_size=1, max_size=4
    )
)


def find_any_recipe(table: dict[str, list[str | None]]) -> Recipe | None:
    """Return the recipe of a table; None where it has faults."""
    try:
        return find_recipe({name: text_array(texts) for name, texts in table.items()})
    except ColumnFault:
        return None


@draw_examples(60)
@given(TABLES, st.integers(0, 12))
def test_a_table_is_encoded_by_its_recipe_and_its_parts_are_what_the_whole_is(
    table: dict[str, list[str | None]], cut: int
) -> None:
    if (found := find_any_recipe(table)) is None:
        return
    whole = as_dense(encode_rows(found, deliver(table)).features)
    assert whole.shape == (len(next(iter(table.values()))), len(found.feature_names))
    assert np.isfinite(whole).all()
    parts = [
        as_dense(encode_rows(found, deliver({name: texts[part] for name, texts in table.items()})).features)
        for part in (slice(cut), slice(cut, None))
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.usefixtures("sparse")
@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1])
def test_so_many_rows_are_encoded_at_once(rows: int) -> None:
    chance = np.random.default_rng(rows)
    table = {name: [texts[place] for place in chance.integers(0, 4, rows)] for name, texts in ROWS.items()}
    table["n"] = [str(number % 2) for number in range(rows)]  # of which every second one is 0
    found = encode_rows(RECIPE, deliver(table)).features
    dense = encode.join_dense(
        [
            strip._replace(place=first + strip.place)
            for column, first, _ in RECIPE.encoded_columns
            for strip in encode.encode_column(column, coded_array(table[column.name]))[2]
        ],
        rows,
        len(RECIPE.feature_names),
    )
    np.testing.assert_array_equal(as_dense(found), dense)


def test_numbers_are_the_same_as_texts_and_as_numbers() -> None:
    numbers = [1.5, None, -2.0, 3e10]
    texts = text_array([None if number is None else repr(number) for number in numbers])
    column = NumberColumn("n", 4.0, 1.0, True)
    assert encode_one(column, number_array(numbers)) == encode_one(column, texts)
    assert encode_one(column, number_array(numbers))[:2] == [[0.5, 0], [3, 1]]
    for other in (BooleanColumn("n", 0.5), CategoryColumn("n", ("0", "1"))):
        assert encode_one(other, number_array([1.0, 0.0])) == encode_one(other, text_array(["1", "0.0"]))


def test_values_that_are_first_missing_after_the_training_are_the_mean_or_no_category() -> None:
    assert encode_one(NumberColumn("n", 4.0, 1.0), text_array([None])) == [[3]]
    assert encode_one(BooleanColumn("n", 0.25), text_array([None])) == [[0.25]]
    assert encode_one(DateColumn("n", "2018-03", 5.0), text_array([None])) == [[0]]
    assert encode_one(CategoryColumn("n", ("a",)), text_array([None])) == [[0]]
    assert encode_one(CategoryColumn("n", ("a",), has_other=True), text_array(["b"])) == [[0, 1]]


def test_large_numbers_keep_the_digits_in_which_they_differ() -> None:
    column = NumberColumn("n", 1.5e9 + 10, 1.5e9)
    assert encode_one(column, text_array(["1500000001", "1500000002", ""])) == [[1], [2], [10]]


def test_hours_and_halves_of_a_day_are_parts_of_the_days() -> None:
    column = DateColumn("t", "12:30", 0.5, hours=(12, 18))
    assert encode_one(column, text_array(["12:00", "6:00 pm", "7:00"])) == [
        [0, 1, 0],
        [0.25, 0, 1],
        [pytest.approx(7 / 24 - 0.5), 0, 0],
    ]


FAULTS: list[tuple[Column, list[str], str]] = [
    (NumberColumn("x", 0.0), ["1", "1,5"], "expected a number, found '1,5'"),
    (NumberColumn("x", 0.0, notation=Notation(",")), ["1", "1.5"], "expected a number, found '1.5'"),
    (NumberColumn("x", 0.0), ["1", "1e39"], "expected a number that a 32-bit float can hold, found '1e39'"),
    (NumberColumn("x", 0.0), ["1", "inf"], "expected a number that a 32-bit float can hold, found 'inf'"),
    (BooleanColumn("x", 0.5), ["yes", "maybe"], "expected true or false, or yes or no, found 'maybe'"),
    (DateColumn("x", "month/day/2018", 0.0), ["03/04/2018", "25/12/2018"], "a date or time, found '25/12/2018'"),
    (DateColumn("x", "2018-03-15", 0.0), ["2018-03-15", "2018-02-30"], "a date or time, found '2018-02-30'"),
]


@pytest.mark.parametrize(("column", "texts", "words"), FAULTS)
def test_a_value_that_a_column_cannot_have_is_a_fault_with_its_row(
    column: Column, texts: list[str], words: str
) -> None:
    with pytest.raises(ColumnFault) as caught:
        encode_one(column, coded_array([*texts[:1], *texts]))
    assert words in str(caught.value)
    assert (caught.value.column, caught.value.row) == ("x", 2)


def test_weights_are_numbers_from_0_on_and_others_are_a_fault_with_their_row() -> None:
    column = WeightColumn("w", Notation(","))
    assert encode_weights(column, coded_array(["0", "1,5"])).tolist() == [0, 1.5]
    assert encode_weights(column, number_array([0.0, 1.5])).tolist() == [0, 1.5]
    for wrong in ("1.5", "-1", "1e39", "inf", "", "NA", "heavy", None):
        with pytest.raises(ColumnFault, match="column 'w': expected a weight, a finite number from 0 on") as caught:
            encode_weights(column, coded_array(["1", wrong]))
        assert caught.value.row == 1
    for number in (-0.5, float("inf"), float("nan"), None):
        with pytest.raises(ColumnFault, match="expected a weight"):
            encode_weights(column, number_array([1.0, number]))


def test_a_text_of_the_dictionary_that_no_row_has_is_no_fault() -> None:
    values = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, 0]), text_array(["1", "many"]))
    assert encode_one(NumberColumn("x", 0.0), values) == [[1], [1]]


@pytest.mark.parametrize(
    ("target", "labels", "numbers"),
    [
        (Target("y", ("bad", "good")), ["good", " bad", None, "good"], [1, 0, None, 1]),
        (Target("y", (2.0, 1.0)), ["1.0", "2", "NA", "1"], [1, 0, None, 1]),
        (Target("y", ("01", "1")), ["01", "1.0", "", "1"], [0, 1, None, 1]),
        (Target("y"), ["1", "0.0", "?", "2.5"], [1, 0, None, 2.5]),
        (Target("y", (), Notation(".", ",", "$")), ["$1,000", "3", "-", "$5"], [1000, 3, None, 5]),
    ],
)
def test_labels_are_the_numbers_of_their_classes_and_rows_without_one_are_told(
    target: Target, labels: list[str | None], numbers: list[float | None]
) -> None:
    found, there = encode_labels(target, coded_array(labels))
    assert [number if is_there else None for number, is_there in zip(found.tolist(), there, strict=True)] == numbers
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("target", "label", "words"),
    [
        (Target("y", ("bad", "good")), "Good", "expected one of the classes 'bad', 'good', found 'Good'"),
        (Target("y", (1.0, 2.0)), "3", "expected one of the classes '1', '2', found '3'"),
        (Target("y"), "many", "expected a number, found 'many'"),
        (Target("y"), "-1e39", "a 32-bit float can hold, found '-1e39'"),
    ],
)
def test_what_is_no_label_is_a_fault(target: Target, label: str, words: str) -> None:
    with pytest.raises(ColumnFault, match=words) as caught:
        encode_labels(target, coded_array(["", label]))
    assert caught.value.row == 1


def test_columns_that_are_not_needed_need_not_be_there() -> None:
    table = deliver(ROWS)
    del table["id"]
    assert RECIPE.needed_names == [*table]
    assert len(as_dense(encode_rows(RECIPE, table).features)) == 4


def test_the_parts_of_a_date_that_training_did_not_have_are_none() -> None:
    column = DateColumn("d", "2018-03-15", 17605.0, (3,))
    assert encode_one(column, text_array(["2018-04-15", "2018-03-15"])) == [[31, 0], [0, 1]]
