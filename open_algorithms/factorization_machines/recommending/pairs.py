"""Which columns of a model's table hold users and items."""

from collections.abc import Sequence
from typing import NamedTuple

from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.job.errors import InputError

SHOWN_NAMES = 40


class Levels(NamedTuple):
    """A column of categories, and its features: those from `first` to before `last`, the levels before others."""

    column: CategoryColumn
    first: int
    last: int

    @property
    def span(self) -> slice:
        """The places of the levels among the features."""
        return slice(self.first, self.first + len(self.column.levels))


class PairColumns(NamedTuple):
    """The columns of users and of items."""

    user: Levels
    item: Levels


def find_categories(recipe: Recipe | None) -> list[Levels]:
    """Return the columns of categories, in their order; none without a recipe."""
    found = () if recipe is None else recipe.encoded_columns
    return [Levels(one.column, one.first, one.last) for one in found if isinstance(one.column, CategoryColumn)]


def find_pair(recipe: Recipe | None) -> PairColumns | None:
    """Return the columns of users and items, in this order, of a table with just two of categories; else None."""
    found = find_categories(recipe)
    return PairColumns(*found) if len(found) == 2 else None


def choose_pair(recipe: Recipe | None, user_column: str = "", item_column: str = "") -> PairColumns:
    """Return the columns of users and items: by their names, or the first and the second of just two.

    Raises InputError where it is not clear which are meant.
    """
    if recipe is None:
        raise InputError(
            "the model was trained on numbers, which do not tell users from items. Train it on a table, CSV with names "
            "of columns or Parquet, in which columns of users and of items are categories."
        )
    found = {one.column.name: one for one in find_categories(recipe)}
    if len(found) < 2:
        raise InputError(
            f"expected a column of users and one of items among the model's categories, {list_names(found)}. "
            "Train it on a table that has both, and say in column_types that they are categories."
        )
    for option, name in (("user_column", user_column), ("item_column", item_column)):
        if name and name not in found:
            raise InputError(
                f"{option}: expected one of the model's columns of categories, {list_names(found)}, found {name!r}."
            )
    if user_column and user_column == item_column:
        raise InputError(f"user_column and item_column: expected two columns, found {user_column!r} for both.")
    if len(found) > 2 and not (user_column and item_column):
        raise InputError(
            f"the model has {len(found)} columns of categories, {list_names(found)}. Say which of them holds users and "
            "which items, by user_column and item_column (on the command line, --user-column and --item-column)."
        )
    left = [name for name in found if name not in (user_column, item_column)]
    user = user_column or left.pop(0)
    return PairColumns(found[user], found[item_column or left[0]])


def list_names(names: Sequence[str] | dict[str, Levels]) -> str:
    """List names of columns, of very many the first."""
    shown = [*map(repr, names)]
    more = [f"and {len(shown) - SHOWN_NAMES} more"] if len(shown) > SHOWN_NAMES else []
    return ", ".join([*shown[:SHOWN_NAMES], *more]) or "none"
