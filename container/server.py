"""The process that serves: gunicorn with several workers and threads on one port, the model loaded before the fork."""

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from container.app import Model, create_app
from container.environment import ServerSettings, read_settings
from container.errors import ClientError

THREADS = 8
GRACEFUL_SECONDS = 25  # the platform kills 30 seconds after SIGTERM
ACCESS_LINE = '%(t)s "%(r)s" %(s)s %(b)s bytes %(M)s ms'


def run(
    environ: Mapping[str, str], load: Callable[[Path], Model], user_errors: tuple[type[Exception], ...] = ()
) -> int:
    """Serve the model that `load(model directory)` gives until SIGTERM; give 1 where the server cannot start.

    The port is taken first, so clients that come while the model loads wait for it instead of being refused.
    """
    try:
        settings = read_settings(environ)
        port = _listen(settings.port)
    except ClientError as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    _Server(_options(settings, port), lambda: create_app(load, settings, user_errors)).run()
    return 0


def _listen(port: int) -> int:
    """Take the port on all interfaces and give its file descriptor."""
    try:
        return socket.create_server(("0.0.0.0", port), backlog=2048).detach()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = "Stop what listens there, or set SAGEMAKER_BIND_TO_PORT to another"
            raise ClientError(f"port {port} is already in use. {advice}.") from None
        raise ClientError(f"port {port} cannot be used: {error.strerror}.") from None


def _options(settings: ServerSettings, descriptor: int) -> dict[str, Any]:
    return {
        "bind": f"fd://{descriptor}",
        "workers": settings.workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "preload_app": True,
        "timeout": settings.timeout,
        "graceful_timeout": GRACEFUL_SECONDS,
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
        "accesslog": "-",
        "access_log_format": ACCESS_LINE,
        "control_socket_disable": True,
    }


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any], create: Callable[[], Flask]) -> None:
        self._options = options
        self._create = create
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._create()
