"""What a job is given: hyperparameters, channels, a model to start from, a checkpoint of an earlier run.

Tests: tests/container/test_training.py.
"""

from dataclasses import replace

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig, Job
from container.contract.errors import ClientError
from container.job.checkpoint import CheckpointFile
from container.job.program import ChannelRole, Program, ResultT, Task
from container.rows.notices import Notices


def assign_inputs(job: Job, program: Program[ResultT], task: Task) -> None:
    """Fill `task` with hyperparameters, channels, the model to start from and the checkpoint file.

    Raises ClientError where a channel that the program requires is missing, or the start model is in Pipe mode.
    """
    task.hyperparameters = job.hyperparameters
    configuration = job.paths.config / "hyperparameters.json"
    task.log.info(f"Reading provided configuration from {job.paths.display_name(configuration)}: {job.hyperparameters}")
    roles = {role.name: role for role in program.channels}
    expected = [*roles, *filter(None, [program.start_channel])]
    first = program.channels[0].name
    for name, config in sorted(job.channels.items(), key=lambda item: item[0] != first):
        place = job.paths.channel_folder(name)
        if name in roles:
            task.channels[name] = _open_channel(config, job, roles[name], task)
            task.log.info(f"The channel {name!r} is in {config.mode} input mode under {job.paths.display_name(place)}.")
        elif name != program.start_channel:
            task.log.warning(f"The channel {name!r} is ignored: expected {', '.join(expected)}.")
        elif config.mode == "Pipe":
            raise ClientError(
                f"channel {name!r}: expected the input mode File for the model to start from, found Pipe."
            )
        else:
            task.start_folder = place
    for role in program.channels:
        if role.required and role.name not in task.channels:
            raise ClientError(
                f"no channel {role.name!r} in {job.paths.config / 'inputdataconfig.json'}: it is required."
            )
    if job.checkpoints is not None and job.is_leader:
        task.checkpoint_file = CheckpointFile(job.checkpoints, task.log.warning)


def _open_channel(config: ChannelConfig, job: Job, role: ChannelRole, task: Task) -> Channel:
    """Open a channel, whose columns follow those of the first one that is already open."""
    return Channel(
        replace(config, labelled=role.labelled),
        job.paths.channel_folder(config.name),
        Notices(task.log.info, task.log.warning),
        raise_if_stopped=task.raise_if_stopped,
        may_be_empty=task.team is not None,
        like=next(iter(task.channels.values()), None),
    )
