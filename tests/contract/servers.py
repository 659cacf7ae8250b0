"""Servers of a model, and what they answer."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.contract.launch import Running
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS, wait_until

PING_SECONDS = 10.0  # in which any server has answered, or never will


@dataclass
class RunningServer:
    """A running server."""

    url: str
    running: Running

    def get(self, path: str, seconds: float = HANG_SECONDS) -> tuple[int, bytes]:
        """Get a page; return status and body."""
        return send_request(urllib.request.Request(self.url + path), seconds)

    def post(
        self, body: bytes, kind: str | None, accept: str | None = None, path: str = "/invocations"
    ) -> tuple[int, bytes]:
        """Post to /invocations, or elsewhere; return status and body."""
        headers = {"Content-Type": kind or "", "Accept": accept or "*/*"}
        return send_request(urllib.request.Request(self.url + path, body, headers))


def send_request(request: urllib.request.Request, seconds: float = HANG_SECONDS) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextmanager
def serve_model(
    root: Path, launch: type[Running], output: int | None = None, /, **environment: str
) -> Iterator[RunningServer]:
    """Serve the model under `root` on a free port; its log goes to `output`, or to ours."""
    port = claim_port()
    with launch("serve", root, {"SAGEMAKER_BIND_TO_PORT": str(port), **environment}, output) as running:
        server = RunningServer(f"http://127.0.0.1:{port}", running)
        wait_for_ping(server)
        yield server


def wait_for_ping(server: RunningServer) -> None:
    """Wait until /ping says more than that the model is being loaded.

    A connection that a container's network loses while it starts is given up, and another one tried.
    """
    found = ["nothing"]

    def is_loaded() -> bool:
        assert server.running.popen.poll() is None, "the server ended"
        try:
            status, body = server.get("/ping", PING_SECONDS)
        except OSError as error:
            found[0] = repr(error)
            return False
        found[0] = f"{status} {body!r}"
        return status != 503

    wait_until(is_loaded, lambda: f"/ping of {server.url} last answered {found[0]}")
