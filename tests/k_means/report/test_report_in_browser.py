"""The report of a job as Chromium shows it."""

from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from open_algorithms.k_means.report.page import render_report
from open_algorithms.k_means.report.schema import Report
from tests.k_means.report.jobs import JOBS, run
from tests.reports_shown import A4, assert_fits_paper, assert_fits_screen, open_report

LONG = "<b>" + "a_very_long_name" * 12


def rename(report: Report) -> Report:
    """Return the report with features of long names, so far as these are its own."""
    clusters = [
        replace(
            entry,
            telling=[replace(found, feature=f"{found.feature}{LONG}") for found in entry.telling],
            nearest=[
                replace(row, values={f"{name}{LONG}": value for name, value in row.values.items()})
                for row in entry.nearest
            ],
        )
        for entry in report.clusters
    ]
    features = [replace(entry, feature=f"{entry.feature}{LONG}") for entry in report.features]
    return replace(report, clusters=clusters, features=features, sample=replace(report.sample, dominant=LONG))


def show(browser: Chrome, folder: Path, name: str, width: int, scheme: str = "light") -> None:
    """Open the report of a job whose features have long names, with all that can be opened."""
    open_report(browser, folder, render_report(rename(run(name).report)), width, scheme)


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_is_never_wider_than_the_screen_and_fetches_nothing(
    browser: Chrome, tmp_path: Path, name: str, width: int
) -> None:
    show(browser, tmp_path, name, width)
    assert_fits_screen(browser, width)


@pytest.mark.parametrize("name", ["several", "many clusters", "table"])
def test_the_report_is_no_wider_than_a_sheet_of_paper(browser: Chrome, tmp_path: Path, name: str) -> None:
    show(browser, tmp_path, name, A4)
    assert_fits_paper(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_clusters_can_be_told_from_the_page_and_from_each_other(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    show(browser, tmp_path, "several", 1280, scheme)
    background = read_colour(browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color"))
    style = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0])"
    hues = [browser.execute_script(style, f"--hue-{place}").strip().lstrip("#") for place in range(10)]
    colours = [tuple(int(hue[i : i + 2], 16) for i in (0, 2, 4)) for hue in hues]
    for place, colour in enumerate(colours):
        for other in (background, *colours[:place]):
            assert sum(abs(a - b) for a, b in zip(colour, other, strict=True)) > 60


def read_colour(colour: str) -> tuple[int, ...]:
    """Give the red, green and blue of a colour."""
    return tuple(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
