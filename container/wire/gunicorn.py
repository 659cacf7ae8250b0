"""Everything used of gunicorn, most of it undocumented; no other module of this room imports gunicorn.

`USED` maps each class and function to the members that are read, called or overridden. A test checks that they exist.
"""

from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.http.body import ChunkedReader, LengthReader  # type: ignore[import-untyped]
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import IterUnreader  # type: ignore[import-untyped]
from gunicorn.http.wsgi import create  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker as BaseWorker  # type: ignore[import-untyped]

from container.wire.events import RequestHead
from container.wire.message import BadHead, ChunkedBody, SizedBody

__all__ = ["USED", "Arbiter", "BaseApplication", "BaseWorker", "Logger", "create", "parse_head"]
USED = {
    "app.base.BaseApplication": "cfg load load_config run wsgi",
    "arbiter.Arbiter": "WORKERS run spawn_worker",
    "glogging.Logger": "access exception info warning",
    "http.body.ChunkedReader": "",
    "http.body.LengthReader": "length",
    "http.errors.ExpectationFailed": "",
    "http.errors.LimitRequestHeaders": "",
    "http.errors.LimitRequestLine": "",
    "http.errors.ParseException": "",
    "http.errors.UnsupportedTransferCoding": "",
    "http.message.Request": "_expected_100_continue body force_close headers method path uri version",
    "http.unreader.IterUnreader": "",
    "http.wsgi.Response": "close force_close sent should_close start_response status write",
    "http.wsgi.create": "",
    "workers.base.Worker": "PIPE alive app cfg init_process init_signals log notify ppid run sockets wsgi",
}
_REFUSALS = {
    LimitRequestLine: (414, "the path of the request is too long"),
    LimitRequestHeaders: (431, "the headers of the request are too large"),
    ExpectationFailed: (417, "expected an Expect of 100-continue"),
    UnsupportedTransferCoding: (501, "expected a Transfer-Encoding of chunked"),
}


def parse_head(cfg: Any, client: Any, data: bytes, number: int) -> RequestHead:
    """Parse the head of the request of this number on a client's connection; raise BadHead if it is none."""
    try:
        request = Request(cfg, IterUnreader([data]), client, number)
    except (ParseException, StopIteration) as error:
        raise BadHead(*_REFUSALS.get(type(error), (400, "not a request of HTTP/1.1"))) from None
    if any(name == "TRANSFER-ENCODING" and value.lower() != "chunked" for name, value in request.headers):
        raise BadHead(*_REFUSALS[UnsupportedTransferCoding])
    expects_continue, request._expected_100_continue = (
        request._expected_100_continue,
        False,
    )  # else `create` would answer it
    reader = request.body.reader
    if isinstance(reader, ChunkedReader):
        return RequestHead(request, ChunkedBody(), expects_continue)
    return RequestHead(request, SizedBody(reader.length if isinstance(reader, LengthReader) else 0), expects_continue)
