"""Statistics of rows that arrive in parts: mean, variance, sample, ranking; each can be merged over hosts.

Tests: tests/learning/measuring/test_metrics.py, tests/linear_learner/measuring/test_final.py.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring.thresholds import Cuts
from open_algorithms.learning.types.arrays import Bools, Floats, Int64s, Numbers

RANKED_ROWS = 2**20  # whose scores are kept, so that the area under their ROC is exact
SAMPLED_ROWS = 2**15  # whose labels and predictions are kept of a regressor
TIED_BITS = 10  # of 32: beyond so many rows, scores that differ in these last bits only count as equal


@dataclass
class RunningMean:
    """A running mean."""

    rows: int = 0
    total: float = 0.0

    def add(self, values: Numbers) -> None:
        """Add values (n,)."""
        self.rows += len(values)
        self.total += float(values.sum(dtype=np.float64))

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the values of the other hosts."""
        rows, total = hosts.all_reduce([self.rows, self.total])
        self.rows, self.total = int(rows), float(total)

    @property
    def value(self) -> float:
        """The mean of all values."""
        return self.total / self.rows


@dataclass
class RunningVariance:
    """A running population variance; parts are merged by the formula of Chan, Golub and LeVeque."""

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, values: Numbers) -> None:
        """Add values (n,), float64."""
        mean = float(values.mean())
        self.add_moments(len(values), mean, float(((values - mean) ** 2).sum()))

    def add_moments(self, count: int, mean: float, squares: float) -> None:
        """Add values given by their count, their mean and the sum of squares about it."""
        rows = self.rows + count
        share, distance = count / rows, mean - self.mean
        self.squares += squares + distance**2 * self.rows * share
        self.mean += distance * share
        self.rows = rows

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the values of the other hosts."""
        parts = hosts.all_gather([[self.rows, self.mean, self.squares]])
        self.rows, self.mean, self.squares = 0, 0.0, 0.0
        for ((rows, mean, squares),) in parts:
            if rows:
                self.add_moments(int(rows), float(mean), float(squares))

    @property
    def value(self) -> float:
        """The variance of all values."""
        return self.squares / self.rows


@dataclass
class RowSample:
    """A systematic sample: every `step`-th row, where `step` doubles whenever the sample grows too large."""

    rows: int = 0
    step: int = 1
    kept: list[Numbers] = field(default_factory=list)

    def add(self, values: Numbers) -> None:
        """Add rows (n, ...)."""
        some = values[-self.rows % self.step :: self.step]
        self.rows += len(values)
        if len(some):
            self.kept.append(some.copy())
        while -(-self.rows // self.step) > SAMPLED_ROWS:
            self.kept = [np.concatenate(self.kept)[::2].copy()]
            self.step *= 2

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the sampled rows of the other hosts, thinned to a common step."""
        if hosts.count == 1:
            return
        step = int(hosts.all_reduce_max(self.step))
        own = np.concatenate([np.zeros((0, 2)), *self.kept])[:: step // self.step]
        self.rows, self.step, self.kept = int(hosts.all_reduce([self.rows])[0]), step, [*hosts.all_gather(own)]

    @property
    def kept_rows(self) -> Numbers:
        """The sampled rows."""
        return np.concatenate(self.kept)


@dataclass
class ScoreRanking:
    """The positive and negative rows in the order of their scores; of many classes, those that are right and wrong.

    Up to RANKED_ROWS rows every score is kept. Beyond that rows are counted in bins of relative width 2 ** -13: the
    error of the area under the ROC curve is at most half the share of positive-negative pairs that fall into one bin.
    """

    rows: int = 0
    kept: list[tuple[Bools, Numbers]] = field(default_factory=list)
    bins: Int64s | None = None

    def add(self, positive: Bools, score: Numbers) -> None:
        """Add rows, (n,) each."""
        self.rows += len(score)
        self.kept.append((positive, score))
        if self.rows > RANKED_ROWS:
            self.move_to_bins()

    def merge_hosts(self, hosts: Hosts) -> None:
        """Add the rows of the other hosts."""
        if hosts.count == 1:
            return
        self.rows = int(hosts.all_reduce([self.rows])[0])
        if self.rows > RANKED_ROWS:
            self.move_to_bins()
            assert self.bins is not None
            self.bins = hosts.all_reduce(self.bins).astype(np.int64)
            return
        none = np.zeros(0, np.float32)
        positives = hosts.all_gather(np.concatenate([none, *(positive for positive, _ in self.kept)]))
        scores = hosts.all_gather(np.concatenate([none, *(score for _, score in self.kept)]))
        self.kept = [(positive == 1, score) for positive, score in zip(positives, scores, strict=True)]

    def move_to_bins(self) -> None:
        """Move kept scores into bins; each range of scores has one for negatives and one for positives."""
        if self.bins is None:
            self.bins = np.zeros(2 * 2 ** (32 - TIED_BITS), np.int64)
        for positive, score in self.kept:
            np.add.at(self.bins, 2 * (ordinals_from_floats(score) >> TIED_BITS) + positive, 1)
        self.kept.clear()

    @cached_property
    def counts_by_score(self) -> tuple[Floats, Int64s]:
        """The distinct scores, ascending, (u,), and the numbers of negatives and positives at each, (u, 2).

        Cached: use it only after all rows were added.
        """
        if self.bins is not None:
            counts = self.bins.reshape(-1, 2)
            filled = np.flatnonzero(counts.any(axis=1))
            return floats_from_ordinals(filled << TIED_BITS), counts[filled]
        distinct, places = np.unique(np.concatenate([score for _, score in self.kept]), return_inverse=True)
        positive = np.concatenate([positive for positive, _ in self.kept])
        return distinct, np.bincount(2 * places + positive, minlength=2 * len(distinct)).reshape(-1, 2)

    def roc_area(self) -> float:
        """Return the area under the ROC curve."""
        return area_under_roc(self.counts_by_score[1])

    def threshold_cuts(self) -> Cuts:
        """Return every way to split the rows by a threshold."""
        scores, counts = self.counts_by_score
        flagged, hits = (np.append(0, np.cumsum(part[::-1])) for part in (counts.sum(axis=1), counts[:, 1]))
        return Cuts(scores[::-1], flagged, hits)


def ordinals_from_floats(score: Numbers) -> Int64s:
    """Map float32 values to integers of the same order, (n,), from 0 to 2 ** 32 - 1."""
    bits = score.astype(np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -bits, bits + 2**31)


def floats_from_ordinals(number: Int64s) -> Floats:
    """Map integers from `ordinals_from_floats` back to float32 values, (n,)."""
    return np.where(number < 2**31, -number, number - 2**31).astype(np.int32).view(np.float32)


def area_under_roc(counts: Int64s) -> float:
    """Return the probability that a positive row scores above a negative one; ties count half.

    It is 0.5 with only one class. `counts` (u, 2) are the numbers of negatives and positives at each distinct score,
    ascending.
    """
    negatives, positives = counts.T.astype(np.float64)
    below = np.cumsum(negatives) - negatives / 2
    pairs = negatives.sum() * positives.sum()
    return float(positives @ below / pairs) if pairs else 0.5
