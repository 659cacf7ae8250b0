"""What is recommended as text: a table for a terminal, CSV, or JSON.

Tests: tests/commands/test_recommend.py.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from container.codecs.csv import write_header
from open_algorithms.commands.predicting.answers import rename_taken
from open_algorithms.commands.predicting.writing import write_rows
from open_algorithms.learning.showing.text_table import TextTable

SCORE = "score"


class Recommended(Protocol):
    """What an algorithm recommends to a user: items and their scores, the best first."""

    @property
    def known(self) -> bool:
        """Whether the model knows the user."""

    @property
    def items(self) -> Sequence[str]:
        """The items."""

    @property
    def scores(self) -> Sequence[float]:
        """Their scores."""


Answers = Iterable[tuple[str, Recommended]]  # of users


class Names(NamedTuple):
    """The names of the columns of users and items."""

    user: str
    item: str


def write_table(names: Names, answers: Answers) -> bytes:
    """Write the items of each user as a table for people."""
    lines = []
    for _, one in answers:
        rows = [[item, f"{score:.6g}"] for item, score in zip(one.items, one.scores, strict=True)]
        lines += TextTable("", [names.item, SCORE], rows).as_lines(len(rows))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def write_csv_header(names: Names) -> bytes:
    """Write the names of the columns of CSV."""
    return write_header([*names, *rename_taken([SCORE], [*names])])


def write_csv(names: Names, answers: Answers) -> bytes:
    """Write a line of CSV for each item of each user: user, item, score."""
    import pyarrow

    users, items, scores = list[str](), list[str](), list[float]()
    for user, one in answers:
        users += [user] * len(one.items)
        items += one.items
        scores += one.scores
    if not users:
        return b""
    texts: dict[str, Any] = {name: pyarrow.array(part, pyarrow.string()) for name, part in (("u", users), ("i", items))}
    return write_rows({**texts, SCORE: pyarrow.array(scores, pyarrow.float32())})


def write_json(names: Names, answers: Answers) -> bytes:
    """Write a line of JSON for each user, as a server answers."""
    lines = []
    for user, one in answers:
        pairs = [{"item": item, "score": score} for item, score in zip(one.items, one.scores, strict=True)]
        lines.append(json.dumps({"user": user, "known": one.known, "recommendations": pairs}, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


Write = Callable[[Names, Answers], bytes]
