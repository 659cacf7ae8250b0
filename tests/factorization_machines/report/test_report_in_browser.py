"""The report of a job as Chromium shows it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from open_algorithms.factorization_machines.report.page import render_report
from open_algorithms.factorization_machines.report.schema import Report
from tests.factorization_machines.report.jobs import make_report, make_table_report
from tests.reports_shown import A4, assert_fits_paper, assert_fits_screen, open_report

LONG = "<b>" + "a_very_long_name" * 12


def rename(report: Report) -> Report:
    """Return the report with long names of features and items."""
    found = report.recommendations
    items = None if found is None else [replace(one, item=f"{one.item}{LONG}") for one in found.popular]
    return replace(
        report,
        weights=[replace(entry, feature=f"{entry.column}{LONG}") for entry in report.weights],
        pairs=[replace(entry, features=[f"{i}{LONG}" for i in entry.columns]) for entry in report.pairs],
        recommendations=None if found is None or items is None else replace(found, popular=items, recommended=items),
    )


JOBS = {
    "classifier": make_report(),
    "regressor": make_report("regressor"),
    "table": make_table_report(),
    "held out": make_report(channels=("train", "validation"), held_out=150, is_refitted=True),
}


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_is_never_wider_than_the_screen_and_fetches_nothing(
    browser: Chrome, tmp_path: Path, name: str, width: int
) -> None:
    open_report(browser, tmp_path, render_report(rename(JOBS[name])), width)
    assert_fits_screen(browser, width)
    assert LONG in browser.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("name", ["regressor", "table"])
def test_the_report_is_no_wider_than_a_sheet_of_paper(browser: Chrome, tmp_path: Path, name: str) -> None:
    open_report(browser, tmp_path, render_report(rename(JOBS[name])), A4)
    assert_fits_paper(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_and_bars_can_be_told_from_the_page(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    open_report(browser, tmp_path, render_report(JOBS["table"]), 1280, scheme)
    page = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    shapes = browser.find_elements(By.CSS_SELECTOR, "svg rect, svg circle")
    fills = {shape.value_of_css_property("fill") for shape in shapes}
    assert len(fills) > 1
    for fill in fills:
        assert np.abs(read_colour(fill) - read_colour(page)).sum() > 100


def read_colour(text: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return red, green and blue of a colour as the browser tells it."""
    return np.array([float(number) for number in text.split("(")[1].rstrip(")").split(",")[:3]])
