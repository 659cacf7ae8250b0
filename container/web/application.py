"""The HTTP interface: /ping, /invocations, /execution-parameters, /metrics, and /models on a multi-model endpoint.

A single model also has an HTML page at /.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import HTTPException

from container.codecs.records.framing import MAGIC
from container.codecs.sniffing.sniff import PARQUET_MAGIC
from container.contract.environment import ServerSettings
from container.contract.errors import (
    BadPayload,
    HttpError,
    ModelRequestError,
    PayloadTooLarge,
    ServerBusy,
    encode_error,
)
from container.rows.blocks import DEFAULT_OPTIONS, DecodeOptions, ignore_warning
from container.rows.notices import OncePerLine
from container.web.answering import Answer, ServedModel, choose_answer_type, make_decode_options
from container.web.bodies import Stream, read_records
from container.web.counters import Meter
from container.web.models import create_model_routes
from container.web.page import PageContent, create_page
from container.web.questions import (
    Asking,
    Recommend,
    answer_questions,
    asks_question,
    choose_type,
    open_body,
    read_questions,
)
from container.web.shelf import Shelf
from container.wire.flows import Inflow

DEFAULT_PAYLOAD_MB = 6
QUICK_BYTES, QUICK_VALUES = 16 << 10, 1 << 10
MAX_PAYLOAD_MB = 100  # that a batch transform may send at once, and all of its requests together


def body_limit_bytes(settings: ServerSettings) -> int:
    """Return the most bytes that the body of a request may have; 0 for no limit."""
    return (MAX_PAYLOAD_MB if settings.payload_mb is None else settings.payload_mb) << 20


def is_quick(outputs: int, body: bytes, recommends: bool = False) -> bool:
    """Whether a body is small and can hold only few records, given `outputs` values computed for each."""
    if len(body) > QUICK_BYTES:
        return False
    if recommends and asks_question(body):
        return False
    if body.startswith(PARQUET_MAGIC):  # a few bytes of which may be many rows
        return False
    records = 1 + body.count(b"\n") + body.count(b"\r") + max(map(body.count, (b"{", b"["))) + body.count(MAGIC)
    return records * outputs <= QUICK_VALUES


def create_app(
    load_model: Callable[[Path, int | None], ServedModel],
    settings: ServerSettings,
    user_errors: tuple[type[Exception], ...] = (),
    meter: Meter | None = None,
    shelf: Shelf | None = None,
    content: PageContent | None = None,
    recommend: Recommend | None = None,
) -> Flask:
    """Create the application that serves one model, loaded and tried on a record right now, or the models of a shelf.

    If loading fails, the log says why (without a traceback for one of `user_errors`) and /ping answers 500 from then
    on. A single model has an HTML page if the settings ask for it and its `content` is given. Where there is
    `recommend`, it answers requests for recommendations.
    """
    app = Flask("container", static_folder=None)
    model = None if shelf else _try_load_model(app, load_model, settings.model, user_errors)
    warn, meter = OncePerLine(app.logger.warning), meter or Meter(1)
    own = make_decode_options(model, warn, meter) if model else None
    if own and own.table:
        meter.allot_columns(own.table.needed)
    asking = None if recommend is None else Asking(recommend, user_errors)
    app.config["IS_QUICK"] = partial(is_quick, model.outputs if model else 1, recommends=recommend is not None)
    app.register_blueprint(_create_status_routes(settings, meter, is_well=bool(model or shelf)))

    def answer_invocation(model: ServedModel) -> Response:
        return _answer_invocation(model, own or make_decode_options(model, warn), settings, asking)

    if shelf:
        app.register_blueprint(create_model_routes(shelf, answer_invocation, user_errors))
    elif settings.shows_page and content:
        app.register_blueprint(create_page(model, content, body_limit_bytes(settings), own or DEFAULT_OPTIONS))

    @app.post("/invocations")
    def invoke_only_model() -> Response:
        if model is None:
            reason = "invoke a model by its name" if shelf else "the model could not be loaded; the log says why"
            return Response(encode_error(reason), 404 if shelf else 500, content_type="application/json")
        return answer_invocation(model)

    _register_error_handlers(app)
    return app


def _create_status_routes(settings: ServerSettings, meter: Meter, is_well: bool) -> Blueprint:
    """Create /ping, /execution-parameters and /metrics."""
    routes = Blueprint("status", __name__)

    @routes.get("/ping")
    def answer_ping() -> Response:
        return Response(status=200 if is_well else 500)

    @routes.get("/execution-parameters")
    def list_execution_parameters() -> dict[str, object]:
        payload = DEFAULT_PAYLOAD_MB if settings.payload_mb is None else settings.payload_mb
        # the platform refuses a job whose transforms hold more than 100 MB in all
        transforms = min(settings.workers, MAX_PAYLOAD_MB // max(1, payload)) or 1
        return {
            "MaxConcurrentTransforms": settings.max_concurrent or transforms,
            "BatchStrategy": settings.strategy,
            "MaxPayloadInMB": payload,
        }

    @routes.get("/metrics")
    def expose_metrics() -> Response:
        return Response(meter.format_counts(), content_type=CONTENT_TYPE_LATEST)

    return routes


def _answer_invocation(
    model: ServedModel, options: DecodeOptions, settings: ServerSettings, asking: Asking | None
) -> Response:
    """Answer the current request with the model's predictions; stream them if the body is streamed.

    One that asks for recommendations gets those instead.
    """
    environ, limit = request.environ, body_limit_bytes(settings)
    if limit and int(environ.get("CONTENT_LENGTH") or 0) > limit:
        raise PayloadTooLarge(f"the body is larger than the limit of {limit >> 20} MB")
    stream: Stream = environ["wsgi.input"] if environ.get("wsgi.input_terminated") else request.stream
    is_streamed = isinstance(stream, Inflow)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    content_type = environ.get("CONTENT_TYPE") or None
    if asking is not None:
        stream, encoding, asks = open_body(stream, content_type, encoding)
        if asks:
            questions = read_questions(stream, content_type, limit)
            answer_type = choose_type(environ.get("HTTP_ACCEPT"), questions)
            environ["rows"] = questions.total
            return Response(answer_questions(model, questions, asking, answer_type), content_type=answer_type)
    answer_type = choose_answer_type(environ.get("HTTP_ACCEPT"), settings.default_accept)
    records = read_records(stream, content_type, encoding, model.feature_dim, limit, options)
    answer = Answer(model, records, answer_type, settings.answers_key)
    if is_streamed:
        return Response(_stream_and_count(answer, environ), content_type=answer_type)
    content = answer.read_whole()
    environ["rows"] = answer.rows
    return Response(content, content_type=answer_type)


def _register_error_handlers(app: Flask) -> None:
    """Answer each class of errors with its status and the reason as JSON."""

    @app.errorhandler(ModelRequestError)
    def refuse_model_call(error: ModelRequestError) -> Response:
        return Response(json.dumps({"message": str(error)}), error.status, content_type="application/json")

    @app.errorhandler(HttpError)
    def refuse_request(error: HttpError) -> Response:
        return Response(encode_error(str(error)), error.status, content_type="application/json")

    @app.errorhandler(HTTPException)
    def refuse_route(error: HTTPException) -> Response:
        reason = f"{request.method} {request.path}: {error.name}"
        return Response(encode_error(reason), error.code or 500, content_type="application/json")

    @app.errorhandler(ConnectionError)
    def refuse_cut_body(error: ConnectionError) -> Response:
        return refuse_request(BadPayload("the body is cut short"))

    @app.errorhandler(MemoryError)
    def refuse_for_memory(error: MemoryError) -> Response:
        app.logger.error("There is no memory left for a request")
        return refuse_request(ServerBusy("no memory is left; try again later, or send fewer records at once"))

    @app.errorhandler(Exception)
    def answer_crash(error: Exception) -> Response:
        app.logger.exception("A request could not be answered")
        return Response(encode_error("an unexpected error; the log says more"), 500, content_type="application/json")


def _try_load_model(
    app: Flask,
    load_model: Callable[[Path, int | None], ServedModel],
    folder: Path,
    user_errors: tuple[type[Exception], ...],
) -> ServedModel | None:
    try:
        model = load_model(folder, None)
        model.predict(np.zeros((1, model.feature_dim), np.float32))
        _try_table_row(model)
        for caveat in getattr(model, "caveats", ()):
            app.logger.warning(caveat)
        return model
    except Exception as error:
        trace = not isinstance(error, user_errors)
        app.logger.error("The model in %s cannot be loaded: %s", folder, error, exc_info=trace)
        return None


def _try_table_row(model: ServedModel) -> None:
    """Score an empty row of a table, if there is one, so that what that needs is loaded before workers are forked."""
    options = make_decode_options(model, ignore_warning)
    if options.table:
        body = BytesIO(b",".join([b'""'] * len(options.table.columns)))
        for X in read_records(body, "text/csv;header=absent", "", model.feature_dim, 0, options):
            model.predict(X)


def _stream_and_count(answer: Answer, environ: dict[str, Any]) -> Iterator[bytes]:
    try:
        yield from answer.iter_parts()
    finally:
        environ["rows"] = answer.rows
