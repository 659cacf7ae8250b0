"""Read the channels of a job, and hold rows out to select on where there are no others."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from open_algorithms.factorization_machines.machines.budget import BankCost
from open_algorithms.factorization_machines.options.candidates import LEAST_SHARE, usual_holdout
from open_algorithms.factorization_machines.options.hyperparameters import ORIGINAL_BATCH, Hyperparameters
from open_algorithms.learning.channels import Demand, plan_reading
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.labelled import plan_holdout, read_labelled_channels
from open_algorithms.learning.rows.holdout import Holdout
from open_algorithms.learning.rows.kept import ChannelRows
from open_algorithms.learning.rows.reading import Reading, describe_storage
from open_algorithms.learning.rows.scaling import Scaling
from open_algorithms.learning.work import Work

ADVICE = "lower num_factors, num_models or mini_batch_size, or use a larger instance"
MOST_BATCH_ROWS = 2**20  # that are read together
AS_THEY_ARE = Scaling(normalize_data=False, normalize_label=False, unbias_data=False, unbias_label=False)


def read_channels(work: Work, hp: Hyperparameters) -> dict[str, ChannelRows]:
    """Read the channels, rows in raw units; `validation` may be rows held out of `train`."""
    share = choose_holdout(work, hp)
    data = read_labelled_channels(work, plan_channels(work, hp, share))
    rows = sum(data[name].row_count for name in ("train", "validation") if name in data)
    wanted = usual_holdout(work.hosts.all_reduce([rows])[0])
    if hp.selection.holdout is None and share and "validation" not in work.channels and wanted != share:
        data = read_labelled_channels(work, plan_channels(work, hp, wanted))
    for name, channel in data.items():
        work.log.info(f"The channel {name!r} {describe_storage(channel)}.")
    return data


def plan_channels(work: Work, hp: Hyperparameters, share: float) -> Reading:
    """Return how the channels are read, with a share of the train rows held out where there are no others."""
    free = work.free_memory()
    batch = min(hp.mini_batch_size or ORIGINAL_BATCH, MOST_BATCH_ROWS)
    demand = Demand(batch, partial(BankCost.of(hp).bytes_needed, free), ADVICE, hp.feature_dim)
    holdout = Holdout(share, hp.seed, hp.is_classifier, free // 16)
    return replace(
        plan_reading(work, demand, free),
        classes=2 if hp.is_classifier else None,
        scaling=AS_THEY_ARE,
        holdout=plan_holdout(work, holdout),
        centers_sparse=True,
    )


def choose_holdout(work: Work, hp: Hyperparameters) -> float:
    """Return the share of the train rows to hold out; auto holds some out where candidates are to be told apart."""
    if hp.selection.holdout is not None:
        return hp.selection.holdout
    return 0.0 if hp.num_models == 1 or "train" in work.piped_channels else LEAST_SHARE


def check_labels_vary(data: Mapping[str, ChannelRows], hp: Hyperparameters, work: Work) -> None:
    """Raise InputError where all labels of a classifier's train rows that are at hand are equal.

    Of a stream only the first rows are.
    """
    if not hp.is_classifier:
        return
    for name, rows in data.items():
        labels = rows.head_rows.labels
        ends = [-labels.min(initial=1), labels.max(initial=0)]
        low, high = -work.hosts.all_reduce_max(ends[0]), work.hosts.all_reduce_max(ends[1])
        if low == high and name == "train":
            raise InputError(
                f"channel 'train': all labels are {low:g}; expected rows of both classes, 0 and 1. Check that the "
                "label is the first column, and that the rows of the other class are there."
            )
        if low == high:
            work.log.warning(f"channel {name!r}: all labels are {low:g}, so its figures say little.")
