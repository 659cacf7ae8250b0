"""The connections of one host of a job: to the other hosts and to its own companions, kept alive by heartbeats.

Tests: tests/container/team/test_rendezvous.py.
"""

import os
import select
import socket
import time
from threading import Event

from container.contract.outcome import Outcome
from container.team import link as links
from container.team.companions import Companion
from container.team.link import AwakeClock, Link, Message

FAREWELL_SECONDS = 5.0  # seconds for the others to take a last word
REASON_LENGTH = 4096


class Peers:
    """The other hosts and the companions of `host`. Hosts are ranked by name; rank 0 decides the outcome.

    Messages set the fields: `is_admitted` and `root`, (address, port), by rank 0's welcome; on rank 0, `all_done` once
    every other host is done, and `any_stopped` where one of them was stopped; elsewhere `verdict` by rank 0's outcome.
    """

    def __init__(self, host: str, hosts: tuple[str, ...]) -> None:
        self.host = host
        self.hosts = hosts
        self.rank = hosts.index(host)
        self.root = ("", 0)
        self.links: dict[str, Link] = {}
        self.companions: list[Companion] = []
        self.is_admitted = False
        self.all_done = Event()
        self.any_stopped = False
        self.verdict: Outcome | None = None
        self._done_hosts: set[str] = set()
        self._clock = AwakeClock()
        self._next_heartbeat = 0.0
        self._wake_fd = os.eventfd(0)

    def wake(self) -> None:
        """End the wait of `poll_once` in another thread."""
        os.eventfd_write(self._wake_fd, 1)

    def poll_once(self, *awaited: Link | socket.socket) -> Outcome | None:
        """Send heartbeats if due, wait until the next one or for input, and handle that.

        Returns the outcome if the job is over, else None. Sockets and links in `awaited` only end the wait; their input
        is left to the caller.
        """
        beating = [*self.links.values(), *(companion.link for companion in self.companions)]
        if time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + links.HEARTBEAT_SECONDS
            for link in beating:
                link.send_message("beat")
        _wait_readable([self._wake_fd, *beating, *awaited], self._next_heartbeat)
        passed = self._clock.take_elapsed()
        for link in beating:
            link.silent_seconds += passed
        return self._hear_hosts() or self._hear_companions()

    def handle_message(self, host: str, message: Message) -> Outcome | None:
        """Handle one message of a host; return the outcome if the message ends the job."""
        match message["word"]:
            case "welcome":
                self.is_admitted = True
            case "begin":
                self.root = (message["address"], message["port"])
            case "done":
                self._done_hosts.add(host)
                self.any_stopped |= message["stopped"]
                if len(self._done_hosts) == len(self.links):
                    self.all_done.set()
            case "end":
                outcome = Outcome(message["status"], message["reason"])
                if self.rank:
                    self.verdict = outcome
                return outcome
        return None

    def exchange_outcomes(self, outcome: Outcome) -> Outcome:
        """Send the outcome to all connected hosts, wait a few seconds for them to take it, and close all links.

        Returns rank 0's outcome if it answers with one, else this host's.
        """
        for link in self.links.values():
            link.send_message("end", status=outcome.status, reason=outcome.reason[:REASON_LENGTH])
        until = time.monotonic() + FAREWELL_SECONDS
        while (
            (there := {host: link for host, link in self.links.items() if not (link.is_closed or link.is_lost)})
            and self.verdict is None
            and time.monotonic() < until
        ):
            _wait_readable([*there.values()], until)
            for host, link in there.items():
                for message in link.receive_messages():
                    self.handle_message(host, message)
        for link in self.links.values():
            link.close()
        return self.verdict or outcome

    def _hear_hosts(self) -> Outcome | None:
        """Handle what the other hosts have sent; return the outcome if that, or the silence of one, ends the job."""
        for host, link in self.links.items():
            for message in link.receive_messages():
                if outcome := self.handle_message(host, message):
                    return outcome
            if link.is_closed:
                what = "has ended without a word (its process was killed or its machine is gone)"
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
            if link.is_lost:
                what = (
                    f"has not been heard of for {links.SILENCE_SECONDS:g} seconds: it hangs or the network to it is cut"
                )
                return Outcome(1, f"AlgorithmError: host {host!r} {what}.")
        return None

    def _hear_companions(self) -> Outcome | None:
        """Return the outcome if a companion has ended or is silent, which ends the job."""
        for companion in self.companions:
            companion.link.receive_messages()
            if companion.link.is_closed or companion.link.is_lost:
                what = companion.describe_end() if companion.link.is_closed else "hangs"
                return Outcome(1, f"AlgorithmError: the {companion.name} of host {self.host!r} {what}.")
        return None


def _wait_readable(ends: list[int | Link | socket.socket], until: float) -> None:
    """Wait until one of the file descriptors is readable, or until the time `until`."""
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    poll.poll(1000 * max(0.0, until - time.monotonic()))
