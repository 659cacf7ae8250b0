"""The frame of a report: an algorithm's template rendered into one HTML file that needs nothing beside it.

The template extends `frame.html`, fills its block `sections` with headings and texts, and takes tables and figures from
the macros of `pieces.html`. Whatever is not Markup is escaped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from open_algorithms.learning.showing.bars import read_bar_style

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PageHead:
    """What a reader sees first: a title, a summary, warnings, and headline figures as pairs of a name and a text."""

    title: str
    summary: str
    warnings: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()


class Key(NamedTuple):
    """What a colour, a CSS custom property, stands for, and how it is drawn: as a line, dashes, a dot, or a block."""

    colour: str
    text: str
    shape: str = "line"


@dataclass(frozen=True)
class Figure:
    """A picture with a caption, the `key` of its colours, and a `note` on how to read it."""

    caption: str
    picture: Markup
    key: Sequence[Key] = ()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the row `chosen` is highlighted, columns in `texts` are aligned to the left as the first one is.

    Those in `sentences` are too, and their lines may break.
    """

    heads: Sequence[object]
    rows: Sequence[Sequence[object]]
    chosen: int | None = None
    texts: Collection[int] = ()
    sentences: Collection[int] = ()


def render_page(template: Path, head: PageHead, **values: object) -> str:
    """Render a template, which sees `head` and `values`."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((FOLDER / "frame.css").read_text(encoding="utf-8") + read_bar_style())
    return environment.get_template(template.name).render(style=style, head=head, **values)
