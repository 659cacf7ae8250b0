"""The settings of candidates as texts."""

from open_algorithms.learning.showing.settings import differing_settings, format_setting
from open_algorithms.learning.showing.words import NO_VALUE


def test_settings_are_written_as_people_write_them() -> None:
    assert [format_setting(value) for value in (0.123456, 24, "adam", True)] == ["0.1235", "24", "adam", "yes"]
    assert [format_setting(value) for value in (None, False)] == [NO_VALUE, NO_VALUE]


def test_only_settings_that_differ_where_they_are_set_are_named_and_else_the_first_three() -> None:
    first = {"a": 1, "b": 2.0, "c": 3, "d": 4}
    assert differing_settings([first, {**first, "b": 2.5}, {"a": 1, "c": 3}]) == ["b"]
    assert differing_settings([first, first]) == ["a", "b", "c"]
