"""The log of a job on a terminal: lines for people above a progress bar instead of metrics."""

import math
import time
from collections.abc import Iterator
from datetime import timedelta
from io import TextIOBase
from typing import TYPE_CHECKING, NamedTuple, TextIO, cast

from container.job.log import JobLog, redirect_to_null

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live

SHOW_CURSOR = "\x1b[?25h"
_MIN_BAR_COLUMNS = 10  # columns of a bar for which a word makes way
_DROP_ORDER = ("elapsed", "speed", "left", "share")  # the words of a bar, those that make way first in front
_REFRESHES_PER_SECOND = 5  # a second


class LiveLog(JobLog):
    """Writes lines for people to a terminal; from the first `show_progress` to `close` a progress bar is below them.

    The drawing library is imported and its thread started only at the first `show_progress`, since the process may fork
    before. If the terminal goes away, the job goes on.
    """

    def __init__(self, host: str, algorithm: str, stream: TextIO) -> None:
        super().__init__(host, algorithm, cast(TextIO, _Terminal(stream)), emits_metrics=False)
        self._bar = ProgressBar()
        self._live: Live | None = None
        self._closed = False

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Move the bar. A thread of its own draws it, so that this call is cheap."""
        self._bar.move_to(Position(epoch, epochs, rows, total, name, best))
        if self._live is None and not self._closed:
            self._live = _start_display(self._bar, self._stream)

    def close(self) -> None:
        """Stop drawing: leave the bar as it is and restore the terminal."""
        self._closed = self._bar.is_closed = True
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _write_line(self, text: str) -> None:
        if (live := self._live) is None:  # another thread may close us, where a host is lost
            super()._write_line(text)
        else:
            live.console.out(text, highlight=False)


class Position(NamedTuple):
    """Where a training is: in `epoch` of `epochs`, `rows` of `total_rows` into it, with the best value so far."""

    epoch: int
    epochs: int
    rows: float
    total_rows: float
    criterion: str
    best_value: float

    @property
    def completed_fraction(self) -> float:
        """The fraction of all epochs that is done, from 0 to 1."""
        return (self.epoch + (self.rows / self.total_rows if self.rows else 0.0)) / self.epochs

    @property
    def is_fraction_known(self) -> bool:
        """Whether the fraction is known; it is not during the first epoch of a stream of unknown length."""
        return self.epoch > 0 or math.isfinite(self.total_rows)


class ProgressBar:
    """The progress bar with epoch, percentage, speed and time left; below it the best value so far.

    Texts are dropped in the order of _DROP_ORDER until the rest fits the terminal.
    """

    def __init__(self) -> None:
        self.is_closed = False
        self._position: Position | None = None
        self._start_time = self._epoch_start_time = 0.0
        self._start_fraction = self._rows_per_second = 0.0

    def move_to(self, position: Position) -> None:
        """Set the position. Time is measured from the first call."""
        now = time.monotonic()
        if self._position is None:
            self._start_time, self._start_fraction = now, position.completed_fraction
        if not position.rows:
            self._epoch_start_time = now
        elif now > self._epoch_start_time:
            self._rows_per_second = position.rows / (now - self._epoch_start_time)
        self._position = position

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[RenderableType]":
        """Render the bar at the width that is available."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        assert self._position is not None
        state, words = self._position, self._format_words(self._position)
        for least in _DROP_ORDER:
            if _text_width(words) + _MIN_BAR_COLUMNS > options.max_width:
                words.pop(least, None)
        line = Table.grid(padding=(0, 1, 0, 0))
        first, *others = words.values()
        bar = ProgressBar(
            1.0,
            state.completed_fraction,
            max(1, options.max_width - _text_width(words)),
            pulse=not state.is_fraction_known,
            style="dim",
        )
        line.add_row(first, bar, *others)
        yield line
        if math.isfinite(state.best_value):
            yield Text(f"best so far: {state.best_value:.6g} ({state.criterion})", no_wrap=True, overflow="ellipsis")

    def _format_words(self, state: Position) -> dict[str, str]:
        elapsed = time.monotonic() - self._start_time
        words = {"epoch": f"epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}"}
        if state.is_fraction_known:
            words["share"] = f"{100 * state.completed_fraction:.0f} %"
        if self._rows_per_second:
            words["speed"] = f"{self._rows_per_second:,.0f} rows/s"
        words["elapsed"] = _format_duration(elapsed)
        if self._start_fraction < state.completed_fraction < 1 and not self.is_closed:
            fraction_left, fraction_done = 1 - state.completed_fraction, state.completed_fraction - self._start_fraction
            words["left"] = f"{_format_duration(elapsed * fraction_left / fraction_done)} left"
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
            redirect_to_null(self._stream)
            return len(known)

    def flush(self) -> None:
        """Write at once."""
        try:
            self._stream.flush()
        except OSError:
            redirect_to_null(self._stream)


def _start_display(bar: ProgressBar, stream: TextIO) -> "Live":
    from rich.console import Console
    from rich.live import Live

    live = Live(
        bar,
        console=Console(file=stream, force_terminal=True),
        refresh_per_second=_REFRESHES_PER_SECOND,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    live.start()
    return live


def _text_width(words: dict[str, str]) -> int:
    """Return the columns that the texts take, each with one blank."""
    return sum(map(len, words.values())) + len(words)


def _format_duration(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))
