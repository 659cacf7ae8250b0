"""A table is learned from as it is: its columns are looked into once, and all channels and hosts are encoded alike."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from container.channels import copies
from container.codecs import lines
from container.codecs.tabular.numbers import MISSING_TEXTS, read_plain_numbers
from container.contract.errors import ClientError
from container.job.program import Task
from open_algorithms.doors import tables
from open_algorithms.doors.tables import is_table, read_as_tables
from open_algorithms.learning.columns.encode import read_numbers
from open_algorithms.learning.columns.notation import MISSING_WORDS, PLAIN
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.work import ColumnRequest
from tests.container.pipes import serve_fifos
from tests.doors.tasks import PARQUET, OpenTask, join, said
from tests.learning.job.host_threads import run_hosts

ROWS = [(i % 7 / 2, ["red", "green", "blue"][i * i % 3], "yes" if i % 3 else "no") for i in range(60)]
WISHES = ColumnWishes("bought", class_count=2)


def write_csv(rows: list[tuple[float, str, str]]) -> bytes:
    return "\n".join(["size,colour,bought", *(f"{a},{b},{c}" for a, b, c in rows), ""]).encode()


def read_recipe(task: Task, wishes: ColumnWishes = WISHES, hosts: Hosts = SINGLE_HOST) -> Recipe:
    recipe = read_as_tables(task, "train", hosts, ColumnRequest(wishes=wishes)).recipe
    assert recipe is not None
    return recipe


def test_every_epoch_of_every_channel_is_encoded_by_what_the_train_channel_is(open_task: OpenTask) -> None:
    task = open_task(train=write_csv(ROWS), validation=b"bought,extra,colour,size\nyes,1,violet,\nno,2,red,3\n")
    recipe = read_recipe(task)
    assert recipe.feature_names == ("size", "colour=green", "colour=red")
    X, y = join(list(task.channels["train"]))
    assert X[:2] == [[0, 0, 1], [0.5, 1, 0]]
    assert y[:4] == [0, 1, 1, 0]
    for _ in range(2):
        assert join(list(task.channels["train"])) == (X, y)
    mean = np.mean([size for size, _, _ in ROWS])
    assert join(list(task.channels["validation"])) == ([[pytest.approx(mean), 0, 0], [3, 0, 1]], [1, 0])


def test_the_log_has_a_line_for_every_column_and_names_those_left_out(open_task: OpenTask) -> None:
    rows = "".join(f"{i % 2},{i % 5},name {i},same\n" for i in range(50))
    task = open_task(train=f"y,a,who,unit\n{rows}".encode())
    read_recipe(task, ColumnWishes("y"))
    log = said(task)
    assert "The columns are learned from all 50 rows; they become 1 features" in log.replace("1 feature.", "1 features")
    assert "The column 'who' is left out: text that hardly repeats: 50 different in 50 rows." in log
    assert "The column 'unit' is left out: it is the same in every row." in log
    assert [line.split()[:2] for line in log.splitlines() if line.startswith(("y ", "a "))] == [
        ["y", "target"],
        ["a", "number"],
    ]


def test_parquet_is_encoded_as_csv_is(open_task: OpenTask) -> None:
    content = BytesIO()
    sizes, colours, bought = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"size": sizes, "colour": colours, "bought": bought}), content)
    one, other = open_task(train=write_csv(ROWS)), open_task(PARQUET, folder="p", train=content.getvalue())
    assert read_recipe(one) == read_recipe(other)
    assert join(list(one.channels["train"])) == join(list(other.channels["train"]))


def test_a_pipe_is_encoded_as_a_file_is(open_task: OpenTask, tmp_path: Path) -> None:
    one, other = open_task(train=write_csv(ROWS)), open_task(mode="Pipe", folder="p", train=b"")
    recipe = read_recipe(one)
    with serve_fifos(tmp_path / "p" / "train", [write_csv(ROWS)]):
        assert read_recipe(other) == recipe
        for _ in range(2):
            assert join(list(one.channels["train"])) == join(list(other.channels["train"]))


def test_columns_of_what_is_streamed_are_learned_from_the_first_rows(
    open_task: OpenTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_TEXT_BYTES", 1 << 10)
    monkeypatch.setattr(tables, "MOST_SAMPLE_BYTES", 1 << 10)
    late = "late,yes\n"
    task = open_task(train=b"colour,bought\n" + b"red,yes\nblue,no\n" * 5_000 + late.encode())
    recipe = read_recipe(task)
    assert recipe.columns == (CategoryColumn("colour", ("blue", "red")),)
    assert "The columns are learned from the first" in said(task)
    for _ in range(2):
        blocks = list(task.channels["train"])
        assert sum(len(y) for _, y in blocks) == 10_001
        assert np.asarray(blocks[-1][0])[-1].tolist() == [0, 0]


def test_several_hosts_encode_alike_what_each_has_a_part_of(open_task: OpenTask) -> None:
    whole = read_recipe(open_task(train=write_csv(ROWS)))
    parts = [open_task(folder=f"host{rank}", train=write_csv(ROWS[rank::3])) for rank in range(3)]
    for recipe in run_hosts(3, lambda hosts: read_recipe(parts[hosts.rank], hosts=hosts)):
        assert recipe.feature_names == whole.feature_names
        assert recipe.target == whole.target
        assert recipe.columns[1] == whole.columns[1]


def test_a_host_without_rows_encodes_as_the_others(open_task: OpenTask) -> None:
    parts = [open_task(folder=f"host{rank}", train=write_csv(ROWS if rank else [])) for rank in range(2)]
    one, other = run_hosts(2, lambda hosts: read_recipe(parts[hosts.rank], hosts=hosts))
    assert one == other


def test_hosts_whose_files_have_other_columns_are_refused(open_task: OpenTask) -> None:
    files = [write_csv(ROWS), write_csv(ROWS).replace(b"colour", b"color")]
    parts = [open_task(folder=f"host{rank}", train=files[rank]) for rank in range(2)]

    def complain(hosts: Hosts) -> str:
        with pytest.raises(InputError) as found:
            read_recipe(parts[hosts.rank], hosts=hosts)
        return str(found.value)

    for complaint in run_hosts(2, complain):
        assert "the hosts' files differ in the columns 'color', 'colour'" in complaint


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ("size,bought\n1,yes\n", "expected the columns of the channel 'train': 'colour' is missing"),
        ("size,colour,bought\n1,red,maybe\n", r"'part', row 2, column 'bought': .* classes 'no', 'yes', found 'maybe'"),
        ("size,colour,bought\n1,red,no\nbig,red,no\n", "'part', row 3, column 'size': expected a number, found 'big'"),
        ("size,colour,bought\n1e39,red,no\n", "row 2, column 'size': expected a number that a 32-bit float can hold"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(open_task: OpenTask, validation: str, message: str) -> None:
    task = open_task(train=write_csv(ROWS), validation=validation.encode())
    read_recipe(task)
    with pytest.raises(ClientError, match=message):
        list(task.channels["validation"])


def test_a_text_among_numbers_is_refused_with_its_place(open_task: OpenTask) -> None:
    content = write_csv([(i / 4, colour, bought) for i, (_, colour, bought) in enumerate(ROWS)])
    content = content.replace(b"\n3.0,", b"\nthree,", 1)
    row = content.split(b"three")[0].count(b"\n") + 1
    place = (
        f"channel 'train', file 'part', row {row}, column 'size': nearly all of its values are numbers, found 'three'"
    )
    with pytest.raises(InputError, match=place):
        read_recipe(open_task(train=content))


def test_rows_without_a_label_are_left_out_and_told(open_task: OpenTask) -> None:
    rows = [*ROWS[:3], (1.0, "red", ""), (2.0, "red", "NA"), *ROWS[3:]]
    task, plain = open_task(train=write_csv(rows)), open_task(folder="plain", train=write_csv(ROWS))
    assert read_recipe(task).target == read_recipe(plain).target
    assert join(list(task.channels["train"]))[1] == join(list(plain.channels["train"]))[1]
    assert "rows without a label, 'bought', are left out: in file 'part' from row 5 on" in said(task)


def test_columns_without_names_cannot_be_chosen_by_name(open_task: OpenTask) -> None:
    task = open_task("text/csv", train=b"1,2\n")
    with pytest.raises(InputError, match=r"target needs names of columns, and there are none\. Say header=present"):
        is_table(task.channels["train"], SINGLE_HOST, ColumnRequest(wishes=WISHES))


@pytest.mark.parametrize(("rows", "expected"), [("0,1.5\n1,2\n", False), ("0,\n1,2\n", True), ("0,red\n", True)])
def test_numbers_with_names_are_no_table_until_a_value_needs_one(
    open_task: OpenTask, rows: str, expected: bool
) -> None:
    task = open_task(train=f"y,a\n{rows}".encode())
    assert is_table(task.channels["train"], SINGLE_HOST, ColumnRequest()) is expected


def test_rows_that_were_all_looked_into_are_copied_in_the_second_pass(
    open_task: OpenTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "writable_bytes", lambda folder: 1 << 40)
    task = open_task(train=write_csv(ROWS))
    read_recipe(task)
    channel = task.channels["train"]
    first, second = join(list(channel)), join(list(channel))
    assert channel.next_source == "from a decoded copy on local disk"
    assert join(list(channel)) == first == second


def test_what_is_read_as_a_number_or_as_missing_is_what_columns_take_for_one() -> None:
    assert {text.lower() for text in MISSING_TEXTS} == {*MISSING_WORDS}
    texts = pa.array(["0", "-1", "+2.5", ".5", "1.", "1e5", " 7 ", *MISSING_TEXTS])
    numbers = read_plain_numbers(texts)
    assert numbers is not None
    np.testing.assert_array_equal(numbers.to_numpy(zero_copy_only=False), read_numbers("n", texts, PLAIN))
    assert read_plain_numbers(pa.array(["1", "007"])) is None
