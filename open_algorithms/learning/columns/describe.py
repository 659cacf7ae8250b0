"""A recipe in words: what was decided of every column."""

from typing import NamedTuple

from open_algorithms.learning.columns.notation import PLAIN
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.showing.job import ColumnEntry
from open_algorithms.learning.showing.text_table import TextTable

LISTED_LEVELS = 500  # up to which the levels of a column are a list to choose from
SHOWN_LEVELS = 6  # levels and classes that are named


class ColumnField(NamedTuple):
    """What a form asks of a column: one of `choices`, or a text where there are none, such as `placeholder`."""

    name: str
    choices: tuple[str, ...]
    placeholder: str


def list_column_fields(recipe: Recipe) -> list[ColumnField]:
    """Return what a form asks of the columns that become features, in their order."""
    return [describe_field(found.column) for found in recipe.encoded_columns]


def describe_field(column: Column) -> ColumnField:
    """Return what a form asks of a column."""
    match column:
        case NumberColumn():
            return ColumnField(column.name, (), f"{column.mean:.6g}")
        case BooleanColumn():
            return ColumnField(column.name, ("true", "false"), "")
        case DateColumn():
            return ColumnField(column.name, (), column.form)
        case CategoryColumn() if len(column.levels) <= LISTED_LEVELS:
            return ColumnField(column.name, column.levels, "")
        case CategoryColumn():
            return ColumnField(column.name, (), column.levels[0])
        case _:
            return ColumnField(column.name, (), "")


def describe_recipe(recipe: Recipe) -> TextTable:
    """Return a table with a row for each column: its name, kind, number of features, and what else was decided."""
    rows = [[column.name, *describe_column(column)] for column in recipe.columns]
    if recipe.target is not None:
        rows.insert(0, [recipe.target.name, "target", "", describe_target(recipe.target)])
    return TextTable("Columns", ["column", "kind", "features", "what"], rows)


def list_column_entries(recipe: Recipe) -> list[ColumnEntry]:
    """Return what was decided of each column, as a report tells it."""
    rows = describe_recipe(recipe).rows
    return [ColumnEntry(column, kind, int(features or 0), what) for column, kind, features, what in rows]


def describe_column(column: Column) -> list[str]:
    """Return kind, number of features and what else was decided of a column."""
    count = str(len(column.feature_names))
    match column:
        case NumberColumn():
            written = [] if column.notation == PLAIN else [str(column.notation)]
            less = [f"less {column.offset:.10g}"] if column.offset else []
            return ["number", count, "; ".join([*written, *less, *describe_missing(column, f"{column.mean:.6g}")])]
        case BooleanColumn():
            return ["boolean", count, "; ".join(describe_missing(column, f"{column.mean:.3g}"))]
        case DateColumn():
            parts = ["days", *(name for name in ("months", "weekdays", "hours") if getattr(column, name))]
            other = [f"all would be dates like {column.other_form}, too"] if column.other_form else []
            said = [f"like {column.form}: {', '.join(parts)}", *other, *describe_missing(column, "")]
            return ["date", count, "; ".join(said)]
        case CategoryColumn():
            others = ["others"] * column.has_other + ["missing"] * column.has_missing
            return ["category", count, shorten([*map(repr, column.levels)], others)]
        case LeftOutColumn():
            return ["left out", "0", column.reason]
        case WeightColumn():
            return ["weight", "0", "how much each row counts"]


def describe_missing(column: NumberColumn | BooleanColumn | DateColumn, mean: str) -> list[str]:
    """Return what a missing value becomes."""
    return [f"missing: the mean{f', {mean},' if mean else ''} and a feature that says so"] if column.has_missing else []


def describe_target(target: Target) -> str:
    """Return what the labels are."""
    if target.classes:
        return f"classes {shorten([repr(write_class(one)) for one in target.classes], [])}"
    return "numbers" if target.notation == PLAIN else f"numbers, {target.notation}"


def shorten(texts: list[str], others: list[str]) -> str:
    """Join texts, of many the first."""
    more = [f"{len(texts) - SHOWN_LEVELS:,} more"] if len(texts) > SHOWN_LEVELS + 1 else []
    return ", ".join([*(texts[:SHOWN_LEVELS] if more else texts), *more, *others])
