"""Choose the number of threads that has recently been the fastest."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt

from open_algorithms.learning.engine import threads

PART_SECONDS = 0.04  # seconds that a part of the work should take: to wait for its end takes a few ten-thousandths
TRIAL_SECONDS = 0.01  # seconds that a trial should take
TRIAL_SHARE = 0.01  # of the time, at most, that may be lost by trying fewer threads than do the work
RETURN_SHARE = 0.04  # of the time, at most, that may be lost where fewer do, in the hope that more may again


class Pace:
    """Chooses, for each part of the work, how many threads share it.

    A thread stalls while the processor of another one it waits for is taken by a different process; so the number that
    is fastest on an idle machine may be ten times slower than a smaller one beside a busy neighbour. The measured time
    of parts shows this at once; that the neighbour has gone shows only when more threads are tried again. The time that
    a trial loses is kept as a debt, which other parts pay off with a share of their time before the next trial. When
    the fastest number changes, the debt is cancelled and the previous number is tried again soon.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        """Choose among these numbers of threads; the first is the one for an idle machine."""
        self.trial_order = list(counts)  # in which they are tried
        self.most_threads = self.trial_order[0]
        self.seconds_per_unit: dict[int, float] = {}  # seconds a unit of work, by number of threads
        self.trial_debt = 0.0
        self.warm_up_left = (
            PART_SECONDS  # seconds of work before which nothing is compared: what is done first takes longer
        )

    @property
    def fastest_count(self) -> int:
        """The number of threads that is the fastest so far."""
        return min(self.seconds_per_unit, key=lambda count: self.seconds_per_unit[count], default=self.most_threads)

    @property
    def next_count(self) -> int:
        """The number of threads for the next part: the fastest, or one that is due for a trial.

        A trial is due once the debt is paid; numbers take turns.
        """
        if self.trial_debt > 0 or self.warm_up_left > 0:
            return self.fastest_count
        return next((count for count in self.trial_order if count != self.fastest_count), self.fastest_count)

    def next_part(self, units: int) -> int:
        """Return how many of `units`, at least one, make the next part."""
        if len(self.trial_order) == 1:
            return units
        count, fastest = self.next_count, self.fastest_count
        if not self.seconds_per_unit:
            return 1
        # Of a number that has not been tried the best is supposed: that threads share work without a loss.
        cost = self.seconds_per_unit.get(count, self.seconds_per_unit[fastest] * fastest / count)
        parts = max(1, round(units * cost / (PART_SECONDS if count == fastest else TRIAL_SECONDS)))
        return max(1, units // parts)

    def record_timing(self, count: int, units: int, seconds: float) -> None:
        """Record how long a part took with this many threads. Single outliers have little effect."""
        cost, fastest = seconds / units, self.fastest_count
        if self.warm_up_left > 0:
            self.warm_up_left -= seconds
            self.seconds_per_unit[count] = cost
            return
        if count == fastest:
            self.trial_debt = max(
                0.0, self.trial_debt - (TRIAL_SHARE if count == self.most_threads else RETURN_SHARE) * seconds
            )
        else:
            self.trial_debt += max(0.0, seconds - units * self.seconds_per_unit[fastest])
        # What has been faster is tried again before others are.
        self.trial_order.remove(count)
        self.trial_order.insert(0 if cost < self.seconds_per_unit.get(fastest, 0.0) else len(self.trial_order), count)
        self.seconds_per_unit[count] = sqrt(cost * self.seconds_per_unit.get(count, cost))
        if self.fastest_count != fastest:
            self.trial_debt = 0.0

    @contextmanager
    def share_work(self, units: int) -> Iterator[None]:
        """Set the number of threads for `units` of work, done within the block, and record its time."""
        count = self.next_count
        threads.set_count(count)
        began = time.perf_counter()
        yield
        self.record_timing(count, units, time.perf_counter() - began)
