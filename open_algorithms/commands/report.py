"""Write the report of a model on labelled rows: a page for people, and JSON for programs."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from container.job.writable import check_writable
from open_algorithms.commands.measured_rows import open_rows
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.files import name_output, replace_files
from open_algorithms.commands.telling.say import print_message
from open_algorithms.commands.telling.summary import REPORT_PAGE
from open_algorithms.doors.algorithms import Algorithm


def report_model(algorithm: Algorithm, path: Path, data: Sequence[Path], stated_type: str | None, out: Path) -> None:
    """Write the report of the model at `path` on the data into the folder `out`, and print where it is."""
    check_writable([out])
    model = load_model(algorithm, path).model
    with open_rows(algorithm, model, data, stated_type) as work:
        texts = algorithm.evaluate.report_model(model, work)
    with name_output(out):
        out.mkdir(parents=True, exist_ok=True)
        try:
            replace_files({name: text.encode() for name, text in texts.items()}, out)
        finally:
            with suppress(OSError):
                out.rmdir()  # which it is only where nothing was written
    print_message(f"report: {out / REPORT_PAGE}")
