"""What every report tells of its job: what was sent, what became of the columns, where the time went, and versions."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from open_algorithms import VERSION
from open_algorithms.learning.engine.source import mxnet_version
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Table
from open_algorithms.learning.showing.words import format_count

PACKAGES = ("numpy", "pyarrow", "protobuf")


@dataclass(frozen=True)
class HyperparameterTexts:
    """The hyperparameters that the user sent, and these completed with the defaults."""

    given: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True)
class ColumnEntry:
    """A column of a table: its kind, how many features it becomes, and what else was decided of it."""

    column: str
    kind: str
    features: int
    what: str


@dataclass(frozen=True)
class Rerun:
    """What it takes to run a job again: the hyperparameters that were sent, as JSON, those in effect, and versions."""

    given: str
    used: Table
    versions: Table


def describe_rerun(texts: HyperparameterTexts, versions: Mapping[str, str]) -> Rerun:
    """Return what the macro `rerun` of pieces.html shows."""
    return Rerun(
        json.dumps(texts.given, indent=2, ensure_ascii=False),
        Table(("hyperparameter", "value"), sorted(texts.used.items()), sentences=[1]),
        Table(("version of", ""), list(versions.items())),
    )


def column_table(columns: Sequence[ColumnEntry] | None) -> Table | None:
    """Tabulate what was decided of each column of a table; None where the data is none."""
    if columns is None:
        return None
    rows = [[entry.column, entry.kind, format_count(entry.features), entry.what] for entry in columns]
    return Table(["column", "kind", "features", "what"], rows, texts=[1], sentences=[3])


def time_figure(seconds: Mapping[str, float]) -> Figure:
    """Draw the duration of each part of the job."""
    total = sum(seconds.values())
    return Figure(
        f"Seconds of each part, {total:.2f} in all", draw_bars(list(seconds), list(seconds.values()), "Time line")
    )


def package_versions(program: str) -> dict[str, str]:
    """Return the versions of this project by the name of a program, of Python and of the main packages."""
    found = {program: VERSION, "python": platform.python_version()}
    if (engine := mxnet_version()) is not None:
        found["mxnet"] = engine
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
