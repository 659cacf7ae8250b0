"""Predict rows, which need no label: read them in any format, and write a line of CSV for each, in their order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from container.codecs.csv import write_header
from container.codecs.registry import parse_content_type
from open_algorithms.commands.predicting.answers import RowPredictor
from open_algorithms.commands.predicting.bad_rows import BadRows
from open_algorithms.commands.predicting.reading import RowReader, check_rows
from open_algorithms.commands.predicting.sources import STDIN, RowSource, find_row_sources
from open_algorithms.commands.predicting.writing import write_rows
from open_algorithms.commands.tables.data import decide_content_type
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.files import open_output
from open_algorithms.doors.algorithms import Algorithm


@dataclass(frozen=True)
class PredictionRequest:
    """What is predicted and how: files and folders of rows, of a stated type or of none, and where predictions go.

    Columns in `keep` are copied in front of them. With `explains` each column's share of the score follows, and with
    `skips_bad` rows that cannot be predicted are left out.
    """

    data: Sequence[Path]
    stated_type: str | None = None
    out: Path | None = None
    keep: Sequence[str] = ()
    explains: bool = False
    skips_bad: bool = False


def predict_rows(algorithm: Algorithm, path: Path, request: PredictionRequest) -> None:
    """Write the predictions of the model at `path` for rows: to a file as a whole or not at all, or to stdout."""
    model = load_model(algorithm, path).model
    if not hasattr(model, "predict"):
        raise CommandError(f"{algorithm.card.title} predicts nothing.")
    explain = algorithm.require("explain_rows", "does not explain its predictions") if request.explains else None
    check_output(request)
    bad_rows = BadRows(request.skips_bad)
    predictor = RowPredictor(model, bad_rows, explain)
    with TemporaryDirectory(prefix=f"{algorithm.word}-") as folder:
        sources = find_row_sources(request.data, Path(folder))
        kind = decide_type(model, sources, request.stated_type)
        labelled = algorithm.card.channels[0].labelled
        reader = RowReader(model, parse_content_type(kind), request.keep, bad_rows, labelled)
        with count_written(predictor, request.out), open_output(request.out) as write:
            for number, columns in enumerate(predict_sources(predictor, reader, sources)):
                if number == 0:
                    write(write_header(list(columns)))
                write(write_rows(columns))
            check_rows(predictor.rows, sources, bad_rows.count)
    bad_rows.tell_count()


def predict_sources(
    predictor: RowPredictor, reader: RowReader, sources: Sequence[RowSource]
) -> Iterator[dict[str, Any]]:
    """Yield columns of predictions, row by row in the order of the sources."""
    for piece in reader.read_pieces(sources):
        yield from predictor.predict_piece(piece)


def decide_type(model: Any, sources: Sequence[RowSource], stated_type: str | None) -> str:
    """Return the content type of rows; the columns that a model knows show whether CSV has a header."""
    recipe = getattr(model, "recipe", None)
    known = list(getattr(model, "names", ())) if recipe is None else recipe.needed_names
    files = [(source.name, source.path) for source in sources]
    return decide_content_type(files, stated_type, known=known, is_certain=recipe is not None)


def check_output(request: PredictionRequest) -> None:
    """Raise UsageError where the output would be read as data, then or the next time."""
    if request.out is None:
        return
    out = request.out.resolve()
    for path in request.data:
        if path != STDIN and (path.resolve() == out or (path.is_dir() and out.is_relative_to(path.resolve()))):
            raise UsageError(f"{request.out} is among the rows of {path}. Say another --out.")


@contextmanager
def count_written(predictor: RowPredictor, out: Path | None) -> Iterator[None]:
    """Tell, beside an error, what was written before it."""
    try:
        yield
    except CommandError as error:
        done = f"{predictor.rows:,} row{'' if predictor.rows == 1 else 's'} before it were written"
        told = "Nothing was written" if out is not None or not predictor.rows else done
        raise type(error)(f"{error} {told}.") from None
