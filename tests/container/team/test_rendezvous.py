"""Several hosts, one job: it begins when all are there, and has one outcome, with the same reason on every host."""

import os
import re
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container.hosts import HostProcess, LocalHosts
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.processes

FIRST, SECOND, THIRD = NAMES = ("127.0.0.1", "algo-10", "algo-2")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[..., LocalHosts]]:
    """Name the hosts of a job, two unless said otherwise."""
    made: list[LocalHosts] = []

    def name(*names: str) -> LocalHosts:
        made.append(LocalHosts(tmp_path, *(names or (FIRST, SECOND))))
        return made[-1]

    yield name
    for job in made:
        job.__exit__(None, None, None)


def all_end(hosts: list[HostProcess], status: int, reason: str | None) -> None:
    """See that all end with a status, and have the same reason in the log and in output/failure, once."""
    assert [host.wait_for_end() for host in hosts] == [status] * len(hosts), "\n\n".join(host.log for host in hosts)
    for host in hosts:
        assert host.failure == (reason if status == 1 else None), host.log
        if reason is not None:
            assert host.log.count(reason) == 1, host.log
        assert "ERROR" not in host.log or status == 1
    left = [companion for host in hosts for companion in companions(host)]
    wait_until(lambda: not any(map(is_alive, left)), lambda: f"of {left} some live on")


def companions(host: HostProcess) -> list[int]:
    """Give the processes that a host has started beside that of training."""
    return [int(process) for process in re.findall(r"companion (\d+)", host.log)]


def is_alive(process: int) -> bool:
    """Tell whether a process runs."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(") ")[2][0] != "Z"


def test_all_do_their_work_and_the_first_saves_the_model(hosts: Callable[..., LocalHosts]) -> None:
    first, *others = jobs = hosts(*NAMES).start_all()
    all_end(jobs, 0, None)
    assert (first.root / "model/params").read_text() == "1"
    assert (first.root / "output/model.tar.gz").exists()
    assert os.listdir(first.root / "checkpoints") == []
    assert "#progress_metric: host=127.0.0.1" in first.log
    assert "All 3 hosts are here." in first.log
    for rank, host in enumerate(others, 1):
        assert os.listdir(host.root / "model") == []
        assert os.listdir(host.root / "output") == ["data"]
        assert os.listdir(host.root / "checkpoints") == ["checkpoint"]
        assert "#" not in host.log
        assert f"saw 1 rows, sharded False, of rank {rank}" in host.log
        assert "Time line: start " in host.log


@pytest.mark.parametrize("late", [FIRST, SECOND])
def test_a_host_that_comes_late_is_waited_for(hosts: Callable[..., LocalHosts], late: str) -> None:
    job = hosts()
    (early,) = (job.start(name) for name in job.names if name != late)
    early.wait_for_text(f"Waiting for host {late!r}.")
    assert "works" not in early.log
    all_end([early, job.start(late)], 0, None)


def test_a_host_that_never_comes_is_named(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts(*NAMES)
    second = job.start(SECOND)
    second.wait_for_text("Waiting")
    job.patience = 2
    all_end([job.start(FIRST), second], 1, f"AlgorithmError: waited 0.0333333 minutes in vain for host {THIRD!r}.")


def test_a_first_host_that_never_comes_is_named(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts("a.invalid", SECOND)
    job.patience = 1
    host = job.start(SECOND)
    assert host.wait_for_end() == 1
    assert host.failure is not None
    assert re.search(r"^AlgorithmError: host 'a.invalid' let nobody in on port \d+ for .*: .+\.$", host.failure)


def test_a_host_that_is_killed_is_named_by_all(hosts: Callable[..., LocalHosts]) -> None:
    *left, killed = hosts(*NAMES).start_all("blocked")
    killed.signal_process("works as", signal.SIGKILL)
    gone = "has ended without a word (its process was killed or its machine is gone)"
    all_end(left, 1, f"AlgorithmError: host {THIRD!r} {gone}.")
    assert killed.wait_for_end() == 1


def test_a_first_host_that_is_killed_is_named_by_all(hosts: Callable[..., LocalHosts]) -> None:
    killed, *left = hosts(*NAMES).start_all("blocked")
    for host in (killed, *left):
        host.wait_for_text("works as")
        host.wait_for_text("companion")
    killed.process.kill()
    gone = "has ended without a word (its process was killed or its machine is gone)"
    all_end(left, 1, f"AlgorithmError: host {FIRST!r} {gone}.")
    assert [is_alive(companion) for companion in companions(killed)] == [False]


@pytest.mark.parametrize("frozen", [FIRST, THIRD])
def test_a_machine_that_is_frozen_is_named_by_all_and_by_itself_when_it_wakes(
    hosts: Callable[..., LocalHosts], frozen: str
) -> None:
    jobs = dict(zip(NAMES, hosts(*NAMES).start_all("blocked", silence=2), strict=True))
    for host in jobs.values():
        host.wait_for_text("works as")
    for who in ("companion", "works as"):
        jobs[frozen].signal_process(who, signal.SIGSTOP)
    silent = "has not been heard of for 2 seconds: it hangs or the network to it is cut"
    reason = f"AlgorithmError: host {frozen!r} {silent}."
    all_end([host for name, host in jobs.items() if name != frozen], 1, reason)
    for who in ("works as", "companion"):
        jobs[frozen].signal_process(who, signal.SIGCONT)
    all_end([jobs[frozen]], 1, reason)


def test_a_machine_that_is_frozen_for_a_moment_goes_on(hosts: Callable[..., LocalHosts]) -> None:
    jobs = hosts().start_all("stopped", silence=2)
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for who in ("companion", "works as"):
            jobs[1].signal_process(who, number)
        time.sleep(0.7)
    for host in jobs:
        host.process.terminate()
    all_end(jobs, 0, None)


def test_a_training_process_that_hangs_is_ended_by_its_companion(hosts: Callable[..., LocalHosts]) -> None:
    first, frozen = hosts().start_all("blocked", silence=2)
    first.wait_for_text("works as")
    frozen.wait_for_text("companion")
    frozen.signal_process("works as", signal.SIGSTOP)
    all_end([frozen], 1, f"AlgorithmError: the training process of host {SECOND!r} hangs.")
    assert "memory" not in frozen.log
    assert first.wait_for_end() == 1


def test_a_companion_that_ends_is_named_by_all(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts()
    jobs = [job.start(FIRST, "blocked"), job.start(SECOND, "deserted")]
    all_end(jobs, 1, f"AlgorithmError: the parameter server of host {SECOND!r} has ended with status 1.")
    assert "RuntimeError: no such server" in jobs[1].log


@pytest.mark.parametrize(
    ("number", "silence", "fate"),
    [
        (signal.SIGKILL, HANG_SECONDS, "was killed by signal 9 (SIGKILL), as the kernel does where the memory is full"),
        (signal.SIGSTOP, 2, "hangs"),
    ],
)
def test_a_companion_that_is_lost_is_named_by_all(
    hosts: Callable[..., LocalHosts], number: signal.Signals, silence: float, fate: str
) -> None:
    jobs = hosts().start_all("blocked", silence=silence)
    jobs[0].wait_for_text("works as")
    jobs[1].signal_process("companion", number)
    all_end(jobs, 1, f"AlgorithmError: the parameter server of host {SECOND!r} {fate}.")


def test_signals_for_the_job_do_not_end_companions(hosts: Callable[..., LocalHosts]) -> None:
    jobs = hosts().start_all("stopped")
    for number in (signal.SIGINT, signal.SIGTERM):
        jobs[1].signal_process("companion", number)
    time.sleep(0.3)
    for host in jobs:
        host.wait_for_text("saw")
        host.process.terminate()
    all_end(jobs, 0, None)


@pytest.mark.parametrize(
    ("name", "fit", "reason"),
    [
        (FIRST, "wrong", f"AlgorithmError: host {FIRST!r}: ZeroDivisionError: division by zero"),
        (SECOND, "mistaken", f"ClientError: host {SECOND!r}: channel 'train', row 5: expected a number."),
    ],
)
def test_a_host_that_fails_tells_the_others_why(
    hosts: Callable[..., LocalHosts], name: str, fit: str, reason: str
) -> None:
    job = hosts()
    all_end([job.start(other, fit if other == name else "blocked") for other in job.names], 1, reason)


def test_hosts_that_fail_at_once_give_one_reason(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts(*NAMES)
    jobs = [job.start(name, fit) for name, fit in zip(NAMES, ("blocked", "mistaken", "mistaken"), strict=True)]
    assert [host.wait_for_end() for host in jobs] == [1, 1, 1]
    assert jobs[0].failure is not None
    all_end(jobs, 1, jobs[0].failure)


def test_a_model_that_cannot_be_saved_fails_all(hosts: Callable[..., LocalHosts]) -> None:
    jobs = hosts().start_all(save="full")
    all_end(
        jobs, 1, f"AlgorithmError: host {FIRST!r}: no space left on the disk (params). Give the job a larger volume."
    )
    assert os.listdir(jobs[0].root / "model") == []


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_a_host_that_is_stopped_before_there_is_a_model_stops_all(hosts: Callable[..., LocalHosts], name: str) -> None:
    job = hosts()
    jobs = {other: job.start(other, "works" if other == name else "blocked") for other in job.names}
    for host in jobs.values():
        host.wait_for_text("works as")
    jobs[name].process.terminate()
    all_end([*jobs.values()], 143, f"Host {name!r}: Stopped before there was a model; none is saved.")


def test_a_host_can_be_stopped_while_it_waits_for_others(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts(*NAMES)
    there = [job.start(name) for name in (FIRST, SECOND)]
    there[0].wait_for_text(f"Waiting for host {THIRD!r}.")
    there[1].process.terminate()
    all_end(there, 143, f"Host {SECOND!r}: Stopped before there was a model; none is saved.")


def test_nobody_leaves_before_the_model_is_whole_and_a_stop_no_longer_matters(hosts: Callable[..., LocalHosts]) -> None:
    first, other = jobs = hosts().start_all(save="slow")
    first.wait_for_text("saving")
    other.process.terminate()
    with pytest.raises(Exception, match="timed out"):
        other.process.wait(0.5)
    (first.root / "go").touch()
    all_end(jobs, 0, None)
    assert (first.root / "model/params").exists()


def test_a_checkpoint_stays_where_any_host_was_stopped(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts()
    first, other = job.start(FIRST), job.start(SECOND, "stopped")
    other.wait_for_text("saw 1 rows")
    other.process.terminate()
    all_end([first, other], 0, None)
    assert os.listdir(first.root / "checkpoints") == ["checkpoint"]


def test_hosts_that_were_given_other_hyperparameters_say_so(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts()
    jobs = [job.start(name, hyperparameters={"epochs": name}) for name in job.names]
    what = f"those of host {SECOND!r} are not those of host {FIRST!r}"
    reason = f"the hosts were given different hyperparameters, or channels or hosts of other names: {what}"
    all_end(jobs, 1, f"ClientError: {reason}. Give all hosts the same.")


@pytest.mark.parametrize("folder", [True, False])
def test_a_host_without_data_takes_part(hosts: Callable[..., LocalHosts], folder: bool) -> None:
    job = hosts()
    sharded: dict[str, Any] = {"S3DistributionType": "ShardedByS3Key"}
    other = job.start(SECOND, rows=None, **sharded)
    if not folder:
        (other.root / "input/data/train").rmdir()
    first = job.start(FIRST, **sharded)
    all_end([first, other], 0, None)
    assert "saw 1 rows, sharded True" in first.log
    assert "saw 0 rows, sharded True" in other.log


def test_strangers_change_nothing(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts()
    first = job.start(FIRST)
    first.wait_for_text("Waiting")
    address = (FIRST, job.port)
    said: list[Any] = [
        b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\n", b"7\n", b"[" * 100000 + b"\n", b"\n", b"x" * 300000,
        b'{"word": 1}\n', b'{"word": "end", "status": 1, "reason": "x"}\n', b'{"word": "hello"}\n',
        b'{"word": "hello", "host": ["algo-10"], "digest": 1}\n', b'{"word": "hello", "host": "algo-3"}\n',
        b'{"word": "hello", "host": "127.0.0.1"}\n',
    ]  # fmt: skip
    strangers = [socket.create_connection(address) for _ in range(150)]
    for stranger, text in zip(strangers, said, strict=False):
        stranger.setblocking(False)
        stranger.send(text)
    strangers[-1].close()
    other = job.start(SECOND)
    all_end([first, other], 0, None)
    for stranger in strangers:
        stranger.close()


def test_a_port_that_is_taken_is_named(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts()
    with socket.create_server((FIRST, job.port)):
        host = job.start(FIRST)
        assert host.wait_for_end() == 1
    reason = f"cannot listen on port {job.port} of 127.0.0.1, where the hosts of a job meet: Address already in use"
    assert host.failure == f"AlgorithmError: host {FIRST!r}: {reason}. End what else listens there."


class Relay:
    """A network of one wire, which can be cut: then it swallows everything."""

    def __init__(self, port: int) -> None:
        self._door = socket.create_server(("127.0.0.9", port))
        self._port = port
        self.cut = False
        self._ended = False
        self._thread = threading.Thread(target=self._pass_on)
        self._thread.start()

    def _pass_on(self) -> None:
        near, _ = self._door.accept()
        far = socket.create_connection(("127.0.0.1", self._port))
        other = {near: far, far: near}
        while not self._ended:
            for end in select.select([near, far], [], [], 0.05)[0] if not self.cut else ():
                if not (chunk := end.recv(4096)):
                    self._ended = True
                else:
                    other[end].sendall(chunk)
            time.sleep(0.001)
        near.close()
        far.close()

    def end(self) -> None:
        """End it."""
        self._ended = True
        self._thread.join()
        self._door.close()


def test_a_network_that_swallows_everything_is_noticed_at_both_ends(hosts: Callable[..., LocalHosts]) -> None:
    job = hosts("127.0.0.9", "algo-2")
    first = job.start("127.0.0.9", "blocked", silence=2)
    first.wait_for_text("Waiting")
    relay = Relay(job.port)
    other = job.start("algo-2", "blocked", silence=2)
    for host in (first, other):
        host.wait_for_text("works as")
    relay.cut = True
    silent = "has not been heard of for 2 seconds: it hangs or the network to it is cut"
    all_end([first], 1, f"AlgorithmError: host 'algo-2' {silent}.")
    all_end([other], 1, f"AlgorithmError: host '127.0.0.9' {silent}.")
    relay.end()
