"""Read how much the rows of a table count, from a column that says so, ahead of the rows themselves."""

from collections.abc import Mapping

import numpy as np

from container.channels.channel import Channel
from container.contract.errors import DecodeError
from open_algorithms.doors.encoding import RowEncoder
from open_algorithms.learning.columns.recipe import Recipe, WeightColumn
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.job.listener import TrainingListener
from open_algorithms.learning.rows.weights import scale_weights
from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.learning.work import ColumnRequest


def check_weighable(channels: Mapping[str, Channel], request: ColumnRequest, hosts: Hosts) -> None:
    """Raise InputError where rows are to be weighed that cannot be: of several hosts, or of a FIFO."""
    if not request.wishes.weight:
        return
    if hosts.count > 1:
        raise InputError(
            f"weight: expected one host, found {hosts.count}, on which all rows count alike. Train on one host, or "
            "leave weight out."
        )
    for name in request.weighed_channels:
        if name in channels and channels[name].is_piped:
            raise InputError(
                f"weight: expected the channel {name!r} in File or FastFile mode, found Pipe: weights are read ahead "
                "of the rows. Change the mode, or leave weight out."
            )


def find_weight(recipe: Recipe, name: str) -> WeightColumn | None:
    """Return the column of weights, None without a name; one that the recipe does not know has plain numbers.

    Raises InputError where the recipe, which then is that of an earlier model, uses it otherwise.
    """
    if not name:
        return None
    if name in recipe.needed_names or (recipe.target is not None and name == recipe.target.name):
        use = "a feature" if name in recipe.needed_names else "the target"
        raise InputError(
            f"weight: the column {name!r} is {use} of the model in the channel 'model', and cannot be the weight as "
            "well. Say another column, or train without that model."
        )
    known = (column for column in recipe.columns if isinstance(column, WeightColumn) and column.name == name)
    return next(known, WeightColumn(name))


def read_weights(
    channels: Mapping[str, Channel], encoders: Mapping[str, RowEncoder], learned: str, log: TrainingListener
) -> dict[str, Float32s]:
    """Return by channel how much each row counts that is not left out, (n,), 1 on average, and log it.

    Of the channels whose encoders have a weight, `learned` must have its column, another one need not. Raises
    InputError for a weight that is none, and where no row counts.
    """
    found = {}
    for name, encoder in encoders.items():
        if encoder.weight is None:
            continue
        column = encoder.weight.name
        weights = read_column(channels[name], encoder, column)
        if weights is None:
            if name == learned:
                raise InputError(f"channel {name!r}: there is no column {column!r} of weights. Say another one.")
            log.info(f"The rows of the channel {name!r} all count alike: it has no column {column!r}.")
            continue
        rows, weights = len(weights), weights[weights > 0]
        if not len(weights):
            raise InputError(
                f"channel {name!r}, column {column!r}: expected a weight above 0 in a row with a label, found none."
            )
        zeros = rows - len(weights)
        left_out = f"; {zeros:,} of weight 0 {'is' if zeros == 1 else 'are'} left out" if zeros else ""
        log.info(f"The rows of the channel {name!r} count by the column {column!r}{left_out}.")
        found[name] = scale_weights(weights)
    return found


def read_column(channel: Channel, encoder: RowEncoder, column: str) -> Float64s | None:
    """Return the weights of all rows with a label, (n,); None where no file has them, InputError where only some do."""
    parts, lacking = list[Float64s](), ""
    for rows in channel.read_raw_rows(encoder.weighing_names, encoder.text_names):
        try:
            weights = encoder.weigh_rows(rows)
        except DecodeError as error:
            raise InputError(f"{error.message_within(f'channel {channel.name!r}', rows.source)}.") from None
        if weights is None:
            lacking = lacking or rows.source
        else:
            parts.append(weights)
    if lacking and parts:
        raise InputError(
            f"channel {channel.name!r}, {lacking}: expected the column {column!r} of weights, which other files have. "
            "Give it to every file, or to none."
        )
    return np.concatenate(parts) if parts else None
