"""The hosts of a job, from their meeting to the outcome that all of them share.

Tests: tests/container/team/test_rendezvous.py.
"""

import hashlib
import json
from collections.abc import Callable
from threading import Thread

from container.contract.environment import Job
from container.contract.outcome import JobOver, Outcome
from container.team.companions import Companion
from container.team.network import interface_address
from container.team.peers import Peers
from container.team.rendezvous import Patience, Reception, join_first_host, listen_for_hosts


class Team:
    """The hosts of a job, seen from one of them. Hosts are ranked by name; rank 0 decides the outcome.

    `address` is the IPv4 address of this host.
    """

    def __init__(self, job: Job, say: Callable[[str], None]) -> None:
        self.host = job.current_host
        self.hosts = job.hosts
        self.address = ""
        self._interface = job.interface
        self._digest = _job_digest(job)
        self._say = say
        self._peers = Peers(job.current_host, job.hosts)
        self._proposed: Outcome | None = None
        self._outcome: Outcome | None = None
        self._is_joined = False
        self._thread: Thread | None = None

    @property
    def rank(self) -> int:
        """The rank of this host."""
        return self._peers.rank

    @property
    def root(self) -> tuple[str, int]:
        """Address and number of a free port on rank 0, at which the algorithm's processes can meet."""
        return self._peers.root

    def wait_for_hosts(self, raise_if_stopped: Callable[[], None]) -> None:
        """Wait until all hosts are connected.

        `raise_if_stopped` is called repeatedly and may raise to end the wait. Raises JobOver where a host does not come
        in time or was given a different job.
        """
        self.address = interface_address(self._interface, self._say)
        patience = Patience(raise_if_stopped, self._say)
        reception = None if self.rank else Reception(self._peers, listen_for_hosts(self.address), self._digest)
        try:
            if reception is None:
                join_first_host(self._peers, self._digest, patience)
            else:
                reception.admit_hosts(self.address, patience)
                self._say(f"All {len(self.hosts)} hosts are here.")
        except JobOver as over:
            self._outcome = over.outcome
            raise

    def watch_in_background(self, companions: list[Companion], end_process: Callable[[Outcome], None]) -> None:
        """Watch the other hosts and this host's companions from now on, in a background thread.

        If the job fails the thread calls `end_process(outcome)`, which must end this process whatever it is doing.
        """
        self._peers.companions = companions
        self._thread = Thread(target=self._watch_until_over, args=(end_process,), daemon=True)
        self._thread.start()

    def announce_done(self, stopped: bool) -> bool:
        """Announce that this host's work is done, and whether it was stopped. Rank 0 waits for all announcements.

        Returns whether this host was stopped; on rank 0, whether any host was.
        """
        if self.rank:
            self._peers.links[self.hosts[0]].send_message("done", stopped=stopped)
            return stopped
        self._peers.all_done.wait()
        return stopped or self._peers.any_stopped

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
        return self._join_watch(outcome) if self._thread else self._peers.exchange_outcomes(self._outcome or outcome)

    def _watch_until_over(self, end_process: Callable[[Outcome], None]) -> None:
        outcome = None
        while outcome is None:
            outcome = self._proposed or self._peers.poll_once()
        self._outcome = self._peers.exchange_outcomes(outcome)
        if self._outcome.status and not self._is_joined:
            end_process(self._outcome)

    def _join_watch(self, proposed: Outcome | None) -> Outcome:
        """Propose an outcome to the watching thread, wait until it ends, and return the outcome of the job."""
        assert self._thread is not None
        self._proposed, self._is_joined = proposed, True
        if proposed:
            self._peers.wake()
        self._thread.join()
        assert self._outcome is not None
        return self._outcome


def _job_digest(job: Job) -> str:
    """Return the SHA-256 of what all hosts must have in common: hosts, hyperparameters and names of channels."""
    agreed = [job.hosts, job.hyperparameters, sorted(job.channels)]
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()
