"""The page of a server shows what counts most in a machine."""

from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.describing.portrait import render_portrait, tabulate_pairs
from open_algorithms.factorization_machines.rows.units import Units
from open_algorithms.learning.showing.bars import draw_bars
from tests.factorization_machines.models import draw_model
from tests.factorization_machines.tables import make_table_model


def test_it_shows_facts_weights_pairs_and_names() -> None:
    page = render_portrait(make_table_model())
    assert "<h1>Factorization machine: binary classifier</h1>" in page
    assert "A bar to the right speaks for label yes, one to the left for label no." in page
    assert page.count("<figure>") == page.count("<table>") == 1
    assert "Only features of different columns are shown." in page
    assert "5 columns, in the order of training" in page


def test_a_regressor_without_names_is_told_by_numbers_of_features() -> None:
    page = render_portrait(draw_model("regressor"))
    assert "<h1>Factorization machine: regressor</h1>" in page
    assert "raises the score" in page
    assert '<th scope="row">f' in page
    assert "different columns" not in page
    assert "<ol>" not in page


def test_without_factors_there_are_no_pairs() -> None:
    page = render_portrait(draw_model(factors=0))
    assert "Largest linear weights" in page
    assert "pairs" not in page


def test_names_and_settings_are_never_html() -> None:
    script = "<script>alert(1)</script>"
    model = draw_model("binary_classifier", features=2)
    model = replace(model, names=(script, "b"), label_classes=(script, "y"), settings={"epochs": script})
    page = render_portrait(replace(model, label_name=script))
    assert "<script" not in page
    assert "&lt;script" in page


def test_a_wide_machine_has_a_page_of_bounded_size() -> None:
    assert len(render_portrait(draw_model(features=5000))) < 20_000


def test_long_names_of_pairs_are_cut_in_the_middle() -> None:
    table = tabulate_pairs("Pairs", "feature", "product", [("a" * 100, "b", -0.25)])
    assert "a" * 20 + "…" + "a" * 19 + "<" in table
    assert "\N{MINUS SIGN}0.25" in table


def test_weights_and_pairs_are_drawn_in_the_units_of_training_where_the_model_knows_these() -> None:
    model = draw_model("regressor", features=3)
    page = render_portrait(model)
    assert "Each weight is for one unit of its feature" in page
    assert "where both are 1:" in page
    sizes = np.array([40, 1, 0.5], np.float32)
    model = replace(model, linear=np.array([0.5, -2, 0], np.float32), reach=Units(None, sizes).reach)
    page = render_portrait(model)
    assert draw_bars(["f0", "f1", "f2"], [20, -2, 0], "Largest linear weights: 3 of 3 features") in page
    assert "Each weight is for one unit of training" in page
    assert "where both are 1:" not in page
