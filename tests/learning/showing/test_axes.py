"""The axes of plots: they hold what they are given, and their numbers can be told apart."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.showing.axes import MAX_LABELS, Scale, format_axis_number, make_axis

VALUES = st.floats(-1e30, 1e30).filter(lambda value: value == 0 or abs(value) > 1e-30)


@given(st.lists(VALUES, min_size=1, max_size=5), st.booleans(), st.booleans())
def test_an_axis_holds_its_numbers_and_is_divided_by_different_ones(
    values: list[float], logarithmic: bool, whole: bool
) -> None:
    found = make_axis(Scale(logarithmic=logarithmic, whole=whole), values, 0, 300)
    assert all(-1e-6 <= found.position(value) <= 300 + 1e-6 for value in values)
    texts = [found.tick_text(tick) for tick in found.tick_values()]
    assert len(set(texts)) == len(texts) <= 3 * MAX_LABELS
    if found.whole:
        assert all(tick == round(tick) for tick in found.tick_values())


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.693147, 0.693141], ["0.693142", "0.693144", "0.693146"]),
        ([12345.1, 12345.4], ["12,345.1", "12,345.2", "12,345.3", "12,345.4"]),
        ([20_000, 60_000], ["20,000", "30,000", "40,000", "50,000", "60,000"]),
        ([0, 0.5, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_the_numbers_of_an_axis_have_the_digits_that_tell_them_apart(values: list[float], texts: list[str]) -> None:
    found = make_axis(Scale(), values, 0, 300)
    assert [found.tick_text(tick) for tick in found.tick_values()] == texts


@pytest.mark.parametrize("epochs", [1, 2, 3, 4])
def test_epochs_are_not_divided(epochs: int) -> None:
    found = make_axis(Scale(whole=True), [0.5, epochs + 0.5], 0, 300)
    assert found.tick_values() == list(range(1, epochs + 1))


def test_numbers_of_many_sizes_have_room_beside_each_other() -> None:
    found = make_axis(Scale(logarithmic=True), [1e-20, 1e20], 300, -300)
    places = [found.position(tick) for tick in found.tick_values()]
    assert all(low - high > 20 for low, high in pairwise(places))
    assert math.isclose(found.position(1), 150)


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.1235"), (123456.7, "123,457"), (-1e-9, "\N{MINUS SIGN}1e\N{MINUS SIGN}09")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert format_axis_number(value) == text


def test_the_ends_of_a_scale_go_before_its_values() -> None:
    found = make_axis(Scale("share", ends=(0, 1)), [-5, 5], 10, 100)
    assert (found.low, found.high, found.label) == (0, 1, "share")
    assert found.position(1) == 110


def test_noise_does_not_fill_an_axis_that_is_to_span_more() -> None:
    found = make_axis(Scale(least_span=0.1), [0.81, 0.82], 0, 100)
    assert (found.low, found.high) == pytest.approx((0.765, 0.865))
    flat = make_axis(Scale(least_span=0.1), [0.8, 0.8], 0, 100)
    assert (flat.low, flat.high) == pytest.approx((0.75, 0.85))
    wide = make_axis(Scale(least_span=0.1), [0.5, 0.9], 0, 100)
    assert (wide.low, wide.high) == (0.5, 0.9)


def test_an_axis_does_not_go_below_its_floor() -> None:
    found = make_axis(Scale(floor=0), [0.0, 0.0], 0, 100)
    assert (found.low, found.high) == (0, 1)
    small = make_axis(Scale(floor=0, least_span=1), [0.1, 0.2], 0, 100)
    assert (small.low, small.high) == (0, 1)
