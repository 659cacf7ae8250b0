"""One training job on several hosts: processes on loopback, or containers on a network of their own."""

import os
import signal
import socket
import subprocess
import time
import uuid
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.container.pipes import serve_fifos
from tests.contract.example import DATA
from tests.contract.formats import CSV
from tests.contract.jobs import Finished, TrainingJob
from tests.contract.launch import Container, Process, Running
from tests.waiting import HANG_SECONDS, wait_until

ENDLESS = {"epochs": "1000000", "early_stopping_patience": "1000000", "num_models": "2"}
LISTEN_STATE = "0A"  # the state of a socket in the kernel's tables


def run_docker(*words: str) -> str:
    """Do something with the engine that must succeed; give what it says."""
    result = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=HANG_SECONDS)
    assert result.returncode == 0, result.stderr
    return result.stdout


class Host(Running):
    """One of the hosts of a job."""

    @abstractmethod
    def freeze(self) -> None:
        """Suspend all its processes."""

    @abstractmethod
    def thaw(self) -> None:
        """Resume its processes."""

    @abstractmethod
    def socket_table(self) -> list[str]:
        """Return the lines of /proc/net/tcp and tcp6 that belong to it."""


class LocalHost(Process, Host):
    """Processes of this checkout, in a session of their own."""

    def command_line(self, word: str, root: Path, environment: Mapping[str, str]) -> list[str]:
        return ["setsid", *super().command_line(word, root, environment)]

    def kill(self) -> None:
        self._signal_session(signal.SIGKILL)
        self.popen.wait()

    def freeze(self) -> None:
        self._signal_session(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_session(signal.SIGCONT)

    def _signal_session(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def socket_table(self) -> list[str]:
        return session_sockets(self.popen.pid)


class ContainerHost(Container, Host):
    """A container of the image on a network, where its name is its host's."""

    network: str

    def ask_to_stop(self) -> None:
        subprocess.run(["docker", "kill", "--signal=TERM", self.name], check=False, capture_output=True)

    def kill(self) -> None:
        self.thaw()
        super().kill()

    def freeze(self) -> None:
        for _ in range(10):  # the kernel may not manage it at once on a busy machine
            if subprocess.run(["docker", "pause", self.name], capture_output=True).returncode == 0:
                return
            time.sleep(1)
        run_docker("pause", self.name)

    def thaw(self) -> None:
        # fails where it is not frozen
        subprocess.run(["docker", "unpause", self.name], check=False, capture_output=True)

    def cut_off(self) -> None:
        """Take it off the network; neither it nor the others are told."""
        run_docker("network", "disconnect", "--force", self.network, self.name)

    def socket_table(self) -> list[str]:
        read = run_docker("exec", self.name, "tail", "--quiet", "--lines=+2", "/proc/net/tcp", "/proc/net/tcp6")
        return read.splitlines()

    @property
    def address(self) -> str:
        """Give the address that it has on the network."""
        place = f'{{{{(index .NetworkSettings.Networks "{self.network}").IPAddress}}}}'
        return run_docker("inspect", f"--format={place}", self.name).strip()


def session_sockets(session: int) -> list[str]:
    """Give the lines of the kernel's tables for the TCP sockets of a session's processes."""
    ours = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                for file in (process / "fd").iterdir():
                    with suppress(FileNotFoundError):
                        ours.add(os.readlink(file)[8:-1])
    lines = [line for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [line for line in lines if line.split()[9] in ours]


def listening_addresses(tables: list[str]) -> set[tuple[str, int]]:
    """Give the addresses and ports that are listened on, but for Docker's own server of names."""
    found = set()
    for line in tables:
        _, local, _, state, *_ = line.split()
        if state == LISTEN_STATE:
            number, port = local.split(":")
            words = [bytes.fromhex(number[i : i + 8])[::-1] for i in range(0, len(number), 8)]
            address = ".".join(map(str, words[0])) if len(words) == 1 else b"".join(words).hex(":", 2)
            found.add((address, int(port, 16)))
    return {place for place in found if place[0] != "127.0.0.11"}


@contextmanager
def isolated_network() -> Iterator[str]:
    """Make a network that leads nowhere else, as that of a job under network isolation."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    run_docker("network", "create", "--internal", name)
    try:
        yield name
    finally:
        run_docker("network", "rm", name)


@contextmanager
def exclusive_loopback() -> Iterator[None]:
    """Hold an exclusive claim on loopback: the rendezvous port is fixed, and other tests may be running."""
    with socket.socket(socket.AF_UNIX) as claim:
        while True:
            try:
                claim.bind("\0tests.contract.hosts")
                break
            except OSError:
                time.sleep(0.1)
        yield


@contextmanager
def host_launchers(launch: type[Running], count: int) -> Iterator[dict[str, type[Host]]]:
    """Yield for each of `count` host names, in order, the class that launches it."""
    if launch is Process:
        with exclusive_loopback():
            yield {f"127.0.0.{number}": LocalHost for number in range(1, count + 1)}
        return
    with isolated_network() as joined:
        yield {name: host_on_network(joined, name) for name in (f"algo-{number}" for number in range(1, count + 1))}


def host_on_network(joined: str, name: str) -> type[ContainerHost]:
    """Let a host go by a name on a network."""

    class NetworkHost(ContainerHost):
        network = joined
        options = (f"--network={joined}", f"--network-alias={name}")

    return NetworkHost


class ChannelContent(NamedTuple):
    """What each host gets of a channel: a file, or None for an empty folder."""

    content_type: str
    files: Sequence[bytes | None]
    mode: str = "File"
    sharded: bool = False


@dataclass
class DistributedJob:
    """The hosts of one job, in the order of their names, each with a root of its own."""

    jobs: list[TrainingJob]
    piped: dict[Path, list[bytes]] = field(default_factory=dict)

    @contextmanager
    def running_hosts(self, late: float = 0) -> Iterator[list[Any]]:
        """Start all hosts, the last one `late` seconds after the others; kill those still running at the end."""
        hosts: list[Host] = []
        with ExitStack() as platform:
            for channel, objects in self.piped.items():
                platform.enter_context(serve_fifos(channel, objects))
            try:
                for job in self.jobs:
                    if job is self.jobs[-1]:
                        time.sleep(late)
                    log = platform.enter_context(job.log.open("a"))
                    host = job.launch("train", job.root, job.environment, log.fileno())
                    assert isinstance(host, Host)
                    hosts.append(host)
                yield hosts
            finally:
                for host in hosts:
                    if host.popen.poll() is None:
                        host.kill()

    def wait(self, hosts: list[Host]) -> None:
        """Wait until hosts have ended."""
        wait_until(lambda: None not in [host.popen.poll() for host in hosts], self.log_tails)

    def wait_for_results(self, hosts: list[Host]) -> list[Finished]:
        """Wait until all hosts have ended; say how."""
        self.wait(hosts)
        return [
            Finished(host.popen.returncode, job.log.read_text()) for host, job in zip(hosts, self.jobs, strict=True)
        ]

    def log_tails(self) -> str:
        """Return the end of every host's log."""
        return "\n\n".join(job.log.read_text()[-3000:] for job in self.jobs)

    def train(self, late: float = 0) -> str:
        """Run the job to its end on all hosts, which must be a good one; give the log of the first."""
        with self.running_hosts(late) as hosts:
            ends = self.wait_for_results(hosts)
        assert [end.status for end in ends] == [0] * len(ends), self.log_tails()
        assert not any((job.root / "output" / "failure").exists() for job in self.jobs)
        return ends[0].log


def lay_out_job(
    root: Path,
    places: Mapping[str, type[Host]],
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, ChannelContent],
) -> DistributedJob:
    """Write the folders of a job, one root per host."""
    found = DistributedJob([])
    for rank, (name, launch) in enumerate(places.items()):
        job = TrainingJob(root / name, launch)
        job.write_config("hyperparameters", hyperparameters)
        interface = "lo" if issubclass(launch, LocalHost) else "eth0"
        resources = {"current_host": name, "hosts": sorted(places), "network_interface_name": interface}
        job.write_config("resourceconfig", resources)
        described = {}
        for channel, (content_type, files, mode, sharded) in channels.items():
            folder, content = job.root / "input" / "data" / channel, files[rank]
            distribution = "ShardedByS3Key" if sharded else "FullyReplicated"
            described[channel] = {
                "TrainingInputMode": mode,
                "ContentType": content_type,
                "S3DistributionType": distribution,
            }
            if mode == "Pipe":
                found.piped[folder] = [] if content is None else [content]
            else:
                folder.mkdir(parents=True)
                if content is not None:
                    (folder / "part").write_bytes(content)
        job.write_config("inputdataconfig", described)
        found.jobs.append(job)
    return found


def lay_out_bundled_job(root: Path, places: Mapping[str, type[Host]], **hyperparameters: str) -> DistributedJob:
    """Write the folders of a job on the bundled data, replicated on every host."""
    given = {"predictor_type": "binary_classifier", "mini_batch_size": "20", **hyperparameters}
    channels = {}
    for name in ("train", "validation"):
        channels[name] = ChannelContent(CSV, [(DATA / f"{name}.csv").read_bytes()] * len(places))
    return lay_out_job(root, places, given, channels)


def model_files(job: TrainingJob) -> list[str]:
    """Name what lies in a host's folder for the model."""
    return sorted(path.name for path in (job.root / "model").glob("*"))
