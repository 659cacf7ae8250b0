"""How the hosts of a job meet: all connect to the first one, which lets them in and begins when all are there."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from container.contract.outcome import JobOver, Outcome
from container.team import link as links
from container.team.link import Link
from container.team.network import accept_pending, find_free_port, open_listening_socket
from container.team.peers import Peers

RENDEZVOUS_PORT = 7463  # of the first host, where the others come
RENDEZVOUS_SECONDS = 900.0  # seconds to wait for all: a name may be known late, a machine may start late
NOTICE_SECONDS = 30.0  # seconds between two lines that say whom one waits for
CONNECT_SECONDS = 5.0  # seconds for one try to reach the first host
MAX_STRANGERS = 100  # connections at a time that have not said who they are


class Patience:
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


def listen_for_hosts(address: str) -> socket.socket:
    """Listen where the other hosts come; raise JobOver where the port cannot be bound."""
    try:
        return open_listening_socket(address, RENDEZVOUS_PORT)
    except OSError as error:
        reason = f"cannot listen on port {RENDEZVOUS_PORT} of {address}, where the hosts of a job meet"
        what = f"AlgorithmError: {reason}: {error.strerror}. End what else listens there."
        raise JobOver(Outcome(1, what)) from None


@dataclass
class Reception:
    """What rank 0 does until the job begins: it lets in the hosts that were given the same job, by its `digest`."""

    peers: Peers
    door: socket.socket
    digest: str

    def admit_hosts(self, address: str, patience: Patience) -> None:
        """Accept connections until every host has joined, then begin; unknown connections are closed.

        Raises JobOver on a timeout and on a failing host.
        """
        peers, strangers = self.peers, list[Link]()
        try:
            while missing := [host for host in peers.hosts[1:] if host not in peers.links]:
                if not patience.may_continue(missing):
                    what = f"waited {RENDEZVOUS_SECONDS / 60:g} minutes in vain for {_list_hosts(missing)}"
                    raise JobOver(Outcome(1, f"AlgorithmError: {what}."))
                if outcome := peers.poll_once(self.door, *strangers):
                    raise JobOver(outcome)
                strangers += map(Link, accept_pending(self.door))
                for stranger in strangers[:-MAX_STRANGERS]:
                    stranger.close()
                for stranger in strangers:
                    self._admit_or_reject(stranger)
                strangers = [link for link in strangers if not link.is_closed and link not in peers.links.values()]
        finally:
            self.door.close()
            for stranger in strangers:
                if stranger not in peers.links.values():
                    stranger.close()
        peers.root = (address, find_free_port(address))
        for link in peers.links.values():
            link.send_message("begin", address=peers.root[0], port=peers.root[1])

    def _admit_or_reject(self, stranger: Link) -> None:
        """Admit a connection that says hello as a missing host; close one that says anything else.

        Raises JobOver where the host was given other hyperparameters, channels or hosts.
        """
        peers, messages = self.peers, stranger.receive_messages()
        if not messages:
            return
        hello, *more = messages
        host = hello.get("host")
        if hello["word"] != "hello" or host not in peers.hosts[1:] or host in peers.links:
            stranger.close()
            return
        peers.links[host] = stranger
        if hello.get("digest") != self.digest:
            what = f"those of host {host!r} are not those of host {peers.host!r}"
            reason = f"the hosts were given different hyperparameters, or channels or hosts of other names: {what}"
            raise JobOver(Outcome(1, f"ClientError: {reason}. Give all hosts the same."))
        stranger.send_message("welcome")
        for message in more:
            if outcome := peers.handle_message(host, message):
                raise JobOver(outcome)


def join_first_host(peers: Peers, digest: str, patience: Patience) -> None:
    """On other ranks: connect to the first host until it admits us, then wait until it begins the job.

    Raises JobOver on a timeout and where the job ends before it begins.
    """
    first, why = peers.hosts[0], ""
    while not peers.is_admitted:
        if not patience.may_continue([first]):
            what = f"let nobody in on port {RENDEZVOUS_PORT} for {RENDEZVOUS_SECONDS / 60:g} minutes: {why}"
            raise JobOver(Outcome(1, f"AlgorithmError: host {first!r} {what}."))
        try:
            peers.links[first] = link = Link(socket.create_connection((first, RENDEZVOUS_PORT), CONNECT_SECONDS))
        except OSError as error:
            why = error.strerror or str(error)
            time.sleep(links.HEARTBEAT_SECONDS)
            continue
        link.send_message("hello", host=peers.host, digest=digest)
        while (outcome := peers.poll_once()) is None and not peers.root[1]:
            patience.raise_if_stopped()
        if outcome and (peers.is_admitted or not (link.is_closed or link.is_lost)):
            raise JobOver(outcome)
        if outcome:
            why = "it does not know us"
            link.close()
            time.sleep(links.HEARTBEAT_SECONDS)


def _list_hosts(hosts: list[str]) -> str:
    return f"{'host' if len(hosts) == 1 else 'hosts'} {', '.join(map(repr, hosts))}"
