"""Export a model as one SQL SELECT over a table with a column for each feature, or with the raw columns of a recipe.

Tests: tests/commands/test_export.py, tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Mapping

from linear_learner.exporting.columns.names import column_names
from linear_learner.exporting.cut import float64_threshold
from linear_learner.exporting.sql.margins import date_expressions, margin_expression
from linear_learner.exporting.sql.text import double_literal, join_balanced, quote_identifier, text_literal
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.values import write_class

LARGEST_EXPONENT = 700.0  # a power of e whose double neither overflows nor, negated, underflows


def to_sql(model: LinearModel, table: str) -> bytes:
    """Return the query: all columns of the table, then those of the calculation, score and predicted_label.

    Score and predicted_label are NULL for a row that lacks a feature, or has a value that a raw column cannot have.
    """
    source, prefix = f"FROM {quote_identifier(table)}", "linear_learner_"
    while any(name.lower().startswith(prefix) for name in column_names(model)):
        prefix += "_"
    dates = date_expressions(model, prefix)
    steps = {f"{prefix}dates": dates} if dates else {}
    if model.predictor_type == "regressor":
        score = answer_column(model, "score", prefix)
        text = chain_steps(source, steps, f"  {margin_expression(model, 0, prefix)} AS {score}")
    elif model.outputs > 1:
        text = multiclass_query(model, source, prefix, steps)
    else:
        text = binary_query(model, source, prefix, steps)
    return f"{text}\n".encode()


def chain_steps(source: str, steps: Mapping[str, str], columns: str) -> str:
    """Return a query with steps, each of which adds columns to those before, and the last columns.

    Each step is referenced twice, the second time in a condition that always holds: planners such as PostgreSQL's
    inline a step that is referenced once, and the nested expressions would grow exponentially.
    """
    sources = [source, *(f"FROM {name}" for name in steps)]
    written = [
        f"{name} AS (\n  SELECT t.*,\n    {found}\n  {before} AS t\n)"
        for (name, found), before in zip(steps.items(), sources[:-1], strict=True)
    ]
    before = f"WITH {', '.join(written)}\n" if steps else ""
    again = " AND ".join(f"EXISTS (SELECT 1 FROM {name})" for name in steps)
    return f"{before}SELECT t.*,\n{columns}\n{sources[-1]} AS t" + (f"\nWHERE {again}" if steps else "")


def answer_column(model: LinearModel, name: str, prefix: str) -> str:
    """Return the name of an output column, with the prefix where a column of the table already has that name."""
    return prefix + name if name in {own.lower() for own in column_names(model)} else name


def class_literals(model: LinearModel) -> list[str]:
    """Return what the classes are called, or their numbers."""
    names = model.classes or range(max(model.outputs, 2))
    return [text_literal(name) if isinstance(name, str) else write_class(float(name)) for name in names]


def binary_query(model: LinearModel, source: str, prefix: str, steps: Mapping[str, str]) -> str:
    """Return the query of a binary classifier; that of raw columns is in steps, since their margins take time."""
    z, far = f"{prefix}margin", double_literal(LARGEST_EXPONENT)
    score, label = (answer_column(model, name, prefix) for name in ("score", "predicted_label"))
    no, yes = class_literals(model)
    value = z
    if model.loss_type == "logistic":
        value = f"CASE WHEN {z} > {far} THEN 1.0E0 WHEN {z} < -{far} THEN 0.0E0 ELSE 1.0E0 / (1.0E0 + EXP(-{z})) END"
    cut = double_literal(float64_threshold(model))
    columns = f"  {value} AS {score},\n  CASE WHEN {z} >= {cut} THEN {yes} WHEN {z} < {cut} THEN {no} END AS {label}"
    margin = f"{margin_expression(model, 0, prefix)} AS {z}"
    if model.recipe is not None:
        return chain_steps(source, {**steps, f"{prefix}margins": margin}, columns)
    return f"SELECT m.*,\n{columns}\nFROM (\n  SELECT t.*,\n    {margin}\n  {source} AS t\n) AS m"


def multiclass_query(model: LinearModel, source: str, prefix: str, steps: Mapping[str, str]) -> str:
    """Return the query of a multiclass classifier: margins, the class of the largest, its margin, and the softmax."""
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
    found = {
        f"{prefix}margins": ",\n    ".join(f"{margin_expression(model, c, prefix)} AS {z[c]}" for c in classes),
        f"{prefix}classes": f"CASE WHEN {unknown} THEN NULL {beats} ELSE {classes[-1]} END AS {best}",
        f"{prefix}sizes": f"CASE {best} {sizes} END AS {largest}",
        f"{prefix}totals": f"{join_balanced(powers, ' + ')} AS {total}",
    }
    named = [answer_column(model, f"score_{c}", prefix) for c in classes]
    label = answer_column(model, "predicted_label", prefix)
    scores = ",\n".join(f"  ({power}) / {total} AS {name}" for name, power in zip(named, powers, strict=True))
    called = " ".join(f"WHEN {c} THEN {name}" for c, name in zip(classes, class_literals(model), strict=True))
    answer = f"CASE {best} {called} END" if model.classes else best
    return chain_steps(source, {**steps, **found}, f"{scores},\n  {answer} AS {label}")
