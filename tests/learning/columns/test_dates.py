"""Dates and times are those that the calendar of Python says, in every form that is known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_algorithms.learning.columns.dates import CLOCK, FORMS, count_days, find_dates, parse_dates, read_dates, shows
from open_algorithms.learning.columns.notation import FEW_TEXTS
from tests.chance import draw_examples
from tests.learning.columns.arrays import text_array

EPOCH = datetime(1970, 1, 1)
WRITTEN: dict[str, str | Callable[[datetime], str]] = {
    "2018-03-15": "%Y-%m-%d",
    "2018/03/15": "%Y/%m/%d %H:%M",
    "2018.03.15": "%Y.%m.%d",
    "2018-03": "%Y-%m",
    "03/2018": "%m/%Y",
    "03-2018": "%m-%Y",
    "month/day/2018": "%m/%d/%Y %I:%M:%S %p",
    "day/month/2018": "%d/%m/%Y",
    "month-day-2018": "%m-%d-%Y",
    "day-month-2018": "%d-%m-%Y %H:%M",
    "day.month.2018": "%d.%m.%Y",
    "month/day/18": "%m/%d/%y",
    "day/month/18": "%d/%m/%y %H:%M",
    "day.month.18": "%d.%m.%y",
    "15 Mar 2018": "%a, %d %B %Y %H:%M:%S GMT",
    "15-Mar-18": "%d-%b-%y",
    "Mar 15, 2018": "%A, %B %d, %Y",
    "Mar-2018": "%b-%Y",
    "2018-Mar-15": "%Y-%b-%d",
    "2018-Mar": "%Y %B",
    "Mar-18": "%b-%y",
    "2018Q1": lambda date: f"{date.year}Q{(date.month + 2) // 3}",
    CLOCK: "%H:%M:%S",
}
MOMENTS = st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)).map(lambda moment: moment.replace(microsecond=0))


def write_date(moment: datetime, form: str) -> str:
    """Write a moment in a form."""
    how = WRITTEN[form]
    return moment.strftime(how) if isinstance(how, str) else how(moment)


def keep_written(moment: datetime, form: str) -> datetime:
    """Return what of a moment a form tells."""
    how = WRITTEN[form]
    if form == "2018Q1":
        return datetime(moment.year, 3 * ((moment.month + 2) // 3) - 2, 1)
    assert isinstance(how, str)
    date = (1970, 1, 1) if form == CLOCK else (moment.year, moment.month, moment.day if shows(form, "day") else 1)
    time = (moment.hour, moment.minute) if "%H" in how or "%I" in how else (0, 0)
    return datetime(*date, *time, moment.second if "%S" in how else 0)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_date_that_was_written(form: str) -> None:
    chance = np.random.default_rng(FORMS.index(form))
    moments = [datetime(1969, 1, 1) + timedelta(seconds=int(s)) for s in chance.integers(0, 99 * 365 * 86_400, 300)]
    kept = [keep_written(moment, form) for moment in moments]
    parts = parse_dates(text_array([write_date(moment, form) for moment in moments]), form)
    np.testing.assert_allclose(parts.days, [(one - EPOCH) / timedelta(days=1) for one in kept], rtol=0, atol=1e-9)
    assert parts.hours.tolist() == [one.hour for one in kept]
    if shows(form, "month"):
        assert parts.months.tolist() == [one.month for one in kept]
    if shows(form, "day"):
        assert parts.weekdays.tolist() == [one.weekday() for one in kept]


@draw_examples(40)
@given(st.integers(-(10**6), 10**6))
def test_days_are_counted_as_numpy_counts_them(day: int) -> None:
    date = np.datetime64(day, "D")
    month = date.astype("datetime64[M]")
    year = int(date.astype("datetime64[Y]").astype(int)) + 1970
    of_month = (date - month.astype("datetime64[D]")).astype(int) + 1
    assert count_days(*np.array([[year], [int(month.astype(int)) % 12 + 1], [of_month]], float)) == [day]


@draw_examples(40)
@given(st.lists(MOMENTS, min_size=1, max_size=30), st.sampled_from(sorted(set(FORMS) - {"Mar-18", "2018-03"})))
def test_the_form_of_dates_is_found(moments: list[datetime], form: str) -> None:
    texts = text_array([write_date(moment, form) for moment in moments])
    found = find_dates(texts)
    assert form in found
    others = {"month": "day", "day": "month"}
    swapped = "".join(others.get(part, part) for part in form.replace("/", "|/|").replace("-", "|-|").split("|"))
    assert set(found) <= {form, swapped}


@pytest.mark.parametrize(
    "text",
    [
        "1900-01-00",
        "0000-00-00",
        "0001-01-01",
        "9999-12-31",
        "2018-02-29",
        "2018-13-01",
        "31/11/2018",
        "24:00",
        "12:60",
        "13:00 pm",
        "2018-03-15 25:00",
        "2018Q5",
        "1234-56",
        "2018",
        "20180315",
        "May",
        "15-Mar",
        "\u0661\u0662/03/2018",
        "",
    ],
)
def test_what_is_no_date_of_the_calendar_is_none(text: str) -> None:
    assert find_dates(text_array([text])) == {}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2018-03-15T12:30:15.250Z", datetime(2018, 3, 15, 12, 30, 15, 250_000)),
        ("2018-03-15 12:30:00+05:30", datetime(2018, 3, 15, 12, 30)),
        ("2016-02-29", datetime(2016, 2, 29)),
        ("Thu Mar 15 2018 12:00 am", datetime(2018, 3, 15)),
        ("3/5/2018 12:05 p.m.", datetime(2018, 3, 5, 12, 5)),
        ("sept. 3, 2018", datetime(2018, 9, 3)),
        ("05/12/68", datetime(2068, 5, 12)),
        ("05/12/69", datetime(1969, 5, 12)),
    ],
)
def test_a_date_with_more_about_it_is_read(text: str, moment: datetime) -> None:
    parts = next(iter(find_dates(text_array([text])).values()))
    assert parts.days[0] == pytest.approx((moment - EPOCH) / timedelta(days=1), abs=1e-9)


def test_dates_that_could_be_meant_in_two_ways_are_so_called_and_the_first_month_leads() -> None:
    assert [*find_dates(text_array(["03/04/2018", "12/11/2018"]))] == ["month/day/2018", "day/month/2018"]
    assert [*find_dates(text_array(["03/04/2018", "13/11/2018"]))] == ["day/month/2018"]


def test_most_of_the_texts_decide_where_all_need_not() -> None:
    texts = text_array(["2018-03-15", "2018-03-16", "soon"])
    assert [*find_dates(texts, 0.5)] == ["2018-03-15"]
    assert find_dates(texts, 0.7) == {}
    days_first = text_array(["03/04/2018", "05/04/2018", "13/04/2018", "soon"])
    assert [*find_dates(days_first, 0.5)] == ["day/month/2018", "month/day/2018"]


def test_a_date_in_another_form_is_read_unless_it_could_be_taken_for_another_day() -> None:
    texts = text_array(["03/15/2018", "2018-03-15", "15 Mar 2018", "15/03/2018", "12:30", None])
    days = (datetime(2018, 3, 15, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    np.testing.assert_array_equal(read_dates(texts, "month/day/2018").days, [days, days, days, *[np.nan] * 3])
    np.testing.assert_array_equal(read_dates(texts, CLOCK).days, [*[np.nan] * 4, 12.5 / 24, np.nan])


def test_no_texts_are_no_dates() -> None:
    assert find_dates(text_array([])) == {}


@pytest.mark.parametrize("form", FORMS)
@draw_examples(20)
@given(st.lists(st.tuples(MOMENTS, st.sampled_from(FORMS)) | st.text("0123:/-. apmq", max_size=12) | st.none()))
def test_few_texts_are_read_as_many_are(form: str, rows: list[tuple[datetime, str] | str | None]) -> None:
    texts = [write_date(*row) if isinstance(row, tuple) else row for row in rows]
    many = parse_dates(text_array([*texts, "2018-03-15"] * FEW_TEXTS), form)
    for few, numbers in zip(parse_dates(text_array(texts), form), many, strict=True):
        np.testing.assert_array_equal(few, numbers[: len(texts)])
