"""Export a model to a format of another program.

Tests: tests/commands/test_export.py.
"""

from linear_learner.exporting.to_onnx import to_onnx
from linear_learner.exporting.to_sklearn import to_sklearn
from linear_learner.exporting.to_sql import to_sql
from linear_learner.objective.model import LinearModel


def export_model(model: LinearModel, target_format: str, table: str) -> bytes:
    """Return the model as `onnx`, `sklearn` or `sql`; `table` is the one that the SQL reads."""
    match target_format:
        case "onnx":
            return to_onnx(model)
        case "sklearn":
            return to_sklearn(model)
        case _:
            return to_sql(model, table)
