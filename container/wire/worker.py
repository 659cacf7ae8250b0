"""The gunicorn worker: one event loop holds all connections, threads get complete requests only.

A client that sends or reads slowly occupies no thread. Small and large requests have threads of their own, so that
small ones never wait for large ones. Requests that are answered in about a millisecond are answered in the loop itself:
handing them to a thread and back would take as long again.
"""

import errno
import os
import selectors
import signal
import socket
import time
from functools import partial

from container.wire.clients import Client, Clients
from container.wire.connection import Connection
from container.wire.exchange import Answerer
from container.wire.gunicorn import BaseWorker, parse_head
from container.wire.limits import BodyBudget
from container.wire.loop import Loop

STOPPING_IDLE_SECONDS = 0.5  # that an idle connection may still be used for
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


class Worker(BaseWorker):  # type: ignore[misc]
    """Serves `app` within its `limits`, and counts in row `meter_row` of its `meter`."""

    meter_row = 0
    alive: bool

    def init_process(self) -> None:
        """Claim a row of the meter in the new process, then run."""
        self.app.meter.claim_row(self.meter_row)
        super().init_process()

    def init_signals(self) -> None:
        """Install signal handlers and unblock the signals that were blocked since before the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def run(self) -> None:
        """Run the loop until a signal stops it, then until the requests that have begun are answered."""
        self._loop = Loop(self.PIPE)
        self._budget = BodyBudget(self.app.limits)
        answerer = Answerer(self.wsgi, self.cfg, self.app.meter, self.log, lambda: not self.alive)
        self._clients = Clients(self._loop, answerer, self.wsgi.config["IS_QUICK"], self.app.meter, self.log)
        self._is_listening = False
        self._last_check = 0.0
        while self.alive and self.ppid == os.getppid():
            self._run_loop_once(1.0)
        self.alive = False
        self._accept_the_last()
        stopped = time.monotonic()
        while self._clients and time.monotonic() - stopped < self.cfg.graceful_timeout - 1:
            self._run_loop_once(0.1)
            if time.monotonic() - stopped > STOPPING_IDLE_SECONDS:
                self._clients.close_idle()
        if self.ppid != os.getppid():
            self.app.clean_up()

    def _run_loop_once(self, seconds: float) -> None:
        self.notify()
        now = time.monotonic()
        if now - self._last_check >= 1:
            self._last_check = now
            self._set_listening(self.alive)
            self._clients.check_timeouts(now)
        self._loop.run_once(seconds)

    def _set_listening(self, on: bool) -> None:
        """Start or stop accepting connections."""
        if on == self._is_listening:
            return
        self._is_listening = on
        for listener in self.sockets:
            listener.setblocking(False)
            events = selectors.EVENT_READ if on else 0
            self._loop.watch_socket(listener, events, partial(self._accept_client, listener))

    def _accept_the_last(self) -> None:
        """Accept the clients that have connected already, and close the listening sockets."""
        self._set_listening(False)
        for listener in self.sockets:
            while self._accept_client(listener):
                pass
            listener.close()

    def _accept_client(self, listener: socket.socket) -> bool:
        """Accept one connection, when full in place of the one idle longest; return whether there was one."""
        full = len(self._clients) >= self.cfg.worker_connections
        if full and not self._clients.has_idle:
            self._set_listening(False)
            return False
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                self.log.warning("No connection can be taken now: %s", error.strerror)
                self._set_listening(False)
            return False
        if full:
            self._clients.close_idle(1)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        parse = partial(parse_head, self.cfg, address)
        connection = Connection(parse, self._budget, self.cfg.keepalive, time.monotonic())
        self._clients.add_client(Client(sock, address, listener.getsockname(), connection))
        return True
