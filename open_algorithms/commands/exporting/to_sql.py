"""Export a model as one standard SQL SELECT over a table with a column for each feature."""

from collections.abc import Sequence

import numpy as np

from linear_learner.objective.model import Model
from open_algorithms.commands.exporting.cut import wide_cut

FAR = 700.0  # a power of e whose double neither overflows nor, negated, underflows


def to_sql(model: Model, table: str) -> bytes:
    """Return the query: all columns of the table, then margins, score and predicted_label.

    Score and predicted_label are NULL for a row that lacks a feature.
    """
    source = f"FROM {quoted(table)}"
    prefix = "linear_learner_"
    while any(name.lower().startswith(prefix) for name in model.names):
        prefix += "_"
    if model.outputs > 1:
        text = several(model, source, prefix)
    elif model.predictor_type == "regressor":
        text = f"SELECT t.*,\n  {margin(model, 0)} AS {answer(model, 'score', prefix)}\n{source} AS t"
    else:
        text = one(model, source, prefix)
    return f"{text}\n".encode()


def answer(model: Model, name: str, prefix: str) -> str:
    """Return the name of an output column, with the prefix where a feature already has that name."""
    return prefix + name if name in {own.lower() for own in model.names} else name


def one(model: Model, source: str, prefix: str) -> str:
    """Write the query of a binary classifier."""
    z, far = f"{prefix}margin", literal(FAR)
    score, label = (answer(model, name, prefix) for name in ("score", "predicted_label"))
    value = z
    if model.loss_type == "logistic":
        value = f"CASE WHEN {z} > {far} THEN 1.0E0 WHEN {z} < -{far} THEN 0.0E0 ELSE 1.0E0 / (1.0E0 + EXP(-{z})) END"
    cut = literal(wide_cut(model))
    return (
        f"SELECT m.*,\n  {value} AS {score},\n"
        f"  CASE WHEN {z} >= {cut} THEN 1 WHEN {z} < {cut} THEN 0 END AS {label}\n"
        f"FROM (\n  SELECT t.*,\n    {margin(model, 0)} AS {z}\n  {source} AS t\n) AS m"
    )


def several(model: Model, source: str, prefix: str) -> str:
    """Return the query of a multiclass classifier: margins, the class of the largest, its margin, and the softmax.

    Each step is referenced twice, the second time in a condition that always holds: planners such as PostgreSQL's
    inline a step that is referenced once, and the nested expressions would grow exponentially.
    """
    classes = range(model.outputs)
    z = [f"{prefix}margin_{c}" for c in classes]
    best, largest, total = (f"{prefix}{name}" for name in ("class", "largest", "total"))
    unknown = balanced([f"{name} IS NULL" for name in z], " OR ")
    beats = " ".join(
        f"WHEN {balanced([f'{z[c]} >= {z[other]}' for other in classes[c + 1 :]], ' AND ')} THEN {c}"
        for c in classes[:-1]
    )
    sizes = " ".join(f"WHEN {c} THEN {z[c]}" for c in classes)
    far = literal(FAR)
    powers = [f"CASE WHEN {name} - {largest} < -{far} THEN 0.0E0 ELSE EXP({name} - {largest}) END" for name in z]
    steps = {
        f"{prefix}margins": ",\n    ".join(f"{margin(model, c)} AS {z[c]}" for c in classes),
        f"{prefix}classes": f"CASE WHEN {unknown} THEN NULL {beats} ELSE {classes[-1]} END AS {best}",
        f"{prefix}sizes": f"CASE {best} {sizes} END AS {largest}",
        f"{prefix}totals": f"{balanced(powers, ' + ')} AS {total}",
    }
    sources = [source, *(f"FROM {name}" for name in steps)]
    written = [
        f"{name} AS (\n  SELECT t.*,\n    {columns}\n  {before} AS t\n)"
        for (name, columns), before in zip(steps.items(), sources[:-1], strict=True)
    ]
    named = [answer(model, f"score_{c}", prefix) for c in classes]
    label = answer(model, "predicted_label", prefix)
    scores = ",\n".join(f"  ({power}) / {total} AS {name}" for name, power in zip(named, powers, strict=True))
    again = " AND ".join(f"EXISTS (SELECT 1 FROM {name})" for name in steps)
    return f"WITH {', '.join(written)}\nSELECT t.*,\n{scores},\n  {best} AS {label}\n{sources[-1]} AS t\nWHERE {again}"


def margin(model: Model, output: int) -> str:
    """Return the expression of one margin; features of weight 0 are left out."""
    weight = model.weight[:, output]
    names = model.feature_names
    terms = [f"CAST(t.{quoted(names[i])} AS DOUBLE PRECISION) * {literal(weight[i])}" for i in np.flatnonzero(weight)]
    return balanced([*terms, literal(model.bias[output])], " + ")


def balanced(parts: Sequence[str], operator: str) -> str:
    """Join parts as a balanced tree of parentheses, of logarithmic depth.

    Databases limit the depth of an expression.
    """
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({balanced(parts[:middle], operator)}{operator}{balanced(parts[middle:], operator)})"


def quoted(name: str) -> str:
    """Quote a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: float) -> str:
    """Write a number so that SQL reads it as a double: with an exponent."""
    text = repr(float(value))
    return text.upper() if "e" in text else f"{text}E0"
