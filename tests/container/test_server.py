"""The server as a process on a real socket."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from container.codecs.recordio import encode_records

SERVER = """
import os, sys, time
from container import server

class Sum:
    feature_dim = 2
    def predict(self, X):
        return {"score": X.sum(axis=1)}

def load(path):
    time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))
    if "BROKEN" in os.environ:
        raise ValueError("no model in " + str(path))
    return Sum()

sys.exit(server.run(os.environ, load, (ValueError,)))
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(port: int, **environ: str) -> subprocess.Popen[str]:
    settings = {"SAGEMAKER_BIND_TO_PORT": str(port), "SAGEMAKER_MODEL_SERVER_WORKERS": "2", **environ}
    return subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait(port: int, process: subprocess.Popen[str]) -> int:
    for _ in range(200):
        assert process.poll() is None, process.communicate()[0]
        try:
            return ask(port, "GET", "/ping")[0]
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=10)[0]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that runs for all tests of this module."""
    number = free_port()
    process = start(number)
    assert wait(number, process) == 200
    yield number
    stop(process)


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
    assert ask(port, "POST", "/invocations", body, Content_Type=content_type) == expected


def test_a_chunked_body_without_a_length_is_read(port: int) -> None:
    chunks = iter([b"1,2\n3", b",4\n"])
    answer = ask(port, "POST", "/invocations", chunks, Content_Type="text/csv", Accept="text/csv")
    assert answer == (200, b"3.0\n7.0\n")


def test_execution_parameters_tell_the_workers(port: int) -> None:
    assert json.loads(ask(port, "GET", "/execution-parameters")[1])["MaxConcurrentTransforms"] == 2


def test_a_port_in_use_is_one_clear_message(port: int) -> None:
    process = start(port)
    out = process.communicate(timeout=20)[0]
    assert process.returncode == 1
    assert out == (
        f"serve: port {port} is already in use. Stop what listens there, or set SAGEMAKER_BIND_TO_PORT to another.\n"
    )


def test_sigterm_ends_the_server_within_seconds_and_every_request_has_one_line() -> None:
    number = free_port()
    process = start(number)
    wait(number, process)
    ask(number, "POST", "/invocations", b"1,2", Content_Type="text/csv")
    begin = time.monotonic()
    out = stop(process)
    assert process.returncode == 0
    assert time.monotonic() - begin < 5
    assert sum('"POST /invocations HTTP/1.1" 200' in line for line in out.splitlines()) == 1


def test_while_the_model_loads_ping_waits_and_sigterm_ends_at_once() -> None:
    number = free_port()
    process = start(number, LOAD_SECONDS="30")
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", number)) == 0:
                client.settimeout(0.2)
                client.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
                with pytest.raises(TimeoutError, match="timed out"):
                    client.recv(1)
                break
        time.sleep(0.05)
    begin = time.monotonic()
    stop(process)
    assert process.returncode == 0
    assert time.monotonic() - begin < 2


def test_a_model_that_cannot_be_loaded_leaves_the_server_up_with_the_reason_in_the_log() -> None:
    number = free_port()
    process = start(number, BROKEN="1", SAGEMAKER_BASE_DIR="/nowhere")
    assert wait(number, process) == 500
    assert ask(number, "GET", "/ping") == (500, b"")
    out = stop(process)
    assert "The model in /nowhere/model cannot be loaded: no model in /nowhere/model" in out
    assert "Traceback" not in out
