"""Bar charts as the HTML that a browser is given."""

from xml.etree import ElementTree

import pytest

from open_algorithms.learning.showing.bars import UNITS, draw_bars


def parse(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart).replace("<wbr>", ""))


def extents(chart: str) -> list[tuple[float, float]]:
    """Return where each bar starts and ends."""
    rects = parse(chart).iter("rect")
    return [(float(rect.attrib["x"]), float(rect.attrib["x"]) + float(rect.attrib["width"])) for rect in rects]


def rows(chart: str) -> list[tuple[str | None, str | None]]:
    """Return the name and the value of each bar."""
    found = []
    for row in parse(chart).iter("tr"):
        name, _, value = row
        found.append((name.text, value.text))
    return found


def test_bars_reach_to_both_sides_of_zero_in_proportion() -> None:
    (zero, right), (left, end), (start, stop) = extents(draw_bars(["a", "b", "c"], [2.0, -1.0, 0.0], "w"))
    assert (end, start, stop) == (zero, zero, zero)
    assert right - zero == pytest.approx(2 * (zero - left), abs=0.2)


@pytest.mark.parametrize("values", [[1e30, -1e-30, 0.0], [0.0], [1e-30], [-1.7e308, 1.7e308], [5e-324], []])
def test_bars_stay_within_their_chart_whatever_their_size(values: list[float]) -> None:
    chart = draw_bars(["x" * 40] * len(values), values, "w")
    assert all(0 <= start <= end <= UNITS + 1 for start, end in extents(chart))
    assert "nan" not in chart
    assert "inf" not in chart


def test_a_chart_says_what_it_shows_and_each_bar_its_whole_name_and_value() -> None:
    chart = draw_bars(["worst <script>&'", "a_long_name_of_a_feature"], [0.123456, -2.0], "The <largest> weights")
    assert parse(chart).attrib["aria-label"] == "The <largest> weights"
    assert rows(chart) == [
        ("worst <script>&'", "0.123"),
        ("a_long_name_of_a_feature", "\N{MINUS SIGN}2.00"),
    ]


def test_a_name_breaks_behind_its_underscores_and_levels_and_only_a_very_long_one_is_cut() -> None:
    chart = draw_bars(["a_b=c", "x" * 99 + "y" * 99], [1.0, 1.0], "w")
    assert "a_<wbr>b=<wbr>c" in chart
    assert rows(chart)[1][0] == "x" * 60 + "\N{HORIZONTAL ELLIPSIS}" + "y" * 59
    assert f'title="{"x" * 99}{"y" * 99}"' in chart


def test_values_are_written_as_is_asked() -> None:
    assert rows(draw_bars(["a"], [1234.0], "rows", lambda value: f"{value:,.0f} rows")) == [("a", "1,234 rows")]


def test_what_rounding_leaves_of_nothing_is_nothing() -> None:
    assert rows(draw_bars(["a", "b"], [1.0, 6.7e-9], "w"))[1] == ("b", "0")
