"""Train: join a job of the platform to the algorithm that learns.

Tests: tests/doors/test_second_algorithm.py, tests/contract/test_train.py.
"""

import gc
import json
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from container.channels.channel import Channel
from container.channels.prefetch import prefetch
from container.contract.environment import read_paths
from container.job.failure import report_failure
from container.job.log import JobLog
from container.job.program import ChannelRole, Program, Task
from container.job.stop import StopRequest
from container.job.timeline import Timeline
from container.machine.memory import memory_budget
from container.machine.processors import processor_count
from container.team.team import Team
from container.training import run_job
from open_algorithms.doors.algorithms import Algorithm, find_algorithm
from open_algorithms.learning.engine.settings import engine_environment, processor_limit
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.work import ColumnRequest, Columns, Work


class Trained(NamedTuple):
    """The result of an algorithm, and the work that it was given."""

    result: Any
    work: Work


def run_training(environ: MutableMapping[str, str], stop: StopRequest, timeline: Timeline) -> int:
    """Run the job that `environ` describes, and return its exit status; add what MXNet is to read to `environ`."""
    processors = processor_limit(environ, processor_count())
    environ.update(engine_environment(environ))
    try:
        algorithm = find_algorithm(environ)
    except InputError as error:
        paths = read_paths(environ)
        with suppress(OSError):
            paths.failure_file.unlink()
        return report_failure(paths, f"ClientError: {error}", JobLog("algo-1", "", sys.stdout, emits_metrics=False))
    return run_job(environ, make_program(algorithm, processors), stop, timeline)


def make_program(algorithm: Algorithm, processors: int) -> Program[Trained]:
    """Return what a job runs to train by this algorithm."""

    def fit(task: Task) -> Trained:
        learn = import_learn(algorithm)  # only now, since that takes a while: the job has begun to log
        task.timeline.record_lap("import")
        work = describe_work(task, algorithm.card.channels[0].name, processors)
        return Trained(learn.fit(work), work)

    def save(trained: Trained, folder: Path) -> None:
        algorithm.learn.save_model(trained.result, folder)

    def report(trained: Trained, task: Task) -> Mapping[str, str]:
        texts: Mapping[str, str] = algorithm.learn.write_report(*trained)
        return texts

    card = algorithm.card
    return Program(
        card.name_in_metrics or card.title,
        tuple(ChannelRole(channel.name, channel.required, channel.labelled) for channel in card.channels),
        fit,
        save,
        report,
        report_switch=algorithm.switch_name("REPORT"),
        start_channel=None if card.start_channel is None else card.start_channel.name,
        user_errors=(InputError,),
        roles=companion_roles,
    )


def import_learn(algorithm: Algorithm) -> Any:
    """Import what trains, without a search for garbage among what stays, now or later."""
    gc.disable()
    try:
        return algorithm.learn
    finally:
        gc.freeze()
        gc.enable()


def describe_work(task: Task, learned: str, processors: int) -> Work:
    """Return what the algorithm is given; `learned` is the channel that it learns from."""
    hosts = meet_hosts(task)
    return Work(
        hyperparameters=task.hyperparameters,
        channels=task.channels,
        log=task.log,
        free_memory=memory_budget,
        read_columns=partial(agree_on_columns, task, learned, hosts),
        start_folder=task.start_folder,
        checkpoints=task.checkpoint_file,
        raise_if_stopped=task.raise_if_stopped,
        record_lap=task.timeline.record_lap,
        seconds_by_part=task.timeline.seconds_by_part,
        prefetch=partial(prefetch, raise_if_stopped=task.raise_if_stopped),
        processors=processors,
        hosts=hosts,
        sharded_channels=[name for name, channel in task.channels.items() if channel.sharded],
        piped_channels=[name for name, channel in task.channels.items() if channel.is_piped],
        file_names={name: channel.file_names for name, channel in task.channels.items()},
    )


def meet_hosts(task: Task) -> Hosts:
    """Return the hosts of the job; several exchange numbers through MXNet's key-value store."""
    team = task.team
    if team is None:
        return SINGLE_HOST
    from open_algorithms.learning.engine.exchange import KVStoreSum

    hosts = Hosts(team.hosts, team.rank, KVStoreSum(len(team.hosts), team.root, team.address))
    task.timeline.record_lap("meet")
    return hosts


def agree_on_columns(task: Task, learned: str, hosts: Hosts, request: ColumnRequest) -> Columns:
    """Read the first rows of the channel to learn from, to learn what its columns are, and make all hosts agree.

    They are the columns of a table, by whose recipe all channels are encoded, or numbers with names and an offset.
    """
    from open_algorithms.doors.tables import (
        is_table,
        read_as_tables,
    )  # only now: a job that begins does not wait for it

    channel = task.channels[learned]
    if is_table(channel, hosts, request):
        return read_as_tables(task, learned, hosts, request)
    channel.columns.may_shift = request.may_shift
    channel.read_first_rows()
    if hosts.count > 1:
        described = hosts.all_gather_texts(json.dumps(channel.columns.columns_as_json()))
        channel.align_with_hosts(dict(zip(hosts.names, map(json.loads, described), strict=True)))
    return columns_of_channel(channel)


def columns_of_channel(channel: Channel) -> Columns:
    """Return the columns of a channel whose first rows were read."""
    names, shift = channel.columns.names, channel.columns.shift
    return Columns(shift=shift) if names is None else Columns(names.features, names.label, shift)


def companion_roles(team: Team) -> dict[str, Callable[[], None]]:
    """Return the companion processes of a host, by name, for a job of several hosts.

    None of them ever ends by itself.
    """

    def play_role(role: str) -> None:
        from open_algorithms.learning.engine.exchange import run_role

        run_role(role, len(team.hosts), team.root, team.address)

    found: dict[str, Callable[[], None]] = {"parameter server": partial(play_role, "server")}
    return found if team.rank else {"scheduler": partial(play_role, "scheduler"), **found}
