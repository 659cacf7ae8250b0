"""Charts as the SVG that a browser is given."""

from xml.etree import ElementTree

import pytest

from open_algorithms.learning.showing.bars import WIDTH, draw_bars

SVG = "{http://www.w3.org/2000/svg}"


def parse(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart).replace("<svg", f'<svg xmlns="{SVG[1:-1]}"', 1))


def extents(chart: str) -> list[tuple[float, float]]:
    """Return where each bar starts and ends."""
    rects = parse(chart).iter(f"{SVG}rect")
    return [(float(rect.attrib["x"]), float(rect.attrib["x"]) + float(rect.attrib["width"])) for rect in rects]


def test_bars_reach_to_both_sides_of_zero_in_proportion() -> None:
    (zero, right), (left, end), (start, stop) = extents(draw_bars(["a", "b", "c"], [2.0, -1.0, 0.0], "w"))
    assert (end, start, stop) == (zero, zero, zero)
    assert right - zero == pytest.approx(2 * (zero - left), abs=0.2)


@pytest.mark.parametrize("values", [[1e30, -1e-30, 0.0], [0.0], [1e-30], [-1.7e308, 1.7e308], [5e-324], []])
def test_bars_stay_within_their_chart_whatever_their_size(values: list[float]) -> None:
    chart = draw_bars(["x" * 40] * len(values), values, "w")
    assert all(0 < start <= end < WIDTH for start, end in extents(chart))
    assert "nan" not in chart
    assert "inf" not in chart


def test_a_chart_says_what_it_shows_and_each_bar_its_whole_name_and_value() -> None:
    chart = parse(draw_bars(["worst <script>&'", "x" * 40], [0.123456, -2.0], "The <largest> weights"))
    titles = [title.text for title in chart.iter(f"{SVG}title")]
    assert titles == ["The <largest> weights", "worst <script>&': 0.123", f"{'x' * 40}: \N{MINUS SIGN}2"]
    assert [text.text for text in chart.iter(f"{SVG}text")][2] == "x" * 9 + "…" + "x" * 8


def test_values_are_written_as_is_asked() -> None:
    chart = parse(draw_bars(["a"], [1234.0], "rows", lambda value: f"{value:,.0f} rows"))
    assert [text.text for text in chart.iter(f"{SVG}text")] == ["a", "1,234 rows"]
