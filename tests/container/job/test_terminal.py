"""The log on a terminal: people's lines above a bar, which fits any terminal and breaks nothing."""

import math
import os
import time

import pytest

from container.job.terminal import LiveLog
from tests.container.terminal import HIDE, SHOW, PseudoTerminal


def run(columns: int = 100, total: float = 1000, encoding: str = "utf-8") -> PseudoTerminal:
    """Two of three epochs, then the end."""
    terminal = PseudoTerminal()
    monkeypatch = pytest.MonkeyPatch.context()
    with terminal, monkeypatch as patch, open(terminal.end, "w", encoding=encoding, closefd=False) as stream:
        patch.setenv("COLUMNS", str(columns))  # rich looks at it, else at the terminal of the whole process
        log = LiveLog("algo-1", "Linear Learner", stream)
        log.info("größe: [bold]no markup[/] :smile:")
        for epoch in range(2):
            for rows in (0, 500):
                log.show_progress(epoch, 3, rows, total, "mse_objective", 0.25 if epoch else math.nan)
                time.sleep(0.01)
            log.warning(f"Epoch {epoch} is {'long ' * 40}.")
            log.log_quality("mse", 0.25, split="train", kind="loss", epoch=epoch)
            log.log_criterion(epoch, "mse", 0.25)
            log.log_progress(33.3)
            log.log_throughput(100.0)
            log.log_metrics({"x": 1}, start=0, end=1)
        log.close()
        log.show_progress(2, 3, 0, total, "mse_objective", 0.25)
        log.error("The end.")
    return terminal


def test_lines_for_people_are_whole_and_figures_are_not_shown() -> None:
    text = run().text
    for line in ("größe: [bold]no markup[/] :smile:", f"WARNING {'long ' * 40}.", "The end."):
        assert line.removeprefix("WARNING ") in text.replace("\r\n", "\n")
    assert "#" not in text


def test_the_bar_tells_epoch_share_speed_and_the_best_value() -> None:
    frame = " ".join(run().lines)
    for words in ("epoch 1 of 3", "epoch 2 of 3", " 50 %", " rows/s ", "0:00:00", "best so far: 0.25 (mse_objective)"):
        assert words in frame
    assert "nan" not in frame


def test_a_share_that_is_not_known_is_not_told_before_the_second_epoch() -> None:
    lines = run(total=math.inf).lines
    assert not [line for line in lines if "epoch 1 of 3" in line and "%" in line]
    assert [line for line in lines if "epoch 2 of 3" in line and " 33 %" in line]


def test_the_bar_ends_where_it_is_closed_and_never_comes_back() -> None:
    text = run().text
    assert text.count(HIDE) == text.count(SHOW) == 1
    assert "epoch" not in text[text.rfind(SHOW) :].partition("The end.")[2]
    assert not [line for line in run().lines if "epoch 3" in line]


@pytest.mark.parametrize("columns", [5, 15, 20, 26, 40, 80, 250])
def test_the_bar_fits_the_terminal(columns: int) -> None:
    lines = run(columns).lines
    frames = [line for line in lines if "━" in line or "best so" in line or line.startswith("epoch")]
    assert frames
    assert max(map(len, frames)) <= columns


def test_what_the_terminal_cannot_show_is_escaped() -> None:
    assert "gr\\xf6\\xdfe" in run(encoding="ascii").text


def test_a_terminal_that_goes_away_ends_nothing() -> None:
    master, end = os.openpty()
    with open(end, "w", encoding="utf-8") as stream:
        log = LiveLog("algo-1", "Linear Learner", stream)
        log.show_progress(0, 3, 0, 1000, "mse", math.nan)
        os.close(master)
        log.info("Is anybody there?")
        time.sleep(0.5)  # the bar is drawn meanwhile
        log.show_progress(0, 3, 500, 1000, "mse", math.nan)
        log.warning("Nobody.")
        log.close()
        log.error("The end.")
        stream.write("Others write too.")
