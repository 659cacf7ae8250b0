"""Texts and numbers are one column: what is written in another way, or not at all, is the same value."""

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.notation import FEW_TEXTS, MISSING_WORDS, UNSEEN
from open_algorithms.learning.columns.values import (
    as_texts,
    canonical_levels,
    canonical_text,
    distinct_texts,
    present_numbers,
    write_class,
    write_number,
)
from tests.chance import draw_examples
from tests.learning.columns.arrays import coded_array, number_array, text_array


@pytest.mark.parametrize(
    ("number", "text"),
    [(3.0, "3"), (-0.0, "0"), (0.5, "0.5"), (2.0**53, "9007199254740992"), (1e20, "1e+20"), (1e-7, "1e-07")],
)
def test_a_number_is_written_as_people_do(number: float, text: str) -> None:
    assert write_number(number) == text
    assert write_class(number) == text


def test_a_class_of_text_is_written_as_it_is() -> None:
    assert write_class("1.0") == "1.0"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("+3", "3"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0.0", "0"),
        ("\N{MINUS SIGN}2.0", "-2"),
        ("007", "007"),
        ("-07", "-07"),
        ("1152921504606846977.0", "1152921504606846977.0"),
        ("0.00001", "1e-05"),
        ("inf", "inf"),
        ("red", "red"),
        ("Red", "Red"),
        ("1,5", "1,5"),
    ],
)
def test_a_number_among_categories_is_one_level_however_it_is_written(text: str, level: str) -> None:
    assert canonical_text(text) == level


NUMBERS = st.from_regex(r"\A[-+]?(0|[1-9][0-9]{0,4})?(\.[0-9]{0,6})?(e[-+]?[0-9])?\Z")


@draw_examples(40)
@given(st.lists(NUMBERS | st.text(max_size=3), max_size=20))
def test_all_levels_at_once_are_those_one_by_one(texts: list[str]) -> None:
    levels = [canonical_text(text) for text in texts]
    assert canonical_levels(text_array(texts)) == levels
    assert canonical_levels(text_array([*texts, None] * FEW_TEXTS)) == [*levels, None] * FEW_TEXTS


@draw_examples(40)
@given(st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: float(f"{number:.6g}")))
def test_a_level_that_was_read_as_a_number_is_the_one_that_was_read_as_a_text(number: float) -> None:
    assert canonical_text(repr(number)) in (write_number(number), repr(number))
    assert canonical_text(write_number(number)) == write_number(number)


@pytest.mark.parametrize("word", [*MISSING_WORDS, "NA", "NaN", "NULL", "None", "\\N", " n/a ", "\u00a0"])
def test_words_for_nothing_are_missing(word: str) -> None:
    texts, places = distinct_texts(coded_array([word, "red", None]))
    assert [texts[int(place)].as_py() for place in places] == [None, "red", None]


@pytest.mark.parametrize("word", ["0", "unknown", "nothing", "n", "none of these", "NAN1"])
def test_other_words_are_not(word: str) -> None:
    texts, places = distinct_texts(coded_array([word]))
    assert texts[int(places[0])].as_py() == word


def test_numbers_become_texts_where_texts_are_wanted() -> None:
    coded = as_texts(number_array([3.0, 0.5, None, float("nan"), 3.0]))
    assert coded.to_pylist() == ["3", "0.5", None, None, "3"]


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string(), pyarrow.dictionary("int8", "string")])
def test_texts_of_any_kind_are_texts(kind: pyarrow.DataType) -> None:
    texts, places = distinct_texts(as_texts(text_array([" a", "b", None, "a"]).cast(kind)))
    assert [texts[int(place)].as_py() for place in places] == ["a", "b", None, "a"]


def test_a_missing_number_is_none() -> None:
    assert present_numbers(number_array([1.5, None, float("nan"), float("inf")])).tolist() == [1.5, float("inf")]


@given(st.lists(st.sampled_from([*MISSING_WORDS, "NaN", "Größe", "İ", None]) | st.text([*UNSEEN, *"aN-"], max_size=4)))
def test_few_texts_are_trimmed_as_many_are(texts: list[str | None]) -> None:
    more = [f"text {i}" for i in range(FEW_TEXTS)]
    found, places = distinct_texts(coded_array([*texts, *more]))
    few, few_places = distinct_texts(coded_array(texts))
    assert few.take(pyarrow.array(few_places)) == found.take(pyarrow.array(places[: len(texts)]))
