"""The server as a process on a real socket, with a model of a few lines."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

SERVER = """
import json, os, sys, time
import numpy as np
from markupsafe import Markup
from open_algorithms.learning.rows.csr import Csr
from container import server
from container.web import shelf
from container.web.page import PageContent
from container.web.shelf import Loader

if "SHELF" in os.environ:
    shelf._SHELF_PARENTS = (os.environ["SHELF"],)

class Sum:
    feature_dim = 2
    outputs = 1

    def __init__(self, add=0.0):
        self.add = add

    def predict(self, X):
        if isinstance(X, Csr):
            rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
            return {"score": np.bincount(rows, X.data, X.shape[0]).astype(np.float32)}
        time.sleep(float(max(0, X[:, 0].max() - 1e6)))  # a first feature of 1,000,001 takes a second
        return {"score": X.sum(axis=1) + np.float32(self.add)}

def load(path, room):
    time.sleep(float(os.environ.get("LOAD_SECONDS", "0")))
    file = path / "add"
    if path.is_dir() and not file.exists():
        raise ValueError("no file add")
    return Sum(float(file.read_text()) if file.exists() else 0)

loader = Loader(load, lambda model: [json.dumps(model.add).encode()], lambda content: Sum(json.loads(bytes(content))))
sys.exit(server.run_server(os.environ, loader, (ValueError,), PageContent(lambda model: Markup("<h1>Sum</h1>"))))
"""


class ServerProcess(subprocess.Popen[str]):
    """A server with two workers; its output goes to a file, so that it never blocks on a reader."""

    def __init__(self, port: int, environ: dict[str, str], program: str = SERVER) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        settings = {"SAGEMAKER_BIND_TO_PORT": str(port), "SAGEMAKER_MODEL_SERVER_WORKERS": "2", **environ}
        super().__init__(
            [sys.executable, "-c", program],
            env={**os.environ, "SAGEMAKER_BASE_DIR": "/nowhere", **settings},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_output(self) -> str:
        """Wait for the end and give all that was said."""
        self.wait(timeout=HANG_SECONDS)
        with self._log as log:
            log.seek(0)
            return log.read()

    def end(self) -> None:
        """Kill it unless it has ended."""
        self.kill()
        self.wait()
        self._log.close()


STARTED: list[ServerProcess] = []  # by the test that runs


def start_server(port: int, **environ: str) -> ServerProcess:
    """Start a server, which does not outlive the test."""
    STARTED.append(ServerProcess(port, environ))
    return STARTED[-1]


@contextmanager
def running_server(program: str = SERVER, /, **environ: str) -> Iterator[int]:
    """Run a server and yield its port; it must exit with status 0."""
    port = claim_port()
    process = ServerProcess(port, environ, program)
    try:
        assert wait_for_ping(port, process) == 200
        yield port
    finally:
        stop_server(process)
    assert process.returncode == 0


def send_request(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_SECONDS)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for_ping(port: int, process: ServerProcess) -> int:
    """Wait until the server says whether it is well."""
    status = 503

    def is_loaded() -> bool:
        nonlocal status
        assert process.poll() is None, process.read_output()
        with suppress(ConnectionRefusedError):
            status = send_request(port, "GET", "/ping")[0]
        return status != 503

    wait_until(is_loaded)
    return status


def stop_server(process: ServerProcess) -> str:
    """Ask the server to stop and give what it said."""
    process.send_signal(signal.SIGTERM)
    return process.read_output()


def open_connection(port: int, data: bytes = b"") -> socket.socket:
    """Open a connection and send something on it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=HANG_SECONDS)
    client.sendall(data)
    return client


def format_post(body: bytes, *headers: str, length: int | None = None) -> bytes:
    """Write a request whose answer is CSV."""
    size = len(body) if length is None else length
    lines = ["POST /invocations HTTP/1.1", "Host: x", "Content-Type: text/csv", "Accept: text/csv", *headers]
    return "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode() + body


def read_answers(client: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Read answer after answer: one buffer for all, since what comes with one may begin the next."""
    with client.makefile("rb") as stream:
        while line := stream.readline():
            headers = http.client.parse_headers(stream)
            yield int(line.split()[1]), stream.read(int(headers["Content-Length"]))


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """Read one answer, after which none may come before it is asked for."""
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, answer.read()


def is_closed(client: socket.socket) -> bool:
    """Tell whether the server closes the connection."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
