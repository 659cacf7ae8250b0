"""Messages about data, to whoever wants to hear them.

Tests: tests/container/channels/test_copies.py, tests/contract/test_columns.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

LineCallback = Callable[[str], None]

_MAX_REMEMBERED = 1000  # lines that are not said again


@dataclass(frozen=True)
class Notices:
    """Where messages go: `info` receives what is done with the data, `warn` what may be wrong with it."""

    info: LineCallback = lambda line: None
    warn: LineCallback = lambda line: None


NO_NOTICES = Notices()


class OncePerLine:
    """Passes each distinct line on once."""

    def __init__(self, emit: Callable[[str], object]) -> None:
        self._emit = emit
        self._emitted: set[str] = set()

    def __call__(self, line: str) -> None:
        """Pass a line on unless it was passed on before."""
        if line not in self._emitted and len(self._emitted) < _MAX_REMEMBERED:
            self._emitted.add(line)
            self._emit(line)
