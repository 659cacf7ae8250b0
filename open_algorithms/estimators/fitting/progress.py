"""What a fit says while it runs: lines for `logging`, warnings of Python, and after a second a progress bar."""

import logging
import sys
import time
from collections.abc import Mapping
from io import StringIO
from typing import Any, Protocol

from container.job.terminal import Position, ProgressBar
from open_algorithms.learning.job.listener import MetricSummary

PATIENCE = 1.0  # seconds, from when on a fit shows its progress
REFRESH_SECONDS = 0.2
NOTEBOOK_COLUMNS = 80
MONOSPACED = '<pre style="line-height:normal">{code}</pre>'


class LearningWarning(UserWarning):
    """A fit warns of what is probably a mistake in its data or parameters."""


class Display(Protocol):
    """Where a bar is shown."""

    def refresh(self) -> None:
        """Show the bar as it is now."""

    def close(self) -> None:
        """Take the bar away."""


class FitListener:
    """Listens to a training: passes lines on to the logger `name`, and keeps warnings until the fit is over."""

    def __init__(self, name: str) -> None:
        self.warnings: list[str] = []
        self._logger = logging.getLogger(name)
        self._bar = ProgressBar()
        self._display: Display | None = None
        self._started = self._shown = time.monotonic()

    def info(self, text: str) -> None:
        """Log a line."""
        self._logger.info(text)

    def warning(self, text: str) -> None:
        """Keep a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        """Move the bar, and show it where somebody looks on."""
        self._bar.move_to(Position(epoch, epochs, rows, total, name, best))
        now = time.monotonic()
        if now - self._started < PATIENCE or now - self._shown < REFRESH_SECONDS:
            return
        self._shown = now
        if self._display is None:
            self._display = open_display(self._bar)
        self._display.refresh()

    def close(self) -> None:
        """Take the bar away."""
        if self._display is not None:
            self._display.close()

    def log_quality(
        self, metric: str, value: float, *, split: str, kind: str, epoch: int | None = None, batch: int | None = None
    ) -> None:
        """Do nothing: the report has it."""

    def log_score(self, split: str, metric: str, value: float) -> None:
        """Log a final score."""
        self._logger.info("%s of the channel %r: %r", metric, split, float(value))

    def log_criterion(self, epoch: int, name: str, value: float) -> None:
        """Log how good the best candidate is after an epoch."""
        self._logger.debug("epoch %d: %s %r", epoch, name, float(value))

    def log_progress(self, percent: float, stopped_early: bool = False) -> None:
        """Do nothing: the bar shows it."""

    def log_throughput(self, rows_per_second: float) -> None:
        """Do nothing: the bar shows it."""

    def log_metrics(
        self,
        values: Mapping[str, float | MetricSummary],
        *,
        start: float,
        end: float,
        epoch: int | None = None,
        model: int | None = None,
        meta: str | None = None,
    ) -> None:
        """Do nothing: metrics are those of a job."""


def open_display(bar: ProgressBar) -> Display:
    """Return where the bar is shown: in a notebook, on a terminal, or nowhere."""
    if is_notebook():
        return NotebookDisplay(bar)
    return TerminalDisplay(bar) if sys.stderr is not None and sys.stderr.isatty() else NoDisplay()


def is_notebook() -> bool:
    """Tell whether the caller is a cell of Jupyter."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and getattr(shell, "kernel", None) is not None


class NoDisplay:
    """Shows nothing."""

    def refresh(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class TerminalDisplay:
    """Shows the bar on stderr, and removes it at the end."""

    def __init__(self, bar: ProgressBar) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        self._live = Live(
            bar, console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def refresh(self) -> None:
        """Draw the bar anew."""
        self._live.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self._live.stop()


class NotebookDisplay:
    """Shows the bar as the output of a cell, which needs no widgets, and empties it at the end."""

    def __init__(self, bar: ProgressBar) -> None:
        from IPython.display import display

        self._bar = bar
        self._handle: Any = display(self._draw(), raw=True, display_id=True)

    def refresh(self) -> None:
        """Draw the bar anew."""
        self._handle.update(self._draw(), raw=True)

    def close(self) -> None:
        """Empty the output."""
        self._handle.update({"text/plain": "", "text/html": ""}, raw=True)

    def _draw(self) -> dict[str, str]:
        from rich.console import Console

        console = Console(file=StringIO(), record=True, width=NOTEBOOK_COLUMNS, force_jupyter=False)
        console.print(self._bar)
        html = console.export_html(inline_styles=True, code_format=MONOSPACED, clear=False)
        return {"text/plain": console.export_text().rstrip(), "text/html": html}
