"""A model as an HTML fragment: its facts, bar charts of its largest weights, and the names of its features."""

import numpy as np
from markupsafe import Markup

from linear_learner.describing.facts import CLASS_BARS, MAX_BARS, PICTURED_CLASSES, model_facts
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines, list_facts, list_names

_SENSES = {
    "regressor": "A bar to the right raises the score, one to the left lowers it.",
    "binary_classifier": "A bar to the right speaks for label {1}, one to the left for label {0}.",
    "multiclass_classifier": "A bar to the right speaks for the class, one to the left against it. Scales differ.",
}
_UNITS = "Each weight is for one unit of its feature, so a feature whose numbers are small may have a large weight."

_PORTRAIT = Markup("<h1>{}</h1>\n{}\n<h2>Largest weights</h2>\n<p>{} {}</p>\n{}\n{}")
_MORE = Markup("<p>These are the first {} of {:,} classes.</p>")


def render_portrait(model: LinearModel) -> Markup:
    """Render a model as a fragment of HTML."""
    title = model.predictor_type.replace("_", " ").capitalize()
    return _PORTRAIT.format(
        title,
        list_facts(model_facts(model)),
        _SENSES[model.predictor_type].format(*model.class_names),
        _UNITS,
        _draw_figures(model),
        list_names(model.names, None if model.recipe is None else model.recipe.column_names),
    )


def _draw_figures(model: LinearModel) -> Markup:
    """Draw the largest weights; of a multiclass classifier those of each of the first classes."""
    if model.outputs == 1:
        return _draw_figure(
            model, 0, MAX_BARS, f"{min(MAX_BARS, model.feature_dim):,} of {model.feature_dim:,} features"
        )
    figures = [
        _draw_figure(model, k, CLASS_BARS, f"Class {model.class_names[k]}")
        for k in range(min(PICTURED_CLASSES, model.outputs))
    ]
    more = [_MORE.format(PICTURED_CLASSES, model.outputs)] if model.outputs > PICTURED_CLASSES else []
    return join_lines([*figures, *more])


def _draw_figure(model: LinearModel, output: int, count: int, caption: str) -> Markup:
    """Draw the `count` largest weights of an output."""
    weights = model.weight[:, output]
    largest = np.argsort(-np.abs(weights), kind="stable")[:count]
    if model.recipe is not None:
        largest = np.array(model.recipe.group_by_column(largest.tolist()), np.int64)
    names = [model.names[i] if model.names else f"f{i}" for i in largest]
    return frame_figure(caption, draw_bars(names, weights[largest].tolist(), f"Largest weights: {caption}"))
