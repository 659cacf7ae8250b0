"""A few lines of Python read dates by the formats of an export."""

from datetime import datetime, timedelta

import numpy as np
import pyarrow
import pytest

from linear_learner.exporting.columns.encoders import describe_dates, write_encoders
from open_algorithms.learning.columns.dates import FORMS, parse_dates
from open_algorithms.learning.columns.recipe import CategoryColumn, DateColumn, LeftOutColumn, Recipe, WeightColumn

COMMON = {"15 Mar 2018": "Thu, 15 Mar 2018 12:30:00", "Mar 15, 2018": "March 15, 2018", "12:30": "1:05:02 PM"}


def read_days(text: str, form: str) -> list[float]:
    """Return the days of a text by each format that fits."""
    found = describe_dates(form)
    days = []
    for one in found["formats"]:
        try:
            moment = datetime.strptime(text, one)
        except ValueError:
            continue
        days.append((moment - datetime.fromisoformat(found["epoch"])) / timedelta(days=1))
    return days


@pytest.mark.parametrize("form", [form for form in FORMS if form != "2018Q1"])
def test_a_common_text_of_every_form_but_quarters_is_read_in_one_way(form: str) -> None:
    base = form.replace("month", "3").replace("day", "5")
    for text in {base, COMMON.get(form, base)}:
        wanted = parse_dates(pyarrow.array([text]), form).days
        np.testing.assert_allclose([*set(read_days(text, form))], wanted, rtol=0, atol=1e-9)


def test_times_are_read_with_a_blank_or_a_t_and_in_halves_of_the_day() -> None:
    for clock in (" 12:30", "T12:30:15.5Z", " 12:30:15.5", "T00:00:00", " 1:05 pm"):
        text = f"2018-03-15{clock}"
        wanted = parse_dates(pyarrow.array([text]), "2018-03-15").days
        np.testing.assert_allclose([*set(read_days(text, "2018-03-15"))], wanted, rtol=0, atol=1e-9)


def test_columns_that_become_no_feature_have_no_encoder() -> None:
    out = (LeftOutColumn("id", "an index"), WeightColumn("w"))
    columns = (*out, CategoryColumn("c", ("a",)), DateColumn("d", "2018Q1", 3.0, (1, 4)))
    category, date = write_encoders(Recipe(columns))
    assert category == {"kind": "category", "name": "c", "levels": ("a",), "has_other": False, "has_missing": False}
    assert (date["months"], date["formats"]) == ((1, 4), [])
