"""Labelled rows, or others where there are no labels, that a model is measured on.

Tests: tests/commands/test_evaluate.py, tests/commands/test_report.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from container.channels.channel import Channel
from container.contract.environment import ChannelConfig
from container.rows.columns import ColumnNames, ExpectedColumns, arrange_numbered_features, show_names
from container.rows.notices import Notices
from open_algorithms.commands.tables.data import decide_content_type, find_data_files, link_channel_files
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import MessageLog, print_message
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.doors.encoding import RowEncoder
from open_algorithms.doors.tables import encode_channel
from open_algorithms.doors.training import columns_of_channel
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.work import ColumnRequest, Columns, Work

CHANNEL_NAME = "data"


@contextmanager
def open_rows(algorithm: Algorithm, model: Any, data: Sequence[Path], stated_type: str | None) -> Iterator[Work]:
    """Yield the work of measuring a model on the rows of files, its one channel.

    An InputError that is raised meanwhile becomes a CommandError; one for a bad row names its file.
    """
    files = find_data_files(data)
    kind = decide_content_type(files, stated_type)
    labelled = algorithm.card.channels[0].labelled
    with TemporaryDirectory(prefix=f"{algorithm.word}-") as folder:
        link_channel_files(files, Path(folder))
        expected = None
        if (names := getattr(model, "names", ())) and getattr(model, "recipe", None) is None:
            label = model.label_name if labelled else ""
            expected = ExpectedColumns(ColumnNames(label, tuple(names)), "the model", allows_others=True)
        config = ChannelConfig(CHANNEL_NAME, kind, labelled=labelled)
        channel = Channel(config, Path(folder), Notices(print_message, print_message), expected=expected)
        try:
            yield describe_work(model, channel)
        except InputError as error:
            place = f" It is {channel.locate_row(error.row)}." if error.row else ""
            raise CommandError(f"{error}{place}") from error


def describe_work(model: Any, channel: Channel) -> Work:
    """Return what an algorithm is given to measure the model on a channel."""
    log = MessageLog()

    def read_columns(request: ColumnRequest) -> Columns:
        if request.recipe is not None:
            encode_channel(channel, RowEncoder(request.recipe, "the model", channel.name, log))
            return Columns(request.recipe.feature_names, recipe=request.recipe)
        channel.columns.may_shift, channel.columns.blurred_columns = request.may_shift, getattr(model, "blurred", None)
        channel.read_first_rows()
        compare_names(channel, model)
        return columns_of_channel(channel)

    classes = () if getattr(model, "recipe", None) is not None else getattr(model, "classes", ())
    if any(isinstance(one, str) for one in classes):
        numbered = ", ".join(f"{number} for {one!r}" for number, one in enumerate(classes))
        print_message(f"the model was trained on numbers: expects labels as the numbers of its classes, {numbered}.")
        classes = ()
    rows: Iterable[Block] = NumberedRows(channel, classes) if classes else channel
    names = {channel.name: channel.file_names}
    return Work({}, {channel.name: rows}, log, read_columns=read_columns, file_names=names)


@dataclass(frozen=True)
class NumberedRows:
    """A channel whose labels are classes that are numbers: each pass yields them as the numbers of the classes."""

    channel: Channel
    classes: Sequence[Any]

    def __iter__(self) -> Iterator[Block]:
        rows, known = 0, np.array(self.classes, np.float32)
        for X, y in self.channel:
            matches = y[:, None] == known
            if (wrong := np.flatnonzero(~matches.any(axis=1))).size:
                row, expected = rows + int(wrong[0]) + 1, ", ".join(map(write_class, self.classes))
                found = f"expected one of the classes {expected}, found {y[wrong[0]]:g}"
                raise InputError(f"channel {self.channel.name!r}, row {row}: {found}.", self.channel.name, row)
            rows += len(y)
            yield X, matches.argmax(axis=1).astype(np.float32)


def compare_names(channel: Channel, model: Any) -> None:
    """Print a notice that feature names cannot be compared.

    Raise CommandError for numbered names that are out of order.
    """
    header = channel.columns.names
    if header is None or getattr(model, "names", None):
        return
    order = arrange_numbered_features(header.features, model.feature_dim)
    if order is not None and list(order) != list(range(len(header.features))):
        raise CommandError(
            f"the columns are {show_names(header.features)}; expected f0, f1 and so on, as the features of a model "
            f"without names lie. Put them in that order{', behind the label' if channel.columns.labelled else ''}."
        )
    print_message(
        "the data names its columns, but the model does not know its features' names: they go by their places."
    )
