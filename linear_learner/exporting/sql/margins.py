"""The margins of a model as expressions of SQL.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

import numpy as np

from linear_learner.exporting.columns.places import find_all_places
from linear_learner.exporting.sql.columns import DateNames, column_term, date_columns
from linear_learner.exporting.sql.text import double_literal, join_balanced, quote_identifier
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.recipe import DateColumn, Recipe


def margin_expression(model: LinearModel, output: int, prefix: str) -> str:
    """Return the expression of one margin; what has weight 0 is left out."""
    terms = feature_terms(model, output) if model.recipe is None else column_terms(model, model.recipe, output, prefix)
    return join_balanced([*terms, double_literal(model.bias[output])], " + ")


def feature_terms(model: LinearModel, output: int) -> list[str]:
    """Return what each feature adds."""
    weight, names = model.weight[:, output], model.feature_names
    return [
        f"CAST(t.{quote_identifier(names[i])} AS DOUBLE PRECISION) * {double_literal(weight[i])}"
        for i in np.flatnonzero(weight)
    ]


def column_terms(model: LinearModel, recipe: Recipe, output: int, prefix: str) -> list[str]:
    """Return what each raw column adds."""
    weight = np.append(model.weight[:, output].astype(np.float64), 0.0)
    terms = [
        column_term(places, weight, name_parts(prefix, number)) for number, places in enumerate(find_all_places(recipe))
    ]
    return [term for term in terms if term]


def date_expressions(model: LinearModel, prefix: str) -> str:
    """Return the columns of a SELECT that hold the parts of the dates that count; empty where there are none."""
    parts = [
        part
        for number, (column, first, last) in enumerate(() if model.recipe is None else model.recipe.encoded_columns)
        if isinstance(column, DateColumn) and model.weight[first:last].any()
        for part in date_columns(column, name_parts(prefix, number))
    ]
    return ",\n    ".join(parts)


def name_parts(prefix: str, number: int) -> DateNames:
    """Return the names of the columns that hold the parts of a date."""
    return DateNames(*(f"{prefix}{part}_{number}" for part in DateNames._fields))
