"""The report of a job as Chromium shows it."""

from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from open_algorithms.learning.work import Columns, Work
from open_algorithms.pca.report.build import build_report
from open_algorithms.pca.report.page import render_report
from tests.learning.job.recorder import Recorder
from tests.pca.data import draw_rows
from tests.pca.jobs import find
from tests.reports_shown import A4, assert_fits_paper, assert_fits_screen, open_report

LONG = "<b>" + "a_very_long_name" * 12


def render_job(components: int, features: int) -> str:
    """Return the page of a job whose features have long names."""
    texts = {"num_components": str(components)}
    names = tuple(f"{i}{LONG}" for i in range(features))
    result = find(texts, draw_rows(200, features), columns=Columns(names))
    return render_report(build_report(result, Work(texts, {}, Recorder(), seconds_by_part={"read": 1.0})))


@pytest.mark.parametrize(("components", "features"), [(1, 1), (5, 8), (40, 60)])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_is_never_wider_than_the_screen_and_fetches_nothing(
    browser: Chrome, tmp_path: Path, components: int, features: int, width: int
) -> None:
    open_report(browser, tmp_path, render_job(components, features), width)
    assert_fits_screen(browser, width)
    assert "a_very_long_name" in browser.find_element(By.TAG_NAME, "body").text


def test_the_report_is_no_wider_than_a_sheet_of_paper(browser: Chrome, tmp_path: Path) -> None:
    open_report(browser, tmp_path, render_job(5, 8), A4)
    assert_fits_paper(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_and_bars_can_be_told_from_the_page(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    open_report(browser, tmp_path, render_job(5, 8), 1280, scheme)
    page = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    shapes = browser.find_elements(By.CSS_SELECTOR, "svg rect, svg circle")
    fills = {shape.value_of_css_property("fill") for shape in shapes}
    assert len(fills) > 1
    for fill in fills:
        assert np.abs(read_colour(fill) - read_colour(page)).sum() > 100


def read_colour(text: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return red, green and blue of a colour as the browser tells it."""
    return np.array([float(number) for number in text.split("(")[1].rstrip(")").split(",")[:3]])
