"""The HTTP side of the contract: /ping, /invocations and /execution-parameters."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from flask import Flask, Response, request
from numpy.typing import NDArray
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from container.codecs import READERS, WRITERS
from container.codecs.blocks import Features, first_bad
from container.codecs.media import choose, parse
from container.codecs.sniff import sniff
from container.environment import ServerSettings
from container.errors import BadPayload, DecodeError, HttpError, NotAcceptable, PayloadTooLarge, UnsupportedMediaType

PAYLOAD_MB = 6
BODY_LIMIT_MB = 100  # the most that a batch transform may send at once


class Model(Protocol):
    """What is served: `predict` takes features (n, feature_dim), maybe sparse, and gives named columns of n rows."""

    @property
    def feature_dim(self) -> int:
        """The number of features of a record."""

    def predict(self, X: Features) -> Mapping[str, NDArray[Any]]:
        """Score records."""


def create_app(
    load: Callable[[Path], Model], settings: ServerSettings, user_errors: tuple[type[Exception], ...] = ()
) -> Flask:
    """Load the model, try it on one record and make the application that serves it.

    If that fails, the log says why (without a trace for one of `user_errors`), and /ping answers 500 for good.
    """
    app = Flask("container", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_MB << 20
    model: Model | None = None
    try:
        loaded = load(settings.model)
        loaded.predict(np.zeros((1, loaded.feature_dim), np.float32))
        model = loaded
    except Exception as error:
        trace = not isinstance(error, user_errors)
        app.logger.error("The model in %s cannot be loaded: %s", settings.model, error, exc_info=trace)

    @app.get("/ping")
    def ping() -> Response:
        return Response(status=500 if model is None else 200)

    @app.post("/invocations")
    def invocations() -> Response:
        if model is None:
            return _error(500, "the model could not be loaded; the log says why")
        body = request.get_data(cache=False)
        answer_type = _choose_answer(request.headers.get("Accept"), settings.default_accept)
        X = _read_body(body, request.headers.get("Content-Type"), model.feature_dim)
        columns = model.predict(X)
        _check_scores(columns)
        return Response(WRITERS[answer_type](columns), content_type=answer_type)

    @app.get("/execution-parameters")
    def execution_parameters() -> dict[str, object]:
        # the platform refuses a job whose transforms hold more than 100 MB in all
        transforms = min(settings.workers, BODY_LIMIT_MB // PAYLOAD_MB)
        return {
            "MaxConcurrentTransforms": transforms,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": PAYLOAD_MB,
        }

    @app.errorhandler(HttpError)
    def refuse(error: HttpError) -> Response:
        return _error(error.status, str(error))

    @app.errorhandler(RequestEntityTooLarge)
    def refuse_size(error: RequestEntityTooLarge) -> Response:
        return refuse(PayloadTooLarge(f"the body is larger than the limit of {BODY_LIMIT_MB} MB"))

    @app.errorhandler(HTTPException)
    def refuse_route(error: HTTPException) -> Response:
        return _error(error.code or 500, f"{request.method} {request.path}: {error.name}")

    @app.errorhandler(Exception)
    def crash(error: Exception) -> Response:
        app.logger.exception("A request could not be answered")
        return _error(500, "an unexpected error; the log says more")

    return app


def _choose_answer(accept: str | None, default: str) -> str:
    offers = [default, *(name for name in WRITERS if name != default)]
    name = choose(accept or "*/*", offers)
    if name is None:
        raise NotAcceptable(f"expected an Accept of {', '.join(WRITERS)}, found {accept!r}")
    return name


def _read_body(body: bytes, content_type: str | None, features: int) -> Features:
    if not body:
        raise BadPayload("the body is empty; expected one or more records")
    media = parse(content_type or sniff(body) or "application/octet-stream")
    if media.name not in READERS:
        raise UnsupportedMediaType(f"expected a Content-Type of {', '.join(READERS)}, found {content_type!r}")
    try:
        X = READERS[media.name](body, media.parameters, features)
    except DecodeError as error:
        if content_type is None and media.name == "text/csv":
            raise UnsupportedMediaType(f"no Content-Type, expected one of {', '.join(READERS)}") from None
        raise BadPayload(str(error)) from None
    if not X.shape[0]:
        raise BadPayload("no record in the body; expected one or more")
    return X


def _check_scores(columns: Mapping[str, NDArray[Any]]) -> None:
    for name, values in columns.items():
        if bad := first_bad(np.asarray(values, np.float32).reshape(len(values), -1)):
            raise BadPayload(f"record {bad[0] + 1}: its {name} is not finite; are its features too large?")


def _error(status: int, reason: str) -> Response:
    body = json.dumps({"error": f"unable to evaluate payload provided: {reason}"})
    return Response(body, status, content_type="application/json")
