"""Parts of a model's portrait: texts are never HTML, and long lists are bounded."""

from markupsafe import Markup

from open_algorithms.learning.showing.portraits import MAX_NAMES, frame_figure, join_lines, list_facts, list_names

EVIL = "<script>alert(1)</script>"


def test_facts_have_their_names_in_front() -> None:
    assert list_facts([("label_name", "a")]) == "<dl>\n<div><dt>Label name</dt><dd>a</dd></div>\n</dl>"


def test_texts_are_never_html() -> None:
    parts = [list_facts([(EVIL, EVIL)]), frame_figure(EVIL, Markup("<svg></svg>")), list_names([EVIL], None)]
    html = join_lines([*parts, list_names([], [EVIL])])
    assert "<script" not in html
    assert "<svg></svg>" in html


def test_names_are_those_of_the_columns_where_there_is_a_table() -> None:
    assert "1 features, in the order of a record" in list_names(["a"], None)
    found = list_names(["a=1", "a=2"], ["a"])
    assert "1 columns, in the order of training" in found
    assert "<li>a</li>" in found
    assert list_names([], None) == ""


def test_of_very_many_names_the_first_are_listed() -> None:
    html = list_names([str(i) for i in range(10**5)], None)
    assert "The first 1,000 of 100,000 features" in html
    assert html.count("<li>") == MAX_NAMES
