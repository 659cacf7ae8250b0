"""Several hosts as threads of this process that take turns: what they exchange is summed as MXNet's servers do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import TypeVar

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import Float32s

T = TypeVar("T")
PATIENCE = 60  # seconds for the others to come to the same exchange


def run_hosts(count: int, work: Callable[[Hosts], T]) -> list[T]:
    """Call `work` on each host, one at a time between two exchanges; return the results by rank."""
    turn, meeting = Lock(), Barrier(count)
    sent: list[Float32s] = [np.zeros(0, np.float32)] * count

    def wait_for_others() -> None:
        turn.release()
        try:
            meeting.wait(PATIENCE)
        finally:
            turn.acquire()

    def be_host(rank: int) -> T:
        def reduce_into(mine: Float32s, total: Float32s) -> None:
            sent[rank] = mine.copy()
            wait_for_others()
            total[:] = np.sum(sent, axis=0)
            wait_for_others()

        with turn:
            try:
                return work(Hosts([f"algo-{i + 1}" for i in range(count)], rank, reduce_into))
            except BaseException:
                meeting.abort()
                raise

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(be_host, range(count)))
