"""Choose the number of threads that has recently been the fastest."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt

from open_algorithms.learning.engine import threads

PART = 0.04  # seconds that a part of the work should take: to wait for its end takes a few ten-thousandths
TRIAL = 0.01  # seconds that a trial should take
SHARE = 0.01  # of the time, at most, that may be lost by trying fewer threads than do the work
RETURN = 0.04  # of the time, at most, that may be lost where fewer do, in the hope that more may again


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
        self.order = list(counts)  # in which they are tried
        self.most = self.order[0]
        self.costs: dict[int, float] = {}  # seconds a unit of work, by number of threads
        self.debt = 0.0
        self.cold = PART  # seconds of work before which nothing is compared: what is done first takes longer

    @property
    def fastest(self) -> int:
        """The number of threads that is the fastest so far."""
        return min(self.costs, key=lambda count: self.costs[count], default=self.most)

    @property
    def count(self) -> int:
        """The number of threads for the next part: the fastest, or one that is due for a trial.

        A trial is due once the debt is paid; numbers take turns.
        """
        if self.debt > 0 or self.cold > 0:
            return self.fastest
        return next((count for count in self.order if count != self.fastest), self.fastest)

    def part(self, units: int) -> int:
        """Return how many of `units`, at least one, make the next part."""
        if len(self.order) == 1:
            return units
        count, fastest = self.count, self.fastest
        if not self.costs:
            return 1
        # Of a number that has not been tried the best is supposed: that threads share work without a loss.
        cost = self.costs.get(count, self.costs[fastest] * fastest / count)
        parts = max(1, round(units * cost / (PART if count == fastest else TRIAL)))
        return max(1, units // parts)

    def learn(self, count: int, units: int, seconds: float) -> None:
        """Record how long a part took with this many threads. Single outliers have little effect."""
        cost, fastest = seconds / units, self.fastest
        if self.cold > 0:
            self.cold -= seconds
            self.costs[count] = cost
            return
        if count == fastest:
            self.debt = max(0.0, self.debt - (SHARE if count == self.most else RETURN) * seconds)
        else:
            self.debt += max(0.0, seconds - units * self.costs[fastest])
        # What has been faster is tried again before others are.
        self.order.remove(count)
        self.order.insert(0 if cost < self.costs.get(fastest, 0.0) else len(self.order), count)
        self.costs[count] = sqrt(cost * self.costs.get(count, cost))
        if self.fastest != fastest:
            self.debt = 0.0

    @contextmanager
    def sharing(self, units: int) -> Iterator[None]:
        """Set the number of threads for `units` of work, done within the block, and record its time."""
        count = self.count
        threads.use(count)
        began = time.perf_counter()
        yield
        self.learn(count, units, time.perf_counter() - began)
