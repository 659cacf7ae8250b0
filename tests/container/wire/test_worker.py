"""One loop holds all clients: slow, rude or many, they cost the others nothing."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from select import select
from statistics import median

import pytest
from flask import Flask

from container.contract.environment import ServerSettings
from container.server import Server
from container.web.counters import Meter
from tests.container.serving import (
    SERVER,
    format_post,
    is_closed,
    open_connection,
    read_answer,
    read_answers,
    running_server,
    send_request,
    start_server,
    stop_server,
    wait_for_ping,
)
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that runs for all tests of this module."""
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="2") as number:
        yield number


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_requests_on_one_connection_are_answered_in_order_even_if_sent_at_once(port: int) -> None:
    with open_connection(port, b"".join(format_post(b"%d,0\n" % i) for i in range(50))) as client:
        assert list(islice(read_answers(client), 50)) == [(200, b"%d.0\n" % i) for i in range(50)]


def test_a_request_may_come_byte_by_byte(port: int) -> None:
    with open_connection(port) as client:
        for byte in format_post(b"1,2\n"):
            client.sendall(bytes([byte]))
        assert read_answer(client) == (200, b"3.0\n")


def test_a_client_that_says_no_more_after_its_request_is_answered(port: int) -> None:
    with open_connection(port, format_post(b"1,2\n")) as client:
        client.shutdown(1)
        assert read_answer(client) == (200, b"3.0\n")


def test_a_client_that_asks_first_is_told_to_go_on(port: int) -> None:
    with open_connection(port, format_post(b"", "Expect: 100-continue", length=4)) as client:
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"1,2\n")
        assert read_answer(client) == (200, b"3.0\n")


def test_http_1_0_is_answered_and_closed(port: int) -> None:
    with open_connection(port, b"GET /ping HTTP/1.0\r\n\r\n") as client:
        assert read_answer(client) == (200, b"")
        assert is_closed(client)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"hello\r\n\r\n", 400, b"not a request of HTTP/1.1"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, b"not a request of HTTP/1.1"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 70000, 431, b"the headers of the request are too large"),
        (format_post(b"", "Transfer-Encoding: chunked"), 400, b"not a request of HTTP/1.1"),
        (
            format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"x\r\n",
            400,
            b"chunk of length",
        ),
        (format_post(b"", length=3 << 20), 413, b"the body is larger than the limit of 2 MB"),
        (format_post(b"x" * (2 << 20) + b"x"), 413, b"the body is larger than the limit of 2 MB"),
    ],
    ids=["words", "tls", "endless", "two_lengths", "no_chunk", "announced", "sent"],
)
def test_what_is_no_request_is_told_so_and_closed(port: int, data: bytes, status: int, reason: bytes) -> None:
    with open_connection(port, data) as client:
        found = read_answer(client)
        assert found[0] == status
        assert reason in found[1]
        assert found[1].startswith(b'{"error": "unable to evaluate payload provided: ')
        assert is_closed(client)


def test_a_chunked_body_over_the_limit_is_refused_while_it_is_sent(port: int) -> None:
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    with open_connection(port, head + b"10000\r\n") as client:
        for _ in range(33):
            client.sendall(b"1" * 65536 + b"\r\n10000\r\n")
        assert read_answer(client)[0] == 413


@pytest.mark.streams
def seconds_to_ask(port: int) -> float:
    began = time.monotonic()
    assert send_request(port, "GET", "/ping") == (200, b"")
    assert send_request(port, "POST", "/invocations", b"1,2", Content_Type="text/csv")[0] == 200
    return time.monotonic() - began


def test_who_is_too_slow_is_told_so_and_costs_nobody_else_anything(port: int) -> None:
    """200 of them send a byte a second, some stop, some never begin: others are answered as if they were not there."""
    alone = [seconds_to_ask(port) for _ in range(50)]
    began = time.monotonic()
    slow = [open_connection(port, format_post(b"1,", length=1000)) for _ in range(200)]
    stuck = [open_connection(port, b"POST /invocations HT"), open_connection(port, format_post(b"", length=10))]
    silent = open_connection(port)
    beside_them = []
    while time.monotonic() - began < 9:
        for client in slow:
            client.sendall(b"1")
        beside_them += [seconds_to_ask(port) for _ in range(5)]
        time.sleep(0.5)
    assert median(beside_them) < 50 * median(alone)
    for client in slow + stuck:
        status, body = read_answer(client)
        assert status == 408
        assert b"less than 10 kB of the request came in 10 seconds" in body
        client.close()
    assert time.monotonic() - began > 9
    assert is_closed(silent)
    silent.close()


def test_one_worker_answers_beside_more_slow_clients_than_gunicorn_would_accept() -> None:
    with running_server(SAGEMAKER_MODEL_SERVER_WORKERS="1") as number, ExitStack() as stack:
        for _ in range(1100):
            stack.enter_context(open_connection(number, format_post(b"1,", length=1000)))
        assert send_request(number, "GET", "/ping") == (200, b"")
        assert connections(number) > 1000


def test_who_does_not_read_holds_no_thread(port: int) -> None:
    """A dozen answers of 8 MB that nobody takes, more than there are threads for them."""
    greed = format_post(b"1,2\n" * 500_000).replace(b"Accept: text/csv", b"Accept: application/json")
    greedy = [open_connection(port, greed) for _ in range(12)]
    time.sleep(1)
    assert (
        send_request(port, "POST", "/invocations", b"1,2\n" * 200_000, Content_Type="text/csv", Accept="text/csv")[0]
        == 200
    )
    for client in greedy:
        client.close()


def test_uploads_that_are_given_up_leave_nothing(port: int) -> None:
    for size in range(0, 2 << 20, 100_000):
        with open_connection(port, format_post(b"1" * size, length=2 << 20)):
            pass
    assert send_request(port, "GET", "/ping") == (200, b"")


def test_what_has_begun_is_answered_before_the_end() -> None:
    number = claim_port()
    process = start_server(number)
    wait_for_ping(number, process)
    with (
        open_connection(number, format_post(b"1000001.5,0\n")) as working,
        open_connection(number, format_post(b"", length=4)) as sending,
    ):
        wait_until(lambda: connections(number) == 3)  # with that which asks
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        sending.sendall(b"1,2\n")
        assert read_answer(sending) == (200, b"3.0\n")
        assert read_answer(working)[0] == 200
        assert is_closed(working)
    out = process.read_output()
    assert process.returncode == 0
    assert out.count('"POST /invocations HTTP/1.1" 200 1 rows') == 2


def test_a_signal_right_after_the_start_is_not_lost() -> None:
    for delay in (0.0, 0.02, 0.04, 0.08):
        number = claim_port()
        process = start_server(number, SAGEMAKER_MODEL_SERVER_WORKERS="4")
        while b"gunicorn" not in Path(f"/proc/{process.pid}/cmdline").read_bytes() and not children(process.pid):
            time.sleep(0.005)
        time.sleep(delay)
        stop_server(process)
        assert process.returncode == 0


def is_well(number: int) -> bool:
    with suppress(ConnectionRefusedError):
        return send_request(number, "GET", "/ping")[0] == 200
    return False


def counts_of(number: int) -> str:
    """Give the page /metrics."""
    return send_request(number, "GET", "/metrics")[1].decode()


def connections(number: int) -> float:
    return float(counts_of(number).partition("\nserve_connections ")[2].split()[0])


def test_whoever_has_an_answer_finds_it_in_the_counts() -> None:
    body = b"1,2\n" * 100_000
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as number:
        for i in range(1, 31):
            assert send_request(number, "POST", "/invocations", b"1,2", Content_Type="text/csv")[0] == 200
            assert send_request(number, "POST", "/invocations", b"1,x", Content_Type="text/csv")[0] == 400
            assert send_request(number, "POST", "/invocations", body, Content_Type="text/csv")[0] == 200
            counts = counts_of(number)
            assert f'serve_requests_total{{route="/invocations",status="200"}} {2 * i}.0' in counts
            assert f'serve_requests_total{{route="/invocations",status="400"}} {i}.0' in counts


def test_a_worker_that_is_killed_is_replaced_and_the_counts_go_on() -> None:
    number = claim_port()
    process = start_server(number)
    wait_for_ping(number, process)
    for _ in range(20):
        send_request(number, "POST", "/invocations", b"1,2\n3,4\n", Content_Type="text/csv")
    assert 'serve_requests_total{route="/invocations",status="200"} 20.0' in counts_of(number)
    before = children(process.pid)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(set(children(process.pid)) - set(before)) == 2)
    assert send_request(number, "POST", "/invocations", b"1,2", Content_Type="text/csv")[0] == 200
    text = counts_of(number)
    assert 'serve_requests_total{route="/invocations",status="200"} 21.0' in text
    assert "serve_records_total 41.0" in text
    assert 'serve_request_seconds_count{route="/invocations"} 21.0' in text
    stop_server(process)


def test_a_body_without_limit_is_answered_while_it_comes() -> None:
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    rows = b"1,2\n" * 250_000
    chunk = b"%x\r\n%b\r\n" % (len(rows), rows)
    with (
        running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as number,
        open_connection(number, head + chunk + chunk) as client,
    ):
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 200
        assert answer.read(4) == b"3.0\n"
        sender = threading.Thread(target=client.sendall, args=(chunk * 10 + b"0\r\n\r\n",))
        sender.start()
        assert answer.read() == b"3.0\n" * (12 * 250_000 - 1)
        sender.join()


def test_an_error_far_into_a_body_without_limit_cuts_the_answer_off() -> None:
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    rows = b"1,2\n" * 1_000_000 + b"1,x\n"
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as number:
        with open_connection(number, head) as client:
            client.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(rows), rows))
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                read_answer(client)
        assert send_request(number, "GET", "/ping")[0] == 200


def test_json_without_limit_is_read_whole() -> None:
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    head = head.replace(b"text/csv", b"application/json", 1)
    body = json.dumps({"instances": [{"features": [i, 0]} for i in range(200_000)]}).encode()
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as number, open_connection(number, head) as client:
        for i in range(0, len(body), 100_000):
            part = body[i : i + 100_000]
            client.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        client.sendall(b"0\r\n\r\n")
        status, answer = read_answer(client)
    assert (status, answer.count(b"\n")) == (200, 200_000)


def test_a_large_body_that_asks_first_is_refused_at_once(port: int) -> None:
    with open_connection(port, format_post(b"", "Expect: 100-continue", length=3 << 20)) as client:
        assert read_answer(client)[0] == 413


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n\r\nGET /ping HTTP/1.1\r\n\r\n", 200),
        (b"GET /ping HTTP/1.1\n\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /ping HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
        (b"GET /ping HTTP/1.1\r\nExpect: more\r\n\r\n", 417),
        (format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: gzip, chunked"), 501),
        (b"GET /ping HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /foo\r\n\r\n", 200),
        (b"GET /ping HTTP/1.1\r\nX-Forwarded-Proto: https\r\n\r\n", 200),
    ],
)
def test_heads_of_every_kind_have_their_status(port: int, data: bytes, status: int) -> None:
    with open_connection(port, data) as client:
        assert read_answer(client)[0] == status


def test_lines_after_a_body_do_no_harm(port: int) -> None:
    with open_connection(port, format_post(b"1,2\n") + b"\r\n\r\n") as client:
        assert read_answer(client) == (200, b"3.0\n")
        client.sendall(format_post(b"3,4\n"))
        assert read_answer(client) == (200, b"7.0\n")


def test_a_client_that_sends_on_while_its_answer_is_taken_gets_both_whole(port: int) -> None:
    """More than a socket holds, so that the loop sends the rest; what comes meanwhile waits."""
    rows = b"1,2\n" * 400_000
    for ends in (False, True):
        with open_connection(
            port, format_post(rows).replace(b"Accept: text/csv", b"Accept: application/json")
        ) as client:
            time.sleep(1)
            if ends:
                client.shutdown(1)
            else:
                client.sendall(format_post(b"3,4\n"))
            time.sleep(0.2)
            answers = read_answers(client)
            status, answer = next(answers)
            assert (status, len(json.loads(answer)["predictions"])) == (200, 400_000)
            assert ends or next(answers) == (200, b"7.0\n")


def test_small_bodies_that_unpack_to_large_ones_and_tiny_chunks_stop_nobody(port: int) -> None:
    body = gzip.compress(b"1,2\n" * 400_000)
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    asked = 0
    with (
        open_connection(port, head + b"1\r\n1\r\n" * 200_000),
        open_connection(port, format_post(body, "Content-Encoding: gzip")) as unpacked,
    ):
        while not select([unpacked], [], [], 0)[0]:
            assert send_request(port, "GET", "/ping") == (200, b"")
            asked += 1
        assert read_answer(unpacked)[0] == 200
    assert asked > 4  # in the time that the large one takes


def test_a_log_that_cannot_be_written_costs_no_answer() -> None:
    number = claim_port()
    with open("/dev/full", "w") as full:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            env={**os.environ, "SAGEMAKER_BIND_TO_PORT": str(number), "SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
            stdout=full,
            stderr=subprocess.DEVNULL,
        )
    try:
        wait_until(lambda: is_well(number))
        for _ in range(20):
            assert send_request(number, "POST", "/invocations", b"1,2\n" * 20_000, Content_Type="text/csv")[0] == 200
    finally:
        process.terminate()
        assert process.wait(timeout=HANG_SECONDS) == 0


def test_a_body_larger_than_a_workers_share_of_the_memory_is_too_large_and_not_too_many() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        limits = Server(ServerSettings(workers=10**6), listener, Meter(1), lambda: Flask("x")).limits
    assert limits.body_bytes == limits.held_bytes < 100 << 20


def test_when_all_threads_are_taken_by_streams_the_next_is_asked_to_come_again() -> None:
    head = format_post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    part = b"1,2\n" * 100_000
    with (
        running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0", SAGEMAKER_MODEL_SERVER_WORKERS="1") as number,
        ExitStack() as stack,
    ):
        clients = [
            stack.enter_context(open_connection(number, head + b"%x\r\n%b\r\n" % (len(part), part))) for _ in range(17)
        ]
        time.sleep(1)
        assert send_request(number, "GET", "/ping")[0] == 200
        for client in clients:
            client.sendall(b"0\r\n\r\n")
        assert sorted(read_answer(client)[0] for client in clients) == [200] * 16 + [503]
