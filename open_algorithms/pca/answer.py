"""A model of PCA for those who do not train: load, serve, and look into it, without MXNet.

Tests: tests/pca/artifact/test_read.py, tests/pca/describing/test_facts.py, tests/pca/report/test_summary.py.
"""

from collections.abc import Iterator
from typing import Any

from open_algorithms.learning.columns.describe import ColumnField, list_column_fields
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.artifact.packing import pack_model, unpack_model
from open_algorithms.pca.artifact.read import find_model_files, load_model, read_model
from open_algorithms.pca.describing.facts import model_facts, model_tables
from open_algorithms.pca.describing.portrait import render_portrait
from open_algorithms.pca.describing.shares import explain_rows, render_shares

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


def list_row_fields(model: ComponentModel) -> list[ColumnField]:
    """Return what a form asks of the columns of the model's table; none where it was not trained on one."""
    return [] if model.recipe is None else list_column_fields(model.recipe)


def describe_report(report: dict[str, Any]) -> Iterator[str]:
    """Yield lines that sum up the report of a job."""
    from open_algorithms.pca.report import summary

    return summary.describe_report(report)
