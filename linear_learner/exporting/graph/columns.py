"""What raw columns add to the margins, as nodes of a graph with an input for each.

A column becomes a number, NaN where it is missing, or the places of those of its features that are 1. The weights of
the latter are looked up, so that no row holds the zeros of all others. The place behind all features has the weight 0.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Sequence

import numpy as np

from linear_learner.exporting.columns.places import NOWHERE, ColumnPlaces, RawColumn, find_all_places
from linear_learner.exporting.columns.words import TRUTH_WORDS, spell_all, spell_level
from linear_learner.exporting.graph.dates import place_dates
from linear_learner.exporting.graph.parts import DOUBLE, FLOAT, STRING, GraphParts
from linear_learner.exporting.graph.values import Value, stack_columns
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.notation import MISSING_WORDS, PLAIN
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, DateColumn, NumberColumn, Recipe


def add_columns(graph: GraphParts, model: LinearModel, recipe: Recipe) -> str:
    """Add the inputs, and the nodes from there to the margins as doubles, whose name is returned."""
    weight = np.append(model.weight, np.zeros((1, model.outputs)), axis=0).astype(np.float32)
    graph.arrays |= {"weight": weight if model.outputs > 1 else weight[:, 0], "bias": model.bias}
    wide_weight, bias = (Value(graph, name).cast(DOUBLE) for name in ("weight", "bias"))
    inputs = [(own, add_input(graph, own.column)) for own in find_all_places(recipe)]
    numbers = [(own, read_number(own.column, value)) for own, value in inputs if own.value != NOWHERE]
    levels = [find_level(own, value) for own, value in inputs if isinstance(own.column, CategoryColumn)]
    dates = [(own, value) for own, value in inputs if own.parts]
    rows = [*([stack_columns(levels)] if levels else []), *(place_dates(dates) if dates else [])]
    terms = [bias, *(weigh_numbers(numbers, wide_weight) if numbers else [])]
    if rows:
        weights = wide_weight.apply("Gather", rows[0].apply("Concat", *rows[1:], axis=1))
        terms.append(weights.apply("ReduceSum", np.array([1]), keepdims=0))
    return bias.apply("Sum", *terms[1:]).name


def add_input(graph: GraphParts, column: RawColumn) -> Value:
    """Add the input of a column, which has its name."""
    name = f"input_{len(graph.inputs)}"
    graph.own_names[name] = column.name
    graph.inputs[name] = (input_kind(column), ["N"])
    return Value(graph, name)


def input_kind(column: RawColumn) -> str:
    """Return the type of a column's input: float32 keeps the digits of numbers that lie near 0."""
    match column:
        case NumberColumn(offset=offset):
            return DOUBLE if offset else FLOAT
        case DateColumn():
            return DOUBLE
        case _:
            return STRING


def describe_input(column: RawColumn) -> str:
    """Return what the input of a column takes."""
    match column:
        case NumberColumn(notation=notation):
            written = "" if notation == PLAIN else f", which texts write {notation}"
            return f"number{written}; NaN where it is missing"
        case BooleanColumn():
            return "text, true or false, or yes or no; empty where it is missing"
        case DateColumn(form=form):
            return f"days since 1970-01-01, with the time as a fraction, not text like {form}; NaN where it is missing"
        case _:
            return "text without white space at its ends; empty where it is missing"


def read_number(column: RawColumn, value: Value) -> Value:
    """Return the number of an input as a double: NaN where it is missing, infinite where a text is no truth value."""
    if isinstance(column, BooleanColumn):
        truths = {text: float(truth) for truth, words in enumerate(TRUTH_WORDS) for text in spell_all(words)}
        words = dict.fromkeys(spell_all(MISSING_WORDS), np.nan) | truths
        keys, values = list(words), list(words.values())
        value = value.apply("LabelEncoder", keys_strings=keys, values_floats=values, default_float=np.inf)
    return value if input_kind(column) == DOUBLE else value.cast(DOUBLE)


def weigh_numbers(inputs: Sequence[tuple[ColumnPlaces, Value]], weight: Value) -> list[Value]:
    """Return what numbers (n,), NaN where missing, add to the margins, and what is added where they are missing.

    As in the server a feature is a float32; what is beyond makes the margin NaN.
    """
    places = [own for own, _ in inputs]
    numbers = stack_columns([value for _, value in inputs])
    gone = numbers.apply("IsNaN")
    less = (numbers - np.array([own.offset for own in places])).cast(FLOAT)
    filled = gone.choose(np.array([own.fill for own in places], np.float32), less)
    features = filled.apply("IsInf").choose(np.float32(np.nan), filled).cast(DOUBLE)
    slopes = weight.apply("Gather", np.array([own.value for own in places]))
    of_missing = weight.apply("Gather", np.array([own.missing for own in places]))
    return [features.apply("MatMul", slopes), gone.cast(DOUBLE).apply("MatMul", of_missing)]


def find_level(places: ColumnPlaces, value: Value) -> Value:
    """Return the places (n,) of the levels that texts are."""
    found = dict.fromkeys(spell_all(MISSING_WORDS), places.missing)
    found |= {text: place for level, place in places.levels.items() for text in spell_level(level)}
    keys, values = list(found), list(found.values())
    return value.apply("LabelEncoder", keys_strings=keys, values_int64s=values, default_int64=places.other)
