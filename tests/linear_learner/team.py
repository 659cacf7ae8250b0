"""Several hosts as local processes that all_reduce by MXNet's KVStore."""

import multiprocessing
import os
import socket
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from open_algorithms.learning.engine.exchange import SCHEDULER, SERVER, KVStoreSum, run_role
from open_algorithms.learning.job.hosts import Hosts
from tests.waiting import HANG_SECONDS

HERE = "127.0.0.1"


class HostProcesses:
    """A pool of host processes that repeatedly run the same function on different inputs."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        with socket.socket() as probe:
            probe.bind((HERE, 0))
            root = (HERE, probe.getsockname()[1])
        roles = [SCHEDULER] + [SERVER] * count
        self.processes: list[Any] = [context.Process(target=run_role, args=(r, count, root, HERE)) for r in roles]
        self.pipes: list[Connection] = []
        for rank in range(count):
            ours, theirs = context.Pipe()
            self.pipes.append(ours)
            self.processes.append(context.Process(target=run_host, args=(count, rank, root, theirs)))
        os.environ["MALLOC_PERTURB_"] = "170"  # what a server forgets to set is not 0 by chance
        for process in self.processes[: len(roles)]:
            process.start()
        del os.environ["MALLOC_PERTURB_"]
        for process in self.processes[len(roles) :]:
            process.start()
        for pipe in self.pipes:
            assert pipe.poll(HANG_SECONDS), "the hosts do not come together"
            pipe.recv()

    def run(self, work: Callable[..., Any], inputs: Sequence[Any]) -> list[Any]:
        """Call `work(hosts, input)` on each host; return the results, or raise what a host raised."""
        for pipe, given in zip(self.pipes, inputs, strict=True):
            pipe.send((work, given))
        results: dict[Connection, Any] = {}
        while waiting := [pipe for pipe in self.pipes if pipe not in results]:
            ready = wait(waiting, HANG_SECONDS)
            assert ready, f"the hosts wait for each other: {results}"
            results |= {pipe: pipe.recv() for pipe in ready if isinstance(pipe, Connection)}
        for result in results.values():
            if isinstance(result, BaseException):
                raise result
        return [results[pipe] for pipe in self.pipes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.processes:
            process.kill()
            process.join()
            process.close()
        for pipe in self.pipes:
            pipe.close()


def run_host(count: int, rank: int, root: tuple[str, int], pipe: Connection) -> None:
    """Run one host: apply each function received through the pipe and send back its result or exception."""
    os.environ["MXNET_KVSTORE_BIGARRAY_BOUND"] = "1024"
    hosts = Hosts([f"algo-{i + 1}" for i in range(count)], rank, KVStoreSum(count, root, HERE))
    pipe.send("here")
    while True:
        work, given = pipe.recv()
        try:
            pipe.send(work(hosts, given))
        except BaseException as error:
            pipe.send(error)
