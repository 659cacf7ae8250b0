"""Export a model to other formats."""

from pathlib import Path

from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import UsageError
from open_algorithms.commands.telling.files import write_output
from open_algorithms.doors.algorithms import Algorithm


def export_model(algorithm: Algorithm, path: Path, target_format: str, out: Path | None, table: str) -> None:
    """Export the model at `path` to a file, or to stdout where it is text; `table` is the one that SQL reads."""
    if target_format in algorithm.card.binary_exports and out is None:
        raise UsageError(f"--to {target_format} writes no text for a terminal; say --out FILE.")
    export = algorithm.require("export_model", "exports no model")
    write_output(export(load_model(algorithm, path).model, target_format, table), out)
