"""Export a model as one standard SQL SELECT over a table with a column for each feature.

Tests: tests/commands/test_export.py.
"""

from collections.abc import Sequence

import numpy as np

from linear_learner.exporting.cut import float64_threshold
from linear_learner.objective.model import LinearModel

LARGEST_EXPONENT = 700.0  # a power of e whose double neither overflows nor, negated, underflows


def to_sql(model: LinearModel, table: str) -> bytes:
    """Return the query: all columns of the table, then margins, score and predicted_label.

    Score and predicted_label are NULL for a row that lacks a feature.
    """
    source = f"FROM {quote_identifier(table)}"
    prefix = "linear_learner_"
    while any(name.lower().startswith(prefix) for name in model.names):
        prefix += "_"
    if model.outputs > 1:
        text = multiclass_query(model, source, prefix)
    elif model.predictor_type == "regressor":
        text = f"SELECT t.*,\n  {margin_expression(model, 0)} AS {answer_column(model, 'score', prefix)}\n{source} AS t"
    else:
        text = binary_query(model, source, prefix)
    return f"{text}\n".encode()


def answer_column(model: LinearModel, name: str, prefix: str) -> str:
    """Return the name of an output column, with the prefix where a feature already has that name."""
    return prefix + name if name in {own.lower() for own in model.names} else name


def binary_query(model: LinearModel, source: str, prefix: str) -> str:
    """Write the query of a binary classifier."""
    z, far = f"{prefix}margin", double_literal(LARGEST_EXPONENT)
    score, label = (answer_column(model, name, prefix) for name in ("score", "predicted_label"))
    value = z
    if model.loss_type == "logistic":
        value = f"CASE WHEN {z} > {far} THEN 1.0E0 WHEN {z} < -{far} THEN 0.0E0 ELSE 1.0E0 / (1.0E0 + EXP(-{z})) END"
    cut = double_literal(float64_threshold(model))
    return (
        f"SELECT m.*,\n  {value} AS {score},\n"
        f"  CASE WHEN {z} >= {cut} THEN 1 WHEN {z} < {cut} THEN 0 END AS {label}\n"
        f"FROM (\n  SELECT t.*,\n    {margin_expression(model, 0)} AS {z}\n  {source} AS t\n) AS m"
    )


def multiclass_query(model: LinearModel, source: str, prefix: str) -> str:
    """Return the query of a multiclass classifier: margins, the class of the largest, its margin, and the softmax.

    Each step is referenced twice, the second time in a condition that always holds: planners such as PostgreSQL's
    inline a step that is referenced once, and the nested expressions would grow exponentially.
    """
    classes = range(model.outputs)
    z = [f"{prefix}margin_{c}" for c in classes]
    best, largest, total = (f"{prefix}{name}" for name in ("class", "largest", "total"))
    unknown = join_balanced([f"{name} IS NULL" for name in z], " OR ")
    beats = " ".join(
        f"WHEN {join_balanced([f'{z[c]} >= {z[other]}' for other in classes[c + 1 :]], ' AND ')} THEN {c}"
        for c in classes[:-1]
    )
    sizes = " ".join(f"WHEN {c} THEN {z[c]}" for c in classes)
    far = double_literal(LARGEST_EXPONENT)
    powers = [f"CASE WHEN {name} - {largest} < -{far} THEN 0.0E0 ELSE EXP({name} - {largest}) END" for name in z]
    steps = {
        f"{prefix}margins": ",\n    ".join(f"{margin_expression(model, c)} AS {z[c]}" for c in classes),
        f"{prefix}classes": f"CASE WHEN {unknown} THEN NULL {beats} ELSE {classes[-1]} END AS {best}",
        f"{prefix}sizes": f"CASE {best} {sizes} END AS {largest}",
        f"{prefix}totals": f"{join_balanced(powers, ' + ')} AS {total}",
    }
    sources = [source, *(f"FROM {name}" for name in steps)]
    written = [
        f"{name} AS (\n  SELECT t.*,\n    {columns}\n  {before} AS t\n)"
        for (name, columns), before in zip(steps.items(), sources[:-1], strict=True)
    ]
    named = [answer_column(model, f"score_{c}", prefix) for c in classes]
    label = answer_column(model, "predicted_label", prefix)
    scores = ",\n".join(f"  ({power}) / {total} AS {name}" for name, power in zip(named, powers, strict=True))
    again = " AND ".join(f"EXISTS (SELECT 1 FROM {name})" for name in steps)
    return f"WITH {', '.join(written)}\nSELECT t.*,\n{scores},\n  {best} AS {label}\n{sources[-1]} AS t\nWHERE {again}"


def margin_expression(model: LinearModel, output: int) -> str:
    """Return the expression of one margin; features of weight 0 are left out."""
    weight = model.weight[:, output]
    names = model.feature_names
    terms = [
        f"CAST(t.{quote_identifier(names[i])} AS DOUBLE PRECISION) * {double_literal(weight[i])}"
        for i in np.flatnonzero(weight)
    ]
    return join_balanced([*terms, double_literal(model.bias[output])], " + ")


def join_balanced(parts: Sequence[str], operator: str) -> str:
    """Join parts as a balanced tree of parentheses, of logarithmic depth.

    Databases limit the depth of an expression.
    """
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({join_balanced(parts[:middle], operator)}{operator}{join_balanced(parts[middle:], operator)})"


def quote_identifier(name: str) -> str:
    """Quote a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def double_literal(value: float) -> str:
    """Write a number so that SQL reads it as a double: with an exponent."""
    text = repr(float(value))
    return text.upper() if "e" in text else f"{text}E0"
