"""The report of a job as Chromium shows it."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from linear_learner.report.page import render_report
from tests.linear_learner.report.jobs import job, rename
from tests.linear_learner.training.examples import HYPERPARAMETERS
from tests.reports_shown import A4, assert_fits_paper, assert_fits_screen, open_report

LONG = "<b>" + "a_very_long_name" * 12


def show(browser: Chrome, folder: Path, name: str, width: int, scheme: str = "light") -> None:
    """Open the report of a job whose features have long names."""
    named = rename(job(name)[1], lambda column: f"{column}{LONG}")
    open_report(browser, folder, render_report(named), width, scheme)


@pytest.mark.parametrize("name", HYPERPARAMETERS)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_is_never_wider_than_the_screen_and_fetches_nothing(
    browser: Chrome, tmp_path: Path, name: str, width: int
) -> None:
    show(browser, tmp_path, name, width)
    assert_fits_screen(browser, width)
    assert LONG in browser.find_element(By.TAG_NAME, "body").text


def test_the_report_is_no_wider_than_a_sheet_of_paper(browser: Chrome, tmp_path: Path) -> None:
    show(browser, tmp_path, "binary_classifier", A4)
    assert_fits_paper(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_can_be_told_from_the_page(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    show(browser, tmp_path, "binary_classifier", 1280, scheme)
    background = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    strokes = [
        path.value_of_css_property("stroke") for path in browser.find_elements(By.CSS_SELECTOR, "svg path[stroke^=var]")
    ]
    assert len({channels(stroke) for stroke in strokes}) >= 4
    for stroke in strokes:
        assert max(abs(a - b) for a, b in zip(channels(stroke), channels(background), strict=True)) > 30


def channels(colour: str) -> tuple[int, ...]:
    """Give the red, green and blue of a colour."""
    return tuple(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
