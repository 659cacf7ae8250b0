"""A machine for those who do not train: load, serve, look into and export it, and recommend by it, without MXNet.

Tests: tests/factorization_machines/artifact/test_read.py, tests/factorization_machines/describing/test_facts.py,
tests/commands/test_recommend.py.
"""

from collections.abc import Iterator
from typing import Any

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.packing import pack_model, unpack_model
from open_algorithms.factorization_machines.artifact.read import find_model_files, load_model, read_model
from open_algorithms.factorization_machines.describing.facts import model_facts, model_tables
from open_algorithms.factorization_machines.describing.portrait import render_portrait
from open_algorithms.factorization_machines.describing.shares import explain_rows, render_shares
from open_algorithms.factorization_machines.recommending.questions import recommend_items
from open_algorithms.factorization_machines.recommending.recommender import open_recommender
from open_algorithms.learning.columns.describe import ColumnField, list_column_fields

__all__ = (
    "describe_report",
    "explain_rows",
    "export_model",
    "find_model_files",
    "list_row_fields",
    "load_model",
    "model_facts",
    "model_tables",
    "open_recommender",
    "pack_model",
    "read_model",
    "recommend_items",
    "render_portrait",
    "render_shares",
    "unpack_model",
)


def list_row_fields(model: FactorModel) -> list[ColumnField]:
    """Return what a form asks of the columns of the model's table; none where it was not trained on one."""
    return [] if model.recipe is None else list_column_fields(model.recipe)


def export_model(model: FactorModel, target_format: str, table: str) -> bytes:
    """Return the model in a format of the card; none has a `table` that it reads."""
    from open_algorithms.factorization_machines.exporting import export

    return export.export_model(model, target_format)


def describe_report(report: dict[str, Any]) -> Iterator[str]:
    """Yield lines that sum up the report of a job."""
    from open_algorithms.factorization_machines.report import summary

    return summary.describe_report(report)
