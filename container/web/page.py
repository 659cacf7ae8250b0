"""The HTML page of the server: the model that is served, and a form that scores text or a file."""

import csv
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

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
from open_algorithms.learning.rows.csr import take_rows

ExplainRow = Callable[[Any, Features], Markup]

MAX_ROWS, MAX_CELLS = 100, 5000  # that are shown at most
MAX_EXPLAINED = 10  # records that are told what adds to their score
MAX_FIELDS = 200  # of a form for one row; a wider table has none
TEXT_BYTES, MAX_PARTS = 1 << 20, MAX_FIELDS + 10
FIELD_MARK = "column:"  # before the name of a column
FORM_TYPE, SCORES_TYPE, HTML_TYPE = "multipart/form-data", "text/csv", "text/html; charset=utf-8"
WORDS = {  # of the page, by whether the model has learned from labels
    True: {
        "verb": "Score",
        "answer": "score",
        "first_column": "The first column of CSV is a label: leave it out",
    },
    False: {"verb": "Try", "answer": "answer", "first_column": "Leave the first column of CSV out"},
}


class RowField(Protocol):
    """What a form asks of a column: one of `choices`, or a text where there are none, such as `placeholder`."""

    @property
    def name(self) -> str:
        """The name of the column."""

    @property
    def choices(self) -> Sequence[str]:
        """The values to choose from."""

    @property
    def placeholder(self) -> str:
        """What a text may look like."""


class PageContent(NamedTuple):
    """What a page shows of a model: its portrait, the fields of a form for one row, and what adds to a row's score.

    The latter two are None where there is no such; `explain_row` is given the features of a row, (1, d). `labelled`
    tells that it learned from labels and answers scores. `style` is the CSS of what they show beside the page's own.
    """

    describe: Callable[[Any], Markup]
    list_row_fields: Callable[[Any], Sequence[RowField]] | None = None
    explain_row: ExplainRow | None = None
    labelled: bool = True
    style: str = ""


@dataclass(frozen=True)
class ScoreForm:
    """A submitted form: the values of one row by column, text, or a file instead."""

    text: str = ""
    row: Mapping[str, str] = field(default_factory=dict)
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
    model: ServedModel | None, content: PageContent, limit_bytes: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Blueprint:
    """Create the page of a model, None where it could not be loaded.

    A form holds at most `limit_bytes`, 0 for 100 MB. `options` are those of the model's requests.
    """
    page = Blueprint("page", __name__)
    limit_bytes = limit_bytes or WHOLE_BODY_BYTES
    style = _read_resource("page.css") + content.style
    headers = {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"img-src data:; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    fixed: dict[str, Any] = {"style": Markup(style), "words": WORDS[content.labelled]}
    if model:
        fields = content.list_row_fields(model) if content.list_row_fields else ()
        fixed |= {
            "described": content.describe(model),
            "inputs": _describe_inputs(model, options),
            "example": "" if options.table else _make_example(model),
            "fields": fields if len(fields) <= MAX_FIELDS else (),
            "mark": FIELD_MARK,
        }
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
            firsts: list[Features] = []
            records = _keep_first(_read_records(form, model, limit_bytes, options), firsts)
            answer = Answer(model, records, SCORES_TYPE)
            found = answer.read_whole() if form.download else _tabulate_scores(answer, columns)
        except HttpError as error:
            return Response(template.render(form=form, reason=error), error.status, headers, content_type=HTML_TYPE)
        request.environ["rows"] = answer.rows
        if isinstance(found, bytes):
            name = {"Content-Disposition": f'attachment; filename="{fixed["words"]["answer"]}s.csv"'}
            return Response(found, 200, headers | name, content_type=SCORES_TYPE)
        explain = content.explain_row
        explained = [explain(model, X) for X in firsts[: len(found.rows)]] if explain else []
        shown = template.render(form=form, table=found, explained=explained)
        return Response(shown, 200, headers, content_type=HTML_TYPE)

    return page


def _read_resource(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _describe_inputs(model: ServedModel, options: DecodeOptions) -> str:
    if options.table is not None:
        return f"{len(options.table.columns):,} values, below their names or in the order of training"
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
    row = {name.removeprefix(FIELD_MARK): value for name, value in fields.items() if name.startswith(FIELD_MARK)}
    return ScoreForm(
        fields.get("text", ""),
        row if fields.get("answer") == "row" else {},
        file.stream if file and file.filename else None,
        "labelled" in fields,
        fields.get("answer") == "file",
    )


def _read_records(form: ScoreForm, model: ServedModel, limit_bytes: int, options: DecodeOptions) -> Iterator[Features]:
    """Decode the records of a form: sniff the format, read anything unknown as CSV, and detect a header."""
    if form.row:
        return read_records(_write_row(form.row), f"{CSV};header=present", "", model.feature_dim, limit_bytes, options)
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


def _keep_first(records: Iterator[Features], firsts: list[Features]) -> Iterator[Features]:
    """Yield the records; copy the first MAX_EXPLAINED of them, each by itself, to `firsts`."""
    for X in records:
        kept = min(X.shape[0], MAX_EXPLAINED - len(firsts))
        firsts += [take_rows(X, np.array([row])) for row in range(kept)]
        yield X


def _write_row(row: Mapping[str, str]) -> BytesIO:
    """Write the values of one row below the names of their columns, as CSV."""
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([row.keys(), row.values()])
    return BytesIO(text.getvalue().encode())


def _tabulate_scores(answer: Answer, columns: list[ScoreColumn]) -> ScoreTable:
    """Consume the answer and return the rows that are shown of it."""
    most = max(1, min(MAX_ROWS, MAX_CELLS // len(columns)))
    rows: list[list[str]] = []
    for part in answer.iter_parts():
        rows += islice(csv.reader(StringIO(part.decode(), newline="")), most - len(rows))
    return ScoreTable([column.name for column in columns], [_format_row(row, columns) for row in rows], answer.rows)


def _format_row(texts: list[str], columns: list[ScoreColumn]) -> list[ScoreCell]:
    """Format the scores of one record; of several values of one name, if they are those of classes, the largest."""
    values = (float(texts[column.place]) for column in columns if column.several)
    largest = max(values, default=None) if any(column.is_label for column in columns) else None
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
