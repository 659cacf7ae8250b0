"""The parts of a date as expressions of SQL: of a text in its form, or of what a DATE or TIMESTAMP is as a text.

A text of fixed places is cut there. From any other numbers are cut off the front one by one, as they may be of one
digit or two. Standard SQL cannot do that; LTRIM of given characters, LENGTH and FLOOR are what most databases have.
"""

from collections.abc import Iterator

from open_algorithms.learning.columns.dates import CENTURY_SPLIT, list_fields
from open_algorithms.learning.columns.recipe import MONTHS

PARTS = ("year", "month", "day", "hour")
NUMBERS = ("year", "short", "month", "quarter", "day", "hour")
DIGITS, OTHERS = "0123456789", "abcdefghijklmnopqrstuvwxyz -/.,:"
IS_FIXED = "({0} LIKE '____-__-__' OR {0} LIKE '____-__-_____:__%')"
IS_MORNING, IS_AFTERNOON = "LIKE '%:%a%'", "LIKE '%:%p%'"


def date_parts(text: str, form: str) -> dict[str, str]:
    """Return year, month, day and hour, with minutes as a fraction, of a text in small letters; NULL if it is none."""
    fixed, own = fixed_parts(text), form_parts(text, form)
    return {part: f"CASE WHEN {IS_FIXED.format(text)} THEN {fixed[part]} ELSE {own[part]} END" for part in PARTS}


def fixed_parts(text: str) -> dict[str, str]:
    """Return the parts of a text such as 2018-03-15 12:30:00."""
    cuts = [first_number(f"SUBSTRING({text}, {first}, {length})") for first, length in ((1, 4), (6, 2), (9, 2))]
    return dict(zip(PARTS, (*cuts, hour_of_day(text, f"SUBSTRING({text}, 12, 40)")), strict=True))


def form_parts(text: str, form: str) -> dict[str, str]:
    """Return the parts of a text in a form; what the form has not is that of 1970-01-01 at midnight."""
    rests = dict(cut_fields(text, form))
    numbers = {name: first_number(rest) for name, rest in rests.items()}
    year, month = numbers.get("year", "1970E0"), numbers.get("month", "1E0")
    if short := numbers.get("short"):
        year = f"{short} + CASE WHEN {short} < {CENTURY_SPLIT}E0 THEN 2000E0 ELSE 1900E0 END"
    if "name" in list_fields(form):
        cases = " ".join(f"WHEN {text} LIKE '%{name.lower()}%' THEN {i}E0" for i, name in enumerate(MONTHS, 1))
        month = f"CASE {cases} END"
    elif quarter := numbers.get("quarter"):
        month = f"3E0 * {quarter} - 2E0"
    midnight = "0E0" if numbers.keys() - {"hour"} else "NULL"  # a text that is a time alone has one
    hour = hour_of_day(text, rests["hour"], midnight) if "hour" in rests else midnight
    return dict(zip(PARTS, (year, month, numbers.get("day", "1E0"), hour), strict=True))


def cut_fields(text: str, form: str) -> Iterator[tuple[str, str]]:
    """Yield each field of a form that is a number, and the text from there on."""
    rest = f"LTRIM({text}, '{OTHERS}')"
    for name in list_fields(form):
        if name in NUMBERS:
            yield name, rest
            rest = f"LTRIM(LTRIM({rest}, '{DIGITS}'), '{OTHERS}')"


def first_number(text: str, signs: str = DIGITS) -> str:
    """Return the number that a text begins with as a double, NULL if it begins with none."""
    first = f"SUBSTRING({text}, 1, LENGTH({text}) - LENGTH(LTRIM({text}, '{signs}')))"
    return f"CAST(NULLIF({first}, '') AS DOUBLE PRECISION)"


def hour_of_day(text: str, clock: str, otherwise: str = "0E0") -> str:
    """Return the hours since midnight of a text that ends with a clock's, something else where it has no time."""
    hour, minutes = first_number(clock), f"LTRIM({clock}, '{DIGITS}')"
    noon = f"{hour} - 12E0 * FLOOR({hour} / 12E0)"
    second = first_number(f"REPLACE(SUBSTRING({minutes}, 5, 20), ',', '.')", DIGITS + ".")
    return (
        f"CASE WHEN {text} LIKE '%:%' THEN "
        f"CASE WHEN {text} {IS_AFTERNOON} THEN {noon} + 12E0 WHEN {text} {IS_MORNING} THEN {noon} ELSE {hour} END"
        f" + {first_number(f'SUBSTRING({minutes}, 2, 2)')} / 60E0"
        f" + CASE WHEN {minutes} LIKE ':__:%' THEN {second} / 3600E0 ELSE 0E0 END ELSE {otherwise} END"
    )


def count_days(year: str, month: str, day: str) -> str:
    """Return the days from 1970-01-01 to a date of the proleptic Gregorian calendar, as `dates.count_days` does.

    They are NULL where there is no such month or day, as of a date that is written in another form.
    """
    valid = f"{month} BETWEEN 1E0 AND 12E0 AND {day} BETWEEN 1E0 AND 31E0"
    shifted = f"({year} - CASE WHEN {month} <= 2E0 THEN 1E0 ELSE 0E0 END)"
    of_year = f"FLOOR((153E0 * ({month} + CASE WHEN {month} > 2E0 THEN -3E0 ELSE 9E0 END) + 2E0) / 5E0)"
    leap = f"FLOOR({shifted} / 4E0) - FLOOR({shifted} / 100E0) + FLOOR({shifted} / 400E0)"
    return f"CASE WHEN {valid} THEN 365E0 * {shifted} + {leap} + {of_year} + {day} - 719469E0 END"


def weekday_of(days: str) -> str:
    """Return the weekday of whole days since 1970-01-01, a Thursday; 0 is Monday."""
    return f"({days} + 3E0 - 7E0 * FLOOR(({days} + 3E0) / 7E0))"
