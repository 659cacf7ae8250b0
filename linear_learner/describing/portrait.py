"""A model as an HTML fragment: its facts, bar charts of its largest weights, and the names of its features."""

from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from linear_learner.describing.facts import CLASS_BARS, MAX_BARS, PICTURED_CLASSES, model_facts
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.showing.bars import draw_bars

MAX_NAMES = 1000

_SENSES = {
    "regressor": "A bar to the right raises the score, one to the left lowers it.",
    "binary_classifier": "A bar to the right speaks for label {1}, one to the left for label {0}.",
    "multiclass_classifier": "A bar to the right speaks for the class, one to the left against it. Scales differ.",
}
_UNITS = "Each weight is for one unit of its feature, so a feature whose numbers are small may have a large weight."

_PORTRAIT = Markup("<h1>{}</h1>\n<dl>\n{}\n</dl>\n<h2>Largest weights</h2>\n<p>{} {}</p>\n{}\n{}")
_FACT = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
_FIGURE = Markup("<figure>\n<figcaption>{}</figcaption>\n{}\n</figure>")
_MORE = Markup("<p>These are the first {} of {:,} classes.</p>")
_NAMES = Markup("<details>\n<summary>{}</summary>\n<ol>\n{}\n</ol>\n</details>")
_NAME = Markup("<li>{}</li>")


def render_portrait(model: LinearModel) -> Markup:
    """Render a model as a fragment of HTML."""
    title = model.predictor_type.replace("_", " ").capitalize()
    pairs = _join_lines(_FACT.format(name.replace("_", " ").capitalize(), text) for name, text in model_facts(model))
    return _PORTRAIT.format(
        title,
        pairs,
        _SENSES[model.predictor_type].format(*model.class_names),
        _UNITS,
        _draw_figures(model),
        _list_names(model),
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
    return _join_lines([*figures, *more])


def _draw_figure(model: LinearModel, output: int, count: int, caption: str) -> Markup:
    """Draw the `count` largest weights of an output."""
    weights = model.weight[:, output]
    largest = np.argsort(-np.abs(weights), kind="stable")[:count]
    if model.recipe is not None:
        largest = np.array(model.recipe.group_by_column(largest.tolist()), np.int64)
    names = [model.names[i] if model.names else f"f{i}" for i in largest]
    return _FIGURE.format(caption, draw_bars(names, weights[largest].tolist(), f"Largest weights: {caption}"))


def _list_names(model: LinearModel) -> Markup:
    """List the features in the order of a record, where their names are known, or the columns of a table."""
    what, names = "features, in the order of a record", model.names
    if model.recipe is not None:
        what, names = "columns, in the order of training", model.recipe.column_names
    if not names:
        return Markup("")
    first = f"The first {MAX_NAMES:,} of " if len(names) > MAX_NAMES else ""
    return _NAMES.format(f"{first}{len(names):,} {what}", _join_lines(map(_NAME.format, names[:MAX_NAMES])))


def _join_lines(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)
