"""The keys of report.json, as reports have them and as a page lists them."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from tests.page import DOCS

Keys = dict[str, set[str]]  # by place


def find_objects(value: Any, named: Collection[str], place: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the place of each object and its keys: `[]` stands for an element of a list, `NAME` for a channel.

    What stands at a place that ends in one of the words `named` has keys that the job names.
    """
    if isinstance(value, list):
        for part in value:
            yield from find_objects(part, named, f"{place}[]")
    elif isinstance(value, dict) and place.endswith("channels"):
        for part in value.values():
            yield from find_objects(part, named, f"{place}.NAME")
    elif isinstance(value, dict) and not place.endswith(tuple(named)):
        yield place or "the top", set(value)
        for key, part in value.items():
            yield from find_objects(part, named, f"{place}.{key}".lstrip("."))


def add_keys(found: Keys, report: Any, named: Collection[str]) -> None:
    """Add the keys of a report to those that were found."""
    for place, keys in find_objects(report, named):
        found.setdefault(place, set()).update(keys)


def read_keys(page: str) -> Keys:
    """Return the keys that a page of docs lists."""
    rows = re.findall(
        r"^\| `?([\w.\[\] ]+?)`? \| (`[\w` ]+`) \|", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {place: set(re.findall(r"\w+", keys)) for place, keys in rows}
