"""A long fit shows how far it is where somebody looks on, and is silent elsewhere."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from container.job.terminal import ProgressBar
from open_algorithms.estimators.fitting.progress import FitListener, NoDisplay, NotebookDisplay, open_display
from tests.container.terminal import HIDE, SHOW, PseudoTerminal
from tests.waiting import HANG_SECONDS

TOP = Path(__file__).parents[3]
FIT = """
import open_algorithms.estimators.fitting.progress as progress
progress.PATIENCE, progress.REFRESH_SECONDS = {patience}, 0
from tests.estimators.examples import fit_quickly
fit_quickly(epochs=3)
"""


def fit_on_terminal(patience: float) -> PseudoTerminal:
    """Fit in a process whose stderr is a terminal, with a bar after so many seconds."""
    with PseudoTerminal() as terminal:
        code = FIT.format(patience=patience)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal.end, timeout=HANG_SECONDS, cwd=TOP)
    assert (done.returncode, done.stdout) == (0, b""), terminal.text
    return terminal


@pytest.mark.processes
def test_a_terminal_shows_a_bar_that_goes_away() -> None:
    terminal = fit_on_terminal(patience=0)
    assert any(line.startswith("epoch 2 of 3 ") for line in terminal.lines), terminal.text
    assert any(line.startswith("best so far: ") for line in terminal.lines)
    assert 0 <= terminal.text.index(HIDE) < terminal.text.rindex(SHOW)
    assert terminal.text.endswith("\x1b[2K")  # the line is empty again


@pytest.mark.processes
def test_a_short_fit_shows_none() -> None:
    assert fit_on_terminal(patience=HANG_SECONDS).text == ""


def show_epoch(listener: FitListener) -> None:
    """Tell a listener where training is."""
    listener.show_progress(1, 4, 500, 1000, "accuracy", 0.9)


def test_where_nobody_looks_on_there_is_none(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("open_algorithms.estimators.fitting.progress.PATIENCE", 0)
    monkeypatch.setattr("open_algorithms.estimators.fitting.progress.REFRESH_SECONDS", 0)
    assert isinstance(open_display(ProgressBar()), NoDisplay)
    listener = FitListener("linear_learner")
    show_epoch(listener)
    listener.close()
    monkeypatch.setattr(sys, "stderr", None)
    assert isinstance(open_display(ProgressBar()), NoDisplay)
    assert capfd.readouterr() == ("", "")


def test_a_notebook_shows_a_bar_as_output_of_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    def display(data: Any, raw: bool, display_id: bool) -> Any:
        shown.append(data)
        return SimpleNamespace(update=lambda data, raw: shown.append(data))

    jupyter, module = ModuleType("IPython"), ModuleType("IPython.display")
    vars(jupyter)["get_ipython"] = lambda: SimpleNamespace(kernel="a kernel")
    vars(module)["display"] = display
    monkeypatch.setitem(sys.modules, "IPython", jupyter)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr("open_algorithms.estimators.fitting.progress.PATIENCE", 0)
    monkeypatch.setattr("open_algorithms.estimators.fitting.progress.REFRESH_SECONDS", 0)
    listener = FitListener("linear_learner")
    for _ in range(2):
        show_epoch(listener)
    assert isinstance(listener._display, NotebookDisplay)
    listener.close()
    assert [data["text/plain"].split(" ")[:4] for data in shown[:-1]] == [["epoch", "2", "of", "4"]] * 3
    assert "best so far: 0.9 (accuracy)" in shown[0]["text/html"]
    assert shown[-1] == {"text/plain": "", "text/html": ""}


def test_a_warning_is_kept_once() -> None:
    listener = FitListener("linear_learner")
    for text in ("one", "two", "one"):
        listener.warning(text)
    assert listener.warnings == ["one", "two"]
