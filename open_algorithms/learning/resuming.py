"""Resume a training on all hosts from the checkpoint that host 0 keeps.

Tests: tests/linear_learner/training/test_checkpoints.py.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.training.checkpoints import (
    Identity,
    Resumable,
    resume_from_checkpoint,
    write_checkpoint,
)
from open_algorithms.learning.work import Work


class SharedResumable(Resumable, Protocol):
    """The state of a training on several hosts that a later process can take over."""

    def broadcast_state(self, hosts: Hosts) -> None:
        """Replace the state by that of host 0."""


def resume_or_start(
    training: SharedResumable, identity: Identity, data: Mapping[str, ChannelRows], work: Work
) -> Callable[[], None]:
    """Resume from a checkpoint of the same job, if there is one; return a function that writes the next one.

    Host 0 has the checkpoint and broadcasts its state; the other hosts write none.
    """
    store, hosts = work.checkpoints, work.hosts
    resumed = store is not None and resume_from_checkpoint(training, identity, store, work.log)
    if hosts.broadcast(np.array([float(resumed)]))[0]:
        if hosts.count > 1:
            training.broadcast_state(hosts)
        for rows in data.values():
            rows.abandon_first_pass()
    return lambda: None if store is None else write_checkpoint(training, identity, store, work.raise_if_stopped)
