"""The pace of work that may be shared among more or fewer threads: which number has lately been the fastest."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt

from linear_learner import threads

PART = 0.04  # seconds that a part of the work should take: to wait for its end takes a few ten-thousandths
TRIAL = 0.01  # seconds that a trial should take
SHARE = 0.01  # of the time, at most, that may be lost by trying fewer threads than do the work
RETURN = 0.04  # of the time, at most, that may be lost where fewer do, in the hope that more may again


class Pace:
    """Chooses, part by part, how many threads share the work.

    A thread that waits for another stands still while somebody else has that one's processor, and so a number that is
    the fastest on an idle machine may be ten times slower than fewer beside a busy neighbour. The time that parts took
    shows it at once; that the neighbour has left shows only when more threads are tried again. What a trial loses is
    kept as a debt, which the other parts pay off with a share of their time before the next trial. Where the fastest
    changes, the debt is forgotten, and the one before has a trial soon.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        """Choose among these numbers of threads, the one that an idle machine would want first."""
        self.order = list(counts)  # in which they are tried
        self.most = self.order[0]
        self.costs: dict[int, float] = {}  # seconds a unit of work, by number of threads
        self.debt = 0.0
        self.cold = PART  # seconds of work before which nothing is compared: what is done first takes longer

    @property
    def fastest(self) -> int:
        """Return the number of threads that has been the fastest."""
        return min(self.costs, key=lambda count: self.costs[count], default=self.most)

    @property
    def count(self) -> int:
        """Return how many threads the next part is for: the fastest, or in its turn another, once that is paid for."""
        if self.debt > 0 or self.cold > 0:
            return self.fastest
        return next((count for count in self.order if count != self.fastest), self.fastest)

    def part(self, units: int) -> int:
        """Return how many of so many units, of which there is at least one, make the next part."""
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
        """Learn how long a part took so many threads. One odd part counts for little."""
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
        """Share so many units of work, which are over at the end of the block, among as many threads as are due."""
        count = self.count
        threads.use(count)
        began = time.perf_counter()
        yield
        self.learn(count, units, time.perf_counter() - began)
