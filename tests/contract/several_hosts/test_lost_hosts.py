"""A lost host ends the job of all others before long, with one reason that names it; one that is late does not.

All jobs run at once, for most of the time is silence; only those on loopback come in turn, as they share its ports.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from container.team.link import SILENCE_SECONDS
from tests.contract.jobs import Finished
from tests.contract.launch import Container, Process, Running, launch_by
from tests.contract.several_hosts.hosts import ENDLESS, host_launchers, lay_out_bundled_job, model_files


class Case(NamedTuple):
    """A job on so many hosts, of which one is lost."""

    launch: type[Running]
    blow: str
    lost: int
    hosts: int

    def __str__(self) -> str:
        return f"{self.launch.__name__.lower()}-{self.blow}-{self.lost + 1} of {self.hosts}"


class Fate(NamedTuple):
    """How the hosts ended, why by their own account, and in how many seconds those that were left."""

    names: list[str]
    ends: list[Finished]
    reasons: list[str]
    models: list[list[str]]
    seconds: float


CASES = [
    Case(Process, "kill", 1, 3),
    Case(Process, "kill", 0, 2),
    Case(Process, "freeze", 1, 3),
    Case(Container, "kill", 1, 3),
    Case(Container, "kill", 0, 2),
    Case(Container, "freeze", 1, 3),
    Case(Container, "freeze", 0, 2),
    Case(Container, "cut_off", 1, 2),
    Case(Container, "cut_off", 0, 3),
]
pytestmark = [pytest.mark.processes, pytest.mark.kills]
LATE = {Process: 4.0, Container: 60.0}


def marked(cases: Iterable[Case]) -> list[Any]:
    return [pytest.param(case, marks=case.launch.needs, id=str(case)) for case in cases]


def befall(root: Path, case: Case) -> Fate:
    """Let a job train for a while, then lose a host; one that was frozen wakes up when the others have ended."""
    with host_launchers(case.launch, case.hosts) as names:
        job = lay_out_bundled_job(root, names, **ENDLESS)
        with job.running_hosts() as hosts:
            job.jobs[0].wait_for("epoch=20, train")
            began = time.monotonic()
            getattr(hosts[case.lost], case.blow)()
            left = [host for host in hosts if host is not hosts[case.lost]]
            job.wait(left)
            seconds = time.monotonic() - began
            hosts[case.lost].thaw()
            ends = job.wait_for_results(hosts)
        files = [one.root / "output" / "failure" for one in job.jobs]
        reasons = [file.read_text() if file.exists() else "" for file in files]
        return Fate(list(names), ends, reasons, [model_files(one) for one in job.jobs], seconds)


def wait_for_one(root: Path, launch: type[Running]) -> Any:
    """Start a job whose last host is late."""
    with host_launchers(launch, 2) as names:
        job = lay_out_bundled_job(root, names)
        job.train(late=LATE[launch])
        return model_files(job.jobs[0])


@pytest.fixture(scope="module")
def outcome(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Case | type[Running]], Any]]:
    """Begin the jobs of all tests that are to be run; give what came of one."""
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    wanted = {job for item in items if not item.get_closest_marker("skip") for job in item.callspec.params.values()}
    begun: dict[Any, Future[Any]] = {}
    with ThreadPoolExecutor(1) as local, ThreadPoolExecutor(len(CASES) + 1) as engine:
        for launch, pool in ((Process, local), (Container, engine)):
            for job in wanted & {launch, *(case for case in CASES if case.launch is launch)}:
                begin: Callable[..., Any] = befall if isinstance(job, Case) else wait_for_one
                begun[job] = pool.submit(begin, tmp_path_factory.mktemp("job"), job)
        yield lambda job: begun[job].result()


@pytest.mark.parametrize("case", marked(CASES))
def test_a_lost_host_ends_the_job_of_the_others_with_one_reason_that_names_it(
    outcome: Callable[[Case], Fate], case: Case
) -> None:
    fate = outcome(case)
    lost = fate.names[case.lost]
    for rank, (end, reason) in enumerate(zip(fate.ends, fate.reasons, strict=True)):
        if rank != case.lost:
            assert end.status == 1
            assert reason.startswith("AlgorithmError: ")
            assert lost in reason
            assert end.log.count("AlgorithmError") == 1
            assert reason in end.log
            assert "Traceback" not in end.log
    assert fate.seconds < 4 * SILENCE_SECONDS  # at once, or after a silence, and a while to end in
    assert not any(fate.models)


@pytest.mark.parametrize("case", marked(case for case in CASES if case.blow != "kill"))
def test_a_lost_host_that_lives_ends_too_and_says_why(outcome: Callable[[Case], Fate], case: Case) -> None:
    fate = outcome(case)
    end, reason = fate.ends[case.lost], fate.reasons[case.lost]
    assert end.status == 1
    assert reason.startswith("AlgorithmError: ")
    assert end.log.count("AlgorithmError") == 1
    assert "Traceback" not in end.log


@pytest.mark.parametrize("launch", [launch_by(Process), launch_by(Container)])
def test_a_host_that_starts_late_is_waited_for(
    outcome: Callable[[type[Running]], list[str]], launch: type[Running]
) -> None:
    assert "mx-mod-0000.params" in outcome(launch)
