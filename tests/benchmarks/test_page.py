import json
import sys
from pathlib import Path

import pytest

from benchmarks.measure import CHECKOUT, RESULTS, Figure, describe_bounds, run_benchmark, shortest_times
from benchmarks.page import ORDER, PAGE, performance_page

FAST = Figure("5 rows", "bank", 4_100_000.0, "rows/s", least=4e6)
SLOW = Figure("5 rows", "process", 2.613, "s", most=2.5)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "argv", ["benchmarks/bank.py"])
    run_benchmark("How fast?", iter([FAST, SLOW]), tmp_path)
    return tmp_path


def test_page_is_what_the_kept_results_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == performance_page(RESULTS)


def test_every_kept_result_is_on_the_page() -> None:
    assert {file.stem for file in RESULTS.iterdir()} <= set(ORDER)


def test_every_picture_of_the_page_is_there() -> None:
    assert all(
        (CHECKOUT / "docs" / line[4:-1]).exists()
        for line in performance_page(RESULTS).splitlines()
        if line.startswith("![](")
    )


def test_a_figure_stands_beside_what_is_wanted_of_it(results: Path) -> None:
    text = performance_page(results)
    assert "| 5 rows | bank | 4,100,000 rows/s | at least 4,000,000: met |" in text
    assert "|  | process | 2.613 s | at most 2.5: missed |" in text


def test_a_result_names_its_command_and_machine(results: Path) -> None:
    kept = json.loads((results / "bank.json").read_text())
    assert kept["command"].endswith("bin/python -m benchmarks.bank")
    assert kept["machine"]["cores"] >= 1
    assert kept["machine"]["packages"]["mxnet"] == "1.9.1"


def test_nothing_is_kept_of_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks/bank.py", "5 rows"])
    run_benchmark("How fast?", iter([FAST]), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_figure_without_a_bound_wants_nothing() -> None:
    assert describe_bounds(Figure("5 rows", "torch", 1.0)) == ""


def test_works_are_timed_in_turn() -> None:
    seen: list[str] = []
    assert set(shortest_times({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, 2)) == {"a", "b"}
    assert seen == ["a", "b", "a", "b"]


def test_short_works_are_timed_for_a_while() -> None:
    seen: list[int] = []
    shortest_times({"a": lambda: seen.append(1)}, 1, least_seconds=0.01)
    assert len(seen) > 2
