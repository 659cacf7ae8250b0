"""A model of Linear Learner for those who do not train: load, serve, look into and export it, without MXNet.

Tests: tests/commands/test_inspect.py, tests/commands/test_export.py, tests/commands/test_train.py.
"""

from collections.abc import Iterator
from typing import Any

from linear_learner.artifact.packing import pack_model, unpack_model
from linear_learner.artifact.read import find_model_files, load_model, read_model
from linear_learner.describing.facts import model_facts, weights_table
from linear_learner.describing.portrait import render_portrait
from linear_learner.describing.shares import explain_rows, render_shares
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.describe import ColumnField, describe_recipe, list_column_fields
from open_algorithms.learning.showing.text_table import TextTable

__all__ = (
    "describe_report",
    "explain_rows",
    "export_model",
    "find_model_files",
    "list_row_fields",
    "load_model",
    "model_facts",
    "model_tables",
    "pack_model",
    "read_model",
    "render_portrait",
    "render_shares",
    "unpack_model",
)


def model_tables(model: LinearModel) -> list[TextTable]:
    """Return what there is to see of a model beside its facts: the columns of its table, and its largest weights."""
    columns = [] if model.recipe is None else [describe_recipe(model.recipe)]
    return [*columns, weights_table(model)]


def list_row_fields(model: LinearModel) -> list[ColumnField]:
    """Return what a form asks of the columns of the model's table; none where it was not trained on one."""
    return [] if model.recipe is None else list_column_fields(model.recipe)


def export_model(model: LinearModel, target_format: str, table: str) -> bytes:
    """Return the model in a format of the card; `table` is the one that SQL reads."""
    from linear_learner.exporting import export

    return export.export_model(model, target_format, table)


def describe_report(report: dict[str, Any]) -> Iterator[str]:
    """Yield lines that sum up the report of a job."""
    from linear_learner.report import summary

    return summary.describe_report(report)
