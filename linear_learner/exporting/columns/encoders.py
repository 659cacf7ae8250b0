"""How a raw column becomes features, as JSON values that a few lines of Python can follow."""

from typing import Any

from open_algorithms.learning.columns.dates import list_fields
from open_algorithms.learning.columns.document import write_recipe
from open_algorithms.learning.columns.recipe import DateColumn, Recipe

# What stands for a part of a date in the name of a form, and in a format of strptime.
SIGNS = (
    ("2018", "%Y"),
    ("18", "%y"),
    ("03", "%m"),
    ("15", "%d"),
    ("Mar", "%b"),
    ("month", "%m"),
    ("day", "%d"),
)
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%SZ", "%H:%M:%S.%fZ")


def write_encoders(recipe: Recipe) -> list[dict[str, Any]]:
    """Return the columns that become features as JSON values; those of dates know formats of strptime."""
    written = write_recipe(recipe)["columns"]
    return [
        {**own, **describe_dates(column.form)} if isinstance(column, DateColumn) else own
        for own, column in zip(written, recipe.columns, strict=True)
        if column.feature_names
    ]


def describe_dates(form: str) -> dict[str, Any]:
    """Return the formats of strptime for dates in a form, and the day that days are counted from.

    There are none for quarters, which strptime does not know.

    >>> describe_dates("Mar-2018")
    {'formats': ['%b-%Y', '%B-%Y'], 'epoch': '1970-01-01'}
    """
    fields = list_fields(form)
    if fields[0] == "hour":
        return {"formats": list(CLOCKS), "epoch": "1900-01-01"}  # the day of a time alone, for strptime
    day = form
    for sign, own in SIGNS:
        day = day.replace(sign, own)
    days = [] if "quarter" in fields else [day, day.replace("%b", "%B")] if "name" in fields else [day]
    weekdays = ("", "%a, ", "%A, ") if " " in form else ("",)
    clocks = [mark + clock for clock in CLOCKS for mark in " T"] if "hour" in fields else []
    formats = [weekday + day + clock for day in days for weekday in weekdays for clock in ("", *clocks)]
    return {"formats": formats, "epoch": "1970-01-01"}
