"""The clients of a worker: reads and writes their sockets as their connections ask, and has their requests answered.

Tests: tests/container/wire/test_worker.py.
"""

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any

from container.wire.connection import Connection, Phase
from container.wire.events import (
    ContinueExpected,
    Event,
    RequestComplete,
    RequestMalformed,
    RequestRefused,
    StreamBroken,
    StreamData,
    StreamEnded,
    StreamStarted,
)
from container.wire.exchange import AnswerEnd, Answerer, Exchange, RequestMeter
from container.wire.flows import Inflow, RefusedBody
from container.wire.lanes import Lanes
from container.wire.loop import Loop

SCRATCH_BYTES = 256 << 10
CHUNKED_READ_BYTES = 64 << 10  # that are read at once of what may be chunks of a byte each
READS_AT_ONCE = 8


class Client:
    """A client's socket and connection, and the exchange that is under way."""

    def __init__(self, sock: socket.socket, address: Any, server_address: Any, connection: Connection) -> None:
        self.sock = sock
        self.address = address
        self.server_address = server_address
        self.connection = connection
        self.exchange: Exchange | None = None
        self.watched_events = 0


class Clients:
    """All clients of a worker. Only the answering happens in other threads; everything else belongs to the loop's."""

    def __init__(
        self, loop: Loop, answerer: Answerer, is_quick: Callable[[bytes], bool], meter: RequestMeter, log: Any
    ) -> None:
        self._loop = loop
        self._answerer = answerer
        self._is_quick = is_quick
        self._meter = meter
        self._log = log
        self._clients: set[Client] = set()
        self._scratch = memoryview(bytearray(SCRATCH_BYTES))
        self._lanes: Lanes[tuple[Client, Exchange]] = Lanes(self._answer_in_thread, log)

    def __len__(self) -> int:
        return len(self._clients)

    def add_client(self, client: Client) -> None:
        """Begin to serve a client."""
        self._clients.add(client)
        self._meter.set_connections(len(self._clients))
        self._run_guarded(self._read_socket, client)

    @property
    def has_idle(self) -> bool:
        """Whether a connection is idle."""
        return any(client.connection.is_idle for client in self._clients)

    def close_idle(self, most: int | None = None) -> None:
        """Close idle connections, all or at most so many, those first that have been idle longest."""
        idle = [client for client in self._clients if client.connection.is_idle]
        for client in sorted(idle, key=lambda client: client.connection.window_start)[:most]:
            client.connection.close_now()
            self._apply_phase(client)

    def check_timeouts(self, now: float) -> None:
        """Close idle connections that are too old, and time out clients that are too slow."""
        for client in list(self._clients):
            events = client.connection.check_timeouts(now)
            if events or client.connection.phase is Phase.CLOSED:
                self._run_guarded(partial(self._handle_events, events), client)

    def _run_guarded(self, callback: Callable[[Client], None], client: Client) -> None:
        """Call `callback(client)`, then watch what the connection waits for; an error ends the client, not the loop."""
        try:
            callback(client)
        except Exception:
            self._log.exception("Error on a connection")
            self._handle_events(client.connection.receive_end(), client)
        self._apply_phase(client)

    def _apply_phase(self, client: Client) -> None:
        """Watch the socket for what the connection waits for, or close it."""
        connection = client.connection
        events = selectors.EVENT_READ if connection.wants_read else 0
        if connection.outgoing:
            events = selectors.EVENT_WRITE
        if events != client.watched_events:
            client.watched_events = events
            callback = self._send_outgoing if events == selectors.EVENT_WRITE else self._read_socket
            self._loop.watch_socket(client.sock, events, partial(self._run_guarded, callback, client))
        if connection.phase is Phase.CLOSED:
            client.sock.close()
            self._clients.discard(client)
            self._meter.set_connections(len(self._clients))

    def _read_socket(self, client: Client) -> None:
        """Read what has arrived, a bounded number of times."""
        connection = client.connection
        bulk = connection.reads_in_bulk
        scratch = self._scratch if bulk else self._scratch[:CHUNKED_READ_BYTES]
        for _ in range(READS_AT_ONCE if bulk else 1):
            if not connection.wants_read:
                return
            try:
                size = client.sock.recv_into(scratch)
            except BlockingIOError:
                return
            except OSError:
                size = 0
            now = time.monotonic()
            events = connection.receive_data(scratch[:size], now) if size else connection.receive_end()
            self._handle_events(events, client)
            if size < len(scratch):
                return

    def _send_outgoing(self, client: Client) -> None:
        connection = client.connection
        if connection.outgoing:
            try:
                connection.count_sent(client.sock.send(connection.outgoing), time.monotonic())
            except BlockingIOError:
                return
            except OSError:
                connection.close_now()
        if connection.phase is Phase.LINGERING:
            try:
                client.sock.shutdown(socket.SHUT_WR)
            except OSError:
                connection.close_now()
        elif connection.has_pending:
            self._loop.call_soon(partial(self._run_guarded, self._read_pending, client))

    def _read_pending(self, client: Client) -> None:
        self._handle_events(client.connection.receive_data(b"", time.monotonic()), client)

    def _handle_events(self, events: list[Event], client: Client) -> None:
        for event in events:
            match event:
                case RequestComplete(request, body):
                    self._dispatch_request(self._open_exchange(client, request, BytesIO(body), len(body)), body, client)
                case RequestRefused(request, error):
                    request.force_close()
                    self._lanes.small.put((client, self._open_exchange(client, request, RefusedBody(error))))
                case StreamStarted(request, body):
                    resume = partial(self._run_guarded, self._resume_stream, client)
                    inflow = Inflow(partial(self._loop.call_soon, resume))
                    inflow.write(body)
                    self._lanes.streams.put((client, self._open_exchange(client, request, inflow)))
                case StreamData() | StreamEnded() | StreamBroken():
                    self._feed_stream(event, client)
                case ContinueExpected():
                    with suppress(OSError):
                        client.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                case RequestMalformed(reason):
                    self._log.info("%s:%s sent what cannot be answered: %s", *client.address[:2], reason)
                    self._send_outgoing(client)

    def _open_exchange(self, client: Client, request: Any, body: Any, size: int = 0) -> Exchange:
        request.body = body
        inflow = body if isinstance(body, Inflow) else None
        client.exchange = Exchange(request, client.sock, client.address, client.server_address, size, inflow)
        return client.exchange

    def _dispatch_request(self, exchange: Exchange, body: bytes, client: Client) -> None:
        """Answer a request here if that takes about a millisecond, whatever its body contains, else in a lane."""
        request = exchange.request
        encoded = any(name == "CONTENT-ENCODING" for name, _ in request.headers)
        quick = request.path == "/invocations" and not encoded and self._is_quick(body)
        if quick or request.method in ("GET", "HEAD"):
            self._finish_exchange(self._answerer.answer_request(exchange), client)
        else:
            self._lanes.choose_lane(request.path, len(body)).put((client, exchange))

    def _answer_in_thread(self, item: tuple[Client, Exchange]) -> None:
        client, exchange = item
        outcome = self._answerer.answer_request(exchange)
        self._loop.call_soon(partial(self._run_guarded, partial(self._finish_exchange, outcome), client))

    def _finish_exchange(self, outcome: AnswerEnd, client: Client) -> None:
        client.exchange = None
        client.connection.complete_request(outcome.rest, outcome.closes, time.monotonic())
        self._send_outgoing(client)

    def _feed_stream(self, event: StreamData | StreamEnded | StreamBroken, client: Client) -> None:
        """Pass what has arrived of a streamed body on to the thread that reads it."""
        exchange = client.exchange
        assert exchange is not None
        assert exchange.inflow is not None
        match event:
            case StreamData(body):
                exchange.inflow.write(body)
                if exchange.inflow.pause_if_full():
                    client.connection.pause_stream()
            case StreamEnded():
                exchange.inflow.end_body()
            case StreamBroken(error):
                exchange.inflow.end_body(error)
                exchange.request.force_close()

    def _resume_stream(self, client: Client) -> None:
        client.connection.resume_stream(time.monotonic())
