"""A bare Flask application, the reference of `benchmarks.serving`.

`python -m benchmarks.bare SERVER PORT WORKERS PARSER BYTES`: SERVER is `ours`, with the settings of the real server, or
`gthread`, gunicorn's own worker with threads.
"""

import sys
from collections.abc import Callable
from io import BytesIO

import numpy as np
import orjson
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from pyarrow import csv

from container.contract.environment import ServerSettings
from container.server import Server, listen_on_port, make_meter
from container.web.application import is_quick

PARSERS: dict[str, Callable[[bytes], object]] = {
    "none": lambda body: None,
    "pyarrow": lambda body: csv.read_csv(BytesIO(body), csv.ReadOptions(autogenerate_column_names=True)),
    "loadtxt": lambda body: np.loadtxt(BytesIO(body), np.float32, delimiter=","),
    "orjson": lambda body: [orjson.loads(line) for line in body.splitlines()],
    "frombuffer": lambda body: np.frombuffer(body, np.float32),
}


def make_app(parse: Callable[[bytes], object], size: int) -> Flask:
    """Make the application."""
    app = Flask("bare")
    app.config["IS_QUICK"] = lambda body: is_quick(1, body)
    answer = b"1" * size

    @app.get("/ping")
    def ping() -> Response:
        return Response(status=200)

    @app.post("/invocations")
    def invocations() -> Response:
        parse(request.get_data(cache=False))
        return Response(answer, content_type="application/json")

    return app


class GthreadServer(BaseApplication):  # type: ignore[misc]
    """The server that one would start by hand."""

    def __init__(self, app: Flask, port: int, workers: int) -> None:
        self._app = app
        self._options = {
            "bind": f"0.0.0.0:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": 8,
            "preload_app": True,
            "accesslog": "-",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Give the application."""
        return self._app


def main(server: str, port: int, workers: int, parser: str, size: int) -> None:
    """Serve until SIGTERM."""
    app = make_app(PARSERS[parser], size)
    if server == "gthread":
        GthreadServer(app, port, workers).run()
    else:
        settings = ServerSettings(port=port, workers=workers)
        Server(settings, listen_on_port(port), make_meter(settings), lambda: app).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
