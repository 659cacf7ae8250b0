"""The gunicorn worker: one event loop holds all connections, threads get complete requests only.

A client that sends or reads slowly occupies no thread. Small and large requests have threads of their own, so that
small ones never wait for large ones. Requests that are answered in about a millisecond are answered in the loop itself:
handing them to a thread and back would take as long again.
"""

import errno
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus
from io import BytesIO
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker as BaseWorker  # type: ignore[import-untyped]

from container.contract.errors import ClientTooSlow, HttpError, PayloadTooLarge, ServerBusy, encode_error
from container.wire.body import SizedBody
from container.wire.connection import BadHead, Connection, Phase
from container.wire.flows import RATE_WINDOW_SECONDS, CollectedAnswer, Inflow, Outflow, RefusedBody
from container.wire.lanes import Lane

SMALL_THREADS, STREAM_THREADS = 4, 8
MOST_STREAMS = 16
LARGE_BYTES = 256 << 10
SCRATCH_BYTES = 256 << 10
CHUNKED_READ_BYTES = 64 << 10  # that are taken at once of what may be chunks of a byte each
READS_AT_ONCE = 8
LINGER_SECONDS = 3
STOPPING_IDLE_SECONDS = 0.5  # that an idle connection may still be used for
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


class Worker(BaseWorker):  # type: ignore[misc]
    """Serves `app` within its `limits`, and counts in row `meter_row` of its `meter`."""

    meter_row = 0
    alive: bool

    def init_process(self) -> None:
        """Create the loop's state and the threads in the new process, then run."""
        self.app.meter.claim_row(self.meter_row)
        self._poller = selectors.DefaultSelector()
        self._scratch = memoryview(bytearray(SCRATCH_BYTES))
        self._deferred: SimpleQueue[tuple[Callable[[Connection], None], Connection]] = SimpleQueue()
        self._connections: set[Connection] = set()
        self._is_listening = False
        self._held_bytes = 0
        self._lock = Lock()
        self._small_lane = Lane(SMALL_THREADS, self._answer_request, self.log)
        self._large_lane = Lane(1, self._answer_request, self.log)
        self._stream_lane = Lane(STREAM_THREADS, self._answer_request, self.log)
        self._model_lane = Lane(1, self._answer_request, self.log)
        self._stream_count = 0
        super().init_process()

    def init_signals(self) -> None:
        """Install signal handlers and unblock the signals that were blocked since before the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def run(self) -> None:
        """Run the loop until a signal stops it, then until the requests that have begun are answered."""
        self._poller.register(self.PIPE[0], selectors.EVENT_READ, self._run_deferred_calls)
        self._set_listening(True)
        swept = time.monotonic()
        while self.alive and self.ppid == os.getppid():
            self._poll_once(1.0)
            if time.monotonic() - swept >= 1:
                swept = time.monotonic()
                self._expire_connections(swept)
        self.alive = False
        self._set_listening(False)
        for listener in self.sockets:
            while self._accept_client(listener):
                pass
            listener.close()
        stopped = time.monotonic()
        while self._connections and time.monotonic() - stopped < self.cfg.graceful_timeout - 1:
            self._poll_once(0.1)
            now = time.monotonic()
            self._expire_connections(now)
            if now - stopped > STOPPING_IDLE_SECONDS:
                for connection in [c for c in self._connections if c.is_idle]:
                    self._close_connection(connection)
        if self.ppid != os.getppid():
            self.app.clean_up()

    def _set_listening(self, on: bool) -> None:
        """Start or stop accepting connections."""
        if on == self._is_listening:
            return
        self._is_listening = on
        for listener in self.sockets:
            if on:
                listener.setblocking(False)
                self._poller.register(listener, selectors.EVENT_READ, partial(self._accept_client, listener))
            else:
                self._poller.unregister(listener)

    def _poll_once(self, seconds: float) -> None:
        """Wait for events for at most `seconds` and handle them."""
        self.notify()
        for key, _ in self._poller.select(seconds):
            key.data()

    def _call_in_loop(self, callback: Callable[[Connection], None], connection: Connection) -> None:
        """Have the loop call `callback(connection)`; safe from any thread."""
        self._deferred.put((callback, connection))
        with suppress(BlockingIOError):
            os.write(self.PIPE[1], b"\0")

    def _run_deferred_calls(self) -> None:
        os.read(self.PIPE[0], 4096)
        with suppress(Empty):
            while True:
                work, connection = self._deferred.get_nowait()
                self._run_guarded(work, connection)

    def _accept_client(self, listener: socket.socket) -> bool:
        """Accept one connection, when full in place of the one idle longest; return whether there was one."""
        full = len(self._connections) >= self.cfg.worker_connections
        idle = [connection for connection in self._connections if connection.is_idle] if full else []
        if full and not idle:
            self._set_listening(False)
            return False
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                self.log.warning("No connection can be taken now: %s", error.strerror)
                self._set_listening(False)
            return False
        if full:
            self._close_connection(min(idle, key=lambda connection: connection.window_start))
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, client, listener.getsockname())
        self._connections.add(connection)
        self.app.meter.set_connections(len(self._connections))
        self._watch_socket(connection)
        self._run_guarded(self._read_socket, connection)
        return True

    def _watch_socket(self, connection: Connection, events: int = selectors.EVENT_READ) -> None:
        if connection not in self._connections:
            return
        work = partial(
            self._run_guarded, self._send_outbox if events == selectors.EVENT_WRITE else self._read_socket, connection
        )
        try:
            self._poller.modify(connection.sock, events, work)
        except KeyError:
            self._poller.register(connection.sock, events, work)

    def _run_guarded(self, callback: Callable[[Connection], None], connection: Connection) -> None:
        """Call `callback(connection)`; log an unexpected error and close the connection, so that the loop survives."""
        try:
            callback(connection)
        except Exception:
            self.log.exception("Error on a connection")
            self._close_connection(connection)

    def _unwatch_socket(self, connection: Connection) -> None:
        with suppress(KeyError, ValueError):
            self._poller.unregister(connection.sock)

    def _close_connection(self, connection: Connection) -> None:
        """Close a connection; one that is being answered is only unwatched, and closed after the answer."""
        if connection.inflow and not connection.framing.is_complete:
            connection.inflow.end_body(ConnectionResetError("the client has gone"))
        if connection.phase is Phase.ANSWERING:
            self._unwatch_socket(connection)
            connection.has_unread_input = True  # the answer finds nobody
            return
        self._unwatch_socket(connection)
        self._release_held_bytes(connection)
        connection.sock.close()
        self._connections.discard(connection)
        self.app.meter.set_connections(len(self._connections))

    def _read_socket(self, connection: Connection) -> None:
        """Read what has arrived, a bounded number of times, and feed it to the connection's request."""
        if connection.phase is Phase.SENDING:  # of an event that came with the end of the answer
            return
        if connection.phase is Phase.ANSWERING and (connection.inflow is None or connection.framing.is_complete):
            self._unwatch_socket(connection)
            connection.has_unread_input = True
            self._resume_reading(connection)
            return
        plain = connection.request is not None and isinstance(connection.framing, SizedBody)
        scratch = self._scratch if plain else self._scratch[:CHUNKED_READ_BYTES]
        for _ in range(READS_AT_ONCE if plain else 1):
            try:
                size = connection.sock.recv_into(scratch)
            except BlockingIOError:
                return
            except OSError:
                size = 0
            if not size:
                self._close_connection(connection)
                return
            connection.window_bytes += size
            if connection.phase is Phase.LINGERING:
                continue
            self._feed_request(connection, scratch[:size])
            if connection.phase is not Phase.RECEIVING and (connection.inflow is None or connection.inflow.is_paused):
                return
            if size < len(scratch):
                return

    def _resume_reading(self, connection: Connection) -> None:
        """Resume reading from a connection that sent data while it was being answered, once the answer is sent."""
        if connection.has_unread_input and connection.phase is Phase.RECEIVING and connection in self._connections:
            connection.has_unread_input = False
            self._watch_socket(connection)
            self._read_socket(connection)

    def _feed_request(self, connection: Connection, data: memoryview) -> None:
        """Feed bytes to the connection's request: head first, then body; dispatch it when it is complete."""
        try:
            if connection.request is None:
                if not connection.inbox:
                    connection.restart_rate_window()
                connection.inbox += data
                rest = connection.parse_head(self.cfg)
                if connection.request is None:
                    return
                self._begin_body(connection)
                data = memoryview(rest)
            used = connection.framing.feed_data(data, connection.write_body)
            connection.inbox += data[used:]
        except BadHead as error:
            self._reject_malformed(connection, error.status, str(error))
            return
        except HttpError as error:
            self._refuse_request(connection, error)
            return
        try:
            self._dispatch_request(connection)
        except HttpError as error:
            self._refuse_request(connection, error)

    def _begin_body(self, connection: Connection) -> None:
        """Check the size of a request whose head is complete, send 100 Continue if expected, and collect its body."""
        expected, connection.request._expected_100_continue = connection.request._expected_100_continue, False
        limit = self.app.limits.body_bytes
        if limit and connection.framing.bytes_left > limit:
            raise PayloadTooLarge(f"the body is larger than the limit of {limit >> 20} MB")
        if expected:
            with suppress(OSError):
                connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.write_body = partial(self._hold_body_part, connection, limit)

    def _hold_body_part(self, connection: Connection, limit: int, part: memoryview) -> None:
        """Buffer a part of a body; raise PayloadTooLarge beyond its limit, Busy beyond that of all bodies."""
        connection.body.write(part)
        self._count_held_bytes(connection, len(part))
        if limit and connection.held_bytes > limit:
            raise PayloadTooLarge(f"the body is larger than the limit of {limit >> 20} MB")
        if self._held_bytes > self.app.limits.held_bytes:
            raise ServerBusy("too many large requests at once; try again later")

    def _count_held_bytes(self, connection: Connection, size: int) -> None:
        connection.held_bytes += size
        with self._lock:
            self._held_bytes += size

    def _release_held_bytes(self, connection: Connection) -> None:
        with self._lock:
            self._held_bytes -= connection.held_bytes
        connection.held_bytes = 0

    def _dispatch_request(self, connection: Connection) -> None:
        """Dispatch a complete request to the loop or a lane; stream a large body where size is unlimited."""
        inflow, request = connection.inflow, connection.request
        if inflow is not None:
            if connection.framing.is_complete:
                inflow.end_body()
            elif inflow.pause_if_full():
                self._unwatch_socket(connection)
        elif connection.framing.is_complete:
            body = connection.body.getvalue()
            request.body = BytesIO(body)
            connection.phase = Phase.ANSWERING
            if request.method in ("GET", "HEAD") or (
                request.path == "/invocations" and self._is_quick_request(request, body)
            ):
                self._answer_request(connection)
            elif request.path == "/models":
                self._model_lane.put(connection)
            else:
                (self._large_lane if connection.held_bytes > LARGE_BYTES else self._small_lane).put(connection)
        elif not self.app.limits.body_bytes and connection.held_bytes >= LARGE_BYTES:
            with self._lock:
                if self._stream_count >= MOST_STREAMS:
                    raise ServerBusy("too many streams at once; try again later")
                self._stream_count += 1
            request.body = connection.inflow = Inflow(partial(self._call_in_loop, self._resume_stream, connection))
            connection.inflow.write(connection.body.getbuffer())
            connection.write_body = connection.inflow.write
            self._release_held_bytes(connection)
            connection.phase = Phase.ANSWERING
            self._stream_lane.put(connection)

    def _is_quick_request(self, request: Any, body: bytes) -> bool:
        """Whether the application answers this body in about a millisecond, whatever it contains."""
        encoded = any(name == "CONTENT-ENCODING" for name, _ in request.headers)
        return not encoded and bool(self.wsgi.config["IS_QUICK"](body))

    def _resume_stream(self, connection: Connection) -> None:
        """Resume reading a streamed body whose buffer has space again (backpressure)."""
        if connection.inflow and not connection.inflow.has_ended:
            self._watch_socket(connection)

    def _refuse_request(self, connection: Connection, error: HttpError) -> None:
        """Have the application answer with `error` a request whose body is not read."""
        if connection.inflow is not None:
            connection.inflow.end_body(error)
            connection.request.force_close()
            self._unwatch_socket(connection)
            return
        self._release_held_bytes(connection)
        connection.body = BytesIO()
        connection.request.body = RefusedBody(error)
        connection.request.force_close()
        connection.phase = Phase.ANSWERING
        self._small_lane.put(connection)

    def _reject_malformed(self, connection: Connection, status: int, reason: str) -> None:
        """Answer bytes that are no HTTP request with `status` and close the connection."""
        self.log.info("%s:%s sent what cannot be answered: %s", *connection.client_address[:2], reason)
        connection.outbox = memoryview(self._format_error(status, reason))
        connection.closes_after_send = True
        connection.phase = Phase.SENDING
        self._send_outbox(connection)

    def _format_error(self, status: int, reason: str) -> bytes:
        """Format an error response that closes the connection."""
        body = encode_error(reason)
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _answer_request(self, connection: Connection) -> None:
        """Run the application on a request and send its response; in any thread.

        The request is counted before the end of its response is sent, so that a client that has the response finds it
        in /metrics.
        """
        request, inflow = connection.request, connection.inflow
        answer = Outflow(connection.sock) if inflow else CollectedAnswer()
        began = datetime.now()
        response: Any = None
        environ: Any = None
        rest: bytes | None = b""
        closes, counted = True, False

        def count_request() -> None:
            nonlocal counted
            counted = True
            took, size = datetime.now() - began, inflow.total_bytes if inflow else connection.held_bytes
            status, rows = int(response.status.split(None, 1)[0]), environ.get("rows", 0)
            self.app.meter.count_request(request.path, status, took.total_seconds(), size, response.sent, rows)

        try:
            response, environ = wsgi.create(
                request, answer, connection.client_address, connection.server_address, self.cfg
            )
            environ["wsgi.multithread"] = True
            if not self.alive:
                response.force_close()
            self._run_application(response, environ, count_request)
            closes = response.should_close() or (inflow is not None and not connection.framing.is_complete)
            if isinstance(answer, CollectedAnswer):
                rest = self._try_to_send(connection, answer.parts)
        except (HttpError, OSError) as error:
            self.log.info("%s %s was cut off: %s", request.method, request.path, error)
        except Exception:
            self.log.exception("Error while answering %s %s", request.method, request.path)
            if not inflow:
                rest = self._format_error(500, "an unexpected error; the log says more")
        answered = response is not None and response.status
        if answered and not counted:
            count_request()
        self._release_held_bytes(connection)
        if rest != b"" or closes or connection.inbox or inflow:
            self._call_in_loop(partial(self._finish_answer, rest, closes), connection)
        else:
            connection.prepare_next_request()
            if connection.has_unread_input:
                self._call_in_loop(self._resume_reading, connection)
        if answered:
            self.log.access(response, request, environ, datetime.now() - began)

    def _run_application(self, response: Any, environ: dict[str, Any], count: Callable[[], None]) -> None:
        parts = self.wsgi(environ, response.start_response)
        try:
            for part in parts:
                response.write(part)
            count()
            response.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()

    def _try_to_send(self, connection: Connection, parts: list[bytes]) -> bytes | None:
        """Send what the socket takes at once; return the rest, or None if the client is gone."""
        data = b"".join(parts)
        try:
            return data[connection.sock.send(data) :]
        except BlockingIOError:
            return data
        except OSError:
            return None

    def _finish_answer(self, rest: bytes | None, closes: bool, connection: Connection) -> None:
        """Send the rest of a response from the loop and go on with the connection."""
        if connection.inflow:
            with self._lock:
                self._stream_count -= 1
        connection.body = BytesIO()
        connection.request.body = None
        connection.outbox = memoryview(rest or b"")
        self._count_held_bytes(connection, len(connection.outbox))
        connection.closes_after_send = closes
        connection.phase = Phase.SENDING
        connection.restart_rate_window()
        if rest is None:
            self._close_connection(connection)
        else:
            self._send_outbox(connection)

    def _send_outbox(self, connection: Connection) -> None:
        try:
            sent = connection.sock.send(connection.outbox) if connection.outbox else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close_connection(connection)
            return
        connection.window_bytes += sent
        connection.outbox = connection.outbox[sent:]
        if connection.outbox:
            self._watch_socket(connection, selectors.EVENT_WRITE)
        elif connection.closes_after_send:
            self._start_lingering(connection)
        else:
            rest = bytes(connection.inbox)
            connection.inbox.clear()
            self._release_held_bytes(connection)
            connection.prepare_next_request()
            connection.has_unread_input = False
            self._watch_socket(connection)
            if rest:
                self._feed_request(connection, memoryview(rest))

    def _start_lingering(self, connection: Connection) -> None:
        """Start a lingering close: stop sending, but discard input for LINGER_SECONDS.

        Otherwise the kernel could reset the connection before the client has read its answer.
        """
        connection.phase = Phase.LINGERING
        connection.restart_rate_window()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close_connection(connection)
            return
        self._watch_socket(connection)

    def _expire_connections(self, now: float) -> None:
        """Close idle connections that are too old, and time out clients that are too slow."""
        self._set_listening(self.alive)
        for connection in list(self._connections):
            idle_for = now - connection.window_start
            match connection.phase:
                case Phase.RECEIVING if connection.is_idle:
                    if idle_for > (self.cfg.keepalive if connection.request_count else RATE_WINDOW_SECONDS):
                        self._close_connection(connection)
                case Phase.RECEIVING:
                    if connection.is_slow(now):
                        self._time_out_request(connection)
                case Phase.ANSWERING:
                    inflow = connection.inflow
                    if (
                        inflow
                        and not connection.framing.is_complete
                        and not inflow.is_paused
                        and connection.is_slow(now)
                    ):
                        self._time_out_request(connection)
                case Phase.SENDING:
                    if connection.is_slow(now):
                        self._close_connection(connection)
                case Phase.LINGERING:
                    if idle_for > LINGER_SECONDS:
                        self._close_connection(connection)

    def _time_out_request(self, connection: Connection) -> None:
        reason = f"less than {RATE_WINDOW_SECONDS} kB of the request came in {RATE_WINDOW_SECONDS} seconds"
        if connection.request is None:
            self._reject_malformed(connection, 408, reason)
        else:
            self._refuse_request(connection, ClientTooSlow(reason))
