"""SQL takes dates apart as training does."""

import numpy as np
import pyarrow
import pytest

from linear_learner.exporting.sql.dates import count_days, date_parts, weekday_of
from open_algorithms.learning.columns.dates import FORMS, parse_dates
from open_algorithms.learning.types.arrays import Float64s
from tests.linear_learner.exporting.dates import DATES
from tests.linear_learner.exporting.engines import ask_sqlite


def ask_parts(texts: list[str], form: str) -> Float64s:
    """Return days with the time, months, weekdays and hours, NaN where there are none."""
    parts = ", ".join(f"{found} AS {name}" for name, found in date_parts("LOWER(text)", form).items())
    days = count_days("year", "month", "day")
    columns = f"{days} + hour / 24E0 AS days, month AS months, {weekday_of(days)} AS weekdays, FLOOR(hour) AS hours"
    found = ask_sqlite(f"SELECT id, text, {columns} FROM (SELECT *, {parts} FROM raw) AS t", {"text": texts})
    return np.array([found[name] for name in ("days", "months", "weekdays", "hours")], np.float64)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_dates_is_read(form: str) -> None:
    texts = DATES[form]
    wanted = parse_dates(pyarrow.array(texts), form)
    assert not np.isnan(wanted.days).any()
    np.testing.assert_allclose(ask_parts(texts, form), wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_what_a_date_or_a_timestamp_is_as_a_text_is_read_for_every_form(form: str) -> None:
    texts = ["2018-03-15", "1899-12-31 00:00:00", "2018-03-15 12:30:59.25+00"]
    np.testing.assert_allclose(ask_parts(texts, form), parse_dates(pyarrow.array(texts), FORMS[0]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_date_has_no_days(form: str) -> None:
    assert np.isnan(ask_parts(["soon", "-", "--:--"], form)[0]).all()


def test_the_days_of_all_centuries_are_counted() -> None:
    days = np.arange("1582-01-01", "2402-01-01", 97, dtype="datetime64[D]")
    texts = days.astype(str).tolist()
    found = ask_parts(texts, "month/day/2018")
    assert found[0].tolist() == days.astype(np.int64).tolist()
    assert found[2].tolist() == ((days.astype(np.int64) + 3) % 7).tolist()
