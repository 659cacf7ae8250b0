"""Reports as Chromium shows them: opened with a screen and a colour scheme, and no wider than they may be."""

from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

A4 = 717  # pixels between the margins of a sheet


def open_report(browser: Chrome, folder: Path, page: str, width: int, scheme: str = "light") -> None:
    """Open a report, with all that can be opened, on a screen of this width; what it logged before is forgotten."""
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    media: dict[str, Any] = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(file.as_uri())
    for details in browser.find_elements(By.TAG_NAME, "summary"):
        details.click()


def assert_fits_screen(browser: Chrome, width: int) -> None:
    """The report is no wider than the screen, has fetched nothing, and logged nothing."""
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def assert_fits_paper(browser: Chrome) -> None:
    """No table of the report, opened A4 wide, is wider than a sheet once it is printed."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        tables = browser.find_elements(By.TAG_NAME, "table")
        assert tables
        for table in tables:
            assert table.rect["x"] + table.rect["width"] <= A4
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
