"""Answers 503 to whoever comes while the model is loaded."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from container.errors import error_body

_SECONDS = 1.0


class _Answer(BaseHTTPRequestHandler):
    timeout = _SECONDS

    def do_GET(self) -> None:
        body = b"" if self.path == "/ping" else error_body("the model is being loaded; try again later")
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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), _Answer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


@contextmanager
def waiting_room(listener: socket.socket) -> Iterator[None]:
    """Take connections on a listening socket and answer each with 503 until the block ends."""
    server = _Server(listener)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
