"""What the page of tables says is read in a way is read so."""

import re

import pytest

from open_algorithms.learning.columns.dates import find_dates
from open_algorithms.learning.columns.kinds import TRUTH_WORDS
from open_algorithms.learning.columns.notation import find_notation, is_missing
from open_algorithms.learning.columns.recipe import SPARSE_FACTOR, SPARSE_WIDTH
from tests.learning.columns.arrays import text_array
from tests.modules import TOP

PAGE = (TOP / "docs" / "tables.md").read_text(encoding="utf-8")


def find_examples(heading: str, last: str) -> list[str]:
    """Return what stands in backquotes below a heading, up to a text."""
    return re.findall(r"`([^`]+)`", PAGE.partition(f"\n### {heading}\n")[2].partition(last)[0])


@pytest.mark.parametrize("text", find_examples("Numbers", "\n* "))
def test_every_number_of_the_page_is_one(text: str) -> None:
    assert find_notation(text_array([text])) is not None


@pytest.mark.parametrize("text", find_examples("Dates and times", " All dates of a column"))
def test_every_date_of_the_page_is_one(text: str) -> None:
    assert find_dates(text_array([text]))


@pytest.mark.parametrize("text", find_examples("What is missing", "alone."))
def test_every_word_of_the_page_for_nothing_is_missing(text: str) -> None:
    assert is_missing(text_array([text])).to_pylist() == [True]


def test_every_word_of_the_page_for_true_and_false_is_one() -> None:
    assert {*find_examples("True and false", "in any case")} == TRUTH_WORDS - {"0", "1"}


def test_the_page_says_from_where_on_rows_are_sparse() -> None:
    assert f"From {SPARSE_WIDTH:,} features on, of which in a row no more than a {SPARSE_FACTOR}nd" in PAGE
