"""The server as a process on a real socket."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from tests.container.serving import running_server, send_request, start_server, stop_server, wait_for_ping
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that runs for all tests of this module."""
    with running_server() as number:
        yield number


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"instances": [{"features": [1, 2]}]}'),
        ("application/jsonlines", b'{"features": [1, 2]}'),
        ("text/csv", b"1,2\n"),
        ("application/x-recordio-protobuf", encode_records(np.array([[1, 2]], np.float32))),
    ],
)
def test_every_format_is_answered(port: int, content_type: str, body: bytes) -> None:
    expected = (200, b'{"predictions": [{"score": 3.0}]}')
    assert send_request(port, "POST", "/invocations", body, Content_Type=content_type) == expected


def test_a_chunked_body_without_a_length_is_read(port: int) -> None:
    chunks = iter([b"1,2\n3", b",4\n"])
    answer = send_request(port, "POST", "/invocations", chunks, Content_Type="text/csv", Accept="text/csv")
    assert answer == (200, b"3.0\n7.0\n")


def test_execution_parameters_tell_the_workers(port: int) -> None:
    assert json.loads(send_request(port, "GET", "/execution-parameters")[1])["MaxConcurrentTransforms"] == 2


def test_a_port_in_use_is_one_clear_message(port: int) -> None:
    process = start_server(port)
    out = process.read_output()
    assert process.returncode == 1
    assert out == (
        f"serve: port {port} is already in use. Stop what listens there, or choose another: by --port on the "
        "command line, else by SAGEMAKER_BIND_TO_PORT.\n"
    )


def test_sigterm_ends_the_server_sooner_than_it_started_and_every_request_has_one_line() -> None:
    number, began = claim_port(), time.monotonic()
    process = start_server(number)
    wait_for_ping(number, process)
    send_request(number, "POST", "/invocations", b"1,2", Content_Type="text/csv")
    told = time.monotonic()
    out = stop_server(process)
    assert process.returncode == 0
    assert time.monotonic() - told < 2 * (told - began)
    assert sum('"POST /invocations HTTP/1.1" 200 1 rows' in line for line in out.splitlines()) == 1


def ping(number: int) -> tuple[int, bytes] | None:
    with suppress(ConnectionRefusedError):
        return send_request(number, "GET", "/ping")
    return None


def test_while_the_model_loads_the_answer_is_503_and_sigterm_ends_at_once() -> None:
    number = claim_port()
    process = start_server(number, LOAD_SECONDS=str(HANG_SECONDS))
    wait_until(lambda: ping(number))
    assert ping(number) == (503, b"")
    status, body = send_request(number, "POST", "/invocations", b"1,2", Content_Type="text/csv")
    assert status == 503
    assert json.loads(body)["error"].endswith("the model is being loaded; try again later")
    stop_server(process)  # which does not wait for as long as loading takes
    assert process.returncode == 0


def test_once_the_model_is_loaded_it_is_served_to_those_who_wait() -> None:
    number = claim_port()
    process = start_server(number, LOAD_SECONDS="0.5")
    answers = set()
    while (200, b"3.0\n") not in answers:
        with suppress(ConnectionRefusedError):
            answers.add(
                send_request(number, "POST", "/invocations", b"1,2", Content_Type="text/csv", Accept="text/csv")
            )
        time.sleep(0.005)
    assert {status for status, _ in answers} == {200, 503}
    stop_server(process)
