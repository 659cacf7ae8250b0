"""Turn columns as arrow delivers them into features and labels, by a recipe."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.learning.columns import dates
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.kinds import DIGIT_TRUTHS, TRUTHS
from open_algorithms.learning.columns.notation import Notation, parse_numbers
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.columns.values import (
    FLOAT32_MAX,
    as_texts,
    canonical_levels,
    distinct_texts,
    is_number_array,
    write_class,
    write_number,
)
from open_algorithms.learning.rows.csr import Csr, Features
from open_algorithms.learning.types.arrays import Bools, Float32s, Float64s, Ints

ROWS_AT_ONCE = 1024  # few enough that what is written of them stays in a processor's cache
NO_WEIGHT = "expected a weight, a finite number from 0 on"
WEIGHT_ADVICE = "Mend it, or take the row out"

Arrays = Mapping[str, Any]  # an arrow array of float64 or texts by the name of its column


class Strip(NamedTuple):
    """Values (n,) of features of one column, 1 where they are None.

    Each row's is in the column `places` (n,) after `place`, and nowhere if that is negative; all are in `place` itself
    where there are no places.
    """

    place: int
    places: Ints | None
    values: Float32s | None


class Encoded(NamedTuple):
    """Encoded rows: features (n, d), and what may be of interest: rows by column of missing and of unknown values."""

    features: Features
    missing: dict[str, int]
    unknown: dict[str, int]


def encode_rows(recipe: Recipe, arrays: Arrays) -> Encoded:
    """Encode the columns of n rows as features (n, d), float32, dense or sparse as the recipe says.

    All columns of the recipe that become features must be there. Raises ColumnFault with the row for a value that the
    column cannot have.
    """
    strips: list[Strip] = []
    missing, unknown = dict[str, int](), dict[str, int]()
    rows = len(next(iter(arrays.values())))
    for column, first, _ in recipe.encoded_columns:
        gone, strange, found = encode_column(column, arrays[column.name])
        strips += [strip._replace(place=first + strip.place) for strip in found]
        if gone:
            missing[column.name] = gone
        if strange:
            unknown[column.name] = strange
    width = len(recipe.feature_names)
    features = join_sparse(strips, rows, width) if recipe.is_sparse else join_dense(strips, rows, width)
    return Encoded(features, missing, unknown)


def encode_column(column: Column, values: Any) -> tuple[int, int, list[Strip]]:
    """Return how many values are missing, how many are levels that are not known, and the features of the others."""
    match column:
        case NumberColumn():
            numbers = read_numbers(column.name, values, column.notation) - column.offset
            check_range(column.name, numbers, values)
            strips = fill_missing(numbers, column.mean - column.offset, column.has_missing)
            return int(np.isnan(numbers).sum()), 0, strips
        case BooleanColumn():
            truths = read_truths(column.name, values)
            return int(np.isnan(truths).sum()), 0, fill_missing(truths, column.mean, column.has_missing)
        case DateColumn():
            return encode_dates(column, values)
        case CategoryColumn():
            return encode_levels(column, values)
        case _:
            return 0, 0, []


def fill_missing(numbers: Float64s, mean: float, has_missing: bool) -> list[Strip]:
    """Return numbers (n,), NaN replaced by the mean, and the feature that says so."""
    gone = np.isnan(numbers)
    strips = [Strip(0, None, np.where(gone, mean, numbers).astype(np.float32))]
    return [*strips, Strip(1, None, gone.astype(np.float32))] if has_missing else strips


def read_numbers(name: str, values: Any, notation: Notation) -> Float64s:
    """Return the numbers that values (n,) say, NaN where missing; raises ColumnFault for other texts."""
    if is_number_array(values):
        return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
    texts, places = distinct_texts(as_texts(values))
    numbers = parse_numbers(texts, notation).to_numpy(zero_copy_only=False)
    refuse_unread(name, texts, np.isnan(numbers), places, "expected a number")
    return np.asarray(numbers[places], np.float64)


def read_truths(name: str, values: Any) -> Float64s:
    """Return 1 for true, 0 for false and NaN for missing values (n,); raises ColumnFault for any other."""
    texts, places = distinct_texts(as_texts(values))
    words = {word: float(truth) for pair in (*TRUTHS, DIGIT_TRUTHS) for truth in (0, 1) for word in pair[truth]}
    found = [np.nan if text is None else words.get(text.lower(), np.nan) for text in canonical_levels(texts)]
    truths = np.array(found, np.float64)
    refuse_unread(name, texts, np.isnan(truths), places, "expected true or false, or yes or no")
    return truths[places]


def encode_dates(column: DateColumn, values: Any) -> tuple[int, int, list[Strip]]:
    """Encode dates: days, month, weekday, hour."""
    texts, places = distinct_texts(as_texts(values))
    parts = dates.read_dates(texts, column.form)
    refuse_unread(column.name, texts, np.isnan(parts.days), places, "expected a date or time")
    parts = dates.Parts(parts.days[places], parts.months[places], parts.weekdays[places], parts.hours[places])
    gone = np.isnan(parts.days)
    strips = [Strip(0, None, np.where(gone, 0, parts.days - column.mean).astype(np.float32))]
    first = 1
    for numbers, levels in (
        (parts.months, column.months),
        (parts.weekdays, column.weekdays),
        (parts.hours, column.hours),
    ):
        if levels:
            found = np.searchsorted(levels, numbers).clip(max=len(levels) - 1)
            known = (np.array(levels)[found] == numbers) & ~gone
            strips.append(Strip(first, np.where(known, found, -1), None))
            first += len(levels)
    if column.has_missing:
        strips.append(Strip(first, None, gone.astype(np.float32)))
    return int(gone.sum()), 0, strips


def encode_levels(column: CategoryColumn, values: Any) -> tuple[int, int, list[Strip]]:
    """Encode categories: one of the levels, another, or none."""
    texts, rows = distinct_texts(as_texts(values))
    other = len(column.levels) if column.has_other else -1
    missing = len(column.levels) + column.has_other if column.has_missing else -1
    levels = canonical_levels(texts)
    places = np.array([missing if level is None else column.places.get(level, other) for level in levels], np.int32)
    strange = np.array([level is not None and level not in column.places for level in levels])
    gone = np.array([level is None for level in levels])
    counts = np.bincount(rows, minlength=len(levels))
    return int(counts[gone].sum()), int(counts[strange].sum()), [Strip(0, places[rows], None)]


def encode_labels(target: Target, values: Any) -> tuple[Float32s, Bools]:
    """Return the labels (n,) that values say, and which rows have one; raises ColumnFault for what is no label."""
    if not target.classes:
        numbers = read_numbers(target.name, values, target.notation)
        check_range(target.name, numbers, values)
        return np.nan_to_num(numbers).astype(np.float32), ~np.isnan(numbers)
    texts, places = distinct_texts(as_texts(values))
    known: dict[str, int] = {}
    for number, one in enumerate(target.classes):
        known[write_class(one)] = number
    found = [np.nan if text is None else known.get(text, np.nan) for text in canonical_levels(texts)]
    labels = np.array(found, np.float64)
    names = ", ".join(map(repr, list(known)[:10])) + (", ..." if len(known) > 10 else "")
    refuse_unread(target.name, texts, np.isnan(labels), places, f"expected one of the classes {names}")
    numbers = labels[places]
    return np.nan_to_num(numbers).astype(np.float32), ~np.isnan(numbers)


def encode_weights(column: WeightColumn, values: Any) -> Float64s:
    """Return how much each row counts, (n,); raises ColumnFault for a gap, and for what is no number from 0 on."""
    try:
        weights = read_numbers(column.name, values, column.notation)
    except ColumnFault as fault:
        raise ColumnFault(NO_WEIGHT, column.name, fault.text, WEIGHT_ADVICE, fault.row) from None
    good = (weights >= 0) & (weights <= FLOAT32_MAX)
    if not good.all():
        row = int(good.argmin())
        text = "" if np.isnan(weights[row]) else write_number(float(weights[row]))
        raise ColumnFault(NO_WEIGHT, column.name, text, WEIGHT_ADVICE, row)
    return weights


def refuse_unread(name: str, texts: Any, unread: Bools, places: Ints, problem: str) -> None:
    """Raise ColumnFault for the first row whose text, by its place in texts (t,), is not null and could not be read."""
    wrong = unread & texts.is_valid().to_numpy(zero_copy_only=False)
    if wrong.any() and (rows := np.flatnonzero(wrong[places])).size:
        row = int(rows[0])
        raise ColumnFault(problem, name, texts[int(places[row])].as_py(), "Mend it, or leave it empty", row)


def check_range(name: str, numbers: Float64s, values: Any) -> None:
    """Raise ColumnFault for the first number beyond what float32 can hold."""
    with np.errstate(invalid="ignore"):
        beyond = np.flatnonzero(np.abs(numbers) > FLOAT32_MAX)
    if beyond.size:
        row = int(beyond[0])
        raise ColumnFault(
            "expected a number that a 32-bit float can hold", name, str(values[row].as_py()), "Mend or remove it", row
        )


def join_dense(strips: list[Strip], rows: int, width: int) -> Float32s:
    """Return the strips as one matrix (n, d)."""
    X = np.empty((rows, width), np.float32)  # in large pages, which zeros would not be
    for first in range(0, rows, ROWS_AT_ONCE):
        part = X[first : first + ROWS_AT_ONCE]
        part.fill(0)
        starts = np.arange(0, part.size, width)
        for place, places, values in strips:
            if values is not None:
                part[:, place] = values[first : first + ROWS_AT_ONCE]
            elif places is not None:
                found = places[first : first + ROWS_AT_ONCE]
                cells = starts + found + place
                part.reshape(-1)[cells if found.min() >= 0 else cells[found >= 0]] = 1
    return X


def join_sparse(strips: list[Strip], rows: int, width: int) -> Csr:
    """Return the strips, whose places rise, as sparse rows (n, d)."""
    indices = np.empty((rows, len(strips)), np.int32)
    data = np.ones((rows, len(strips)), np.float32)
    filled = np.ones((rows, len(strips)), np.bool_)
    for i, (place, places, values) in enumerate(strips):
        indices[:, i] = place if places is None else place + places
        if values is not None:
            data[:, i] = values
            filled[:, i] = values != 0
        elif places is not None:
            filled[:, i] = places >= 0
    if filled.all():
        indptr = np.arange(0, filled.size + 1, len(strips), dtype=np.int64)
        return Csr(data.reshape(-1), indices.reshape(-1), indptr, (rows, width))
    indptr = np.append(np.int64(0), np.cumsum(filled.sum(axis=1, dtype=np.int64)))
    return Csr(data[filled], indices[filled], indptr, (rows, width))
