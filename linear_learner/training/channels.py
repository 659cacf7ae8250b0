"""Read the channels of a job, each within its share of the memory."""

from collections.abc import Sequence
from functools import partial

from linear_learner.objective.losses import LOSSES
from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import Hyperparameters
from linear_learner.options.solved import Sizes, are_folds_affordable, may_solve
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.labelled import plan_holdout, read_labelled_channels
from open_algorithms.learning.rows.checking import WidthLimit
from open_algorithms.learning.rows.dense import Design
from open_algorithms.learning.rows.holdout import Holdout
from open_algorithms.learning.rows.kept import ChannelRows, HeldRows, StreamedRows, join_rows
from open_algorithms.learning.rows.reading import Reading, describe_storage
from open_algorithms.learning.work import Work

TOO_WIDE = (
    "for which the bank's weights would fit the memory. Check the data, lower num_models, or use a larger instance."
)


def read_channels(work: Work, hp: Hyperparameters, budget: Budget) -> dict[str, ChannelRows]:
    """Read the channels in order; each may use its share of the memory that those before it left."""
    selection = hp.selection
    holdout = Holdout(selection.holdout, hp.seed, hp.predictor_type != "regressor", budget.sample_bytes)
    data = read_labelled_channels(work, plan_reading(work, hp, budget, plan_holdout(work, holdout)))
    data = choose_folds_or_rows(data, work, hp)
    for name, rows in data.items():
        work.log.info(f"The channel {name!r} {describe_storage(rows)}.")
    return data


def choose_folds_or_rows(data: dict[str, ChannelRows], work: Work, hp: Hyperparameters) -> dict[str, ChannelRows]:
    """Take rows that were held out back to train on, where the user asks for folds and these are affordable.

    Raises InputError where there is no other way and rows cannot be dealt to folds.
    """
    if not hp.selection.folds or "validation" in work.channels:
        return data
    train, held_out = data["train"], data.get("validation")
    if held_out is None:
        if may_solve(hp) and not measure_sizes([train], work.hosts).are_held:
            raise InputError(
                f"folds: expected 0 where the rows of the channel 'train' do not fit the memory, found "
                f"{hp.selection.folds}. Set holdout, give a channel 'validation', or use a larger instance."
            )
        return data
    sizes = measure_sizes([train, held_out], work.hosts)
    if not (isinstance(train, HeldRows) and isinstance(held_out, HeldRows) and are_folds_affordable(hp, sizes)):
        return data
    del data["validation"]
    return data | {"train": HeldRows(join_rows(train.rows, held_out.rows), train.scaler)}


def measure_sizes(channels: Sequence[ChannelRows], hosts: Hosts) -> Sizes:
    """Return the sizes of channels over all hosts."""
    numbers = sum(rows.head_rows.stored_numbers for rows in channels)
    streams = any(isinstance(rows, StreamedRows) for rows in channels)
    total, stored, streaming = hosts.all_reduce([sum(rows.row_count for rows in channels), numbers, streams])
    return Sizes(float(total), float(stored), channels[0].feature_dim, are_held=not streaming)


def plan_reading(work: Work, hp: Hyperparameters, budget: Budget, holdout: Holdout | None = None) -> Reading:
    """Return how the channels are read; the scaler's sample is rounded up to whole mini-batches."""
    return Reading(
        classes=label_class_count(hp),
        features=hp.feature_dim,
        width_limit=WidthLimit(budget.largest_width(hp), TOO_WIDE),
        scaling=hp.scaling,
        sample_rows=(hp.num_point_for_scaler // hp.batch.everywhere + 1) * hp.batch.here,
        sample_bytes=budget.sample_bytes,
        batch_rows=hp.batch.here,
        room=partial(budget.data_bytes, hp),
        design=Design(LOSSES[hp.objective.loss].takes_signed_rows),
        prefetch=work.prefetch,
        hosts=work.hosts,
        holdout=holdout,
        scales_held_out=hp.selection.folds > 0,
    )


def label_class_count(hp: Hyperparameters) -> int | None:
    """Return how many classes labels may be numbered by; None for a regressor."""
    return None if hp.predictor_type == "regressor" else max(hp.outputs, 2)
