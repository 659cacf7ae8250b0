"""Answers every request with 503 while the model is being loaded."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from container.contract.errors import encode_error

_CLIENT_SECONDS = 1.0
_GRACE_SECONDS = 0.2


class _UnavailableHandler(BaseHTTPRequestHandler):
    timeout = _CLIENT_SECONDS

    def do_GET(self) -> None:
        body = b"" if self.path == "/ping" else encode_error("the model is being loaded; try again later")
        self.send_response(503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "1")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def version_string(self) -> str:
        return "serve"


class _UnavailableServer(ThreadingHTTPServer):
    daemon_threads = False  # joined at the end

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), _UnavailableHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._clients: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a client and remember it."""
        client, address = super().get_request()
        self._clients.add(client)
        return client, address

    def shutdown_request(self, request: Any) -> None:
        """Close a client and forget it."""
        self._clients.discard(request)
        super().shutdown_request(request)

    def finish_and_detach(self) -> None:
        """Finish requests in progress, close the clients that are left, and stop; the listening socket stays open."""
        self.shutdown()
        deadline = time.monotonic() + _GRACE_SECONDS
        while self._clients and time.monotonic() < deadline:
            time.sleep(0.002)
        for client in list(self._clients):
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.socket = socket.socket()
        self.server_close()


@contextmanager
def refuse_while_loading(listener: socket.socket) -> Iterator[None]:
    """Answer all connections of a listening socket with 503 until the block ends; the socket stays open."""
    server = _UnavailableServer(listener)
    # A daemon, since a signal that comes within start() ends this process without a word to the thread.
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.finish_and_detach()
        thread.join()
