"""How a fitted estimator and its report look in a notebook, and where there is none."""

from html import escape
from pathlib import Path

from markupsafe import Markup

from open_algorithms.learning.showing.bars import read_bar_style

_CARD = Markup(
    """<style>
.learned-model {{ --ink: currentColor; --line: #8888; --accent: #3d7cc0; --minus: #c8683f; margin-top: .75rem; }}
.learned-model h1 {{ font-size: 1.1rem; }}
.learned-model h2 {{ font-size: 1rem; }}
.learned-model dl {{ display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }}
.learned-model dt {{ opacity: .7; font-size: .85em; }}
.learned-model dd {{ margin: 0; }}
.learned-model figure {{ max-width: 40rem; margin: 1rem 0; }}
{style}</style>
<div class="learned-model">{notes}{portrait}</div>"""
)
_NOTE = Markup("<p>{}</p>")
_FRAME = '<iframe srcdoc="{}" style="width: 100%; height: 40rem; border: 0" title="report"></iframe>'


def render_card(portrait: Markup, notes: list[str]) -> str:
    """Return what a notebook shows below the parameters of a fitted estimator: notes and the model's portrait."""
    return str(
        _CARD.format(style=Markup(read_bar_style()), notes=Markup("").join(map(_NOTE.format, notes)), portrait=portrait)
    )


class ReportPage:
    """The report of a fit: a page in a notebook, a few lines of text elsewhere, and a file by `save`."""

    def __init__(self, html: str, summary: str) -> None:
        self.html = html
        self._summary = summary

    def save(self, path: str | Path) -> None:
        """Write the page as a file, which needs nothing beside it."""
        Path(path).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        """Return the page as a frame, so that its style stays its own."""
        return _FRAME.format(escape(self.html, quote=True))

    def __repr__(self) -> str:
        return self._summary
