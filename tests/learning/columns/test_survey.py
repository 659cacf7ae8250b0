"""A survey counts what a column holds, and those of several hosts are together that of the whole."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from open_algorithms.learning.columns.survey import ColumnSurvey, is_identifier, merge_surveys, survey_column
from tests.chance import draw_examples
from tests.learning.columns.arrays import coded_array, number_array, text_array

VALUES = st.lists(st.sampled_from(["red", "green ", " green", "1", "1.0", "", "NA", None]), max_size=30)
NUMBERS = st.lists(st.none() | st.floats(-100, 100), max_size=30)


def count_all(texts: Sequence[str | None]) -> dict[str, int]:
    """Count texts one by one."""
    kept = [text.strip() for text in texts if text is not None and text.strip() not in ("", "NA")]
    return {text: kept.count(text) for text in kept}


@draw_examples(40)
@given(VALUES, st.integers(0, 30))
def test_texts_are_counted_whatever_parts_they_come_in(texts: list[str | None], cut: int) -> None:
    for parts in ([text_array(texts)], [coded_array(texts[:cut]), text_array(texts[cut:])]):
        found = survey_column("c", parts)
        assert dict(zip(found.texts, found.counts, strict=True)) == count_all(texts)
        assert (found.rows, found.missing) == (len(texts), len(texts) - sum(count_all(texts).values()))
        assert [*found.counts] == sorted(found.counts, reverse=True)


@draw_examples(40)
@example([25.0, 25.0, 25.0], [], 1)
@given(NUMBERS, VALUES, st.integers(0, 30))
def test_the_parts_of_hosts_are_together_the_whole(
    numbers: list[float | None], texts: list[str | None], cut: int
) -> None:
    hosts = [
        survey_column("c", [number_array(numbers[:cut]), coded_array(texts[:cut])]),
        survey_column("c", [number_array(numbers[cut:]), coded_array(texts[cut:])]),
    ]
    merged, whole = merge_surveys(hosts), survey_column("c", [number_array(numbers), coded_array(texts)])
    assert merged.as_json()[:3] == whole.as_json()[:3]
    assert (merged.texts, merged.counts) == (whole.texts, whole.counts)
    assert (merged.numbers is None) == (whole.numbers is None)
    if merged.numbers and whole.numbers:
        assert (merged.numbers.count, merged.numbers.low, merged.numbers.high) == (
            whole.numbers.count,
            whole.numbers.low,
            whole.numbers.high,
        )
        assert merged.numbers.mean == pytest.approx(whole.numbers.mean, abs=1e-9)
        assert merged.numbers.low <= merged.numbers.quartiles[1] <= merged.numbers.high


@draw_examples(40)
@given(NUMBERS, VALUES)
def test_a_survey_crosses_the_network_as_json(numbers: list[float | None], texts: list[str | None]) -> None:
    found = survey_column("größe", [number_array(numbers), coded_array(texts)])
    assert ColumnSurvey.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_numbers_are_texts_where_that_is_asked_for() -> None:
    found = survey_column("c", [number_array([1.0, 2.5, 1.0, None]), coded_array(["1", "x"])], as_text=True)
    assert found.numbers is None
    assert dict(zip(found.texts, found.counts, strict=True)) == {"1": 3, "2.5": 1, "x": 1}
    assert found.missing == 1


def test_texts_of_one_frequency_are_in_the_order_of_their_letters() -> None:
    assert survey_column("c", [text_array(["b", "ä", "a", "c", "c"])]).texts == ("c", "a", "b", "ä")


def test_a_text_of_the_dictionary_that_no_row_has_is_not_counted() -> None:
    values = pyarrow.DictionaryArray.from_arrays(pyarrow.array([1, 1]), text_array(["red", "blue"]))
    assert survey_column("c", [values]).texts == ("blue",)


def test_no_rows_are_no_numbers() -> None:
    assert survey_column("c", [number_array([])]) == ColumnSurvey("c", 0, 0, None, (), ())
    assert survey_column("c", []) == ColumnSurvey("c", 0, 0, None, (), ())


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (list(range(1, 101)), True),
        ([*range(1, 100), 1], False),
        ([1, 1, *range(3, 101)], False),
        ([number / 2 for number in range(100)], False),
        ([number**3 for number in range(100)], False),
        ([*range(99), math.inf], False),
        ([1, 2, 3], False),
    ],
)
def test_whole_numbers_that_chance_would_have_repeated_are_an_index(numbers: list[float], found: bool) -> None:
    shuffled = np.random.default_rng(0).permutation(np.array(numbers, np.float64))
    assert is_identifier(shuffled) is found


def test_an_index_of_each_host_is_none_of_all() -> None:
    numbers = (list(range(50)), list(range(50, 100)), [200, 200, *range(50, 98)])
    one, other, repeated = (survey_column("c", [number_array(of_host)]) for of_host in numbers)
    for hosts, found in (([one, other], True), ([one, one], False), ([one, repeated], False)):
        merged = merge_surveys(hosts).numbers
        assert merged is not None
        assert merged.is_identifier is found


def test_numbers_too_large_to_add_up_are_surveyed_without_a_warning() -> None:
    numbers = survey_column("c", [number_array([math.inf, -math.inf, 1e308, 1e308])]).numbers
    assert numbers is not None
    assert (numbers.low, numbers.high) == (-math.inf, math.inf)
