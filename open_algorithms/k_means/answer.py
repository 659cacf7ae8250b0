"""A model of K-Means for those who do not train: load, serve, and look into it, without MXNet.

Tests: tests/k_means/artifact/test_read.py, tests/k_means/describing/test_facts.py.
"""

from collections.abc import Iterator
from typing import Any

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.artifact.packing import pack_model, unpack_model
from open_algorithms.k_means.artifact.read import find_model_files, load_model, read_model
from open_algorithms.k_means.describing.facts import clusters_table, model_facts
from open_algorithms.k_means.describing.portrait import render_portrait
from open_algorithms.k_means.describing.shares import explain_rows, render_shares
from open_algorithms.learning.columns.describe import ColumnField, describe_recipe, list_column_fields
from open_algorithms.learning.showing.text_table import TextTable

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


def model_tables(model: CentroidModel) -> list[TextTable]:
    """Return what there is to see of a model beside its facts: the columns of its table, and its clusters."""
    columns = [] if model.recipe is None else [describe_recipe(model.recipe)]
    return [*columns, clusters_table(model)]


def list_row_fields(model: CentroidModel) -> list[ColumnField]:
    """Return what a form asks of the columns of the model's table; none where it was not trained on one."""
    return [] if model.recipe is None else list_column_fields(model.recipe)


def describe_report(report: dict[str, Any]) -> Iterator[str]:
    """Yield lines that sum up the report of a job."""
    from open_algorithms.k_means.report import summary

    return summary.describe_report(report)
