"""An HTTP/1.1 connection as a state machine: received bytes and the time go in, events and bytes to send come out.

It knows no socket, clock or thread. Its owner passes what it reads to `receive_data` while `wants_read`, has each
request answered and reports that to `complete_request`, sends `outgoing` and reports that to `count_sent`, and calls
`check_timeouts` now and then. `phase` tells the owner when to shut down or close the socket.
"""

from enum import Enum, auto

from container.contract.errors import ClientTooSlow, HttpError, ServerBusy
from container.wire.events import (
    ContinueExpected,
    Event,
    ParseHead,
    RequestComplete,
    RequestHead,
    RequestMalformed,
    RequestRefused,
    StreamBroken,
    StreamData,
    StreamEnded,
    StreamStarted,
)
from container.wire.limits import RATE_WINDOW_SECONDS, BodyBudget, HeldBody, RateWindow
from container.wire.message import BadHead, ChunkedBody, Inbox, SizedBody, format_error

LARGE_BYTES = 256 << 10  # from which a body without limit is streamed
LINGER_SECONDS = 3


class Phase(Enum):
    """The phase of a connection."""

    RECEIVING = auto()
    ANSWERING = auto()  # until `complete_request`; more of a streamed body may arrive
    SENDING = auto()
    LINGERING = auto()  # input is discarded, since the kernel could reset the connection before the response is read
    CLOSED = auto()


class Connection:
    """The requests of one client, one at a time; pipelined ones wait for another call of `receive_data`."""

    def __init__(self, parse_head: ParseHead, budget: BodyBudget, keepalive_seconds: float, now: float) -> None:
        self._parse_head = parse_head
        self._budget = budget
        self._keepalive_seconds = keepalive_seconds
        self._inbox = Inbox()
        self._rate = RateWindow(now)
        self._request_count = 0
        self._start_request(now)

    def _start_request(self, now: float) -> None:
        self.phase = Phase.RECEIVING
        self.outgoing = memoryview(b"")
        self._closes = False  # after what is outgoing
        self._head: RequestHead | None = None
        self._framing: SizedBody | ChunkedBody = SizedBody(0)
        self._body = HeldBody(self._budget)
        self._streams = self._broken = self._paused = False
        self._rate.restart(now)

    @property
    def window_start(self) -> float:
        """Since when the connection has been idle, or the client's bytes are counted."""
        return self._rate.start

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has arrived."""
        return self.phase is Phase.RECEIVING and self._head is None and not self._inbox

    @property
    def has_pending(self) -> bool:
        """Whether bytes of the next request have arrived before it could be read."""
        return self.phase is Phase.RECEIVING and self._head is None and bool(self._inbox)

    @property
    def wants_read(self) -> bool:
        """Whether the owner should read from the client."""
        if self.phase is Phase.ANSWERING:
            return self._is_streaming and not self._paused
        return self.phase in (Phase.RECEIVING, Phase.LINGERING)

    @property
    def reads_in_bulk(self) -> bool:
        """Whether many bytes may be read at once; not of chunks, which may hold a byte each."""
        return self._head is not None and isinstance(self._framing, SizedBody)

    @property
    def _is_streaming(self) -> bool:
        return self._streams and not self._broken and not self._framing.is_complete

    def receive_data(self, data: memoryview | bytes, now: float) -> list[Event]:
        """Process received bytes; with none, process those that were pipelined."""
        events: list[Event] = []
        self._rate.byte_count += len(data)
        if not (self.phase is Phase.RECEIVING or self._is_streaming):
            if self.phase is not Phase.LINGERING:
                self._inbox.add_data(data)
            return events
        try:
            self._read_request(data, now, events)
        except BadHead as error:
            self._reject_malformed(error.status, str(error), now, events)
        except HttpError as error:
            self._refuse_request(error, events)
        return events

    def _read_request(self, data: memoryview | bytes, now: float, events: list[Event]) -> None:
        """Process the head once it is complete, then the body."""
        if self._head is None:
            if not self._inbox:
                self._rate.restart(now)
            self._inbox.add_data(data)
            head = self._inbox.take_head()
            if head is None:
                return
            data = self._inbox.take_rest()
            self._head = self._parse_head(head, self._request_count + 1)
            self._framing = self._head.framing
            self._begin_body(self._head, events)
        parts: list[memoryview] = []
        try:
            used = self._framing.feed_data(memoryview(data), parts.append if self._streams else self._body.write)
        finally:
            if parts:
                events.append(StreamData(b"".join(parts)))
        self._inbox.add_data(data[used:])
        self._emit_request(self._head, events)

    def _begin_body(self, head: RequestHead, events: list[Event]) -> None:
        self._body.check_length(head.framing.bytes_left)
        if head.expects_continue:
            events.append(ContinueExpected())

    def _emit_request(self, head: RequestHead, events: list[Event]) -> None:
        """Emit the request once its body is complete, or large enough to be streamed."""
        if self._streams:
            if self._framing.is_complete:
                events.append(StreamEnded())
        elif self._framing.is_complete:
            self.phase = Phase.ANSWERING
            events.append(RequestComplete(head.request, self._body.read_all()))
        elif not self._budget.limits.body_bytes and self._body.held_bytes >= LARGE_BYTES:
            if not self._budget.can_stream:
                raise ServerBusy("too many streams at once; try again later")
            self._budget.stream_count += 1
            self._streams = True
            self.phase = Phase.ANSWERING
            events.append(StreamStarted(head.request, self._body.read_all()))
            self._body.release_bytes()

    def _refuse_request(self, error: HttpError, events: list[Event]) -> None:
        """Stop reading a request; its response says why."""
        if self._streams:
            self._broken = True
            events.append(StreamBroken(error))
        elif self._head:
            self._body.release_bytes()
            self.phase = Phase.ANSWERING
            events.append(RequestRefused(self._head.request, error))

    def _reject_malformed(self, status: int, reason: str, now: float, events: list[Event]) -> None:
        self._start_sending(format_error(status, reason), True, now)
        events.append(RequestMalformed(reason))

    def receive_end(self) -> list[Event]:
        """Process the end of the client's input."""
        if self.phase is not Phase.ANSWERING:
            self.close_now()
        elif self._is_streaming:
            self._broken = True
            return [StreamBroken(ConnectionResetError("the client has gone"))]
        return []

    def pause_stream(self) -> None:
        """Stop reading a streamed body for now (backpressure)."""
        self._paused = True

    def resume_stream(self, now: float) -> None:
        """Resume reading a streamed body."""
        if self._paused:
            self._paused = False
            self._rate.restart(now)

    def complete_request(self, rest: bytes | None, closes: bool, now: float) -> None:
        """End a request that was answered: `rest` of the response is still to be sent, None if the client is gone."""
        if self._streams:
            self._budget.stream_count -= 1
            closes = closes or not self._framing.is_complete
        self._body.release_bytes()
        if rest is None:
            self.close_now()
        else:
            self._start_sending(rest, closes, now)

    def _start_sending(self, data: bytes, closes: bool, now: float) -> None:
        self.phase = Phase.SENDING
        self.outgoing = memoryview(data)
        self._body.hold_bytes(len(data))
        self._closes = closes
        self._rate.restart(now)
        self.count_sent(0, now)

    def count_sent(self, size: int, now: float) -> None:
        """Drop `size` sent bytes of `outgoing`; after the last, begin the next request or a lingering close."""
        self._rate.byte_count += size
        self.outgoing = self.outgoing[size:]
        if self.outgoing:
            return
        self._body.release_bytes()
        if self._closes:
            self.phase = Phase.LINGERING
            self._rate.restart(now)
        else:
            self._request_count += 1
            self._start_request(now)

    def check_timeouts(self, now: float) -> list[Event]:
        """Give up on a client that is idle for too long or too slow."""
        idle_for = now - self.window_start
        events: list[Event] = []
        if self.is_idle:
            if idle_for > (self._keepalive_seconds if self._request_count else RATE_WINDOW_SECONDS):
                self.close_now()
        elif self.phase is Phase.LINGERING:
            if idle_for > LINGER_SECONDS:
                self.close_now()
        elif (self.wants_read or self.phase is Phase.SENDING) and self._rate.is_slow(now):
            reason = f"less than {RATE_WINDOW_SECONDS} kB of the request came in {RATE_WINDOW_SECONDS} seconds"
            if self.phase is Phase.SENDING:
                self.close_now()
            elif self._head is None:
                self._reject_malformed(ClientTooSlow.status, reason, now, events)
            else:
                self._refuse_request(ClientTooSlow(reason), events)
        return events

    def close_now(self) -> None:
        """Close without sending anything more."""
        self._body.release_bytes()
        self.outgoing = memoryview(b"")
        self.phase = Phase.CLOSED
