"""The page of a server shows what its components are."""

from dataclasses import replace

from open_algorithms.pca.describing.portrait import render_portrait
from tests.pca.data import draw_rows
from tests.pca.jobs import find

MODEL = replace(find({"num_components": "3"}, draw_rows(50, 5)).model, names=("a", "b<i>", "c", "d", "e"))


def test_it_shows_facts_shares_and_loadings() -> None:
    page = render_portrait(MODEL)
    assert "<h1>3 principal components</h1>" in page
    assert page.count("<figure>") == 4
    assert "Variance that each component explains, in percent" in page
    assert "Component 1, " in page
    assert "5 features, in the order of a record" in page


def test_names_are_escaped() -> None:
    assert "<i>" not in render_portrait(MODEL)
    assert "b&lt;i&gt;" in render_portrait(MODEL)


def test_a_model_of_the_original_has_loadings_alone() -> None:
    page = render_portrait(replace(MODEL, facts={}, names=()))
    assert page.count("<figure>") == 3
    assert "of the variance" not in page.split("</p>")[1]
