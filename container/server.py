"""The serving process: gunicorn with several workers on one port; the model is loaded once, before the fork."""

import errno
import gc
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Flask

from container.contract.environment import ServerSettings, read_server_settings
from container.contract.errors import ClientError
from container.machine.memory import memory_limit
from container.web.application import body_limit_bytes, create_app
from container.web.counters import Meter
from container.web.page import PageContent
from container.web.questions import Recommend
from container.web.shelf import Loader, Shelf, make_shelf_folder
from container.web.waiting import refuse_while_loading
from container.wire.access_log import AccessLog
from container.wire.gunicorn import Arbiter, BaseApplication
from container.wire.limits import BodyLimits
from container.wire.worker import STOP_SIGNALS, Worker

GRACEFUL_SECONDS = 25  # the platform kills 30 seconds after SIGTERM
KEEPALIVE_SECONDS = 75
MOST_CONNECTIONS = 10_000  # that a worker holds; none is accepted beyond what its file descriptors allow
SPARE_METER_ROWS = 8  # of the meter, for workers that come while others go


def run_server(
    environ: Mapping[str, str],
    loader: Loader[Any],
    user_errors: tuple[type[Exception], ...] = (),
    content: PageContent | None = None,
    answers_key: str = "predictions",
    page_switch: str = "",
    recommend: Recommend | None = None,
) -> int:
    """Serve the model that `loader` loads until SIGTERM; return 1 if the server cannot start.

    The page of a model has a `content`; the variable `page_switch` turns it off. In JSON, answers are a list under
    `answers_key`. Where there is `recommend`, it answers requests for recommendations.

    The port is bound first, so that clients get a 503 while the model is being loaded instead of a refused connection.
    """
    try:
        settings = replace(read_server_settings(environ, page_switch), answers_key=answers_key)
        listener = listen_on_port(settings.port)
        folder = make_shelf_folder() if settings.multi_model else None
    except ClientError as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    meter = make_meter(settings)
    master = os.getpid()

    def clean_up() -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    shelf = None if folder is None else Shelf(folder, loader)
    try:
        create = partial(create_app, loader.load_model, settings, user_errors, meter, shelf, content, recommend)
        Server(settings, listener, meter, create, clean_up).run()
    finally:
        if os.getpid() == master:
            clean_up()
    return 0


def make_meter(settings: ServerSettings) -> Meter:
    """Create the counters shared by all workers."""
    return Meter(settings.workers + SPARE_METER_ROWS)


def listen_on_port(port: int) -> socket.socket:
    """Listen on `port` of all interfaces; raise ClientError if the port is in use or cannot be bound."""
    try:
        return socket.create_server(("0.0.0.0", port), backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ClientError(
                f"port {port} is already in use. Stop what listens there, or choose another: by --port on the "
                "command line, else by SAGEMAKER_BIND_TO_PORT."
            ) from None
        raise ClientError(f"port {port} cannot be used: {error.strerror}.") from None


class _Arbiter(Arbiter):  # type: ignore[misc]
    def spawn_worker(self) -> Any:
        """Fork a worker with the stop signals blocked until it has installed its handlers, so that it misses none."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


class Server(BaseApplication):  # type: ignore[misc]
    """The gunicorn application: serves what `create_application` returns on a listening socket.

    A worker whose master process was killed calls `clean_up`.
    """

    def __init__(
        self,
        settings: ServerSettings,
        listener: socket.socket,
        meter: Meter,
        create_application: Callable[[], Flask],
        clean_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._create = create_application
        self.meter = meter
        self.clean_up = clean_up
        held = memory_limit() // 4 // settings.workers
        self.limits = BodyLimits(min(body_limit_bytes(settings), held), held)
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options."""
        options = {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": self._settings.workers,
            "worker_class": Worker,
            "worker_connections": MOST_CONNECTIONS,
            "preload_app": True,
            "timeout": self._settings.timeout,
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
            "accesslog": "-",
            "logger_class": AccessLog,
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "loglevel": self._settings.log_level,
            "control_socket_disable": True,
            "pre_fork": self._assign_meter_row,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Create the application; meanwhile requests are answered with 503."""
        with refuse_while_loading(self._listener):
            app = self._create()
        self._listener.detach()  # gunicorn has made its own of it
        gc.collect()
        gc.freeze()  # what all workers share is neither copied nor searched by their collectors
        return app

    def run(self) -> None:
        """Serve until a signal says stop."""
        _Arbiter(self).run()

    def _assign_meter_row(self, arbiter: Arbiter, worker: Worker) -> None:
        """Assign a new worker the first row of the meter that no other worker uses."""
        taken = {other.meter_row for other in arbiter.WORKERS.values()}
        worker.meter_row = next(row for row in range(len(taken) + 1) if row not in taken)
