"""Recommend items to users: the items of a model's table with the best scores, without those that were seen."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.factorization_machines.recommending.collecting import SeenCollector, place_levels
from open_algorithms.factorization_machines.recommending.pairs import PairColumns, choose_pair
from open_algorithms.factorization_machines.recommending.ranking import order_best, pick_best
from open_algorithms.factorization_machines.recommending.scoring import (
    Contexts,
    compare_items,
    encode_contexts,
    score_items,
    sum_contexts,
)
from open_algorithms.learning.columns.encode import Arrays
from open_algorithms.learning.columns.recipe import NumberColumn
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Ints

VALUES_AT_ONCE = 1 << 22  # scores of items, or factors, that are held at once


class Recommended(NamedTuple):
    """The items for one row, the best first: their levels, and their scores.

    They do not depend on the user where that is not `known` to the model.
    """

    known: bool
    items: list[str]
    scores: list[float]


@dataclass(frozen=True)
class Recommender:
    """Recommends by a model: which columns of its table hold users and items, and the pairs to leave out."""

    model: FactorModel
    pair: PairColumns
    seen: tuple[SeenPairs, ...] = ()

    @property
    def user_column(self) -> str:
        """The name of the column of users."""
        return self.pair.user.column.name

    @property
    def item_column(self) -> str:
        """The name of the column of items."""
        return self.pair.item.column.name

    @property
    def item_count(self) -> int:
        """The number of items."""
        return len(self.pair.item.column.levels)

    @property
    def pair_count(self) -> int:
        """The number of pairs of a user and an item that are left out."""
        return sum(len(seen.items) for seen in self.seen)

    @property
    def context_columns(self) -> list[str]:
        """The names of the other columns that become features."""
        assert self.model.recipe is not None
        return [name for name in self.model.recipe.needed_names if name not in (self.user_column, self.item_column)]

    @property
    def text_columns(self) -> Collection[str]:
        """The names of the columns that are read as texts."""
        assert self.model.recipe is not None
        return {
            found.column.name
            for found in self.model.recipe.encoded_columns
            if not isinstance(found.column, NumberColumn)
        }

    def leave_out(self, pairs: Iterable[tuple[Any, Any]]) -> "Recommender":
        """Leave out more pairs as well: columns of users and of items of a table, arrow arrays (n,) each."""
        collector = SeenCollector(self.pair)
        for users, items in pairs:
            collector.add_columns(users, items)
        seen = collector.collect()
        if seen is None:
            raise InputError("there are too many pairs of a user and an item to leave out. Give those that matter.")
        return replace(self, seen=(*self.seen, seen))

    def place_items(self, items: Any) -> Ints:
        """Return the places of those items of an arrow array (n,) that the model knows."""
        places = place_levels(self.pair.item.column, items)
        return places[places >= 0]

    def require_user(self, user: Any) -> None:
        """Raise InputError where the one user of an arrow array (1,) is none of the training data."""
        levels = self.pair.user.column.levels
        if place_levels(self.pair.user.column, user)[0] < 0:
            known = ", ".join(map(repr, levels[:5])) + (", ..." if len(levels) > 5 else "")
            raise InputError(
                f"{self.user_column}: expected one of the {len(levels):,} users that the model knows, {known}, found "
                f"{user[0].as_py()!r}."
            )

    def recommend(self, arrays: Arrays, top: int, excluded: Sequence[Ints] = ()) -> Iterator[Recommended]:
        """Yield the best `top` items for each row of n: users, and what is known of other columns, as arrow arrays.

        The places of items in `excluded`, some for each row, are left out as well. Raises ColumnFault for a value that
        a column cannot have.
        """
        users = arrays[self.user_column]
        items, factors = self.item_count, self.model.num_factors
        step = max(1, VALUES_AT_ONCE // max(items, min(top, items) * factors))
        for first in range(0, len(users), step):
            part = {name: values.slice(first, step) for name, values in arrays.items()}
            places = place_levels(self.pair.user.column, part[self.user_column])
            contexts = sum_contexts(self.model, encode_contexts(self.model, self.pair, part, len(places)))
            left_out: list[list[Ints]] = [[seen.items_of(user) for seen in self.seen] for user in places.tolist()]
            for parts, more in zip(left_out, excluded[first : first + step], strict=False):
                parts.append(more)
            yield from self._rank(places, contexts, left_out, top)

    def _rank(
        self, users: Ints, contexts: Contexts, left_out: Sequence[Sequence[Ints]], top: int
    ) -> Iterator[Recommended]:
        numbers = compare_items(self.model, self.pair, contexts)
        places, counts = pick_best(numbers, left_out, top)
        margins = score_items(self.model, self.pair, contexts, places)
        scores = np.asarray(self.model.predict_from_margins(margins)["score"])
        levels = self.pair.item.column.levels
        for row, user in enumerate(users.tolist()):
            count = int(counts[row])
            ordered = order_best(margins[row, :count], places[row, :count])
            yield Recommended(
                user >= 0,
                [levels[place] for place in places[row, ordered].tolist()],
                scores[row, ordered].tolist(),
            )


def open_recommender(
    model: FactorModel, user_column: str = "", item_column: str = "", include_seen: bool = False
) -> Recommender:
    """Return what recommends by a model; raises InputError where it does not say which columns are users and items.

    The pairs of the training data are left out, where the model knows them, unless `include_seen`.
    """
    pair = choose_pair(model.recipe, user_column, item_column)
    seen, names = model.seen, (pair.user.column.name, pair.item.column.name)
    known = seen is not None and not include_seen and (seen.user_column, seen.item_column) == names
    return Recommender(model, pair, (seen,) if seen is not None and known else ())
