"""The routes of a multi-model endpoint: load, unload, list, describe and invoke."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from container.contract.errors import BadModelRequest
from container.web.answering import ServedModel
from container.web.shelf import Shelf

PAGE_SIZE = 100


def create_model_routes(shelf: Shelf, invoke: Any, user_errors: tuple[type[Exception], ...]) -> Blueprint:
    """Create the routes below /models; `invoke(model)` answers the current request."""
    routes = Blueprint("models", __name__)
    unreadable: tuple[type[Exception], ...] = (*user_errors, OSError)

    @routes.post("/models")
    def load_model() -> Response:
        name, url = _read_load_request()
        try:
            for caveat in shelf.load_model(name, url):
                current_app.logger.warning("Model %s: %s", name, caveat)
        except unreadable as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise BadModelRequest(f"model {name} cannot be loaded: {reason}") from None
        return jsonify(status="Workers scaled")

    @routes.get("/models")
    def list_models() -> Response:
        first, count = _read_query_number("next_page_token", 0), max(1, _read_query_number("limit", PAGE_SIZE))
        models = shelf.list_models()
        page: dict[str, Any] = {"models": models[first : first + count]}
        if first + count < len(models):
            page["nextPageToken"] = str(first + count)
        return jsonify(page)

    @routes.get("/models/<path:name>")
    def describe_model(name: str) -> Response:
        return jsonify(shelf.describe_model(name))

    @routes.delete("/models/<path:name>")
    def unload_model(name: str) -> Response:
        shelf.unload_model(name)
        return jsonify(status=f'Model "{name}" unregistered')

    @routes.post("/models/<path:name>/invoke")
    def invoke_model(name: str) -> Response:
        model: ServedModel = shelf.open_model(name)
        answer: Response = invoke(model)
        return answer

    return routes


def _read_load_request() -> tuple[str, str]:
    try:
        order = request.get_json(force=True, silent=True)
    except RecursionError:
        order = None
    if isinstance(order, dict):
        name, url = order.get("model_name"), order.get("url")
        if isinstance(name, str) and isinstance(url, str) and url.startswith("/") and "\0" not in url:
            if name and name.isprintable() and "//" not in f"/{name}":
                return name, url
            raise BadModelRequest(f"expected a model_name that can stand in the path of a URL, found {name[:80]!r}")
    raise BadModelRequest('expected {"model_name": "...", "url": "/the/absolute/folder"}')


def _read_query_number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit()):
        raise BadModelRequest(f"expected a whole number as {name}, found {text[:40]!r}")
    return int(text[:18] or default)
