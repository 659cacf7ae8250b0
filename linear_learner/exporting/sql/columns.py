"""What a raw column adds to a margin, as an expression of SQL.

A value is missing where it is NULL or one of the words for that. Whatever type a column has, its texts are compared.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from linear_learner.exporting.columns.places import ColumnPlaces, RawColumn
from linear_learner.exporting.columns.words import TRUTH_WORDS, spell_level
from linear_learner.exporting.sql.dates import count_days, date_parts, weekday_of
from linear_learner.exporting.sql.text import double_literal, join_balanced, quote_identifier, text_list, text_literal
from open_algorithms.learning.columns.notation import BLANKS, MINUS, MISSING_WORDS, PLAIN, Notation
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, DateColumn, NumberColumn
from open_algorithms.learning.types.arrays import Float64s


class DateNames(NamedTuple):
    """The names of the columns that hold the parts of a date."""

    year: str
    month: str
    day: str
    hour: str


def raw_text(name: str) -> str:
    """Return a column as a text without blanks at its ends."""
    return f"TRIM(CAST(t.{quote_identifier(name)} AS VARCHAR(4000)))"


def raw_missing(name: str) -> str:
    """Return the condition that a value is missing."""
    return f"t.{quote_identifier(name)} IS NULL OR LOWER({raw_text(name)}) IN {text_list(MISSING_WORDS)}"


def date_columns(column: DateColumn, names: DateNames) -> list[str]:
    """Return the columns of a SELECT that hold the parts of a date."""
    found = date_parts(f"LOWER({raw_text(column.name)})", column.form)
    return [f"{found[part]} AS {name}" for part, name in names._asdict().items()]


def column_term(places: ColumnPlaces, weight: Float64s, dates: DateNames) -> str:
    """Return what a column adds to a margin by the weights (d + 1,), the last of which is 0; empty if it is nothing."""
    slope = weight[places.value]
    terms = [*choose_weights(places, weight, dates)]
    if slope:
        less = f" - {double_literal(places.offset)}" if places.offset else ""
        terms.append(f"({number_of(places.column, dates)}{less}) * {double_literal(slope)}")
    gone = places.fill * slope + weight[places.missing]
    if not terms and not gone:
        return ""
    present = join_balanced(terms, " + ") if terms else "0E0"
    return f"CASE WHEN {raw_missing(places.column.name)} THEN {double_literal(gone)} ELSE {present} END"


def choose_weights(places: ColumnPlaces, weight: Float64s, dates: DateNames) -> Iterator[str]:
    """Yield the weight of the level that a text is, and of the month, the weekday and the hour that a date is in."""
    if isinstance(places.column, CategoryColumn):
        texts = [
            (text_literal(text), weight[place]) for level, place in places.levels.items() for text in spell_level(level)
        ]
        yield from write_choice(raw_text(places.column.name), texts, weight[places.other])
    for part, numbers in places.parts.items():
        weights = [(double_literal(number), weight[place]) for number, place in numbers.items()]
        yield from write_choice(part_number(part, dates), weights, 0.0)


def write_choice(subject: str, weights: Iterable[tuple[str, float]], other: float) -> Iterator[str]:
    """Yield the weight of the literal that the subject is equal to, or the other one; nothing where all are 0."""
    cases = " ".join(f"WHEN {literal} THEN {double_literal(found)}" for literal, found in weights if found != other)
    if cases:
        yield f"CASE {subject} {cases} ELSE {double_literal(other)} END"
    elif other:
        yield double_literal(other)


def part_number(part: str, dates: DateNames) -> str:
    """Return the number of the month, weekday or hour that a date is in."""
    match part:
        case "months":
            return dates.month
        case "weekdays":
            return weekday_of(count_days(dates.year, dates.month, dates.day))
        case _:
            return f"FLOOR({dates.hour})"


def number_of(column: RawColumn, dates: DateNames) -> str:
    """Return the number that a value of a column is, a double; of a date its days since 1970-01-01."""
    match column:
        case NumberColumn(notation=notation):
            number = f"t.{quote_identifier(column.name)}"
            if notation != PLAIN:
                number = write_plainly(raw_text(column.name), notation)
            return f"CAST({number} AS DOUBLE PRECISION)"
        case BooleanColumn():
            word = f"LOWER({raw_text(column.name)})"
            false, true = map(text_list, TRUTH_WORDS)
            return f"CASE WHEN {word} IN {true} THEN 1E0 WHEN {word} IN {false} THEN 0E0 END"
        case _:
            return f"{count_days(dates.year, dates.month, dates.day)} + {dates.hour} / 24E0"


def write_plainly(text: str, notation: Notation) -> str:
    """Return a number in a notation, or a plain one, as a plain number.

    Where groups of digits are between points, one that can be no such point is a decimal point, as in 1234.567.
    """
    unwanted = [notation.unit, *BLANKS, ")", notation.group if notation.group != "." else ""]
    unwanted += ["\N{RIGHT SINGLE QUOTATION MARK}"] if notation.group == "'" else []
    for old, new in [*((sign, "") for sign in dict.fromkeys(unwanted) if sign), (MINUS, "-"), ("(", "-")]:
        text = f"REPLACE({text}, {text_literal(old)}, {text_literal(new)})"
    plain = f"REPLACE({text}, ',', '.')" if notation.decimal == "," else text
    if notation.group != ".":
        return plain
    grouped = f"{text} LIKE '%,%' OR ({text} LIKE '%.___' AND SUBSTRING(LTRIM({text}, '+-'), 1, 4) LIKE '%.%')"
    return f"CASE WHEN {grouped} THEN REPLACE(REPLACE({text}, '.', ''), ',', '.') ELSE {text} END"
