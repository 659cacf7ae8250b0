"""Hold out a share of a channel's rows, by class and at random, to select on where no other rows are given."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from open_algorithms.learning.rows.csr import take_rows, used_width
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Bools, Float32s, Float64s, Int64s

LARGEST_DENOMINATOR = 10_000  # of the share, as a fraction
BITS_OF_FLOAT = 2.0**-53
USUAL_SHARE = 0.2  # where people train on their own machine
ONE_CLASS = 0  # the class of every row of a regressor


@dataclass
class Holdout:
    """Divides the rows of a channel, in every pass alike, into those to train on and those to select on.

    Of a `share` of 1/5, one of each five rows of a class in a sequence is held out, at random by `seed`; without
    `by_class` all rows are one class. The first row of a class is never held out, so that every class is trained on.
    During the first pass the rows held out are set aside, up to `byte_limit`, so that they need not be read again.
    `width` is how many features rows have used so far, held out or not.
    """

    share: float
    seed: int
    by_class: bool
    byte_limit: int = 0
    aside: list[Block] = field(default_factory=list)
    is_complete: bool = False  # `aside` holds all rows held out
    sets_aside: bool = True
    width: int = 0

    def rows_to_train_on(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the rows of a channel that are not held out."""
        sets_aside, size = self.sets_aside, 0
        for X, y, held in self.mark_blocks(blocks):
            self.width = max(self.width, used_width(X))
            if sets_aside and self.sets_aside and held.any():
                part = take_rows(X, held.nonzero()[0]), y[held]
                size += part[0].data.nbytes + part[1].nbytes
                self.aside.append(part)
                if size > self.byte_limit:
                    self.sets_aside = False
                    self.aside.clear()
            kept = ~held
            if kept.all():
                yield X, y
            elif kept.any():
                yield take_rows(X, kept.nonzero()[0]), y[kept]
        self.is_complete |= sets_aside and self.sets_aside
        self.sets_aside = False

    def rows_held_out(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the rows of a channel that are held out: once those set aside if these are all, else from `blocks`."""
        self.sets_aside = False
        if self.is_complete:
            self.is_complete = False
            while self.aside:
                yield self.aside.pop(0)
            return
        self.aside.clear()
        for X, y, held in self.mark_blocks(blocks):
            if held.any():
                yield take_rows(X, held.nonzero()[0]), y[held]

    def mark_blocks(self, blocks: Iterable[Block]) -> Iterator[tuple[*Block, Bools]]:
        """Yield blocks with which of their rows are held out, (n,)."""
        seen: dict[float, int] = {}
        for X, y in blocks:
            yield X, y, self.mark_rows(y, seen)

    def mark_rows(self, y: Float32s, seen: dict[float, int]) -> Bools:
        """Return which of the rows with labels y (n,) are held out; `seen` counts the rows of each class so far."""
        held = np.zeros(len(y), np.bool_)
        labels = y if self.by_class else np.full(len(y), ONE_CLASS, np.float32)
        classes, places = np.unique(labels, return_inverse=True)
        order = np.argsort(places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=len(classes)))
        for label, first, last in zip(classes.tolist(), np.append(0, ends), ends, strict=False):
            before = seen.get(label, 0)
            seen[label] = before + int(last - first)
            held[order[first + choose_numbers(before, seen[label], self.share, [self.seed, hash_label(label)])]] = True
        return held


def choose_numbers(first: int, last: int, share: float, seeds: list[int]) -> Int64s:
    """Return which of the rows `first` to `last` are chosen, counted from `first`.

    They are one of each 1 / `share` in a sequence, at random, but never row 0.

    >>> choose_numbers(0, 10, 0.5, [0]) // 2
    array([0, 1, 2, 3, 4])
    """
    fraction = Fraction(share).limit_denominator(LARGEST_DENOMINATOR)
    part, whole = fraction.numerator, fraction.denominator
    if not part:
        return np.zeros(0, np.int64)
    strata = np.arange(first * part // whole, last * part // whole + 1)
    starts = -(-np.append(strata, strata[-1] + 1) * whole // part)
    begins = np.maximum(starts[:-1], 1)
    chosen = begins + (draw_uniform(strata, seeds) * (starts[1:] - begins)).astype(np.int64)
    return np.asarray(chosen[(chosen >= first) & (chosen < last)] - first)


def draw_uniform(numbers: Int64s, seeds: list[int]) -> Float64s:
    """Return a random number in [0, 1) for each of the numbers (n,), the same whatever others are asked for."""
    values = mix_bits(numbers.astype(np.uint64))
    for seed in seeds:
        values = mix_bits(values ^ mix_bits(np.full(1, seed, np.uint64)))
    return (values >> np.uint64(11)) * BITS_OF_FLOAT


def mix_bits(values: "np.typing.NDArray[np.uint64]") -> "np.typing.NDArray[np.uint64]":
    """Return the values (n,) with their bits mixed by the function of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def hash_label(label: float) -> int:
    """Return the bits of a label as a whole number."""
    return int(np.float64(label).view(np.uint64))
