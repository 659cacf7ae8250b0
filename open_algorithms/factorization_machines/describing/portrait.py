"""A machine as an HTML fragment: its facts, its largest linear weights and pairs, and the names of its features."""

from collections.abc import Iterable

from markupsafe import Markup

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing.facts import (
    describe_pairs,
    list_largest_weights,
    model_facts,
    name_feature,
)
from open_algorithms.factorization_machines.describing.pairs import list_largest_pairs
from open_algorithms.factorization_machines.describing.units import read_sizes, standardise_model
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines, list_facts, list_names
from open_algorithms.learning.showing.words import cut_middle, format_number

MAX_BARS, MAX_PAIRS = 20, 20
LONGEST_NAME = 40  # letters

_PORTRAIT = Markup("<h1>{}</h1>\n{}\n<h2>Largest linear weights</h2>\n<p>{} {}</p>\n{}\n{}\n{}")
_PAIRS = Markup("<h2>Largest pairs</h2>\n<p>{}</p>\n{}")
_TABLE = Markup(
    '<div class="scrolls">\n<table>\n<caption>{}</caption>\n'
    '<thead><tr><th scope="col">{}</th><th scope="col">and</th><th scope="col">{}</th></tr></thead>\n'
    "<tbody>\n{}\n</tbody>\n</table>\n</div>"
)
_ROW = Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>')
_SENSES = {
    "regressor": "A bar to the right raises the score, one to the left lowers it.",
    "binary_classifier": "A bar to the right speaks for label {1}, one to the left for label {0}.",
}
_OF_UNITS = "Each weight is for one unit of its feature, so a feature whose numbers are small may have a large weight."
_OF_TRAINING = (
    "Each weight is for one unit of training, so that weights compare: 1 of a flag, of other features about their "
    "standard deviation."
)
_WHAT = "What two features add to the score, beside their linear weights, {}: the product of their factors."
_BOTH_UNITS, _BOTH_TRAINING = "where both are 1", "where both are one such unit"
_OF_COLUMNS = " Only features of different columns are shown."


def render_portrait(model: FactorModel) -> Markup:
    """Render a machine as a fragment of HTML."""
    found = list_largest_weights(model, MAX_BARS)
    caption = f"{len(found):,} of {model.feature_dim:,} features"
    names, values = [name_feature(model, i) for i, _ in found], [value for _, value in found]
    bars = draw_bars(names, values, f"Largest linear weights: {caption}")
    return _PORTRAIT.format(
        f"Factorization machine: {model.predictor_type.replace('_', ' ')}",
        list_facts(model_facts(model)),
        _SENSES[model.predictor_type].format(*model.class_names),
        _OF_UNITS if read_sizes(model) is None else _OF_TRAINING,
        frame_figure(caption, bars),
        _tabulate_largest_pairs(model),
        list_names(model.names, None if model.recipe is None else model.recipe.column_names),
    )


def _tabulate_largest_pairs(model: FactorModel) -> Markup:
    """Tabulate the pairs of features whose factors have the largest products; nothing where there are none."""
    found = list_largest_pairs(standardise_model(model), MAX_PAIRS)
    if not found:
        return Markup("")
    rows = [(name_feature(model, first), name_feature(model, second), value) for first, second, value in found]
    caption = describe_pairs(model, len(found)).capitalize()
    what = _WHAT.format(_BOTH_UNITS if read_sizes(model) is None else _BOTH_TRAINING)
    return _PAIRS.format(
        what + (_OF_COLUMNS if model.recipe is not None else ""), tabulate_pairs(caption, "feature", "product", rows)
    )


def tabulate_pairs(caption: str, what: str, value: str, rows: Iterable[tuple[str, str, float]]) -> Markup:
    """Return an HTML table of pairs: two names and a number each."""
    lines = (
        _ROW.format(cut_middle(first, LONGEST_NAME), cut_middle(second, LONGEST_NAME), format_number(number, 3))
        for first, second, number in rows
    )
    return _TABLE.format(caption, what, value, join_lines(lines))
