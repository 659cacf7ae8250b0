"""The hosts of a job: they meet at a rendezvous, watch each other by heartbeats, and end with the same outcome."""

import hashlib
import json
import os
import select
import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import NamedTuple

from container.contract.environment import Job
from container.team import link as links
from container.team.companions import Companion
from container.team.link import Clock, Link, Message
from container.team.network import accept, address_of, free_port, listen

PORT = 7463  # of the first host, where the others come
PATIENCE = 900.0  # seconds to wait for all: a name may be known late, a machine may start late
NOTICE = 30.0  # seconds between two lines that say whom one waits for
CONNECT = 5.0  # seconds for one try to reach the first host
PARTING = 5.0  # seconds for the others to take a last word
STRANGERS = 100  # connections at a time that have not said who they are
REASON_LENGTH = 4096


class Outcome(NamedTuple):
    """How a job ends: exit status and reason."""

    status: int
    reason: str = ""


class Over(Exception):
    """The job has ended, on this host or on another."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Team:
    """The hosts of a job, seen from one of them. Hosts are ranked by name; rank 0 decides the outcome.

    `address` is the IPv4 address of this host; `root` is (address, port) of a free port on rank 0, at which the
    algorithm's processes can meet.
    """

    def __init__(self, job: Job, say: Callable[[str], None]) -> None:
        self.host = job.current_host
        self.hosts = job.hosts
        self.rank = job.hosts.index(job.current_host)
        self.address = ""
        self.root = ("", 0)
        self._interface = job.interface
        self._digest = _digest(job)
        self._say = say
        self._links: dict[str, Link] = {}
        self._companions: list[Companion] = []
        self._clock = Clock()
        self._next_beat = 0.0
        self._welcome = False
        self._done: set[str] = set()
        self._gathered = Event()
        self._stopped = False
        self._last_word: Outcome | None = None
        self._outcome: Outcome | None = None
        self._wish: Outcome | None = None
        self._awaited = False
        self._wake = os.eventfd(0)
        self._thread: Thread | None = None

    def join(self, heed: Callable[[], None]) -> None:
        """Wait until all hosts are connected.

        `raise_if_stopped` is called repeatedly and may raise to end the wait. Raises JobOver where a host does not come
        in time or was given a different job.
        """
        self.address = address_of(self._interface)
        if self.rank:
            self._reach(_Waiting(heed, self._say))
        else:
            self._gather(_Waiting(heed, self._say))

    def watch(self, companions: list[Companion], end: Callable[[Outcome], None]) -> None:
        """Watch the other hosts and this host's companions from now on, in a background thread.

        If the job fails the thread calls `end_process(outcome)`, which must end this process whatever it is doing.
        """
        self._companions = companions
        self._thread = Thread(target=self._watch, args=(end,), daemon=True)
        self._thread.start()

    def meet(self, stopped: bool) -> bool:
        """Announce that this host's work is done, and whether it was stopped. Rank 0 waits for all announcements.

        Returns whether this host was stopped; on rank 0, whether any host was.
        """
        if self.rank:
            self._links[self.hosts[0]].send("done", stopped=stopped)
            return stopped
        self._gathered.wait()
        return stopped or self._stopped

    def part(self) -> None:
        """End the job successfully: rank 0 announces that everything is saved, the others wait for that.

        Raises JobOver if the job fails instead.
        """
        outcome = self._conclude(None if self.rank else Outcome(0))
        if outcome.status:
            raise Over(outcome)

    def settle(self, outcome: Outcome) -> Outcome:
        """Report this host's outcome to the others and return the outcome of the job."""
        prefix, colon, rest = outcome.reason.partition(": ")
        ours = f"{prefix}: host {self.host!r}: {rest}" if colon else f"Host {self.host!r}: {outcome.reason}"
        outcome = outcome._replace(reason=ours)
        return self._conclude(outcome) if self._thread else self._say_farewell(self._outcome or outcome)

    def _gather(self, waiting: "_Waiting") -> None:
        """On rank 0: accept connections until every host has joined; unknown connections are closed.

        Raises JobOver on a timeout, on a failing host, and where the port cannot be bound.
        """
        try:
            door = listen(self.address, PORT)
        except OSError as error:
            reason = f"cannot listen on port {PORT} of {self.address}, where the hosts of a job meet: {error.strerror}"
            raise Over(Outcome(1, f"AlgorithmError: {reason}. End what else listens there.")) from None
        strangers: list[Link] = []
        try:
            while missing := [host for host in self.hosts[1:] if host not in self._links]:
                if not waiting.goes_on(missing):
                    what = f"waited {PATIENCE / 60:g} minutes in vain for {_names(missing)}"
                    raise self._over(Outcome(1, f"AlgorithmError: {what}."))
                if outcome := self._turn(door, *strangers):
                    raise self._over(outcome)
                strangers += map(Link, accept(door))
                for stranger in strangers[:-STRANGERS]:
                    stranger.close()
                for stranger in strangers:
                    self._greet(stranger)
                strangers = [link for link in strangers if not link.closed and link not in self._links.values()]
        finally:
            door.close()
            for stranger in strangers:
                if stranger not in self._links.values():
                    stranger.close()
        self.root = (self.address, free_port(self.address))
        for link in self._links.values():
            link.send("begin", address=self.root[0], port=self.root[1])
        self._say(f"All {len(self.hosts)} hosts are here.")

    def _greet(self, stranger: Link) -> None:
        """Admit a connection that says hello as a missing host; close one that says anything else.

        Raises JobOver where the host was given other hyperparameters, channels or hosts.
        """
        messages = stranger.receive()
        if not messages:
            return
        hello, *more = messages
        host = hello.get("host")
        if hello["word"] != "hello" or host not in self.hosts[1:] or host in self._links:
            stranger.close()
            return
        self._links[host] = stranger
        if hello.get("digest") != self._digest:
            what = f"those of host {host!r} are not those of host {self.host!r}"
            reason = f"the hosts were given different hyperparameters, or channels or hosts of other names: {what}"
            raise self._over(Outcome(1, f"ClientError: {reason}. Give all hosts the same."))
        stranger.send("welcome")
        for message in more:
            if outcome := self._hear(host, message):
                raise self._over(outcome)

    def _reach(self, waiting: "_Waiting") -> None:
        """On other ranks: connect to the first host until it admits us, then wait until it begins the job."""
        first, why = self.hosts[0], ""
        while not self._welcome:
            if not waiting.goes_on([first]):
                what = f"let nobody in on port {PORT} for {PATIENCE / 60:g} minutes: {why}"
                raise self._over(Outcome(1, f"AlgorithmError: host {first!r} {what}."))
            try:
                self._links[first] = link = Link(socket.create_connection((first, PORT), CONNECT))
            except OSError as error:
                why = error.strerror or str(error)
                time.sleep(links.BEAT)
                continue
            link.send("hello", host=self.host, digest=self._digest)
            while (outcome := self._turn()) is None and not self.root[1]:
                waiting.heed()
            if outcome and (self._welcome or not (link.closed or link.lost)):
                raise self._over(outcome)
            if outcome:
                why = "it does not know us"
                link.close()
                time.sleep(links.BEAT)

    def _watch(self, end: Callable[[Outcome], None]) -> None:
        outcome = None
        while outcome is None:
            outcome = self._wish or self._turn()
        self._outcome = self._say_farewell(outcome)
        if self._outcome.status and not self._awaited:
            end(self._outcome)

    def _conclude(self, wish: Outcome | None) -> Outcome:
        """Propose an outcome to the watching thread, wait until it ends, and return the outcome of the job."""
        assert self._thread is not None
        self._wish, self._awaited = wish, True
        if wish:
            os.eventfd_write(self._wake, 1)
        self._thread.join()
        assert self._outcome is not None
        return self._outcome

    def _over(self, outcome: Outcome) -> Over:
        """Record the outcome of the job and return the exception to raise."""
        self._outcome = outcome
        return Over(outcome)

    def _turn(self, *others: Link | socket.socket) -> Outcome | None:
        """Send heartbeats if due, wait until the next one or for input, and handle that.

        Returns the outcome if the job is over, else None. Sockets and links in `awaited` only end the wait; their input
        is left to the caller.
        """
        beating = [*self._links.values(), *(companion.link for companion in self._companions)]
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + links.BEAT
            for link in beating:
                link.send("beat")
        _wait([self._wake, *beating, *others], self._next_beat)
        passed = self._clock.step()
        for link in beating:
            link.quiet += passed
        for host, link in self._links.items():
            for message in link.receive():
                if outcome := self._hear(host, message):
                    return outcome
            if link.closed:
                what = "has ended without a word (its process was killed or its machine is gone)"
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
            if link.lost:
                what = f"has not been heard of for {links.SILENCE:g} seconds: it hangs or the network to it is cut"
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
        for companion in self._companions:
            companion.link.receive()
            if companion.link.closed or companion.link.lost:
                what = companion.fate() if companion.link.closed else "hangs"
                return Outcome(1, f"AlgorithmError: the {companion.name} of host {self.host!r} {what}.")
        return None

    def _hear(self, host: str, message: Message) -> Outcome | None:
        """Handle one message of a host; return the outcome if the message ends the job."""
        match message["word"]:
            case "welcome":
                self._welcome = True
            case "begin":
                self.root = (message["address"], message["port"])
            case "done":
                self._done.add(host)
                self._stopped |= message["stopped"]
                if len(self._done) == len(self._links):
                    self._gathered.set()
            case "end":
                outcome = Outcome(message["status"], message["reason"])
                if self.rank:
                    self._last_word = outcome
                return outcome
        return None

    def _say_farewell(self, outcome: Outcome) -> Outcome:
        """Send the outcome to all connected hosts, wait a few seconds for them to take it, and close all links.

        Returns rank 0's outcome if it answers with one, else this host's.
        """
        for link in self._links.values():
            link.send("end", status=outcome.status, reason=outcome.reason[:REASON_LENGTH])
        until = time.monotonic() + PARTING
        while (
            (there := {host: link for host, link in self._links.items() if not (link.closed or link.lost)})
            and self._last_word is None
            and time.monotonic() < until
        ):
            _wait([*there.values()], until)
            for host, link in there.items():
                for message in link.receive():
                    self._hear(host, message)
        for link in self._links.values():
            link.close()
        return self._last_word or outcome


class _Waiting:
    """How long a host waits for the others, with a log line from time to time."""

    def __init__(self, heed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.heed = heed
        self._say = say
        self._until = time.monotonic() + PATIENCE
        self._notice = time.monotonic()

    def goes_on(self, missing: list[str]) -> bool:
        """Return whether there is time left; raise if the job is stopped, and log now and then who is missing."""
        self.heed()
        now = time.monotonic()
        if now >= self._notice:
            self._notice = now + NOTICE
            self._say(f"Waiting for {_names(missing)}.")
        return now < self._until


def _names(hosts: list[str]) -> str:
    return f"{'host' if len(hosts) == 1 else 'hosts'} {', '.join(map(repr, hosts))}"


def _wait(ends: list[int | Link | socket.socket], until: float) -> None:
    """Wait until one of the file descriptors is readable, or until the time `until`."""
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    poll.poll(1000 * max(0.0, until - time.monotonic()))


def _digest(job: Job) -> str:
    """Return the SHA-256 of what all hosts must have in common: hosts, hyperparameters and names of channels."""
    agreed = [job.hosts, job.hyperparameters, sorted(job.channels)]
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()
