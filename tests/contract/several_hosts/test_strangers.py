"""What the network of a job sees of its hosts, and what anybody on it can do to them."""

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.launch import Container, Process
from tests.contract.several_hosts import stranger
from tests.contract.several_hosts.figures import read_figures
from tests.contract.several_hosts.hosts import (
    ENDLESS,
    ContainerHost,
    DistributedJob,
    Host,
    host_launchers,
    lay_out_bundled_job,
    listening_addresses,
    session_sockets,
)
from tests.needs import IMAGE
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes

STRANGER = Path(stranger.__file__)


def talk(host: Host, kind: str, file: Path | str, ears: list[str]) -> None:
    """Let a stranger on the network of a host talk to all who listen."""
    command = [sys.executable]
    if isinstance(host, ContainerHost):
        network = f"--network={host.network}"
        command = ["docker", "run", "--rm", "--interactive", network, "--entrypoint=python3", IMAGE]
    words = [*command, "-", kind, str(file), *ears]
    subprocess.run(words, input=STRANGER.read_text(), text=True, check=True, timeout=HANG_SECONDS)


def ears(*tables: list[str]) -> list[str]:
    """Name all addresses and ports that are listened on."""
    found = sorted({f"{address}:{port}" for table in tables for address, port in listening_addresses(table)})
    assert found
    return found


def last_epoch(job: DistributedJob) -> int:
    """Read how far a job has come."""
    return int(re.findall(r"epoch=(\d+), train", job.jobs[0].log.read_text())[-1])


def epochs(log: str, count: int) -> dict[object, float]:
    """Take the losses of the first epochs."""
    return {key: value for key, value in read_figures(log).items() if key[0] is not None and int(key[0]) < count}


@pytest.mark.image
def test_hosts_listen_on_the_interface_of_the_job_and_on_no_other(tmp_path: Path) -> None:
    with host_launchers(Container, 2) as names:
        job = lay_out_bundled_job(tmp_path, names, **ENDLESS)
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("#progress_metric")
            for host in hosts:
                found = {address for address, _ in listening_addresses(host.socket_table())}
                assert found == {host.address}


def test_the_noise_of_a_stranger_changes_nothing(tmp_path: Path) -> None:
    with host_launchers(Process, 2) as names:
        job = lay_out_bundled_job(tmp_path / "disturbed", names, **ENDLESS)
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("#progress_metric")
            talk(hosts[0], "noise", "none", ears(*(host.socket_table() for host in hosts)))
            job.jobs[0].wait_for(f"epoch={last_epoch(job) + 20}, train")
            hosts[0].ask_to_stop()
            ends = job.wait_for_results(hosts)
        assert [end.status for end in ends] == [0, 0], job.log_tails()
        count = last_epoch(job)
        quiet = lay_out_bundled_job(tmp_path / "quiet", names, **ENDLESS | {"epochs": str(count)}).train()
    assert epochs(quiet, count) == pytest.approx(epochs(ends[0].log, count), rel=1e-4)


@pytest.mark.image
def test_nothing_that_a_stranger_sends_is_run(tmp_path: Path) -> None:
    """Whether the job goes on or ends, with a reason, is up to what the stranger asks for."""
    with host_launchers(Container, 2) as names:
        job = lay_out_bundled_job(tmp_path, names, **ENDLESS)
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("#progress_metric")
            talk(hosts[0], "order", "/opt/ml/made", ears(*(host.socket_table() for host in hosts)))
            time.sleep(8)  # longer than a key-value store ponders
            for host in hosts:
                host.ask_to_stop()
            ends = job.wait_for_results(hosts)
    assert not list(tmp_path.rglob("made"))
    reasons = [host.root / "output" / "failure" for host in job.jobs]
    if any(end.status for end in ends):
        assert [end.status for end in ends] == [1, 1]
        assert all(reason.read_text().startswith("AlgorithmError: ") for reason in reasons)


# What MXNet is without us: its workers unpickle what they are told, and numpy no longer has all that it asks for.
AS_IT_COMES = """
import warnings

warnings.simplefilter("ignore")
import numpy

numpy.bool = bool
import mxnet

store = mxnet.kv.create("dist_sync")
print("joined", flush=True)
input()
"""


def test_a_server_of_mxnet_as_it_comes_would_run_it(tmp_path: Path) -> None:
    """Which shows that the stranger speaks the language."""
    port = str(claim_port())
    shared = {"DMLC_PS_ROOT_URI": "127.0.0.1", "DMLC_PS_ROOT_PORT": port, "DMLC_INTERFACE": "lo"}
    shared |= {"DMLC_NUM_WORKER": "1", "DMLC_NUM_SERVER": "1"}
    with ExitStack() as stack:
        roles = {}
        for role in ("scheduler", "server", "worker"):
            roles[role] = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", AS_IT_COMES],
                    env=os.environ | shared | {"DMLC_ROLE": role},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            stack.callback(roles[role].kill)
        assert roles["worker"].stdout is not None
        assert roles["worker"].stdout.readline() == b"joined\n"
        stranger.main("order", str(tmp_path / "made"), *ears(session_sockets(roles["server"].pid)))
        assert (tmp_path / "made").exists()
