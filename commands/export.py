"""Export a model to other formats."""

from pathlib import Path

from commands.faults import UsageFault
from commands.files import write
from commands.models import load_model
from commands.to_onnx import to_onnx
from commands.to_sklearn import to_sklearn
from commands.to_sql import to_sql


def export(path: Path, form: str, out: Path | None, table: str) -> None:
    """Export the model at `path` to a file, or to stdout where it is text."""
    if form == "onnx" and out is None:
        raise UsageFault("ONNX is no text for a terminal; say --out FILE.")
    model = load_model(path)
    match form:
        case "onnx":
            content = to_onnx(model)
        case "sklearn":
            content = to_sklearn(model)
        case _:
            content = to_sql(model, table)
    write(content, out)
