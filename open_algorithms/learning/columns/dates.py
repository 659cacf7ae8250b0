"""Dates and times as texts: the forms that are known, and their days since 1970-01-01, many at once.

Days are counted in the proleptic Gregorian calendar, by the formula of Howard Hinnant's `days_from_civil`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.learning.columns.notation import FEW_TEXTS, sample_texts
from open_algorithms.learning.types.arrays import Bools, Float64s, Int64s

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR, _SHORT_YEAR = r"(?P<year>[12][0-9]{3})", r"(?P<short>[0-9]{2})"
_MONTH, _DAY = r"(?P<month>[0-9]{1,2})", r"(?P<day>[0-9]{1,2})"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:[.,][0-9]+)?))? ?(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:z|utc|gmt|[+-][0-9]{2}:?(?:[0-9]{2})?))?"
_TIME = rf"(?:[t ,]+{_CLOCK}{_ZONE})?"
_FORMS = {
    "2018-03-15": rf"{_YEAR}-{_MONTH}-{_DAY}{_TIME}",
    "2018/03/15": rf"{_YEAR}/{_MONTH}/{_DAY}{_TIME}",
    "2018.03.15": rf"{_YEAR}\.{_MONTH}\.{_DAY}{_TIME}",
    "2018-03": rf"{_YEAR}-(?P<month>[0-9]{{2}})",
    "03/2018": rf"{_MONTH}/{_YEAR}",
    "03-2018": rf"{_MONTH}-{_YEAR}",
    "month/day/2018": rf"{_MONTH}/{_DAY}/{_YEAR}{_TIME}",
    "day/month/2018": rf"{_DAY}/{_MONTH}/{_YEAR}{_TIME}",
    "month-day-2018": rf"{_MONTH}-{_DAY}-{_YEAR}{_TIME}",
    "day-month-2018": rf"{_DAY}-{_MONTH}-{_YEAR}{_TIME}",
    "day.month.2018": rf"{_DAY}\.{_MONTH}\.{_YEAR}{_TIME}",
    "month/day/18": rf"{_MONTH}/{_DAY}/{_SHORT_YEAR}{_TIME}",
    "day/month/18": rf"{_DAY}/{_MONTH}/{_SHORT_YEAR}{_TIME}",
    "day.month.18": rf"{_DAY}\.{_MONTH}\.{_SHORT_YEAR}{_TIME}",
    "15 Mar 2018": rf"{_WEEKDAY}{_DAY}[ -]{_NAME}[ ,-]+{_YEAR}{_TIME}",
    "15-Mar-18": rf"{_DAY}[ -]{_NAME}[ -]{_SHORT_YEAR}{_TIME}",
    "Mar 15, 2018": rf"{_WEEKDAY}{_NAME} {_DAY},? {_YEAR}{_TIME}",
    "Mar-2018": rf"{_NAME}[ -]{_YEAR}",
    "2018-Mar-15": rf"{_YEAR}[ -]{_NAME}[ -]{_DAY}{_TIME}",
    "2018-Mar": rf"{_YEAR}[ -]{_NAME}",
    "Mar-18": rf"{_NAME}-{_SHORT_YEAR}",
    "2018Q1": rf"{_YEAR}[- ]?q(?P<quarter>[1-4])",
    (CLOCK := "12:30"): rf"{_CLOCK}{_ZONE}",
}
FORMS = tuple(_FORMS)
CLEAR_FORMS = tuple(form for form in FORMS if "2018" in form and not form.startswith(("month", "day")))  # no other fits
DAY_SECONDS = 86_400.0
CENTURY_SPLIT = 69  # two-digit years up to 68 are in 2000 and later, the others in 1969 and later, as in POSIX


class Parts(NamedTuple):
    """Dates: days since 1970-01-01 (n,), NaN where there is none, and the numbers of months, weekdays and hours."""

    days: Float64s
    months: Int64s
    weekdays: Int64s
    hours: Int64s


@dataclass(frozen=True)
class _Fields:
    """The fields of dates as numbers, (n,), and where a text has the form."""

    found: Bools
    columns: dict[str, Float64s]

    def number(self, name: str, otherwise: float) -> Float64s:
        values = self.columns.get(name)
        filled = np.full(len(self.found), otherwise) if values is None else np.nan_to_num(values, nan=otherwise)
        return np.where(self.found, filled, otherwise)


def list_fields(form: str) -> tuple[str, ...]:
    """Return what the parts of dates in a form are, in their order; time may be missing.

    A year is `year` or of two digits `short`, a month `month`, its `name` or a `quarter`; `half` tells am from pm.

    >>> list_fields("month/day/18")
    ('month', 'day', 'short', 'hour', 'minute', 'second', 'half')
    """
    return tuple(re.findall(r"\(\?P<(\w+)>", _FORMS[form]))


def shows(form: str, part: str) -> bool:
    """Tell whether dates in a form have a part of their own: month, day or hour.

    >>> shows("Mar-2018", "month"), shows("Mar-2018", "day")
    (True, False)
    """
    names = ("month", "name", "quarter") if part == "month" else (part,)
    return not set(list_fields(form)).isdisjoint(names)


def find_dates(texts: Any, least_share: float = 1.0) -> dict[str, Parts]:
    """Return the dates that trimmed texts (n,) say by form, if in it at least this share of them are; most first.

    More than one form means that the texts alone do not say which is meant, as of 03/04/2018.
    """
    sample = [text.lower() for text in sample_texts(texts).to_pylist()]  # which refutes most forms at once
    if not sample:
        return {}
    found, shares = {}, {}
    for form in FORMS:
        fits = _compile_form(form).fullmatch
        if 2 * sum(fits(text) is not None for text in sample) >= len(sample):
            found[form] = parse_dates(texts, form)
            shares[form] = 1 - float(np.isnan(found[form].days).mean())
    fitting = sorted((form for form in shares if shares[form] >= least_share), key=lambda form: -shares[form])
    return {form: found[form] for form in fitting}


@cache
def _compile_form(form: str) -> re.Pattern[str]:
    return re.compile(_FORMS[form])


def read_dates(texts: Any, form: str) -> Parts:
    """Return the dates that trimmed texts (n,) say in a form, or else in one that cannot be taken for another."""
    import pyarrow

    parts = parse_dates(texts, form)
    for other in CLEAR_FORMS if form != CLOCK else ():
        lost = np.isnan(parts.days) & texts.is_valid().to_numpy(zero_copy_only=False)
        if not lost.any():
            break
        found = parse_dates(texts.filter(pyarrow.array(lost)), other)
        for part, numbers in zip(parts, found, strict=True):
            part[lost] = numbers
    return parts


def parse_dates(texts: Any, form: str) -> Parts:
    """Return the dates that trimmed texts (n,) say in one of FORMS; a zone is not looked at, nor is one applied."""
    fields = _extract_fields(texts, form)
    year = fields.number("year", 1970)
    if "short" in fields.columns:
        short = fields.number("short", 70)
        year = short + np.where(short < CENTURY_SPLIT, 2000, 1900)
    month = fields.number("name" if "name" in fields.columns else "month", 1)
    if "quarter" in fields.columns:
        month = 3 * fields.number("quarter", 1) - 2
    day, hour, minute = fields.number("day", 1), fields.number("hour", 0), fields.number("minute", 0)
    second, half = fields.number("second", 0), fields.number("half", -1)
    noon = half >= 0
    hour = np.where(noon, hour % 12 + 12 * (half > 0), hour)
    valid = fields.found & (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 61)
    valid &= ~noon | ((fields.number("hour", 1) >= 1) & (fields.number("hour", 1) <= 12))
    month = np.where(valid, month, 1)
    valid &= day <= _month_lengths(year, month)
    days = count_days(year, month, np.where(valid, day, 1))
    whole = days.astype(np.int64)
    time = (3600 * hour + 60 * minute + second) / DAY_SECONDS
    return Parts(
        np.where(valid, days + np.where(valid, time, 0), np.nan),
        month.astype(np.int64),
        (whole + 3) % 7,  # the first of January 1970 was a Thursday
        np.where(valid, hour, 0).astype(np.int64),
    )


def count_days(year: Float64s, month: Float64s, day: Float64s) -> Float64s:
    """Return the days from 1970-01-01 to dates of the proleptic Gregorian calendar, (n,)."""
    shifted = year - (month <= 2)
    era = np.floor(shifted / 400)
    of_era = shifted - 400 * era
    of_year = np.floor((153 * (month + np.where(month > 2, -3, 9)) + 2) / 5) + day - 1
    return np.asarray(146_097 * era + 365 * of_era + np.floor(of_era / 4) - np.floor(of_era / 100) + of_year - 719_468)


def _month_lengths(year: Float64s, month: Float64s) -> Float64s:
    following = np.where(month == 12, 1, month + 1)
    return count_days(year + (month == 12), following, np.ones_like(year)) - count_days(year, month, np.ones_like(year))


def _extract_fields(texts: Any, form: str) -> _Fields:
    import pyarrow
    from pyarrow import compute

    if len(texts) < FEW_TEXTS:
        return _extract_few_fields(texts.to_pylist(), form)
    parts = compute.extract_regex(compute.utf8_lower(texts), f"^{_FORMS[form]}$")
    found = compute.fill_null(parts.is_valid(), False).to_numpy(zero_copy_only=False)
    columns = {}
    for i in range(parts.type.num_fields):
        name, values = parts.type.field(i).name, compute.struct_field(parts, [i])
        values = compute.if_else(compute.equal(values, ""), pyarrow.scalar(None, pyarrow.string()), values)
        columns[name] = _to_numbers(name, values)
    return _Fields(found, columns)


def _extract_few_fields(texts: Sequence[str | None], form: str) -> _Fields:
    pattern = _compile_form(form)
    matches = [None if text is None else pattern.fullmatch(text.lower()) for text in texts]
    columns = {
        name: np.array([_to_number(name, match and match[name]) for match in matches], np.float64)
        for name in pattern.groupindex
    }
    return _Fields(np.array([match is not None for match in matches], np.bool_), columns)


def _to_number(name: str, text: str | None) -> float:
    """Return the number that a field says, NaN where it is not there."""
    if not text:
        return np.nan
    if name == "name":
        return _MONTH_NAMES.index(text[:3]) + 1
    return "ap".index(text[0]) if name == "half" else float(text.replace(",", "."))


def _to_numbers(name: str, values: Any) -> Float64s:
    import pyarrow
    from pyarrow import compute

    if name == "name":
        return _index_in(compute.utf8_slice_codeunits(values, 0, 3), _MONTH_NAMES) + 1
    if name == "half":
        return _index_in(compute.utf8_slice_codeunits(values, 0, 1), ("a", "p"))
    numbers = compute.cast(compute.replace_substring(values, ",", "."), pyarrow.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False))


def _index_in(texts: Any, words: Sequence[str]) -> Float64s:
    import pyarrow
    from pyarrow import compute

    places = compute.index_in(texts, value_set=pyarrow.array(words, pyarrow.string()))
    return np.asarray(compute.cast(places, pyarrow.float64()).to_numpy(zero_copy_only=False))
