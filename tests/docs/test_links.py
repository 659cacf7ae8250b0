"""The links of every page: what they lead to is there, and every page is led to."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from tests.page import DOCS, README, TOP, list_pages

PAGES = list_pages()
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)[^`].*?\1", re.DOTALL)
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]*)|^\[[^\]]+\]:\s*(\S+)|<(?:a|img)\b[^>]*?(?:href|src)=[\"']([^\"']*)|<(\w+://[^>]*)>", re.M
)
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


class Link(NamedTuple):
    """A target as a page has it; the page is told from the top of the checkout."""

    page: str
    target: str

    @property
    def path(self) -> Path:
        """The file that it leads to."""
        written = unquote(self.target.partition("#")[0])
        return (TOP / self.page).parent.joinpath(written).resolve() if written else TOP / self.page


def find_targets(text: str) -> Iterator[str]:
    """Give what the links and pictures of a page lead to."""
    for found in LINK.finditer(CODE.sub("", FENCED.sub("", text))):
        yield next(target for target in found.groups() if target is not None)


def find_anchors(text: str) -> set[str]:
    """Give the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#{1,6} +(.+?)(?: +#+)?$", FENCED.sub("", text), re.MULTILINE)
    seen: Counter[str] = Counter()
    anchors = set(re.findall(r"<a (?:id|name)=\"([^\"]+)", text))
    for heading in headings:
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return anchors


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


LINKS = [Link(str(page.relative_to(TOP)), target) for page in PAGES for target in find_targets(read(page))]
INNER = [link for link in LINKS if "://" not in link.target]


def test_a_link_leads_to_a_file_of_the_project_and_to_a_heading_of_it() -> None:
    assert [link for link in INNER if not link.path.is_relative_to(TOP)] == [], "they lead out of the project"
    assert [link for link in INNER if not link.path.exists()] == [], "they lead nowhere"
    anchors = {path: find_anchors(read(path)) for path in {link.path for link in INNER if "#" in link.target}}
    assert [link for link in INNER if "#" in link.target and link.target.split("#")[1] not in anchors[link.path]] == []


def is_whole_address(target: str) -> bool:
    address = urlsplit(target)
    return bool(address.scheme == "https" and HOST.fullmatch(address.netloc) and re.fullmatch(r"[!-~]+", target))


def test_a_link_to_elsewhere_is_a_whole_address_under_https() -> None:
    assert [link for link in LINKS if link not in INNER and not is_whole_address(link.target)] == []


def test_every_page_is_led_to_from_the_readme() -> None:
    reached, ahead = set(), [README]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            name = str(page.relative_to(TOP))
            ahead += [link.path for link in INNER if link.page == name and link.path.suffix == ".md"]
    assert set(PAGES) - reached == set()


def test_every_file_beside_the_pages_is_shown_by_one() -> None:
    shown = {link.path for link in INNER}
    assert [path.name for path in DOCS.rglob("*") if path.is_file() and path not in shown] == []


def test_links_are_found_wherever_markdown_has_them_and_not_in_code() -> None:
    text = """
[a
b](one.md#x "title"), ![](two.svg) and [c](<three.md>) `[no](no.md)` ``a ` [no](no.md)`` <https://four.org>
<img alt="" src="five.png"> <a href="six.md">d</a>
```sh
[no](no.md)
```
[e]: seven.md
"""
    expected = ["one.md#x", "two.svg", "three.md", "https://four.org", "five.png", "six.md", "seven.md"]
    assert list(find_targets(text)) == expected


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Stop, go on, begin from a model", "stop-go-on-begin-from-a-model"),
        ("What does a whole `train` process take?", "what-does-a-whole-train-process-take"),
        ("The SDK's own LinearLearner classes", "the-sdks-own-linearlearner-classes"),
        ("A [link](to.md) and snake_case - it", "a-link-and-snake_case---it"),
        ("Maße", "maße"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    assert find_anchors(f"# First\n\n## {heading}\n\n```sh\n# no heading\n```\n## {heading}\n") == {
        "first",
        anchor,
        f"{anchor}-1",
    }
