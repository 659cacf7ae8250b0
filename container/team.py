"""The hosts of a job: they wait for each other, watch each other, and end together for the same reason."""

import hashlib
import json
import os
import select
import socket
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import NamedTuple

from container import link as links
from container.companions import Companion
from container.environment import Job
from container.link import Clock, Link, Message
from container.network import accept, address_of, free_port, listen

PORT = 7463  # of the first host, where the others come
PATIENCE = 900.0  # seconds to wait for all: a name may be known late, a machine may start late
NOTICE = 30.0  # seconds between two lines that say whom one waits for
CONNECT = 5.0  # seconds for one try to reach the first host
PARTING = 5.0  # seconds for the others to take a last word
STRANGERS = 100  # connections at a time that have not said who they are
REASON_LENGTH = 4096


class Outcome(NamedTuple):
    """How a job ends: its exit status, and why."""

    status: int
    reason: str = ""


class Over(Exception):
    """The job has come to an end, here or elsewhere."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Team:
    """The hosts of a job as one of them sees them. The first in the order of their names, of rank 0, has the last word.

    `address` is that of this host; `root` is a free port of the first one, for what the algorithm wants to meet at.
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
        """Wait until all hosts are there; raise Over where one does not come, or comes with another job.

        `heed` is called again and again and may end the waiting by raising.
        """
        self.address = address_of(self._interface)
        if self.rank:
            self._reach(_Waiting(heed, self._say))
        else:
            self._gather(_Waiting(heed, self._say))

    def watch(self, companions: list[Companion], end: Callable[[Outcome], None]) -> None:
        """Watch the other hosts and our companions from now on, in a thread.

        Where the job fails it calls `end`, which must end this process, whatever that is doing.
        """
        self._companions = companions
        self._thread = Thread(target=self._watch, args=(end,), daemon=True)
        self._thread.start()

    def meet(self, stopped: bool) -> bool:
        """Say that our work is done, and if we were told to stop; the first waits for all, and learns if any was."""
        if self.rank:
            self._links[self.hosts[0]].send("done", stopped=stopped)
            return stopped
        self._gathered.wait()
        return stopped or self._stopped

    def part(self) -> None:
        """End well: the first host says that all is saved, the others wait for it. Raise Over where that fails."""
        outcome = self._conclude(None if self.rank else Outcome(0))
        if outcome.status:
            raise Over(outcome)

    def settle(self, outcome: Outcome) -> Outcome:
        """Tell the others how this host ends, and give how the job ends."""
        prefix, colon, rest = outcome.reason.partition(": ")
        ours = f"{prefix}: host {self.host!r}: {rest}" if colon else f"Host {self.host!r}: {outcome.reason}"
        outcome = outcome._replace(reason=ours)
        return self._conclude(outcome) if self._thread else self._say_farewell(self._outcome or outcome)

    def _gather(self, waiting: "_Waiting") -> None:
        """Let in all hosts; whoever else comes changes nothing."""
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
        """Take in a host of the job; show the door to whoever says anything else."""
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
        """Go to the first host until it lets us in, then wait until it begins."""
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
        """Wait until the watch ends, with what we wish if nothing came before; unless it ends this process first."""
        assert self._thread is not None
        self._wish, self._awaited = wish, True
        if wish:
            os.eventfd_write(self._wake, 1)
        self._thread.join()
        assert self._outcome is not None
        return self._outcome

    def _over(self, outcome: Outcome) -> Over:
        self._outcome = outcome
        return Over(outcome)

    def _turn(self, *others: Link | socket.socket) -> Outcome | None:
        """Beat where it is time, wait for the next beat or for what comes before it; tell how the job ends if it does.

        Of `others` it only waits for what comes.
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
        """Tell the others how the job ends, see that they take it, and give what the first host says to that."""
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
    """The patience of a host that waits for others."""

    def __init__(self, heed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.heed = heed
        self._say = say
        self._until = time.monotonic() + PATIENCE
        self._notice = time.monotonic()

    def goes_on(self, missing: list[str]) -> bool:
        """Heed, say now and then whom one waits for, and tell whether one still does."""
        self.heed()
        now = time.monotonic()
        if now >= self._notice:
            self._notice = now + NOTICE
            self._say(f"Waiting for {_names(missing)}.")
        return now < self._until


def _names(hosts: list[str]) -> str:
    return f"{'host' if len(hosts) == 1 else 'hosts'} {', '.join(map(repr, hosts))}"


def _wait(ends: list[int | Link | socket.socket], until: float) -> None:
    """Wait until something has come from one of them, or until then."""
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    poll.poll(1000 * max(0.0, until - time.monotonic()))


def _digest(job: Job) -> str:
    """Sum up what all hosts must agree on."""
    agreed = [job.hosts, job.hyperparameters, sorted(job.channels)]
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()
