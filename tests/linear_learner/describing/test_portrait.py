"""A model as a piece of HTML."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from linear_learner.describing.portrait import render_portrait
from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.showing.bars import draw_bars
from tests.linear_learner.artifacts import draw_model


def test_the_largest_weights_come_first_with_their_sign() -> None:
    model = replace(draw_model(features=3), weight=np.array([[0.5], [-2], [0]], np.float32))
    html = render_portrait(model)
    assert draw_bars(["f1", "f0", "f2"], [-2, 0.5, 0], "Largest weights: 3 of 3 features") in html
    assert "Each weight is for one unit of its feature" in html


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_are_drawn_per_standard_deviation_where_the_model_knows_that(outputs: int) -> None:
    kind = "multiclass_classifier" if outputs > 1 else "regressor"
    weight = np.array([[0.5], [-2], [0.25]], np.float32) * np.arange(1, outputs + 1, dtype=np.float32)
    deviations = np.array([8, 0.5, 1], np.float32)
    model = replace(draw_model(kind), weight=weight, bias=np.zeros(outputs, np.float32), deviations=deviations)
    html = render_portrait(model)
    for k in range(outputs):
        label = f"Class {k}" if outputs > 1 else "3 of 3 features"
        values = [value * (k + 1) for value in (4, -1, 0.25)]
        assert draw_bars(["f0", "f1", "f2"], values, f"Largest weights: {label}") in html
    assert "Each weight is for one standard deviation of its feature in training" in html
    assert "one unit" not in html


@pytest.mark.parametrize("predictor", LOSSES_BY_PREDICTOR)
@pytest.mark.parametrize("features", [1, 784])
def test_every_kind_of_model_says_what_it_is_and_shows_a_few_weights(predictor: str, features: int) -> None:
    model = draw_model(predictor, features=features)
    html = render_portrait(model)
    assert f"<dd>{predictor}</dd>" in html
    shown = min(5 if model.outputs > 1 else 20, features)
    largest = np.argsort(-np.abs(model.weight), axis=0, kind="stable")[:shown]
    for k in range(model.outputs):
        names, values = [f"f{i}" for i in largest[:, k]], model.weight[largest[:, k], k].tolist()
        label = f"Class {k}" if model.outputs > 1 else f"{shown} of {features} features"
        assert draw_bars(names, values, f"Largest weights: {label}") in html
    assert ("<dt>Threshold</dt><dd>0.4</dd>" in html) == (predictor == "binary_classifier")


def test_of_many_classes_the_first_are_drawn_and_that_is_said() -> None:
    weight = np.ones((3, 12), np.float32)
    html = render_portrait(LinearModel("multiclass_classifier", "softmax_loss", weight, np.zeros(12, np.float32)))
    assert html.count("<figure>") == 10
    assert "These are the first 10 of 12 classes." in html


def test_names_are_listed_where_they_are_known_and_never_html() -> None:
    names = ("age", "<script>alert(1)</script>", "x" * 40)
    html = render_portrait(replace(draw_model(features=3), names=names))
    assert "<script" not in html
    assert [unescape(name) for name in re.findall("<li>(.*?)</li>", html)] == list(names)
    assert "<li>" not in render_portrait(draw_model(features=3))


def test_a_model_of_a_million_named_features_has_a_page_of_bounded_size() -> None:
    wide = LinearModel("regressor", "squared_loss", np.ones((10**6, 1), np.float32), np.zeros(1, np.float32))
    assert len(render_portrait(wide)) < 20_000
    named = render_portrait(replace(wide, names=tuple(map(str, range(10**6)))))
    assert len(named) < 50_000
    assert "The first 1,000 of 1,000,000 features" in named


@pytest.mark.parametrize(
    ("predictor", "title"),
    [
        ("binary_classifier", "Predicts churn: No or Yes"),
        ("regressor", "Predicts churn"),
    ],
)
def test_the_label_is_what_it_begins_with_where_its_name_is_known(predictor: str, title: str) -> None:
    names, classes = ("a", "b", "c"), ("No", "Yes") if predictor == "binary_classifier" else ()
    model = replace(draw_model(predictor, features=3), names=names, label_name="churn", label_classes=classes)
    assert render_portrait(model).startswith(f"<h1>{title}</h1>")
    assert render_portrait(draw_model(predictor)).startswith(f"<h1>{predictor.replace('_', ' ').capitalize()}</h1>")
