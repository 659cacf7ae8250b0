"""Counts by column are those of all workers, bounded, and only there for a table."""

import pytest

from container.web import column_counts
from container.web.counters import Meter


def test_counts_of_all_workers_are_added_up_and_survive_one() -> None:
    meter = Meter(3)
    meter.allot_columns(["Age", "Sex"])
    for worker in (0, 1, 1, 4):
        meter.claim_row(worker)
        meter.count_values({"Age": 2}, {"Sex": 1})
        meter.count_extra_columns()
    text = meter.format_counts().decode()
    assert 'serve_missing_values_total{column="Age"} 8.0' in text
    assert 'serve_unknown_levels_total{column="Sex"} 4.0' in text
    assert 'missing_values_total{column="Sex"}' not in text
    assert "serve_requests_with_extra_columns_total 4.0" in text


def test_the_last_of_very_many_columns_are_counted_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_counts, "MOST_COLUMNS", 2)
    meter = Meter(1)
    meter.allot_columns(["a", "b", "c", "d"])
    meter.count_values({"a": 1, "c": 2, "d": 3}, {})
    text = meter.format_counts().decode()
    assert 'column="a"} 1.0' in text
    assert 'column="other"} 5.0' in text
    assert 'column="c"' not in text


def test_a_column_may_be_called_as_the_others_are() -> None:
    meter = Meter(1)
    meter.allot_columns(["other", 'a "b"\n'])
    meter.count_values({"other": 1, 'a "b"\n': 1}, {})
    text = meter.format_counts().decode()
    assert 'column="other"} 1.0' in text
    assert r'column="a \"b\"\n"} 1.0' in text


def test_without_a_table_nothing_is_counted_by_column() -> None:
    meter = Meter(1)
    meter.count_values({"a": 1}, {})
    meter.count_extra_columns()
    text = meter.format_counts().decode()
    assert "column" not in text
