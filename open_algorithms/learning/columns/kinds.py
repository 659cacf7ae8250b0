"""The kinds that a column can be, each found where all values of its survey are of that kind."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from open_algorithms.learning.columns import dates
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.notation import (
    PLAIN,
    Notation,
    are_codes,
    find_codes,
    find_notation,
    fits_notation,
    parse_numbers,
)
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, Column, DateColumn, NumberColumn
from open_algorithms.learning.columns.survey import ColumnSurvey, add_counts
from open_algorithms.learning.columns.values import FLOAT32_MAX, canonical_levels, write_number
from open_algorithms.learning.types.arrays import Bools, Floats

TRUTHS = ((("false", "f"), ("true", "t")), (("no", "n"), ("yes", "y")))  # words for false and for true
DIGIT_TRUTHS = (("0",), ("1",))  # which are numbers, unless the user asks for truth values
TRUTH_WORDS = {word for pair in (*TRUTHS, DIGIT_TRUTHS) for words in pair for word in words}
MOST_SPELLINGS = 64  # that are looked at for being no words of truth
LEAST_LEVEL_ROWS = 5  # rows that a level has, or it is one of the others
LEAST_COVERED_SHARE = 0.5  # of the rows, that levels cover, or the column hardly repeats
BLUR_RATIO = 2.0**-13  # of its size, below which the spread of a number is better kept by an offset


def list_texts(survey: ColumnSurvey) -> Any:
    """Return the distinct texts as an arrow array."""
    import pyarrow

    return pyarrow.array(survey.texts, pyarrow.string())


def as_number(survey: ColumnSurvey, asked: bool = False) -> NumberColumn | None:
    """Return a column of numbers, if all values are numbers in one notation; codes such as 007 only where asked for.

    Raises ColumnFault for a number beyond what float32 can hold.
    """
    notation = find_number_notation(survey, asked)
    if notation is None:
        return None
    values, weights = weigh_numbers(survey, notation)
    refuse_extremes(survey, values)
    mean = float(values @ (weights / weights.sum()))
    column = NumberColumn(survey.name, mean, has_missing=survey.missing > 0, notation=notation)
    return replace(column, offset=choose_offset(survey, values, weights))


def find_number_notation(survey: ColumnSurvey, with_codes: bool) -> Notation | None:
    """Return how all values are written, if they are numbers in one notation."""
    from pyarrow import compute

    if not survey.texts:
        return PLAIN if survey.numbers is not None else None
    texts = list_texts(survey)
    notation = find_notation(texts)
    if notation is None or (not with_codes and (compute.any(find_codes(texts)).as_py() or are_codes(texts))):
        return None
    mixes = survey.numbers is None or (notation.decimal == "." and (not notation.unit or notation.is_money))
    return notation if mixes else None  # numbers that were read as such have no unit, and a point


def weigh_numbers(survey: ColumnSurvey, notation: Notation) -> tuple[Floats, Floats]:
    """Return distinct numbers and how often each is there, (n,); those that were read as numbers as their mean."""
    values = np.empty(0)
    if survey.texts:
        values = parse_numbers(list_texts(survey), notation).to_numpy(zero_copy_only=False)
    weights = np.array(survey.counts, np.float64)
    if survey.numbers is not None:
        values, weights = np.append(values, survey.numbers.mean), np.append(weights, survey.numbers.count)
    return values, weights


def refuse_extremes(survey: ColumnSurvey, values: Floats) -> None:
    """Raise ColumnFault for numbers (n,) of the distinct texts, or those read as such, that float32 cannot hold."""
    ends = [] if survey.numbers is None else [survey.numbers.low, survey.numbers.high]
    beyond = [survey.texts[place] for place in np.flatnonzero(np.abs(values[: len(survey.texts)]) > FLOAT32_MAX)]
    for text in [*beyond, *(write_number(end) for end in ends if abs(end) > FLOAT32_MAX)]:
        raise ColumnFault("expected a number that a 32-bit float can hold", survey.name, text, "Mend or remove it")


def choose_offset(survey: ColumnSurvey, values: Floats, weights: Floats) -> float:
    """Return what is subtracted from numbers that are large beside their spread, so that float32 keeps their digits."""
    if survey.numbers is not None:
        low, middle, high = survey.numbers.quartiles
    else:
        order = np.argsort(values)
        ends = np.cumsum(weights[order])
        low, middle, high = (
            float(values[order][np.searchsorted(ends, share * ends[-1])]) for share in (0.25, 0.5, 0.75)
        )
    spread = high - low or (survey.numbers.high - survey.numbers.low if survey.numbers else float(np.ptp(values)))
    return middle if spread < BLUR_RATIO * abs(middle) else 0.0


def as_boolean(survey: ColumnSurvey, asked: bool = False) -> BooleanColumn | None:
    """Return a column of truth values, if all texts are words for true and false; for one of the two where asked."""
    head = canonical_levels(list_texts(survey)[:MOST_SPELLINGS])
    if survey.numbers is not None or not {str(level).lower() for level in head} <= TRUTH_WORDS:
        return None
    counts = Counter[str]()
    for level, count in count_levels(survey).items():
        counts[level.lower()] += count
    for false, true in [*TRUTHS, DIGIT_TRUTHS] if asked else TRUTHS:
        trues, falses = (sum(counts[word] for word in words) for words in (true, false))
        if trues + falses == counts.total() and (asked or (trues and falses)):
            return BooleanColumn(survey.name, trues / (trues + falses), survey.missing > 0)
    return None


def as_date(survey: ColumnSurvey, asked: bool = False) -> DateColumn | None:
    """Return a column of dates, if all texts are dates in one form."""
    found = {} if survey.numbers is not None else dates.find_dates(list_texts(survey))
    if not found:
        return None
    form, *others = found
    parts, weights = found[form], np.array(survey.counts, np.float64)

    def levels(part: str, numbers: Any) -> tuple[int, ...]:
        different = np.unique(numbers).tolist() if dates.shows(form, part) else []
        return tuple(different) if len(different) > 1 else ()

    return DateColumn(
        survey.name,
        form,
        float(parts.days @ (weights / weights.sum())),
        levels("month", parts.months),
        levels("day", parts.weekdays),
        levels("hour", parts.hours),
        survey.missing > 0,
        others[0] if others else "",
    )


def count_levels(survey: ColumnSurvey) -> dict[str, int]:
    """Return the distinct texts as levels and the rows of each, the most frequent first."""
    levels = canonical_levels(list_texts(survey))
    return dict(zip(*add_counts([(levels, survey.counts)]), strict=True))


def choose_levels(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the frequent ones of levels with their rows: those that are no part of the others."""
    least = LEAST_LEVEL_ROWS if len(counts) > 2 else 1
    return {level: count for level, count in counts.items() if count >= least}


def as_category(survey: ColumnSurvey, asked: bool = False) -> CategoryColumn | None:
    """Return a column of categories, if it repeats: its frequent texts are levels, the others are one.

    One that hardly repeats is one, too, where the user asks for it.
    """
    counts = count_levels(survey)
    levels = choose_levels(counts)
    if not asked and sum(levels.values()) < LEAST_COVERED_SHARE * sum(counts.values()):
        return None
    return CategoryColumn(survey.name, tuple(levels), len(levels) < len(counts), survey.missing > 0)


ASKED_KINDS: Mapping[str, Callable[[ColumnSurvey, bool], Column | None]] = {
    "number": as_number,
    "boolean": as_boolean,
    "category": as_category,
    "date": as_date,
}


def find_fitting(survey: ColumnSurvey, kind: str) -> Bools:
    """Return which texts are of a kind; of numbers and dates, in the notation or form that most of them are in."""
    from pyarrow import compute

    texts = list_texts(survey)
    if kind == "boolean":
        return np.array([text.lower() in TRUTH_WORDS for text in survey.texts], np.bool_)
    if kind == "number" and (notation := find_notation(texts, 0.5)) is not None and not are_codes(texts):
        fits = compute.and_not(fits_notation(texts, notation), find_codes(texts))
        return np.asarray(fits.to_numpy(zero_copy_only=False))
    if kind == "date" and (found := dates.find_dates(texts, 0.5)):
        return ~np.isnan(next(iter(found.values())).days)
    return np.zeros(len(texts), np.bool_)


def find_odd_text(survey: ColumnSurvey, kind: str) -> str | None:
    """Return the most frequent text that is not of a kind, or that of all where each is; None where there is none."""
    odd = np.flatnonzero(~find_fitting(survey, kind))
    return survey.texts[odd[0] if odd.size else 0] if survey.texts else None
