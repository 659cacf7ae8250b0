"""Detection of channels whose labels are all equal: nothing can be learned or measured on them."""

import math
from collections.abc import Mapping

from linear_learner.options.hyperparameters import Hyperparameters
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.kept import ChannelRows


def check_labels_vary(
    data: Mapping[str, ChannelRows], hp: Hyperparameters, hosts: Hosts, log: TrainingListener
) -> dict[str, ChannelRows]:
    """Raise InputError where all labels of a classifier's train channel are equal; warn of other such channels.

    Returns the channels whose labels are not all known yet, since a host has not read its stream to the end.
    """
    unknown = {}
    for name, rows in data.items():
        found = rows.label_range
        if hosts.all_reduce_max(found is None and rows.row_count > 0):
            unknown[name] = rows
            continue
        least, most = (math.inf, -math.inf) if found is None else found
        least, most = -hosts.all_reduce_max(-least), hosts.all_reduce_max(most)
        if least != most:
            continue
        if name == "train" and hp.predictor_type != "regressor":
            raise InputError(
                f"channel 'train': all labels are {least:g}; expected rows of two classes or more. Check that the "
                "label is the first column, and that the rows of the other classes are there."
            )
        log.warning(f"channel {name!r}: all labels are {least:g}, so {CONSEQUENCES.get(name, OTHER_CONSEQUENCE)}.")
    return unknown


CONSEQUENCES = {
    "train": "the model answers that for every record",
    "validation": "it cannot tell a good candidate from a bad one, or set a threshold: the choice means little",
}
OTHER_CONSEQUENCE = "its scores say little"
