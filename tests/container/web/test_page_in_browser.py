"""The page for people as Chromium shows it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.container.serving import SERVER, running_server, send_request

BARS = """
from open_algorithms.learning.showing.bars import draw_bars, read_bar_style
bars = draw_bars(["short", "a_very_long_name_of_a_feature" * 4], [2.0, 1.0], "Parts")
"""
EXPLAINING = SERVER.replace("sys.exit(", BARS + "sys.exit(").replace(
    'lambda model: Markup("<h1>Sum</h1>")', "lambda _: bars, None, lambda *_: bars, True, read_bar_style()"
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that runs for all tests of this module."""
    with running_server() as number:
        yield number


@pytest.fixture
def page(browser: Chrome, port: int) -> Chrome:
    """The page, opened as on a desktop; what was said before is forgotten."""
    resize(browser, 1280)
    browser.get(f"http://127.0.0.1:{port}/")
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    return browser


def resize(browser: Chrome, width: int) -> None:
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)


def send(page: Chrome, text: str = "", file: Path | None = None) -> None:
    field = page.find_element(By.ID, "text")
    field.clear()
    field.send_keys(text)
    if file:
        page.find_element(By.ID, "file").send_keys(str(file))
    page.execute_script("window.sent = true")
    page.find_element(By.CSS_SELECTOR, "button[value=table]").click()
    # A new document has no such mark; between two documents the driver may answer any question with an error.
    is_answered = "return !window.sent && document.readyState === 'complete'"
    wait = WebDriverWait(page, 120, ignored_exceptions=(WebDriverException,))
    wait.until(lambda browser: browser.execute_script(is_answered))


def shown(page: Chrome) -> list[str]:
    return [row.text for row in page.find_elements(By.CSS_SELECTOR, "tbody tr")]


def test_a_typed_line_shows_the_score_that_invocations_gives(page: Chrome, port: int) -> None:
    send(page, "1.5,2")
    scored = json.loads(send_request(port, "POST", "/invocations", b"1.5,2", Content_Type="text/csv")[1])
    assert shown(page) == [f"1 {scored['predictions'][0]['score']:g}"]
    assert page.find_element(By.ID, "text").get_attribute("value") == "1.5,2"
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_file_is_scored(page: Chrome, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text('{"features": [1, 2]}\n{"features": [3, 4]}\n')
    send(page, file=file)
    assert shown(page) == ["1 3", "2 7"]
    assert page.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_wrong_line_shows_the_reason_and_stays(page: Chrome) -> None:
    send(page, "1,<b>oops</b>")
    assert page.find_element(By.CSS_SELECTOR, ".reason").text == (
        "record 1, column 2: expected a number, found '<b>oops</b>'. Write categories as numbers"
    )
    assert page.find_element(By.ID, "text").get_attribute("value") == "1,<b>oops</b>"
    assert shown(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_never_wider_than_the_screen(page: Chrome, width: int) -> None:
    resize(page, width)
    send(page, "1," + "2" * 30)
    assert shown(page)
    send(page, "1,2,x" + "x" * 200)
    assert page.find_element(By.CSS_SELECTOR, ".reason").is_displayed()
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_what_adds_to_a_score_is_opened_without_a_script_and_long_names_wrap(browser: Chrome, width: int) -> None:
    with running_server(EXPLAINING) as number:
        resize(browser, width)
        browser.get(f"http://127.0.0.1:{number}/")
        browser.get_log("browser")  # type: ignore[no-untyped-call]
        send(browser, "1,2\n3,4")
        first = browser.find_element(By.CSS_SELECTOR, "#answer details")
        bar = first.find_element(By.CSS_SELECTOR, "rect")
        assert not bar.is_displayed()
        first.find_element(By.TAG_NAME, "summary").click()
        short, long = first.find_elements(By.TAG_NAME, "th")
        assert bar.is_displayed()
        assert bar.rect["width"] > 0.3 * width * (1 if width < 500 else 0.5)
        assert long.rect["height"] > 2 * short.rect["height"]
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_colours_follow_the_system(page: Chrome) -> None:
    def darkness(scheme: str) -> list[int]:
        media: dict[str, Any] = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        colours = [
            page.find_element(By.TAG_NAME, "body").value_of_css_property(name) for name in ("background-color", "color")
        ]
        return [sum(map(int, colour[colour.index("(") + 1 : -1].split(",")[:3])) for colour in colours]

    surface, ink = darkness("light")
    assert surface > ink + 300
    surface, ink = darkness("dark")
    assert surface < ink - 300
