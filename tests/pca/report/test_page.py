"""The page shows the components, and says what to think of them."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.learning.showing.job import ColumnEntry
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.pca.report.page import render_report
from open_algorithms.pca.report.words import list_next_steps, list_warnings, summary_text
from tests.pca.data import draw_rows
from tests.pca.report.jobs import ROWS, TEST_ROWS, make_report, stretch

REPORT = make_report(test=TEST_ROWS)


def test_all_parts_are_on_the_page() -> None:
    page = render_report(REPORT)
    for text in (
        "3 components of 8 features",
        "What each component explains",
        "What the first ones explain together",
        "Component 3, ",
        "projection[2]",
        "The first 300 rows by their two largest components",
        "reconstruction_mse",
        "What next?",
        "To run it again",
    ):
        assert text in page
    assert "NaN" not in page
    assert "What became of the columns" not in page


def test_columns_of_a_table_are_shown() -> None:
    assert "What became of the columns" in render_report(replace(REPORT, columns=[ColumnEntry("a", "number", 1, "")]))


@pytest.mark.parametrize(
    ("texts", "X"),
    [
        ({"num_components": "1"}, ROWS),
        ({"num_components": "8"}, ROWS),
        ({}, ROWS[:1]),
        ({}, np.zeros((4, 3), np.float32)),
        ({"num_components": "1"}, ROWS[:, :1]),
        ({"num_components": "60"}, draw_rows(80, 60)),
    ],
)
def test_a_page_is_drawn_of_any_data(texts: dict[str, str], X: Float32s) -> None:
    page = render_report(make_report(texts, X))
    assert page.endswith("</html>")
    assert "nan" not in page.lower().replace("nanm", "")


def test_the_summary_says_what_is_kept_and_how_it_was_found() -> None:
    share = REPORT.data.channels["train"].explained_variance_ratio
    assert summary_text(REPORT).startswith(f"3 components of 8 features keep {share:.1%} of the variance of the rows.")
    assert "exact, from one pass over the rows" in summary_text(REPORT)
    passes = replace(REPORT, search=replace(REPORT.search, all_pairs=False, passes=7, exact=False))
    assert "found in 7 passes." in summary_text(passes)


def warn(**more: object) -> str:
    return " ".join(list_warnings(replace(REPORT, **more)))  # type: ignore[arg-type]


def test_warnings_tell_what_to_know_first() -> None:
    assert warn() == ""
    assert "300 rows that had been read by then" in warn(stopped=True)
    assert "not exact after 1 passes" in warn(search=replace(REPORT.search, exact=False))
    assert warn(search=replace(REPORT.search, exact=False), algorithm_mode="randomized") == ""
    assert "1 of 3 components explain nothing" in warn(
        components=[*REPORT.components[:2], replace(REPORT.components[2], singular_value=0.0)]
    )
    test = replace(REPORT.data.channels["test"], explained_variance_ratio=0.1)
    other = replace(REPORT.data, channels={**REPORT.data.channels, "test": test})
    assert "keep 10.0% of the variance of the test rows" in warn(data=other)


def test_a_feature_that_decides_alone_is_named_unless_features_are_normalized() -> None:
    X = stretch(ROWS, 5)
    assert "n5 is 99.9% of the variance of the rows, so that it decides on the components nearly alone." in " ".join(
        list_warnings(make_report(X=X))
    )
    assert [*list_warnings(make_report({"normalize_data": "true"}, X))] == []


def test_next_steps_follow_from_what_is_kept() -> None:
    few, many = make_report({"num_components": "1"}), make_report({"num_components": "8"})
    needed = next(one.components for one in few.needed if one.share == 0.9)
    assert any(f"num_components={needed}" in step for step in list_next_steps(few))
    assert any(f"the last {needed} numbers" in step for step in list_next_steps(many))
    assert any("channel test" in step for step in list_next_steps(few))
    assert not any("channel test" in step for step in list_next_steps(REPORT))
