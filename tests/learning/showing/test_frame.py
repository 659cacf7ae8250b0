"""The frame of a report: a page that another algorithm writes with a short template and what it has to show."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Key, PageHead, Table, render_page
from open_algorithms.learning.showing.plots import Curve, Mark, draw_curves
from tests.page import read_blocks
from tests.reader import PageReader

EVIL = "<script>alert(1)</script>"
CLUSTERS = read_blocks("html", "rooms/learning.md")["A page for people"]


def render_clusters(folder: Path, name: str = "first") -> str:
    template = folder / "clusters.html"
    template.write_text(CLUSTERS, encoding="utf-8")
    distances = Curve([1, 2, 3], [9.0, 4.0, 3.5], name)
    return render_page(
        template,
        PageHead(f"Clusters of {name}", "Three rounds.", [f"{name} is empty."], [("rows", "1,200")]),
        sizes=Table(["cluster", "rows"], [[name, 700], ["second", 500]], chosen=1, texts=[1]),
        curves=[
            Figure(
                name, draw_curves([distances], name, Scale("round", whole=True), Scale(name)), [Key("--accent", name)]
            ),
            Figure("Sizes", draw_bars([name, "second"], [700, 500], "Sizes")),
        ],
    )


def test_a_page_is_one_whole_file_that_fetches_nothing(tmp_path: Path) -> None:
    page = render_clusters(tmp_path)
    reader = PageReader(page)
    assert page.startswith("<!doctype html>\n<html")
    assert reader.fetched == ["data:,"]
    assert "url(" not in page
    assert "color-scheme: light dark" in page


def test_it_shows_head_sections_tables_and_figures(tmp_path: Path) -> None:
    reader = PageReader(render_clusters(tmp_path))
    for text in ("Clusters of first", "Three rounds.", "first is empty.", "1,200", "Did it converge?", "700", "Sizes"):
        assert text in reader.texts
    assert [tag for tag, _ in reader.tags].count("figure") == 2
    assert [attributes for tag, attributes in reader.tags if tag == "tr"] == [{}, {}, {"class": "chosen"}, {}, {}]
    assert [attributes["style"] for tag, attributes in reader.tags if tag == "li"] == ["--of: var(--accent)"]
    cells = [attributes for tag, attributes in reader.tags if tag == "td"]
    assert cells == [{"class": "text"}] * 2 + [{"class": "bar"}, {}] * 2


def test_names_are_text_wherever_they_stand(tmp_path: Path) -> None:
    page = render_clusters(tmp_path, EVIL)
    assert "<script" not in page
    texts = PageReader(page).texts
    for text in (f"Clusters of {EVIL}", f"{EVIL} is empty.", EVIL):
        assert text in texts


def test_a_value_that_a_template_lacks_is_an_error(tmp_path: Path) -> None:
    template = tmp_path / "page.html"
    template.write_text('{% extends "frame.html" %}{% block sections %}{{ missing }}{% endblock %}', encoding="utf-8")
    with pytest.raises(UndefinedError, match="'missing' is undefined"):
        render_page(template, PageHead("A title", "A summary."))
    assert "given" in render_page(template, PageHead("A title", "A summary."), missing=Markup("given"))


def test_sentences_may_break_and_so_may_the_names_in_them(tmp_path: Path) -> None:
    template = tmp_path / "sentences.html"
    template.write_text(
        '{% extends "frame.html" %}{% from "pieces.html" import table %}{% block sections %}'
        "{{ table(it) }}{% endblock %}"
    )
    page = render_page(template, PageHead("a", "b"), it=Table(["a", "b", "c"], [[1, "long_name", 2]], sentences=[1]))
    assert '<td class="text sentence">long_<wbr>name</td>' in page
    assert "<td>2</td>" in page


def test_marks_stand_over_the_curves_with_their_texts() -> None:
    dots = Curve([0, 1], [0, 1], "rows", dot_radius=2, dot_opacity=0.5)
    picture = draw_curves([dots], "t", Scale("x"), Scale("y"), [Mark(0.5, 0.5, EVIL, EVIL, "--hue-1")])
    assert 'fill-opacity="0.5"' in picture
    assert picture.index("<circle r=") > picture.index('r="2"')
    assert 'stroke="var(--hue-1)"' in picture
    assert "<script" not in picture
    assert picture.count("&lt;script&gt;") == 2
