"""The state of one client's connection: what has arrived, what is still to be sent, and how fast."""

import socket
import time
from collections.abc import Callable
from enum import Enum, auto
from io import BytesIO
from typing import Any

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

from container.wire.body import ChunkedBody, SizedBody
from container.wire.flows import RATE_WINDOW_BYTES, RATE_WINDOW_SECONDS, Inflow

HEAD_BYTES = 64 << 10
_REFUSALS = {
    LimitRequestLine: (414, "the path of the request is too long"),
    LimitRequestHeaders: (431, "the headers of the request are too large"),
    ExpectationFailed: (417, "expected an Expect of 100-continue"),
    UnsupportedTransferCoding: (501, "expected a Transfer-Encoding of chunked"),
}


class Phase(Enum):
    """The phase of a connection."""

    RECEIVING = auto()
    ANSWERING = auto()
    SENDING = auto()
    LINGERING = auto()  # what still comes is thrown away, so that the client reads its answer before the end


class BadHead(Exception):
    """Bytes that are not the head of an HTTP/1.1 request, with the status to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Connection:
    """A client's socket with the request that comes in on it.

    All but `prepare_next_request` belongs to the worker's loop.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any) -> None:
        self.sock = sock
        self.client_address = client
        self.server_address = server
        self.inbox = bytearray()  # what has come and belongs to no request yet
        self.outbox = memoryview(b"")
        self.phase = Phase.RECEIVING
        self.request_count = 0
        self.has_unread_input = False  # something came while an answer was made
        self.closes_after_send = False  # after what is in the outbox
        self._reset_request()

    def _reset_request(self) -> None:
        self.request: Any = None
        self.framing: SizedBody | ChunkedBody = SizedBody(0)
        self.body = BytesIO()
        self.inflow: Inflow | None = None
        self.write_body: Callable[[memoryview], object] = self.body.write
        self.held_bytes = 0
        self._searched_bytes = 0
        self.restart_rate_window()

    def prepare_next_request(self) -> None:
        """Prepare for the next request on this connection."""
        self.request_count += 1
        self._reset_request()
        self.phase = Phase.RECEIVING

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has arrived."""
        return self.phase is Phase.RECEIVING and self.request is None and not self.inbox

    def parse_head(self, cfg: Any) -> bytes:
        """Parse the head of a request once it is complete; return the bytes behind it, which begin the body.

        Empty lines before a request are skipped. Raises BadHead.
        """
        if not self._searched_bytes:
            self.inbox = self.inbox.lstrip(b"\r\n")
        end = self.inbox.find(b"\r\n\r\n", max(0, self._searched_bytes - 3)) + 4
        self._searched_bytes = len(self.inbox)
        if end < 4:
            if len(self.inbox) > HEAD_BYTES:
                raise BadHead(431, "the headers of the request are too large")
            if self.inbox.count(b"\n") != self.inbox.count(b"\r\n"):
                raise BadHead(400, "not a request of HTTP/1.1: a line does not end in CR LF")
            return b""
        head, rest = bytes(self.inbox[:end]), bytes(self.inbox[end:])
        self.inbox.clear()
        try:
            request = Request(cfg, IterUnreader([head]), self.client_address, self.request_count + 1)
        except (ParseException, StopIteration) as error:
            raise BadHead(*_REFUSALS.get(type(error), (400, "not a request of HTTP/1.1"))) from None
        if any(name == "TRANSFER-ENCODING" and value.lower() != "chunked" for name, value in request.headers):
            raise BadHead(*_REFUSALS[UnsupportedTransferCoding])
        reader = request.body.reader
        if isinstance(reader, ChunkedReader):
            self.framing = ChunkedBody()
        else:
            self.framing = SizedBody(reader.length if isinstance(reader, LengthReader) else 0)
        self.request = request
        return rest

    def restart_rate_window(self) -> None:
        """Start a new window of time in which bytes are counted."""
        self.window_start = time.monotonic()
        self.window_bytes = 0

    def is_slow(self, now: float) -> bool:
        """Whether fewer than RATE_WINDOW_BYTES moved in the window that ends now; then a new window starts."""
        if now - self.window_start < RATE_WINDOW_SECONDS:
            return False
        slow = self.window_bytes < RATE_WINDOW_BYTES
        self.window_start, self.window_bytes = now, 0
        return slow
