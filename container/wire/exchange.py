"""One request and its response: the application is run, and what it returns sent, counted and logged.

Tests: tests/container/wire/test_worker.py.
"""

import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from container.contract.errors import HttpError
from container.wire.flows import CollectedAnswer, Inflow, Outflow
from container.wire.gunicorn import create
from container.wire.message import format_error


class RequestMeter(Protocol):
    """Counts requests and connections."""

    def set_connections(self, number: int) -> None:
        """Set the number of connections that this worker holds."""

    def count_request(self, path: str, status: int, seconds: float, received: int, sent: int, records: int) -> None:
        """Count one request."""


class Exchange(NamedTuple):
    """A request whose `body` can be read, and the socket that takes the response."""

    request: Any
    sock: socket.socket
    client_address: Any
    server_address: Any
    body_bytes: int  # of a complete body
    inflow: Inflow | None  # a streamed body


class AnswerEnd(NamedTuple):
    """What is left to send of a response, None if the client is gone, and whether to close the connection then."""

    rest: bytes | None
    closes: bool


class Answerer:
    """Runs the WSGI application on requests, in any thread; while `is_stopping()`, each closes its connection."""

    def __init__(
        self, application: Any, cfg: Any, meter: RequestMeter, log: Any, is_stopping: Callable[[], bool]
    ) -> None:
        self._application = application
        self._cfg = cfg
        self._meter = meter
        self._log = log
        self._is_stopping = is_stopping

    def answer_request(self, exchange: Exchange) -> AnswerEnd:
        """Run the application on a request and send of its response what the socket takes at once, of a stream all.

        The request is counted before the end of its response is sent, so that a client that has the response finds it
        in /metrics.
        """
        request, inflow = exchange.request, exchange.inflow
        sink = Outflow(exchange.sock) if inflow else CollectedAnswer()
        began = datetime.now()
        response: Any = None
        environ: Any = None
        rest: bytes | None = b""
        closes, counted = True, False

        def count_request() -> None:
            nonlocal counted
            counted = True
            took, received = datetime.now() - began, inflow.total_bytes if inflow else exchange.body_bytes
            status, rows = int(response.status.split(None, 1)[0]), environ.get("rows", 0)
            self._meter.count_request(request.path, status, took.total_seconds(), received, response.sent, rows)

        try:
            addresses = exchange.client_address, exchange.server_address
            response, environ = create(request, sink, *addresses, self._cfg)
            environ["wsgi.multithread"] = True
            if self._is_stopping():
                response.force_close()
            self._run_application(response, environ, count_request)
            closes = response.should_close()
            if isinstance(sink, CollectedAnswer):
                rest = _try_to_send(exchange.sock, b"".join(sink.parts))
        except (HttpError, OSError) as error:
            self._log.info("%s %s was cut off: %s", request.method, request.path, error)
        except Exception:
            self._log.exception("Error while answering %s %s", request.method, request.path)
            if not inflow:
                rest = format_error(500, "an unexpected error; the log says more")
        if response is not None and response.status:
            if not counted:
                count_request()
            self._log.access(response, request, environ, datetime.now() - began)
        return AnswerEnd(rest, closes)

    def _run_application(self, response: Any, environ: dict[str, Any], count: Callable[[], None]) -> None:
        parts = self._application(environ, response.start_response)
        try:
            for part in parts:
                response.write(part)
            count()
            response.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()


def _try_to_send(sock: socket.socket, data: bytes) -> bytes | None:
    """Send what the socket takes at once; return the rest, or None if the client is gone."""
    try:
        return data[sock.send(data) :]
    except BlockingIOError:
        return data
    except OSError:
        return None
