"""The use of MXNet in a process that is not ours: one fit at a time, and no setting that outlives it.

Tests: tests/estimators/fitting/test_run.py.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from container.machine.processors import processor_count
from open_algorithms.learning.engine.settings import engine_environment, processor_limit


class _Turn:
    """The lock that a fit holds; a child process that is forked meanwhile has a new one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.lock = threading.Lock()


_TURN = _Turn()


@contextmanager
def use_engine() -> Iterator[int]:
    """Wait until no other thread uses MXNet, and set what it reads from the environment until the block ends.

    Yields the number of processors that large products may use: OMP_NUM_THREADS of the caller, or all available.
    """
    with _TURN.lock:
        settings = engine_environment(os.environ)
        before = {name: os.environ.get(name) for name in settings}
        processors = processor_limit(os.environ, processor_count())
        os.environ.update(settings)
        try:
            yield processors
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
