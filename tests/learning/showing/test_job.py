"""What every report tells of its job."""

import platform
from importlib.metadata import version

import numpy as np

from open_algorithms import VERSION
from open_algorithms.learning.showing.job import (
    ColumnEntry,
    HyperparameterTexts,
    column_table,
    describe_rerun,
    package_versions,
    time_figure,
)


def test_versions_are_those_that_are_installed() -> None:
    found = package_versions("open-program")
    assert list(found)[:2] == ["open-program", "python"]
    assert (found["open-program"], found["python"]) == (VERSION, platform.python_version())
    assert (found["numpy"], found["pyarrow"]) == (np.__version__, version("pyarrow"))


def test_what_was_sent_stands_as_it_was_and_what_is_in_effect_by_name() -> None:
    found = describe_rerun(HyperparameterTexts({"größe": "1"}, {"size": "1", "k": "2"}), {"python": "3"})
    assert found.given == '{\n  "größe": "1"\n}'
    assert found.used.rows == [("k", "2"), ("size", "1")]
    assert found.versions.rows == [("python", "3")]


def test_columns_are_shown_where_there_is_a_table() -> None:
    assert column_table(None) is None
    table = column_table([ColumnEntry("age", "number", 1200, "less 3")])
    assert table is not None
    assert table.rows == [["age", "number", "1,200", "less 3"]]


def test_the_seconds_of_all_parts_are_added_up() -> None:
    found = time_figure({"read": 0.25, "train": 1.5})
    assert found.caption == "Seconds of each part, 1.75 in all"
    assert ">train</th>" in found.picture
    assert "<td>1.50</td>" in found.picture
