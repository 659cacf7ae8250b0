"""Content-Type and Accept as clients write them."""

import pytest

from container.codecs.media import choose, parse

OFFERS = ["application/json", "application/jsonlines", "text/csv"]


@pytest.mark.parametrize("text", ["text/csv;label_size=1", "text/CSV; label_size=1", "TEXT/csv ; Label_Size = 1"])
def test_case_and_spaces_do_not_matter(text: str) -> None:
    media = parse(text)
    assert (media.name, media.parameters) == ("text/csv", {"label_size": "1"})


def test_quoted_and_several_parameters_are_read() -> None:
    assert parse('text/csv; charset="UTF-8"; label_size=0').parameters == {"charset": "UTF-8", "label_size": "0"}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/csv, application/json", "text/csv"),
        ("application/json;q=0.2, text/csv;q=0.9", "text/csv"),
        ("application/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/json;q=0, */*", "application/jsonlines"),
        ("text/html", None),
        ("text/csv;q=0", None),
        ("text/csv;q=x", None),
        ("", None),
    ],
)
def test_accept_chooses_by_quality_then_order(accept: str, expected: str | None) -> None:
    assert choose(accept, OFFERS) == expected
