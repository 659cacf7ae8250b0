"""The state machine of a connection, without a socket: bytes and the time in, events and bytes out."""

import json
from functools import partial
from itertools import pairwise

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from container.contract.errors import BadPayload, ClientTooSlow, PayloadTooLarge, ServerBusy
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
from container.wire.gunicorn import parse_head
from container.wire.limits import MOST_STREAMS, BodyBudget, BodyLimits

PARSE = partial(parse_head, Config(), ("127.0.0.1", 1234))
MANY = 1 << 40
KEEPALIVE = 75
GET = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = ["POST /sized HTTP/1.1", "Host: x", *headers, f"Content-Length: {size}", "", ""]
    return "\r\n".join(lines).encode() + body


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def make(budget: BodyBudget | None = None, body_bytes: int = 1 << 20) -> Connection:
    return Connection(PARSE, budget or BodyBudget(BodyLimits(body_bytes, MANY)), KEEPALIVE, 0)


def refused(events: list[Event]) -> Exception:
    """Give the error of a request that was refused, the only event."""
    (event,) = events
    assert isinstance(event, RequestRefused)
    return event.error


def converse(pieces: list[bytes]) -> list[tuple[str, str, bytes]]:
    """Give the requests that come in these pieces, each answered at once."""
    connection, found = make(), []
    for piece in pieces:
        events = connection.receive_data(piece, 0)
        while events or connection.has_pending:
            for event in events:
                assert isinstance(event, RequestComplete)
                found.append((event.request.method, event.request.path, event.body))
                connection.complete_request(b"", False, 0)
            events = connection.receive_data(b"", 0) if connection.has_pending else []
            if not events:
                break
    return found


SENT = (
    GET + post(b"1,2\n") + b"\r\n\r\n" + CHUNKED + chunk(b"3,") + chunk(b"4\n") + b"0\r\nA: b\r\n\r\n" + post(b"") + GET
)
FOUND = [
    ("GET", "/ping", b""),
    ("POST", "/sized", b"1,2\n"),
    ("POST", "/chunked", b"3,4\n"),
    ("POST", "/sized", b""),
    ("GET", "/ping", b""),
]


@pytest.mark.parametrize("at", range(len(SENT) + 1))
def test_requests_are_the_same_wherever_their_bytes_are_split(at: int) -> None:
    assert converse([SENT[:at], SENT[at:]]) == FOUND


@given(st.lists(st.integers(0, len(SENT))))
def test_requests_are_the_same_in_any_number_of_pieces(places: list[int]) -> None:
    ends = [0, *sorted(places), len(SENT)]
    assert converse([SENT[a:b] for a, b in pairwise(ends)]) == FOUND


def test_a_request_sent_ahead_waits_until_the_one_before_is_answered_and_its_answer_sent() -> None:
    connection = make()
    assert len(connection.receive_data(GET + post(b"1") + GET, 0)) == 1
    assert connection.phase is Phase.ANSWERING
    assert not connection.wants_read
    assert connection.receive_data(b"", 0) == []
    connection.complete_request(b"answer", False, 0)
    assert (connection.phase, bytes(connection.outgoing)) == (Phase.SENDING, b"answer")
    assert connection.receive_data(b"", 0) == []
    connection.count_sent(4, 0)
    assert (bytes(connection.outgoing), connection.has_pending) == (b"er", False)
    connection.count_sent(2, 0)
    assert connection.has_pending
    (event,) = connection.receive_data(b"", 0)
    assert isinstance(event, RequestComplete)
    assert event.body == b"1"
    connection.complete_request(b"", False, 0)
    assert connection.has_pending


def test_what_is_sent_while_a_request_is_answered_belongs_to_the_next() -> None:
    connection = make()
    connection.receive_data(GET, 0)
    assert connection.receive_data(post(b"1"), 0) == []
    connection.complete_request(b"", False, 0)
    (event,) = connection.receive_data(b"", 0)
    assert isinstance(event, RequestComplete)


def test_a_client_that_asks_first_is_told_to_go_on_once_the_head_is_there() -> None:
    connection = make()
    assert connection.receive_data(post(b"", "Expect: 100-continue", length=2), 0) == [ContinueExpected()]
    assert connection.receive_data(b"1", 0) == []
    assert isinstance(connection.receive_data(b"2", 0)[0], RequestComplete)


def test_a_client_that_asks_first_is_not_told_to_go_on_with_too_much() -> None:
    assert isinstance(
        refused(make().receive_data(post(b"", "Expect: 100-continue", length=2 << 20), 0)), PayloadTooLarge
    )


MB = b"x" * (1 << 20)


@pytest.mark.parametrize(
    "data",
    [post(b"", length=(1 << 20) + 1), CHUNKED + chunk(MB + b"x"), CHUNKED + chunk(MB) + chunk(b"x")],
    ids=["announced", "one_chunk", "last_chunk"],
)
def test_a_body_over_the_limit_is_refused_and_read_no_further(data: bytes) -> None:
    budget = BodyBudget(BodyLimits(1 << 20, MANY))
    connection = make(budget)
    error = refused(connection.receive_data(data, 0))
    assert isinstance(error, PayloadTooLarge)
    assert str(error) == "the body is larger than the limit of 1 MB"
    assert (connection.phase, connection.wants_read, budget.held_bytes) == (Phase.ANSWERING, False, 0)


def test_a_body_of_just_the_limit_is_taken() -> None:
    assert isinstance(make().receive_data(post(MB), 0)[0], RequestComplete)
    assert isinstance(make().receive_data(CHUNKED + chunk(MB) + b"0\r\n\r\n", 0)[0], RequestComplete)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"hello\r\n\r\n", 400, "not a request of HTTP/1.1"),
        (b"GET / HTTP/1.1\n\n", 400, "not a request of HTTP/1.1: a line does not end in CR LF"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000, 431, "the headers of the request are too large"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 9_000 + b"\r\n\r\n", 431, "the headers of the request are too large"),
        (b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\n\r\n", 414, "the path of the request is too long"),
        (b"GET / HTTP/1.1\r\nExpect: more\r\n\r\n", 417, "expected an Expect of 100-continue"),
        (CHUNKED.replace(b"chunked\r\n\r\n", b"gzip, chunked\r\n\r\n"), 501, "expected a Transfer-Encoding of chunked"),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n"), 400, "not a request of HTTP/1.1"),
    ],
    ids=["words", "line_feeds", "endless", "header", "path", "expect", "coding", "two_lengths"],
)
def test_what_is_no_request_is_answered_by_itself_and_is_the_last(data: bytes, status: int, reason: str) -> None:
    connection = make()
    assert connection.receive_data(data, 0) == [RequestMalformed(reason)]
    head, _, body = bytes(connection.outgoing).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in head
    assert json.loads(body) == {"error": f"unable to evaluate payload provided: {reason}"}
    connection.count_sent(len(connection.outgoing), 0)
    assert connection.phase is Phase.LINGERING
    assert connection.receive_data(GET, 0) == []
    assert not connection.has_pending


def test_broken_chunks_are_refused() -> None:
    error = refused(make().receive_data(CHUNKED + b"x\r\n", 0))
    assert isinstance(error, BadPayload)
    assert "chunk of length 'x'" in str(error)


@pytest.mark.parametrize("data", [b"", b"GET /pi", post(b"", length=4), CHUNKED + chunk(b"1,2\n")])
def test_a_client_that_goes_before_its_request_is_whole_ends_the_connection(data: bytes) -> None:
    budget = BodyBudget(BodyLimits(1 << 20, MANY))
    connection = make(budget)
    connection.receive_data(data, 0)
    assert connection.receive_end() == []
    assert (connection.phase, connection.wants_read, budget.held_bytes) == (Phase.CLOSED, False, 0)


def test_a_client_that_says_no_more_after_its_request_gets_its_answer() -> None:
    connection = make()
    connection.receive_data(GET, 0)
    assert connection.receive_end() == []
    connection.complete_request(b"answer", False, 0)
    assert bytes(connection.outgoing) == b"answer"
    connection.count_sent(6, 0)
    connection.receive_end()
    assert connection.phase is Phase.CLOSED


def test_a_client_that_takes_no_answer_ends_the_connection() -> None:
    connection = make()
    connection.receive_data(GET, 0)
    connection.complete_request(None, False, 0)
    assert connection.phase is Phase.CLOSED


def test_after_a_last_answer_what_comes_is_dropped_for_three_seconds() -> None:
    connection = make()
    connection.receive_data(GET, 0)
    connection.complete_request(b"", True, 5)
    assert connection.receive_data(GET, 6) == []
    connection.check_timeouts(8)
    assert connection.wants_read
    connection.check_timeouts(8.1)
    assert connection.phase is Phase.CLOSED


def test_a_silent_client_has_ten_seconds_for_its_first_request_and_then_as_long_as_is_kept_alive() -> None:
    connection = make()
    connection.check_timeouts(10)
    assert connection.wants_read
    connection.receive_data(GET, 10)
    connection.complete_request(b"", False, 20)
    connection.check_timeouts(20 + KEEPALIVE)
    assert connection.wants_read
    connection.check_timeouts(20.1 + KEEPALIVE)
    assert connection.phase is Phase.CLOSED
    silent = make()
    silent.check_timeouts(10.1)
    assert silent.phase is Phase.CLOSED


REASON = "less than 10 kB of the request came in 10 seconds"


def test_a_head_that_hardly_comes_is_answered_with_408() -> None:
    connection = make()
    connection.receive_data(b"GET /", 1)
    assert connection.check_timeouts(10.9) == []
    assert connection.check_timeouts(11) == [RequestMalformed(REASON)]
    assert bytes(connection.outgoing).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("size", "slow"), [(9_999, True), (10_000, False)])
def test_a_body_must_come_at_ten_kilobytes_in_each_ten_seconds(size: int, slow: bool) -> None:
    connection = make()
    connection.receive_data(post(b"", length=100_000), 0)
    for began in (0, 10):
        connection.receive_data(b"x" * (size if began else 10_000), began + 9)
        assert connection.check_timeouts(began + 9.9) == []
        events = connection.check_timeouts(began + 10)
        if began and slow:
            assert isinstance(refused(events), ClientTooSlow)
            assert str(refused(events)) == REASON
        else:
            assert events == []


@pytest.mark.parametrize(("size", "slow"), [(9_999, True), (10_000, False)])
def test_an_answer_must_be_taken_as_fast(size: int, slow: bool) -> None:
    connection = make()
    connection.receive_data(GET, 0)
    connection.complete_request(b"x" * 100_000, False, 0)
    connection.count_sent(size, 9)
    connection.check_timeouts(10)
    assert (connection.phase is Phase.CLOSED) == slow


def test_while_it_is_answered_a_request_has_all_the_time() -> None:
    connection = make()
    connection.receive_data(GET, 0)
    assert connection.check_timeouts(1000) == []
    assert connection.phase is Phase.ANSWERING


def test_bodies_and_answers_count_as_held_until_they_have_gone() -> None:
    budget = BodyBudget(BodyLimits(1 << 20, MANY))
    connection = make(budget)
    connection.receive_data(post(b"x" * 60, length=100), 0)
    assert budget.held_bytes == 60
    connection.receive_data(b"x" * 40, 0)
    assert budget.held_bytes == 100
    connection.complete_request(b"y" * 30, False, 0)
    assert budget.held_bytes == 30
    connection.count_sent(29, 0)
    assert budget.held_bytes == 30
    connection.count_sent(1, 0)
    assert budget.held_bytes == 0


def test_when_all_hold_too_much_together_the_last_is_asked_to_come_again() -> None:
    budget = BodyBudget(BodyLimits(1 << 20, 100))
    first, second = make(budget), make(budget)
    first.receive_data(post(b"x" * 60, length=90), 0)
    error = refused(second.receive_data(post(b"x" * 41, length=90), 0))
    assert isinstance(error, ServerBusy)
    assert str(error) == "too many large requests at once; try again later"
    assert budget.held_bytes == 60
    first.close_now()
    assert budget.held_bytes == 0


LARGE = b"x" * (256 << 10)


def start_stream(budget: BodyBudget | None = None, data: bytes = LARGE) -> Connection:
    connection = make(budget, body_bytes=0)
    (event,) = connection.receive_data(CHUNKED + chunk(data), 0)
    assert isinstance(event, StreamStarted)
    assert event.body == data
    return connection


def test_a_body_without_limit_is_handed_out_as_it_comes() -> None:
    budget = BodyBudget(BodyLimits(0, MANY))
    connection = start_stream(budget)
    assert (budget.held_bytes, budget.stream_count) == (0, 1)
    assert connection.wants_read
    assert connection.receive_data(chunk(b"1") + chunk(b"2"), 0) == [StreamData(b"12")]
    assert connection.receive_data(chunk(b"3") + b"0\r\n\r\n" + GET, 0) == [StreamData(b"3"), StreamEnded()]
    assert not connection.wants_read
    connection.complete_request(b"", False, 0)
    assert budget.stream_count == 0
    assert isinstance(connection.receive_data(b"", 0)[0], RequestComplete)


def test_a_body_without_limit_that_is_small_comes_whole() -> None:
    (event,) = make(body_bytes=0).receive_data(post(LARGE[:-1]), 0)
    assert isinstance(event, RequestComplete)


def test_a_stream_that_is_paused_is_neither_read_nor_slow() -> None:
    connection = start_stream()
    connection.pause_stream()
    assert not connection.wants_read
    assert connection.check_timeouts(1000) == []
    connection.resume_stream(1000)
    assert connection.wants_read
    assert connection.check_timeouts(1009) == []
    (event,) = connection.check_timeouts(1010)
    assert isinstance(event, StreamBroken)
    assert isinstance(event.error, ClientTooSlow)
    assert not connection.wants_read


def test_broken_chunks_break_a_stream_behind_what_came_before_them() -> None:
    data, broken = start_stream().receive_data(chunk(b"1") + b"x\r\n", 0)
    assert data == StreamData(b"1")
    assert isinstance(broken, StreamBroken)
    assert isinstance(broken.error, BadPayload)


def test_a_client_that_goes_in_the_midst_of_a_stream_breaks_it_and_is_closed_after_the_answer() -> None:
    connection = start_stream()
    (event,) = connection.receive_end()
    assert isinstance(event, StreamBroken)
    assert isinstance(event.error, ConnectionResetError)
    assert connection.receive_end() == []
    connection.complete_request(b"", False, 0)
    assert connection.phase is Phase.LINGERING


def test_a_stream_that_is_answered_before_its_end_is_the_last_request() -> None:
    connection = start_stream()
    connection.complete_request(b"", False, 0)
    assert connection.phase is Phase.LINGERING


def test_no_more_bodies_are_streamed_at_once_than_there_may_be() -> None:
    budget = BodyBudget(BodyLimits(0, MANY))
    streams = [start_stream(budget) for _ in range(MOST_STREAMS)]
    error = refused(make(budget).receive_data(CHUNKED + chunk(LARGE), 0))
    assert isinstance(error, ServerBusy)
    assert str(error) == "too many streams at once; try again later"
    streams[0].complete_request(b"", False, 0)
    start_stream(budget)


@given(
    st.lists(
        st.one_of(st.binary(max_size=60), st.sampled_from([GET, CHUNKED, post(b"12"), b"2\r\n12\r\n", b"0\r\n\r\n"]))
    )
)
def test_no_bytes_bring_a_connection_down_and_in_the_end_it_holds_nothing(pieces: list[bytes]) -> None:
    budget = BodyBudget(BodyLimits(0, 100))
    connection = make(budget)
    for now, piece in enumerate(pieces):
        for event in connection.receive_data(piece, now):
            if isinstance(event, RequestComplete | RequestRefused):
                connection.complete_request(b"", isinstance(event, RequestRefused), now)
        connection.check_timeouts(now)
        connection.count_sent(len(connection.outgoing), now) if connection.outgoing else None
    connection.close_now()
    assert (budget.held_bytes, budget.stream_count) == (0, 0)
