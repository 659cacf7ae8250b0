"""The log of a job on a terminal: lines for people above a progress bar instead of metrics."""

import math
import time
from collections.abc import Iterator
from datetime import timedelta
from io import TextIOBase
from typing import TYPE_CHECKING, NamedTuple, TextIO, cast

from container.job.log import Log, give_up

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live

SHOW_CURSOR = "\x1b[?25h"
_SHORTEST = 10  # columns of a bar for which a word makes way
_LEAST = ("elapsed", "speed", "left", "share")  # the words of a bar, those that make way first in front
_REFRESHES = 5  # a second


class LiveLog(Log):
    """Writes lines for people to a terminal; from the first `show_progress` to `close` a progress bar is below them.

    The drawing library is imported and its thread started only at the first `show_progress`, since the process may fork
    before. If the terminal goes away, the job goes on.
    """

    def __init__(self, host: str, algorithm: str, stream: TextIO) -> None:
        super().__init__(host, algorithm, cast(TextIO, _Terminal(stream)), figures=False)
        self._bar = _Bar()
        self._live: Live | None = None
        self._closed = False

    def advance(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Move the bar. A thread of its own draws it, so that this call is cheap."""
        self._bar.move(_State(epoch, epochs, rows, total, name, best))
        if self._live is None and not self._closed:
            self._live = _start(self._bar, self._stream)

    def close(self) -> None:
        """Stop drawing: leave the bar as it is and restore the terminal."""
        self._closed = self._bar.ended = True
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _line(self, text: str) -> None:
        if (live := self._live) is None:  # another thread may close us, where a host is lost
            super()._line(text)
        else:
            live.console.out(text, highlight=False)


class _State(NamedTuple):
    epoch: int
    epochs: int
    rows: float
    total: float
    name: str
    best: float

    @property
    def share(self) -> float:
        """The fraction of all epochs that is done, from 0 to 1."""
        return (self.epoch + (self.rows / self.total if self.rows else 0.0)) / self.epochs

    @property
    def measured(self) -> bool:
        """Whether the fraction is known; it is not during the first epoch of a stream of unknown length."""
        return self.epoch > 0 or math.isfinite(self.total)


class _Bar:
    """The progress bar with epoch, percentage, speed and time left; below it the best value so far.

    Texts are dropped in the order of _DROP_ORDER until the rest fits the terminal.
    """

    def __init__(self) -> None:
        self.ended = False
        self._state: _State | None = None
        self._began = self._epoch_began = 0.0
        self._begun = self._speed = 0.0

    def move(self, state: _State) -> None:
        """Set the position. Time is measured from the first call."""
        now = time.monotonic()
        if self._state is None:
            self._began, self._begun = now, state.share
        if not state.rows:
            self._epoch_began = now
        elif now > self._epoch_began:
            self._speed = state.rows / (now - self._epoch_began)
        self._state = state

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[RenderableType]":
        """Render the bar at the width that is available."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        assert self._state is not None
        state, words = self._state, self._words(self._state)
        for least in _LEAST:
            if _width(words) + _SHORTEST > options.max_width:
                words.pop(least, None)
        line = Table.grid(padding=(0, 1, 0, 0))
        first, *others = words.values()
        bar = ProgressBar(
            1.0, state.share, max(1, options.max_width - _width(words)), pulse=not state.measured, style="dim"
        )
        line.add_row(first, bar, *others)
        yield line
        if math.isfinite(state.best):
            yield Text(f"best so far: {state.best:.6g} ({state.name})", no_wrap=True, overflow="ellipsis")

    def _words(self, state: _State) -> dict[str, str]:
        elapsed = time.monotonic() - self._began
        words = {"epoch": f"epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}"}
        if state.measured:
            words["share"] = f"{100 * state.share:.0f} %"
        if self._speed:
            words["speed"] = f"{self._speed:,.0f} rows/s"
        words["elapsed"] = _duration(elapsed)
        if self._begun < state.share < 1 and not self.ended:
            words["left"] = f"{_duration(elapsed * (1 - state.share) / (state.share - self._begun))} left"
        return words


class _Terminal(TextIOBase):
    """A text stream to a terminal that discards writes once the terminal is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the terminal."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Return True: it is a terminal."""
        return True

    def write(self, text: str, /) -> int:
        """Write text; characters outside the encoding are written as escapes."""
        known = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        try:
            return self._stream.write(known)
        except OSError:
            give_up(self._stream)
            return len(known)

    def flush(self) -> None:
        """Write at once."""
        try:
            self._stream.flush()
        except OSError:
            give_up(self._stream)


def _start(bar: _Bar, stream: TextIO) -> "Live":
    from rich.console import Console
    from rich.live import Live

    live = Live(
        bar,
        console=Console(file=stream, force_terminal=True),
        refresh_per_second=_REFRESHES,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    live.start()
    return live


def _width(words: dict[str, str]) -> int:
    """Return the columns that the texts take, each with one blank."""
    return sum(map(len, words.values())) + len(words)


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))
