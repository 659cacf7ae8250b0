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
from container.team.link import AwakeClock, Link, Message
from container.team.network import accept_pending, find_free_port, interface_address, open_listening_socket

RENDEZVOUS_PORT = 7463  # of the first host, where the others come
RENDEZVOUS_SECONDS = 900.0  # seconds to wait for all: a name may be known late, a machine may start late
NOTICE_SECONDS = 30.0  # seconds between two lines that say whom one waits for
CONNECT_SECONDS = 5.0  # seconds for one try to reach the first host
FAREWELL_SECONDS = 5.0  # seconds for the others to take a last word
MAX_STRANGERS = 100  # connections at a time that have not said who they are
REASON_LENGTH = 4096


class Outcome(NamedTuple):
    """How a job ends: exit status and reason."""

    status: int
    reason: str = ""


class JobOver(Exception):
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
        self._digest = _job_digest(job)
        self._say = say
        self._links: dict[str, Link] = {}
        self._companions: list[Companion] = []
        self._clock = AwakeClock()
        self._next_heartbeat = 0.0
        self._is_admitted = False
        self._done_hosts: set[str] = set()
        self._all_done = Event()
        self._any_stopped = False
        self._verdict: Outcome | None = None
        self._outcome: Outcome | None = None
        self._proposed: Outcome | None = None
        self._is_joined = False
        self._wake_fd = os.eventfd(0)
        self._thread: Thread | None = None

    def wait_for_hosts(self, raise_if_stopped: Callable[[], None]) -> None:
        """Wait until all hosts are connected.

        `raise_if_stopped` is called repeatedly and may raise to end the wait. Raises JobOver where a host does not come
        in time or was given a different job.
        """
        self.address = interface_address(self._interface)
        if self.rank:
            self._join_first_host(_Patience(raise_if_stopped, self._say))
        else:
            self._admit_hosts(_Patience(raise_if_stopped, self._say))

    def watch_in_background(self, companions: list[Companion], end_process: Callable[[Outcome], None]) -> None:
        """Watch the other hosts and this host's companions from now on, in a background thread.

        If the job fails the thread calls `end_process(outcome)`, which must end this process whatever it is doing.
        """
        self._companions = companions
        self._thread = Thread(target=self._watch_until_over, args=(end_process,), daemon=True)
        self._thread.start()

    def announce_done(self, stopped: bool) -> bool:
        """Announce that this host's work is done, and whether it was stopped. Rank 0 waits for all announcements.

        Returns whether this host was stopped; on rank 0, whether any host was.
        """
        if self.rank:
            self._links[self.hosts[0]].send_message("done", stopped=stopped)
            return stopped
        self._all_done.wait()
        return stopped or self._any_stopped

    def end_successfully(self) -> None:
        """End the job successfully: rank 0 announces that everything is saved, the others wait for that.

        Raises JobOver if the job fails instead.
        """
        outcome = self._join_watch(None if self.rank else Outcome(0))
        if outcome.status:
            raise JobOver(outcome)

    def agree_on_outcome(self, outcome: Outcome) -> Outcome:
        """Report this host's outcome to the others and return the outcome of the job."""
        prefix, colon, rest = outcome.reason.partition(": ")
        ours = f"{prefix}: host {self.host!r}: {rest}" if colon else f"Host {self.host!r}: {outcome.reason}"
        outcome = outcome._replace(reason=ours)
        return self._join_watch(outcome) if self._thread else self._exchange_outcomes(self._outcome or outcome)

    def _admit_hosts(self, waiting: "_Patience") -> None:
        """On rank 0: accept connections until every host has joined; unknown connections are closed.

        Raises JobOver on a timeout, on a failing host, and where the port cannot be bound.
        """
        try:
            door = open_listening_socket(self.address, RENDEZVOUS_PORT)
        except OSError as error:
            reason = (
                f"cannot listen on port {RENDEZVOUS_PORT} of {self.address}, where the hosts of a job "
                f"meet: {error.strerror}"
            )
            raise JobOver(Outcome(1, f"AlgorithmError: {reason}. End what else listens there.")) from None
        strangers: list[Link] = []
        try:
            while missing := [host for host in self.hosts[1:] if host not in self._links]:
                if not waiting.may_continue(missing):
                    what = f"waited {RENDEZVOUS_SECONDS / 60:g} minutes in vain for {_list_hosts(missing)}"
                    raise self._record_outcome(Outcome(1, f"AlgorithmError: {what}."))
                if outcome := self._poll_once(door, *strangers):
                    raise self._record_outcome(outcome)
                strangers += map(Link, accept_pending(door))
                for stranger in strangers[:-MAX_STRANGERS]:
                    stranger.close()
                for stranger in strangers:
                    self._admit_or_reject(stranger)
                strangers = [link for link in strangers if not link.is_closed and link not in self._links.values()]
        finally:
            door.close()
            for stranger in strangers:
                if stranger not in self._links.values():
                    stranger.close()
        self.root = (self.address, find_free_port(self.address))
        for link in self._links.values():
            link.send_message("begin", address=self.root[0], port=self.root[1])
        self._say(f"All {len(self.hosts)} hosts are here.")

    def _admit_or_reject(self, stranger: Link) -> None:
        """Admit a connection that says hello as a missing host; close one that says anything else.

        Raises JobOver where the host was given other hyperparameters, channels or hosts.
        """
        messages = stranger.receive_messages()
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
            raise self._record_outcome(Outcome(1, f"ClientError: {reason}. Give all hosts the same."))
        stranger.send_message("welcome")
        for message in more:
            if outcome := self._handle_message(host, message):
                raise self._record_outcome(outcome)

    def _join_first_host(self, waiting: "_Patience") -> None:
        """On other ranks: connect to the first host until it admits us, then wait until it begins the job."""
        first, why = self.hosts[0], ""
        while not self._is_admitted:
            if not waiting.may_continue([first]):
                what = f"let nobody in on port {RENDEZVOUS_PORT} for {RENDEZVOUS_SECONDS / 60:g} minutes: {why}"
                raise self._record_outcome(Outcome(1, f"AlgorithmError: host {first!r} {what}."))
            try:
                self._links[first] = link = Link(socket.create_connection((first, RENDEZVOUS_PORT), CONNECT_SECONDS))
            except OSError as error:
                why = error.strerror or str(error)
                time.sleep(links.HEARTBEAT_SECONDS)
                continue
            link.send_message("hello", host=self.host, digest=self._digest)
            while (outcome := self._poll_once()) is None and not self.root[1]:
                waiting.raise_if_stopped()
            if outcome and (self._is_admitted or not (link.is_closed or link.is_lost)):
                raise self._record_outcome(outcome)
            if outcome:
                why = "it does not know us"
                link.close()
                time.sleep(links.HEARTBEAT_SECONDS)

    def _watch_until_over(self, end_process: Callable[[Outcome], None]) -> None:
        outcome = None
        while outcome is None:
            outcome = self._proposed or self._poll_once()
        self._outcome = self._exchange_outcomes(outcome)
        if self._outcome.status and not self._is_joined:
            end_process(self._outcome)

    def _join_watch(self, proposed: Outcome | None) -> Outcome:
        """Propose an outcome to the watching thread, wait until it ends, and return the outcome of the job."""
        assert self._thread is not None
        self._proposed, self._is_joined = proposed, True
        if proposed:
            os.eventfd_write(self._wake_fd, 1)
        self._thread.join()
        assert self._outcome is not None
        return self._outcome

    def _record_outcome(self, outcome: Outcome) -> JobOver:
        """Record the outcome of the job and return the exception to raise."""
        self._outcome = outcome
        return JobOver(outcome)

    def _poll_once(self, *awaited: Link | socket.socket) -> Outcome | None:
        """Send heartbeats if due, wait until the next one or for input, and handle that.

        Returns the outcome if the job is over, else None. Sockets and links in `awaited` only end the wait; their input
        is left to the caller.
        """
        beating = [*self._links.values(), *(companion.link for companion in self._companions)]
        if time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + links.HEARTBEAT_SECONDS
            for link in beating:
                link.send_message("beat")
        _wait_readable([self._wake_fd, *beating, *awaited], self._next_heartbeat)
        passed = self._clock.take_elapsed()
        for link in beating:
            link.silent_seconds += passed
        for host, link in self._links.items():
            for message in link.receive_messages():
                if outcome := self._handle_message(host, message):
                    return outcome
            if link.is_closed:
                what = "has ended without a word (its process was killed or its machine is gone)"
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
            if link.is_lost:
                what = (
                    f"has not been heard of for {links.SILENCE_SECONDS:g} seconds: it hangs or the network to it is cut"
                )
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
        for companion in self._companions:
            companion.link.receive_messages()
            if companion.link.is_closed or companion.link.is_lost:
                what = companion.describe_end() if companion.link.is_closed else "hangs"
                return Outcome(1, f"AlgorithmError: the {companion.name} of host {self.host!r} {what}.")
        return None

    def _handle_message(self, host: str, message: Message) -> Outcome | None:
        """Handle one message of a host; return the outcome if the message ends the job."""
        match message["word"]:
            case "welcome":
                self._is_admitted = True
            case "begin":
                self.root = (message["address"], message["port"])
            case "done":
                self._done_hosts.add(host)
                self._any_stopped |= message["stopped"]
                if len(self._done_hosts) == len(self._links):
                    self._all_done.set()
            case "end":
                outcome = Outcome(message["status"], message["reason"])
                if self.rank:
                    self._verdict = outcome
                return outcome
        return None

    def _exchange_outcomes(self, outcome: Outcome) -> Outcome:
        """Send the outcome to all connected hosts, wait a few seconds for them to take it, and close all links.

        Returns rank 0's outcome if it answers with one, else this host's.
        """
        for link in self._links.values():
            link.send_message("end", status=outcome.status, reason=outcome.reason[:REASON_LENGTH])
        until = time.monotonic() + FAREWELL_SECONDS
        while (
            (there := {host: link for host, link in self._links.items() if not (link.is_closed or link.is_lost)})
            and self._verdict is None
            and time.monotonic() < until
        ):
            _wait_readable([*there.values()], until)
            for host, link in there.items():
                for message in link.receive_messages():
                    self._handle_message(host, message)
        for link in self._links.values():
            link.close()
        return self._verdict or outcome


class _Patience:
    """How long a host waits for the others, with a log line from time to time."""

    def __init__(self, raise_if_stopped: Callable[[], None], say: Callable[[str], None]) -> None:
        self.raise_if_stopped = raise_if_stopped
        self._say = say
        self._deadline = time.monotonic() + RENDEZVOUS_SECONDS
        self._next_notice = time.monotonic()

    def may_continue(self, missing: list[str]) -> bool:
        """Return whether there is time left; raise if the job is stopped, and log now and then who is missing."""
        self.raise_if_stopped()
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + NOTICE_SECONDS
            self._say(f"Waiting for {_list_hosts(missing)}.")
        return now < self._deadline


def _list_hosts(hosts: list[str]) -> str:
    return f"{'host' if len(hosts) == 1 else 'hosts'} {', '.join(map(repr, hosts))}"


def _wait_readable(ends: list[int | Link | socket.socket], until: float) -> None:
    """Wait until one of the file descriptors is readable, or until the time `until`."""
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    poll.poll(1000 * max(0.0, until - time.monotonic()))


def _job_digest(job: Job) -> str:
    """Return the SHA-256 of what all hosts must have in common: hosts, hyperparameters and names of channels."""
    agreed = [job.hosts, job.hyperparameters, sorted(job.channels)]
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()
