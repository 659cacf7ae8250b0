"""One line for people about the training data: its files, its label column, its features."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from container.contract.media import MediaType
from container.rows.blocks import Block
from container.rows.columns import show_names
from container.rows.table import ChannelColumns
from open_algorithms.commands.tables.headers import CSV
from open_algorithms.commands.tables.recipes import LIBSVM, PARQUET
from open_algorithms.learning.rows.csr import Csr

LISTED_FILES = 5  # files that are named
LISTED_FEATURES = 40  # columns that are named where a label may hide among them
COPY_ENDING = re.compile(r"\.(gz|bak|old|orig|save|tmp|copy)$|~$|[ _-]*(\bcopy|\(\d+\))(?=\.|$)|^copy of ")


@dataclass(frozen=True)
class DataSource:
    """Training data: the path that was given, the files found there with their names, and their content type.

    `labelled` tells whether its rows have labels.
    """

    path: Path
    files: Sequence[tuple[str, Path]]
    media: MediaType
    labelled: bool = True

    @property
    def has_label_column(self) -> bool:
        """Return whether the label is a column (CSV, Parquet)."""
        return self.media.name in (CSV, PARQUET)


def describe_source(source: DataSource, table: ChannelColumns, first: Block) -> str:
    """Say which files there are, and what their columns are taken for, by the table and the first rows."""
    parts = [describe_files(source.files), *describe_copies(source.files), *describe_columns(source, table, first)]
    return f"data: {'; '.join(parts)}"


def describe_table(source: DataSource, names: Sequence[str], target: str, weight: str = "") -> str:
    """Say which files there are, which columns of a table are label and weight, and how many others there are."""
    told = [f"the label is the column {target!r}"]
    told += [f"rows count by the column {weight!r}"] if weight else []
    others = [name for name in names if name not in {target, weight or None}]
    columns = f"{len(others)} other column{'' if len(others) == 1 else 's'}: {show_names(others)}"
    return f"data: {'; '.join([describe_files(source.files), *describe_copies(source.files), *told, columns])}"


def describe_features(source: DataSource, names: Sequence[str], ignored: Sequence[str]) -> str:
    """Say which files there are, which columns of a table without labels become features, and which are ignored."""
    used = [name for name in names if name not in ignored]
    become = "1 column becomes a feature" if len(used) == 1 else f"{len(used)} columns become features"
    told = f"{become}: {show_names(used, LISTED_FEATURES)}"
    left = [f"ignored: {show_names(ignored)}"] if ignored else []
    return f"data: {'; '.join([describe_files(source.files), *describe_copies(source.files), told, *left])}"


def describe_files(files: Sequence[tuple[str, Path]]) -> str:
    """Count files and name them, of many the first."""
    names = [name for name, _ in files]
    more = ", ..." if len(names) > LISTED_FILES else ""
    return f"{len(names)} file{'s' if len(names) > 1 else ''}, {', '.join(names[:LISTED_FILES])}{more}"


def describe_copies(files: Sequence[tuple[str, Path]]) -> list[str]:
    """Warn of files that seem to be copies of others by their names: their rows count twice."""
    known: dict[str, str] = {}
    pairs = []
    for name, _ in sorted(files, key=lambda file: len(file[0])):
        original = known.setdefault(strip_copy_endings(name), name)
        if original != name:
            pairs.append(f"{name} of {original}")
    return [f"a copy, whose rows count twice, seems to be {', '.join(pairs)}"] if pairs else []


def strip_copy_endings(name: str) -> str:
    """Return the name without marks of a copy or of compression: `a.csv` for `a.csv.gz`, `a.csv~` and `a (1).csv`."""
    folder, slash, file = name.rpartition("/")
    file = file.lower()
    while (shorter := COPY_ENDING.sub("", file)) != file:
        file = shorter
    return f"{folder}{slash}{file}"


def describe_label(source: DataSource, table: ChannelColumns) -> str:
    """Name the column of the label; nothing where it is in none."""
    if not source.has_label_column:
        return ""
    name = "" if table.names is None else f", {table.names.label!r}"
    return f"column {1 + table.label_column}{name}"


def describe_columns(source: DataSource, table: ChannelColumns, first: Block) -> list[str]:
    """Say which column is the label, and how many features there are, with their names."""
    if source.labelled and source.media.name == LIBSVM:
        return ["the label is the first number of a line"]
    label = describe_label(source, table) if source.has_label_column else "that of each record"
    told_label = [f"the label is {label}"] if source.labelled else []
    if isinstance(first[0], Csr) and table.names is None:
        return told_label
    names = () if table.names is None else table.names.features
    count = len(names) or first[0].shape[1]
    told = f": {show_names(names, *([] if source.labelled else [LISTED_FEATURES]))}" if names else ""
    return [*told_label, f"{count} feature{'' if count == 1 else 's'}{told}"]
