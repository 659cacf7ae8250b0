"""What the user says of the columns is read name by name, whatever characters the names have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.wishes import KINDS, ColumnWishes, parse_names, parse_types
from open_algorithms.learning.job.errors import InputError

NAMES = st.text(st.sampled_from("ab ,=\\ü"), min_size=1, max_size=6).map(str.strip).filter(bool)


def escape_name(name: str) -> str:
    """Write a name so that its commas and backslashes are its own."""
    return name.replace("\\", "\\\\").replace(",", "\\,")


@given(st.lists(NAMES, max_size=5))
def test_names_are_read_back_whatever_they_hold(names: list[str]) -> None:
    assert parse_names(", ".join(map(escape_name, names))) == names


@given(st.dictionaries(NAMES, st.sampled_from(KINDS), max_size=5))
def test_kinds_are_read_back_whatever_the_names_hold(types: dict[str, str]) -> None:
    assert parse_types(",".join(f"{escape_name(name)} = {kind.upper()}" for name, kind in types.items())) == types


@pytest.mark.parametrize("text", ["zip", "zip=", "=category=", "zip=code", "zip=number,note"])
def test_another_kind_is_refused_by_the_name_of_where_it_is_said(text: str) -> None:
    with pytest.raises(InputError, match=r"^types: expected NAME=KIND separated by commas, the kinds number, boolean"):
        parse_types(text, "types")


def test_a_table_is_needed_where_something_is_said_of_its_columns() -> None:
    assert not ColumnWishes(class_count=2).need_table
    assert ColumnWishes(target="y").need_table
    assert ColumnWishes(types={"x": "date"}).need_table
    assert ColumnWishes(positive_label="yes").need_table
    assert ColumnWishes(weight="w").need_table


def test_texts_are_needed_of_classes_and_of_whatever_is_asked_to_be_no_number() -> None:
    wishes = ColumnWishes(class_count=2, types={"zip": "category", "n": "number", "note": "ignore", "flag": "boolean"})
    assert [wishes.need_texts(name) for name in ("zip", "flag", "n", "note", "other")] == [True, True, *[False] * 3]
    assert wishes.need_texts("y", is_target=True)
    assert not ColumnWishes().need_texts("y", is_target=True)
