"""A table of which no column is predicted: all of them become features but those that are left out."""

from io import BytesIO

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.contract.errors import ClientError
from container.job.program import Task
from open_algorithms.doors.tables import is_table, read_as_tables
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.work import ColumnRequest
from tests.doors.tasks import CSV, PARQUET, OpenTask, join_features, said
from tests.learning.job.host_threads import run_hosts

ROWS = [(["red", "blue"][i % 2], i % 7 / 2, 100 + i, "m") for i in range(60)]
NAMES = ("colour", "size", "id", "unit")
FEATURES = ("colour=blue", "colour=red", "size")


def write_csv(names: tuple[str, ...] = NAMES, rows: object = ROWS) -> bytes:
    lines = [",".join(map(str, row)) for row in rows]  # type: ignore[attr-defined]
    return "\n".join([",".join(names), *lines, ""]).encode()


def read_recipe(task: Task, hosts: Hosts = SINGLE_HOST, **types: str) -> Recipe:
    request = ColumnRequest(wishes=ColumnWishes(types=types, has_target=False))
    assert is_table(task.channels["train"], hosts, request)
    columns = read_as_tables(task, "train", hosts, request)
    assert columns.recipe is not None
    assert (columns.label, columns.recipe.target) == ("", None)
    return columns.recipe


def test_all_columns_become_features_but_those_that_tell_nothing(open_task: OpenTask) -> None:
    task = open_task(labelled=False, train=write_csv(), test=b"unit,size,id,colour\nm,2,1,red\n")
    assert read_recipe(task).feature_names == FEATURES
    assert join_features(task.channels["train"])[:2] == [[0, 1, 0], [1, 0, 0.5]]
    assert join_features(task.channels["test"]) == [[0, 1, 2]]
    log = said(task)
    assert "The column 'id' is left out: each row has a whole number of its own, as an index or an id is." in log
    assert "The column 'unit' is left out: it is the same in every row." in log
    assert "label" not in log
    assert "target" not in log


def test_a_column_that_is_ignored_is_no_feature_and_no_one_is_warned(open_task: OpenTask) -> None:
    task = open_task(labelled=False, train=write_csv())
    assert read_recipe(task, colour="ignore").feature_names == ("size",)
    assert "The column 'colour' is left out" not in said(task)


def test_parquet_is_encoded_as_csv_is(open_task: OpenTask) -> None:
    content = BytesIO()
    columns = zip(*ROWS, strict=True)
    pq.write_table(pa.table(dict(zip(NAMES, map(list, columns), strict=True))), content)
    task = open_task(PARQUET, labelled=False, folder="p", train=content.getvalue())
    assert read_recipe(task) == read_recipe(open_task(labelled=False, train=write_csv()))


@pytest.mark.parametrize("names", [("label", "colour"), ("", "label", "colour")])
def test_a_label_that_the_content_type_says_comes_first_is_no_column(
    open_task: OpenTask, names: tuple[str, ...]
) -> None:
    rows = [(i, "yes", f"c{i % 2}")[-len(names) :] for i in range(20)]
    task = open_task(f"{CSV};label_size=1", labelled=False, train=write_csv(names, rows))
    assert read_recipe(task).column_names == ["colour"]
    assert join_features(task.channels["train"])[:2] == [[1, 0], [0, 1]]


def test_numbers_beside_such_a_label_of_text_are_no_table(open_task: OpenTask) -> None:
    task = open_task(f"{CSV};label_size=1", labelled=False, train=b"y,a,b\nyes,1,2\nno,3,4\n")
    assert not is_table(task.channels["train"], SINGLE_HOST, ColumnRequest())
    assert join_features(task.channels["train"]) == [[1, 2], [3, 4]]


def test_such_a_label_alone_is_refused(open_task: OpenTask) -> None:
    task = open_task(f"{CSV};label_size=1", labelled=False, train=b"y\nyes\nno\n")
    with pytest.raises(ClientError, match="expected a column beside the first, which label_size=1 leaves out, found"):
        read_recipe(task)


def test_several_hosts_encode_alike_what_each_has_a_part_of(open_task: OpenTask) -> None:
    parts = [
        open_task(folder=f"host{half.start}", labelled=False, train=write_csv(rows=ROWS[half]))
        for half in (slice(30), slice(30, None))
    ]
    for recipe in run_hosts(2, lambda hosts: read_recipe(parts[hosts.rank], hosts)):
        assert recipe.feature_names == FEATURES
