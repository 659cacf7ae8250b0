"""A column of a table says how much each row counts, ahead of training, and is never learned from."""

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.job.program import Task
from linear_learner.learn import WEIGHED_CHANNELS, fit
from linear_learner.training.result import TrainingResult
from open_algorithms.doors.tables import is_table, read_as_tables
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import NumberColumn, Recipe, Target, WeightColumn
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.work import ColumnRequest, Columns, Work
from tests.container.pipes import serve_fifos
from tests.doors.tasks import CSV, PARQUET, OpenTask, join, said
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.examples import EXACT, LARGE_JOB

WISHES = ColumnWishes("bought", class_count=2, weight="copies")
ROWS = [(i % 7 / 2, str(i % 4), "yes" if i * i % 3 else "no") for i in range(60)]  # every fourth of weight 0


def write_csv(rows: list[tuple[float, str, str]]) -> bytes:
    return "\n".join(["size,copies,bought", *(f"{a},{b},{c}" for a, b, c in rows), ""]).encode()


def read_columns(
    task: Task, wishes: ColumnWishes = WISHES, hosts: Hosts = SINGLE_HOST, recipe: Recipe | None = None
) -> Columns:
    return read_as_tables(task, "train", hosts, ColumnRequest(False, wishes, recipe, WEIGHED_CHANNELS))


def test_rows_count_by_the_column_divided_by_its_mean_and_those_of_weight_0_are_left_out(open_task: OpenTask) -> None:
    task = open_task(train=write_csv(ROWS), validation=write_csv(ROWS[:9]), test=write_csv(ROWS[:9]))
    columns = read_columns(task)
    assert columns.features == ("size",)
    counted = [row for row in ROWS if row[1] != "0"]
    weights = [int(copies) / 2 for _, copies, _ in counted]
    np.testing.assert_array_equal(columns.row_weights["train"], np.array(weights, np.float32))
    assert columns.row_weights["validation"].mean() == pytest.approx(1)
    assert {*columns.row_weights} == {"train", "validation"}
    for _ in range(2):
        assert join(list(task.channels["train"]))[0] == [[size] for size, _, _ in counted]
    assert len(join(list(task.channels["test"]))[1]) == 9
    assert "The rows of the channel 'train' count by the column 'copies'; 15 of weight 0 are left out." in said(task)


def test_rows_without_a_label_take_their_weights_with_them(open_task: OpenTask) -> None:
    rows = [*ROWS[:3], (9.0, "7", ""), (9.0, "0", ""), *ROWS[3:]]
    task, plain = open_task(train=write_csv(rows)), open_task(folder="plain", train=write_csv(ROWS))
    np.testing.assert_array_equal(read_columns(task).row_weights["train"], read_columns(plain).row_weights["train"])
    assert join(list(task.channels["train"])) == join(list(plain.channels["train"]))


def test_the_recipe_knows_the_column_and_how_its_numbers_are_written(open_task: OpenTask) -> None:
    rows = "".join(f"{i % 5};{'0,5' if i % 2 else '1,5'};{'yes' if i % 3 else 'no'}\n" for i in range(40))
    task = open_task(f"{CSV};delimiter=semicolon", train=f"size;copies;bought\n{rows}".encode())
    columns = read_columns(task)
    assert columns.recipe is not None
    assert columns.recipe.columns[1] == WeightColumn("copies", Notation(",", "."))
    assert columns.recipe.needed_names == ["size"]
    assert columns.row_weights["train"].tolist()[:2] == [1.5, 0.5]


def test_weights_of_parquet_are_those_of_csv(open_task: OpenTask) -> None:
    content = BytesIO()
    sizes, copies, bought = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"size": sizes, "copies": pa.array(map(int, copies)), "bought": bought}), content)
    one, other = open_task(train=write_csv(ROWS)), open_task(PARQUET, folder="p", train=content.getvalue())
    np.testing.assert_array_equal(read_columns(one).row_weights["train"], read_columns(other).row_weights["train"])


def test_classes_are_what_they_are_written_as_where_weights_are_read_too(open_task: OpenTask) -> None:
    content, labels = BytesIO(), pa.array([0.1, 0.2] * 20, pa.float32())  # as numbers they are others than as texts
    pq.write_table(pa.table({"bought": labels, "size": [i % 7 for i in range(40)], "copies": [1, 3] * 20}), content)
    task = open_task(PARQUET, train=content.getvalue())
    assert read_columns(task).row_weights["train"].tolist() == [0.5, 1.5] * 20
    assert join(list(task.channels["train"]))[1] == [0, 1] * 20


def test_numbers_with_names_are_a_table_where_one_is_the_weight(open_task: OpenTask) -> None:
    request = ColumnRequest(wishes=ColumnWishes(weight="a"))
    assert is_table(open_task(train=b"y,a\n0,1\n").channels["train"], SINGLE_HOST, request)
    nameless = open_task("text/csv", folder="n", train=b"0,1\n").channels["train"]
    with pytest.raises(InputError, match="weight needs names of columns, and there are none"):
        is_table(nameless, SINGLE_HOST, request)


def test_validation_rows_without_the_column_all_count_alike(open_task: OpenTask) -> None:
    task = open_task(train=write_csv(ROWS), validation=b"size,bought\n1,yes\n2,no\n")
    assert {*read_columns(task).row_weights} == {"train"}
    assert "The rows of the channel 'validation' all count alike: it has no column 'copies'." in said(task)
    assert len(join(list(task.channels["validation"]))[1]) == 2


@pytest.mark.parametrize("found", ["-1", "", "NA", "inf", "1e39", "heavy"])
@pytest.mark.parametrize("channel", ["train", "validation"])
def test_what_is_no_weight_is_refused_with_its_place(open_task: OpenTask, channel: str, found: str) -> None:
    wrong = write_csv([*ROWS[:7], (1.0, found, "yes"), *ROWS[7:]])
    task = open_task(**{"train": write_csv(ROWS), channel: wrong})
    shown = "" if found == "NA" else "1e+39" if found == "1e39" else found
    place = f"channel '{channel}', file 'part', row 9, column 'copies'"
    with pytest.raises(InputError) as refusal:
        read_columns(task)
    problem = "expected a weight, a finite number from 0 on"
    assert str(refusal.value) == f"{place}: {problem}, found {shown!r}. Mend it, or take the row out."


def test_weights_that_are_all_0_are_refused(open_task: OpenTask) -> None:
    nothing = [(size, "0", label) for size, _, label in ROWS]
    task = open_task(train=write_csv([*nothing, (1.0, "5", "")]))
    problem = "channel 'train', column 'copies': expected a weight above 0 in a row with a label, found none."
    with pytest.raises(InputError, match=problem):
        read_columns(task)


@pytest.mark.parametrize(("channel", "file"), [("train", "part2"), ("validation", "part2"), ("validation", "early")])
def test_files_of_which_only_some_have_the_column_are_refused(
    open_task: OpenTask, tmp_path: Path, channel: str, file: str
) -> None:
    (tmp_path / channel).mkdir()
    (tmp_path / channel / file).write_text("size,bought\n1,yes\n2,no\n")
    task = open_task(train=write_csv(ROWS), validation=write_csv(ROWS))
    problem = f"'{channel}', file '{file}': expected the column 'copies' of weights, which other files have"
    with pytest.raises(InputError, match=problem):
        read_columns(task)


def test_a_channel_without_the_target_is_refused_by_that(open_task: OpenTask) -> None:
    task = open_task(train=write_csv(ROWS), validation=b"size,sold\n1,yes\n")
    with pytest.raises(InputError, match=r"'validation', file 'part': expected the columns of .* 'bought' is missing"):
        read_columns(task)


def test_a_fifo_cannot_be_weighed(open_task: OpenTask, tmp_path: Path) -> None:
    task, problem = (
        open_task(mode="Pipe", train=b""),
        "expected the channel 'train' in File or FastFile mode, found Pipe",
    )
    with serve_fifos(tmp_path / "train", [write_csv(ROWS)]), pytest.raises(InputError, match=f"^weight: {problem}"):
        read_columns(task)


def test_several_hosts_cannot_weigh_their_rows(open_task: OpenTask) -> None:
    parts = [open_task(folder=f"host{rank}", train=write_csv(ROWS)) for rank in range(2)]

    def complain(hosts: Hosts) -> str:
        with pytest.raises(InputError) as refusal:
            read_columns(parts[hosts.rank], hosts=hosts)
        return str(refusal.value)

    for complaint in run_hosts(2, complain):
        assert complaint.startswith("weight: expected one host, found 2, on which all rows count alike.")


EARLIER = Recipe((NumberColumn("size", 1.0), NumberColumn("age", 40.0)), Target("bought", ("no", "yes")))


def test_rows_may_count_by_a_column_that_an_earlier_model_does_not_know(open_task: OpenTask) -> None:
    content = write_csv(ROWS).replace(b"size,", b"age,size,").replace(b"\n", b"\n30,").removesuffix(b"30,")
    task = open_task(train=content)
    columns = read_columns(task, recipe=EARLIER)
    assert columns.recipe == EARLIER
    assert len(columns.row_weights["train"]) == len(join(list(task.channels["train"]))[1]) == 45


@pytest.mark.parametrize(
    ("weight", "problem"),
    [
        ("age", "weight: the column 'age' is a feature of the model in the channel 'model'"),
        ("bought", "weight: the column 'bought' is the target of the model in the channel 'model'"),
        ("count", "channel 'train': there is no column 'count' of weights"),
    ],
)
def test_a_weight_that_an_earlier_model_uses_or_the_rows_lack_is_refused(
    open_task: OpenTask, weight: str, problem: str
) -> None:
    task = open_task(train=write_csv(ROWS))
    with pytest.raises(InputError, match=problem):
        read_columns(task, ColumnWishes(weight=weight), recipe=EARLIER)


def train(task: Task, hyperparameters: dict[str, str], **more: Any) -> tuple[TrainingResult, str]:
    words = {"predictor_type": "binary_classifier", "target": "bought", "weight": "copies", **hyperparameters}
    log = Recorder()
    read = partial(read_as_tables, task, "train", SINGLE_HOST)
    return fit(Work(words, task.channels, log, read_columns=read, **more)), "\n".join(log.said)


def test_a_weight_of_two_is_a_row_given_twice(open_task: OpenTask) -> None:
    repeated = [row for row in ROWS for _ in range(int(row[1]))]
    once, twice = open_task(train=write_csv(ROWS)), open_task(folder="twice", train=write_csv(repeated))
    weighted, _ = train(once, EXACT | {"mini_batch_size": "45"})
    plain, _ = train(twice, EXACT | {"mini_batch_size": "90", "weight": "", "ignore": "copies"})
    np.testing.assert_allclose(weighted.model.weight, plain.model.weight, atol=2e-6)
    assert weighted.model.threshold == pytest.approx(plain.model.threshold, abs=1e-4)


def test_weights_go_with_rows_that_are_streamed_and_held_out(open_task: OpenTask) -> None:
    numbers = np.random.default_rng(0).integers(-99, 99, (40_000, 41))
    names = ",".join(["copies", *(f"f{i}" for i in range(40)), "bought"])
    rows = (f"{abs(row[0]) % 4},{','.join(map(str, row[1:]))},{row[1] + row[2] > 0}" for row in numbers.tolist())
    content = "\n".join([names, *rows, ""]).encode()
    job = LARGE_JOB | {"epochs": "2", "num_models": "2", "holdout": "0.2"}
    held, told = train(open_task(folder="held", train=content), job)
    streamed, told_too = train(open_task(folder="streamed", train=content), job, free_memory=lambda: 67 << 20)
    assert "is larger than the" not in told
    assert told_too.count("is larger than the") == 2
    assert_same_bits(held.model, streamed.model)
