"""What a job decides before its first pass: how components are found, and within what memory.

Tests: tests/pca/training/test_fit.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.channels import USABLE_SHARE, Demand, read_channels
from open_algorithms.learning.columns.recipe import DateColumn, NumberColumn, Recipe
from open_algorithms.learning.engine.native.library import MOST_PARTS
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.types.arrays import Bools, Float64s
from open_algorithms.learning.work import Work
from open_algorithms.pca.options.hyperparameters import Hyperparameters, require_few_components
from open_algorithms.pca.solving.iterating import basis_size
from open_algorithms.pca.solving.moments import Moments

MOST_GRAM_FEATURES = 4096  # of which all pairs are summed: beyond, passes with a few directions take less time
GRAM_COPIES = 6  # of the sums of all pairs: both halves, centred, scaled, decomposed
BLOCK_COPIES = 6  # of the vectors of a product: drawn, scaled, orthogonalised
SEARCH_MARGIN = 4  # directions beside those of the components, in a search that goes on until they are exact
COLUMNS_AT_ONCE = 8  # of a product of sparse rows: a number of directions that is a multiple wastes none
MOST_PASSES, RANDOMIZED_PASSES = 200, 4  # of a search for exact components, and for nearly exact ones
PARTS_SHARE = 4  # of the memory, that sums of threads take at most
DOUBLE_BYTES = 8
ADVICE = "lower num_components, or use a larger instance"


@dataclass(frozen=True)
class Room:
    """The memory that there is, in bytes, and what ways to find components take of it."""

    hp: Hyperparameters
    free: int
    processors: int

    def fits_gram(self, features: int) -> bool:
        """Tell whether the sums of products of all pairs of features are affordable."""
        return features <= MOST_GRAM_FEATURES and self.gram_bytes(features) <= USABLE_SHARE * self.free / 2

    def gram_bytes(self, features: int) -> int:
        """Return the bytes of the sums of products of all pairs of features, and of what is made of them."""
        parts = self.count_parts(features * features)
        return DOUBLE_BYTES * features * features * (GRAM_COPIES + parts)

    def search_bytes(self, features: int) -> int:
        """Return the bytes of a search pass by pass."""
        width = self.search_width(features)
        vectors = basis_size(width) + (BLOCK_COPIES + self.count_parts(features * width)) * width
        return DOUBLE_BYTES * features * min(vectors, features + BLOCK_COPIES * width)

    def needed_bytes(self, features: int, rows: int) -> int:
        """Return the bytes that finding components takes beside the data, whatever its rows."""
        return self.gram_bytes(features) if self.fits_gram(features) else self.search_bytes(features)

    def count_parts(self, numbers: int) -> int:
        """Return how many threads may have sums of so many numbers each."""
        most = self.free // (PARTS_SHARE * DOUBLE_BYTES * max(1, numbers))
        return max(1, min(self.processors, MOST_PARTS, most))

    def search_width(self, features: int) -> int:
        """Return the number of directions that are followed in a search."""
        count = self.hp.num_components
        if self.hp.is_randomized:
            return min(features, count + self.hp.extra_components)
        return min(features, -(-(count + SEARCH_MARGIN) // COLUMNS_AT_ONCE) * COLUMNS_AT_ONCE)


@dataclass(frozen=True)
class Plan:
    """The work, its data, and how components are found: from sums of all pairs of features, or pass by pass."""

    work: Work
    hp: Hyperparameters
    data: Mapping[str, ChannelRows]
    room: Room
    sums_all_pairs: bool
    recipe: Recipe | None = None

    @property
    def train(self) -> ChannelRows:
        """The rows to find components of."""
        return self.data["train"]

    @property
    def most_passes(self) -> int:
        """The most passes over the rows that there will be."""
        if self.sums_all_pairs:
            return 1
        return RANDOMIZED_PASSES if self.hp.is_randomized else MOST_PASSES

    @property
    def parts(self) -> int:
        """The number of threads that share the rows."""
        d = self.train.feature_dim
        return self.room.count_parts(d * (d if self.sums_all_pairs else self.room.search_width(d)))

    def choose_scales(self, moments: Moments) -> Float64s:
        """Return what features are divided by, (d,): 1, or their deviations, but for those of a table that are flags.

        Divided by its small deviation, a rare flag would be a component of its own.
        """
        if not self.hp.normalize_data:
            return np.ones_like(moments.mean)
        return np.where(find_flags(self.recipe, len(moments.mean)), 1.0, moments.deviations)


def find_flags(recipe: Recipe | None, features: int) -> Bools:
    """Return which features are 0 or 1 by the recipe of a table, (d,): all but numbers and the days of dates."""
    flags = np.full(features, recipe is not None)
    for column, first, _ in () if recipe is None else recipe.encoded_columns:
        flags[first] = not isinstance(column, NumberColumn | DateColumn)
    return flags


def make_plan(work: Work, hp: Hyperparameters, recipe: Recipe | None = None) -> Plan:
    """Read the channels, whose features may be those of a table, and decide how components are found.

    Raises InputError for data that has too few features.
    """
    room = Room(hp, work.free_memory(), work.processors)
    data = read_channels(work, Demand(1, room.needed_bytes, ADVICE, features=hp.feature_dim))
    features = data["train"].feature_dim
    require_few_components(hp.num_components, features)
    lacks_room = work.hosts.all_reduce_max(not room.fits_gram(features))
    return Plan(work, hp, data, room, not lacks_room, recipe)
