"""The HTML page of the server: the model that is served, and a form that scores text or a file."""

import csv
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from flask import Blueprint, Response, request
from jinja2 import Environment
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from container.codecs.registry import CODECS, REQUEST_DECODERS
from container.contract.errors import BadPayload, HttpError, PayloadTooLarge, UnsupportedMediaType
from container.rows.blocks import DEFAULT_OPTIONS, DecodeOptions, Features
from container.web.answering import Answer, ServedModel
from container.web.bodies import CSV, WHOLE_BODY_BYTES, BoundedStream, GunzipStream, Stream, read_records, sniff_body

DescribeModel = Callable[[Any], Markup]

MAX_ROWS, MAX_CELLS = 100, 5000  # that are shown at most
TEXT_BYTES, MAX_PARTS = 1 << 20, 10
FORM_TYPE, SCORES_TYPE, HTML_TYPE = "multipart/form-data", "text/csv", "text/html; charset=utf-8"


@dataclass(frozen=True)
class ScoreForm:
    """A submitted form: text, or a file instead."""

    text: str = ""
    file: Stream | None = None
    labelled: bool = False
    download: bool = False


class ScoreColumn(NamedTuple):
    """A column of scores: its place in the answer, its name, and whether it is one of several of that name.

    `is_label` tells that its values are shown as they are: whole numbers, or the classes that they are those of.
    """

    place: int
    name: str
    several: bool
    is_label: bool


class ScoreCell(NamedTuple):
    """A score as text; `kind` is its CSS class."""

    text: str
    kind: str


class ScoreTable(NamedTuple):
    """The scores of the first of `total` records."""

    names: list[str]
    rows: list[list[ScoreCell]]
    total: int


def create_page(
    model: ServedModel | None, describe: DescribeModel, limit_bytes: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Blueprint:
    """Create the page of a model, None where it could not be loaded.

    A form holds at most `limit_bytes`, 0 for 100 MB. `options` are those of the model's requests.
    """
    page = Blueprint("page", __name__)
    limit_bytes = limit_bytes or WHOLE_BODY_BYTES
    style = _read_resource("page.css")
    headers = {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"img-src data:; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    fixed: dict[str, Any] = {"style": Markup(style)}
    if model:
        fixed |= {"described": describe(model), "inputs": _describe_inputs(model), "example": _make_example(model)}
    template = environment.from_string(_read_resource("page.html"), globals=fixed)
    columns = _score_columns(model)[:MAX_CELLS] if model else []
    blank = template.render(form=ScoreForm())

    @page.get("/")
    def show_page() -> Response:
        return Response(blank, 200 if model else 500, headers, content_type=HTML_TYPE)

    @page.post("/")
    def score_form() -> Response:
        if model is None:
            return show_page()
        form = ScoreForm()
        try:
            form = _read_form(limit_bytes)
            answer = Answer(model, _read_records(form, model, limit_bytes, options), SCORES_TYPE)
            found = answer.read_whole() if form.download else _tabulate_scores(answer, columns)
        except HttpError as error:
            return Response(template.render(form=form, reason=error), error.status, headers, content_type=HTML_TYPE)
        request.environ["rows"] = answer.rows
        if isinstance(found, bytes):
            name = {"Content-Disposition": 'attachment; filename="scores.csv"'}
            return Response(found, 200, headers | name, content_type=SCORES_TYPE)
        return Response(template.render(form=form, table=found), 200, headers, content_type=HTML_TYPE)

    return page


def _read_resource(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _describe_inputs(model: ServedModel) -> str:
    return "1 number" if model.feature_dim == 1 else f"{model.feature_dim:,} numbers, separated by commas"


def _make_example(model: ServedModel) -> str:
    numbers = ["0.5", "12", "-3.75", "1e-3"]
    return ",".join(numbers[: model.feature_dim]) + (",…" if model.feature_dim > len(numbers) else "")


def _score_columns(model: ServedModel) -> list[ScoreColumn]:
    """Return the columns of a CSV answer of this model; those that are one of several come last."""
    answer = model.predict(np.zeros((1, model.feature_dim), np.float32))
    names = [
        (name if values.ndim == 1 else f"{name}_{k}", values.ndim > 1, values.dtype.kind == "i")
        for name, values in answer.items()
        for k in range(values.size)
    ]
    columns = [ScoreColumn(place, *named) for place, named in enumerate(names)]
    return sorted(columns, key=lambda column: column.several)


def _read_form(limit_bytes: int) -> ScoreForm:
    """Parse the form of the current request into memory, its file included."""
    if request.mimetype != FORM_TYPE:
        raise UnsupportedMediaType(f"expected a Content-Type of {FORM_TYPE}, found {request.mimetype!r}")
    parser = FormDataParser(lambda *_, **__: BytesIO(), TEXT_BYTES, max_form_parts=MAX_PARTS, silent=False)
    body = cast(BytesIO, BoundedStream(request.stream, limit_bytes))
    try:
        _, fields, files = parser.parse(body, FORM_TYPE, None, request.mimetype_params)
    except RequestEntityTooLarge:
        raise PayloadTooLarge(f"the text is larger than {TEXT_BYTES >> 20} MB; send it as a file") from None
    except ValueError:
        raise BadPayload(f"the body is no whole {FORM_TYPE}") from None
    file = files.get("file")
    return ScoreForm(
        fields.get("text", ""),
        file.stream if file and file.filename else None,
        "labelled" in fields,
        fields.get("answer") == "file",
    )


def _read_records(form: ScoreForm, model: ServedModel, limit_bytes: int, options: DecodeOptions) -> Iterator[Features]:
    """Decode the records of a form: sniff the format, read anything unknown as CSV, and detect a header."""
    kind, stream = sniff_body(form.file or BytesIO(form.text.encode()), options)
    if kind == "gzip":
        kind, stream = sniff_body(GunzipStream(stream), options)
    if kind not in REQUEST_DECODERS:
        kind = CSV
    detect_header = CODECS[kind].detect_header
    if kind == CSV and form.labelled:
        kind += ";label_size=1"
    if detect_header and options.table is None and detect_header(stream.head, getattr(model, "names", ())):
        kind += ";header=present"
    return read_records(stream, kind, "", model.feature_dim, limit_bytes, options)


def _tabulate_scores(answer: Answer, columns: list[ScoreColumn]) -> ScoreTable:
    """Consume the answer and return the rows that are shown of it."""
    most = max(1, min(MAX_ROWS, MAX_CELLS // len(columns)))
    rows: list[list[str]] = []
    for part in answer.iter_parts():
        rows += islice(csv.reader(StringIO(part.decode(), newline="")), most - len(rows))
    return ScoreTable([column.name for column in columns], [_format_row(row, columns) for row in rows], answer.rows)


def _format_row(texts: list[str], columns: list[ScoreColumn]) -> list[ScoreCell]:
    """Format the scores of one record; of several values of one name the largest is marked."""
    largest = max((float(texts[column.place]) for column in columns if column.several), default=None)
    cells = []
    for place, _, several, is_label in columns:
        if is_label:
            cells.append(ScoreCell(texts[place], "only"))
        elif several:
            value = float(texts[place])
            cells.append(ScoreCell(f"{value:.4g}", "largest" if value == largest else "several"))
        else:
            cells.append(ScoreCell(f"{float(texts[place]):.7g}", "only"))
    return cells
