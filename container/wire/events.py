"""What a connection reads out of a client's bytes.

Tests: tests/container/wire/test_connection.py.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from container.contract.errors import HttpError
from container.wire.message import ChunkedBody, SizedBody


class RequestHead(NamedTuple):
    """A request line and its headers, with the framing of the body behind them."""

    request: Any
    framing: SizedBody | ChunkedBody
    expects_continue: bool


ParseHead: TypeAlias = Callable[[bytes, int], RequestHead]  # the head's bytes, the request's number on its connection


class RequestMalformed(NamedTuple):
    """The bytes are no HTTP/1.1 request; the connection has an error response ready and closes after it."""

    reason: str


class ContinueExpected(NamedTuple):
    """The client waits for 100 Continue before it sends the body."""


class RequestComplete(NamedTuple):
    """A request with its whole body."""

    request: Any
    body: bytes


class RequestRefused(NamedTuple):
    """A request whose body is not read; the response should say why."""

    request: Any
    error: HttpError


class StreamStarted(NamedTuple):
    """A request with the first bytes of a streamed body."""

    request: Any
    body: bytes


class StreamData(NamedTuple):
    """The next bytes of a streamed body."""

    body: bytes


class StreamEnded(NamedTuple):
    """The end of a streamed body."""


class StreamBroken(NamedTuple):
    """The rest of a streamed body cannot be read."""

    error: Exception


Event: TypeAlias = (
    RequestMalformed
    | ContinueExpected
    | RequestComplete
    | RequestRefused
    | StreamStarted
    | StreamData
    | StreamEnded
    | StreamBroken
)
