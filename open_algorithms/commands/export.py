"""Export a model to other formats."""

from pathlib import Path

from open_algorithms.commands.exporting.to_onnx import to_onnx
from open_algorithms.commands.exporting.to_sklearn import to_sklearn
from open_algorithms.commands.exporting.to_sql import to_sql
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import UsageError
from open_algorithms.commands.telling.files import write_output


def export_model(path: Path, target_format: str, out: Path | None, table: str) -> None:
    """Export the model at `path` to a file, or to stdout where it is text."""
    if target_format == "onnx" and out is None:
        raise UsageError("ONNX is no text for a terminal; say --out FILE.")
    model = load_model(path)
    match target_format:
        case "onnx":
            content = to_onnx(model)
        case "sklearn":
            content = to_sklearn(model)
        case _:
            content = to_sql(model, table)
    write_output(content, out)
