"""A model as an HTML fragment: its facts, bar charts of its largest weights, and the names of its features."""

from markupsafe import Markup

from linear_learner.describing.facts import (
    CLASS_BARS,
    MAX_BARS,
    PICTURED_CLASSES,
    compare_weights,
    group_by_column,
    model_facts,
    name_features,
    rank_features,
)
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines, list_facts, list_names
from open_algorithms.learning.showing.quality.answer import describe_classes

_SENSES = {
    "regressor": "A bar to the right raises the score, one to the left lowers it.",
    "binary_classifier": "A bar to the right speaks for label {1}, one to the left for label {0}.",
    "multiclass_classifier": "A bar to the right speaks for the class, one to the left against it. Scales differ.",
}
_PER_DEVIATION = "Each weight is for one standard deviation of its feature in training, so that weights compare."
_PER_UNIT = "Each weight is for one unit of its feature, so a feature whose numbers are small may have a large weight."

_PORTRAIT = Markup("<h1>{}</h1>\n{}\n<h2>Largest weights</h2>\n<p>{} {}</p>\n{}\n{}")
_MORE = Markup("<p>These are the first {} of {:,} classes.</p>")


def render_portrait(model: LinearModel) -> Markup:
    """Render a model as a fragment of HTML."""
    title = model.predictor_type.replace("_", " ").capitalize()
    if model.label_name:
        classes = f": {describe_classes(list(model.class_names))}" if model.class_names else ""
        title = f"Predicts {model.label_name}{classes}"
    return _PORTRAIT.format(
        title,
        list_facts(model_facts(model)),
        _SENSES[model.predictor_type].format(*model.class_names),
        _PER_UNIT if model.deviations is None else _PER_DEVIATION,
        _draw_figures(model),
        list_names(model.names, None if model.recipe is None else model.recipe.column_names),
    )


def _draw_figures(model: LinearModel) -> Markup:
    """Draw the largest weights; of a multiclass classifier those of each of the first classes."""
    if model.outputs == 1:
        shown = min(MAX_BARS, model.feature_dim)
        return _draw_figure(model, 0, MAX_BARS, f"{shown:,} of {model.feature_dim:,} features")
    figures = [
        _draw_figure(model, k, CLASS_BARS, f"Class {model.class_names[k]}")
        for k in range(min(PICTURED_CLASSES, model.outputs))
    ]
    more = [_MORE.format(PICTURED_CLASSES, model.outputs)] if model.outputs > PICTURED_CLASSES else []
    return join_lines([*figures, *more])


def _draw_figure(model: LinearModel, output: int, count: int, caption: str) -> Markup:
    """Draw the `count` largest weights of an output."""
    largest = group_by_column(model, rank_features(model, count, output))
    weights = compare_weights(model, largest)[:, output].tolist()
    return frame_figure(caption, draw_bars(name_features(model, largest), weights, f"Largest weights: {caption}"))
