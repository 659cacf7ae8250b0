"""A model as a piece of HTML."""

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.portrait import render_portrait
from open_algorithms.learning.showing.bars import draw_bars
from tests.k_means.tables import make_model, make_table_model


def test_sizes_and_what_tells_clusters_apart_are_drawn() -> None:
    html = render_portrait(CentroidModel(np.array([[0, 10], [4, 12]], np.float32), facts={"sizes": [3000, 1000]}))
    sizes = draw_bars(["cluster 0", "cluster 1"], [3000, 1000], "Rows of each cluster", lambda value: f"{value:,}")
    first = draw_bars(["f0", "f1"], [-1, -0.5], "Center of cluster 0")
    second = draw_bars(["f0", "f1"], [3, 1.5], "Center of cluster 1")
    assert all(chart in html for chart in (sizes, first, second))
    assert "the mean of all rows" in html
    assert "in the feature&#39;s own unit" in html


def test_the_originals_model_has_centers_and_no_sizes() -> None:
    html = render_portrait(make_model(3, deviations=np.ones(4, np.float32)))
    assert "Rows of each cluster" not in html
    assert "the mean of all centers" in html
    assert "in standard deviations of the feature" in html
    assert html.count("<figure>") == 3


def test_of_many_clusters_the_largest_are_drawn_and_that_is_said() -> None:
    html = render_portrait(make_model(200, facts={"sizes": list(range(200))}))
    assert "Rows of the 20 largest clusters" in html
    assert "These are the largest 10 of 200 clusters." in html
    assert html.count("<figure>") == 11
    assert "Cluster 199" in html


def test_names_are_listed_where_they_are_known_and_never_html() -> None:
    html = render_portrait(make_model(2, features=2, names=("<script>alert(1)</script>", "b")))
    assert "<script" not in html
    assert "2 features, in the order of a record" in html
    assert "7 columns, in the order of training" in render_portrait(make_table_model())
    assert "<li>" not in render_portrait(make_model(2))


def test_a_wide_model_of_many_clusters_has_a_page_of_bounded_size() -> None:
    assert len(render_portrait(make_model(2000, features=500, facts={"sizes": [1] * 2000}))) < 40_000
