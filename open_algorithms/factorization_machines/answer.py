"""A factorization machine for those who do not train: load, serve, and look into it, without MXNet.

Tests: tests/factorization_machines/artifact/test_read.py, tests/factorization_machines/describing/test_facts.py.
"""

from collections.abc import Iterator
from typing import Any

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.packing import pack_model, unpack_model
from open_algorithms.factorization_machines.artifact.read import find_model_files, load_model, read_model
from open_algorithms.factorization_machines.describing.facts import model_facts, model_tables
from open_algorithms.factorization_machines.describing.portrait import render_portrait
from open_algorithms.factorization_machines.describing.shares import explain_rows, render_shares
from open_algorithms.learning.columns.describe import ColumnField, list_column_fields

__all__ = (
    "describe_report",
    "explain_rows",
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


def list_row_fields(model: FactorModel) -> list[ColumnField]:
    """Return what a form asks of the columns of the model's table; none where it was not trained on one."""
    return [] if model.recipe is None else list_column_fields(model.recipe)


def describe_report(report: dict[str, Any]) -> Iterator[str]:
    """Yield lines that sum up the report of a job."""
    from open_algorithms.factorization_machines.report import summary

    return summary.describe_report(report)
