"""Jobs on tables whose columns have names: in any order they are the same table, and what does not fit is refused."""

import json
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet as pq

from linear_learner.artifact.read import load_model
from tests.contract.example import read_example
from tests.contract.formats import CSV, PARQUET, encode_parquet
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process
from tests.contract.models import assert_same_model
from tests.contract.servers import send_request, serve_model

pytestmark = pytest.mark.processes

HEADED = "text/csv;header=present"
NAMES = ["y", *(f"f {i}" for i in range(30))]
OTHERS = ("validation", "test")
MOVED = [*NAMES[3:][::-1], *NAMES[:3]]


def table(split: str) -> NDArray[Any]:
    """A part of the bundled data, the label first."""
    X, y = read_example(split)
    return np.column_stack([y, X])


def csv(split: str, names: list[str], header: list[str] | None = None) -> bytes:
    """Write the columns of these names, in this order, below a header."""
    rows = table(split)[:, [NAMES.index(name) for name in names]]
    lines = [",".join(header or names), *(",".join(map(repr, row)) for row in rows.tolist())]
    return "\n".join(lines).encode() + b"\n"


def named_job(root: Path, content_type: str = HEADED, /, **files: bytes) -> TrainingJob:
    """A short job on channels that each hold one file."""
    job = TrainingJob(root, Process)
    settings = {"predictor_type": "binary_classifier", "mini_batch_size": "20", "epochs": "2", "num_models": "2"}
    job.configure(settings, content_type, *files)
    for channel, content in files.items():
        job.write_channel_file(channel, "part", content)
    return job


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A job whose channels all have the same order, and a server's model of it."""
    files = {split: csv(split, NAMES) for split in ("train", "validation", "test")}
    job = named_job(tmp_path_factory.mktemp("plain"), **files)
    status, log = job.train()
    assert status == 0, log
    assert "are put in the order" not in log
    return job


def scores(log: str) -> list[str]:
    return [line.partition("#")[2] for line in log.splitlines() if "_score (" in line]


def test_columns_in_another_order_the_label_too_give_the_same_job(plain: TrainingJob, tmp_path: Path) -> None:
    named = ["label", *NAMES[1:][::-1]]
    job = named_job(
        tmp_path,
        train=csv("train", NAMES),
        validation=csv("validation", MOVED),
        test=csv("test", [NAMES[0], *NAMES[1:][::-1]], named),
    )
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
    for channel in ("validation", "test"):
        line = f"channel {channel!r}: its columns are put in the order of the channel 'train' by their names."
        assert log.count(line) == 1
    assert log.count("channel 'test': the label is the column 'label'; that of the channel 'train' is 'y'.") == 1
    assert scores(log) == scores(plain.train().log)


def test_files_of_a_channel_may_have_their_columns_in_any_order(plain: TrainingJob, tmp_path: Path) -> None:
    train = csv("train", NAMES).splitlines(keepends=True)
    moved = csv("train", MOVED).splitlines(keepends=True)
    job = named_job(tmp_path, train=b"".join(train[:100]), validation=csv("validation", NAMES), test=csv("test", NAMES))
    job.write_channel_file("train", "part 2", moved[0] + b"".join(moved[100:]))
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
    assert log.count("channel 'train': its columns are put in the order of the files before by their names.") == 1


@pytest.mark.parametrize(
    ("names", "difference"),
    [
        (NAMES[:-1], "'f 29' is missing"),
        ([*NAMES[:-1], "other"], "'f 29' is missing, 'other' is not known"),
        (["id", *NAMES], "'id' is not known"),
        (NAMES[1:], "'y' is missing"),
    ],
)
@pytest.mark.parametrize("channel", ["validation", "test"])
def test_a_channel_with_other_columns_is_refused(
    tmp_path: Path, channel: str, names: list[str], difference: str
) -> None:
    known = [name if name in NAMES else "f 29" for name in names]
    job = named_job(tmp_path, train=csv("train", NAMES), **{channel: csv("test", known, names)})
    status, log = job.train()
    assert status == 1
    assert job.failure == (
        f"ClientError: channel {channel!r}, file 'part', row 1: expected the columns of the channel 'train': "
        f"{difference}. Every channel must have the same columns, in any order."
    )
    assert "Traceback" not in log
    assert not (tmp_path / "model" / "mx-mod-0000.params").exists()


def test_names_on_one_side_only_are_said(plain: TrainingJob, tmp_path: Path) -> None:
    bare = csv("validation", NAMES).partition(b"\n")[2]
    job = named_job(tmp_path, train=csv("train", NAMES), validation=bare)
    job.write_config("inputdataconfig", {"train": {"ContentType": HEADED}, "validation": {"ContentType": CSV}})
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
    line = "channel 'validation': the channel 'train' has names of columns and it has none: they are taken to be in the"
    assert log.count(line) == 1


def frame(split: str, names: list[str], index: dict[str, Any], described: list[Any]) -> bytes:
    """A table as pandas writes a frame to Parquet: index columns last, and what they are in its metadata."""
    rows = table(split)
    columns = {name: rows[:, NAMES.index(name)] for name in names}
    written = pa.table(columns | index).replace_schema_metadata(
        {"pandas": json.dumps({"index_columns": described, "columns": []})}
    )
    file = BytesIO()
    pq.write_table(written, file)
    return file.getvalue()


RANGE = {"kind": "range", "name": None, "start": 0, "stop": 1, "step": 1}


@pytest.mark.parametrize(
    ("index", "described"),
    [
        (["customer_id"], ["customer_id"]),
        (["__index_level_0__"], ["__index_level_0__"]),
        (["site", "__index_level_1__"], ["site", "__index_level_1__"]),
        (["__index_level_0__"], []),
    ],
)
def test_the_index_of_a_pandas_frame_is_no_feature(
    plain: TrainingJob, tmp_path: Path, index: list[str], described: list[Any]
) -> None:
    count = len(table("train"))
    columns = {name: [f"C{i}" for i in range(count)] if name == "site" else np.arange(count) for name in index}
    train = frame("train", NAMES, columns, described)
    others = {split: frame(split, NAMES, {}, [RANGE]) for split in OTHERS}
    job = named_job(tmp_path, PARQUET, train=train, **others)
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
    for name in index:
        text = f"channel 'train', file 'part': the column {name!r} is the index of a pandas frame, and is left out."
        assert log.count(text) == 1


@pytest.mark.parametrize("index", ["", "Unnamed: 0"])
def test_the_index_in_a_csv_file_is_neither_label_nor_feature(plain: TrainingJob, tmp_path: Path, index: str) -> None:
    lines = csv("train", NAMES).decode().splitlines()
    numbered = [f"{index},{lines[0]}", *(f"row {i},{line}" for i, line in enumerate(lines[1:]))]
    job = named_job(tmp_path, train="\n".join(numbered).encode(), validation=csv("validation", NAMES),
                    test=csv("test", NAMES))  # fmt: skip
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
    line = f"the column {index!r} is an index, as pandas writes one without a name, and left out."
    assert log.count(f"channel 'train': {line}") == 1


def test_a_header_that_comes_again_is_left_out(plain: TrainingJob, tmp_path: Path) -> None:
    lines = csv("train", NAMES).splitlines(keepends=True)
    joined = [*lines[:100], lines[0], *lines[100:200], b"\xef\xbb\xbf" + lines[0], *lines[200:]]
    others = {split: csv(split, NAMES) for split in OTHERS}
    status, log = (job := named_job(tmp_path, train=b"".join(joined), **others)).train()
    assert status == 0, log
    assert_same_model(job.root, plain.root)
    line = "channel 'train', file 'part': row 101: the header comes again, as where files were joined. Such lines are"
    assert log.count(line) == 1


def test_names_that_are_numbers_are_not_trained_on_where_they_come_again(plain: TrainingJob, tmp_path: Path) -> None:
    numbers = [str(i) for i in range(31)]
    lines = csv("train", NAMES, numbers).splitlines(keepends=True)
    others = {split: csv(split, NAMES, numbers) for split in OTHERS}
    status, log = named_job(tmp_path, train=b"".join([*lines[:100], lines[0], *lines[100:]]), **others).train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)


def test_pandas_own_header_that_is_trained_on_as_a_row_is_told(tmp_path: Path) -> None:
    counted = ",".join(map(str, range(31))).encode() + b"\n"
    job = named_job(tmp_path, CSV, train=counted + csv("train", NAMES).partition(b"\n")[2])
    job.configure({"predictor_type": "regressor", "epochs": "1", "num_models": "1"}, CSV, "train")
    status, log = job.train()
    assert status == 0, log
    assert "WARNING" in log
    assert "channel 'train': the first row is 0, 1, 2 and so on, as names of columns are that are numbers." in log


def test_a_first_row_of_numbers_is_not_lost_as_a_header(tmp_path: Path) -> None:
    job = named_job(tmp_path, train=csv("train", NAMES).partition(b"\n")[2])
    assert job.train().status == 1
    assert job.failure == (
        "ClientError: channel 'train', file 'part', row 1: expected names, as header=present in the content type "
        "says, found numbers. If the file has no header, leave header=present out."
    )


def test_an_index_that_is_taken_for_label_or_feature_is_told(tmp_path: Path) -> None:
    X, y = read_example("train")
    rows = np.column_stack([np.arange(len(y)), y, np.arange(len(y)) + 100, X[:, :2]])
    content = "\n".join(",".join(map(repr, row)) for row in rows.tolist()).encode()
    job = named_job(tmp_path, CSV, train=content)
    job.configure({"predictor_type": "regressor", "epochs": "1", "num_models": "1"}, CSV, "train")
    status, log = job.train()
    assert status == 0, log
    assert "channel 'train': the label, column 1, counts the rows, as an index does." in log
    assert "channel 'train': column 3 counts the rows, as an index does. If it is one, leave it out." in log


def test_an_earlier_model_is_put_in_the_order_of_the_columns(plain: TrainingJob, tmp_path: Path) -> None:
    X, _ = read_example("train")
    settings = {"predictor_type": "binary_classifier", "mini_batch_size": "20", "epochs": "1", "num_models": "1",
                "learning_rate": "1e-30"}  # fmt: skip
    for name in ("same", "moved"):
        job = named_job(tmp_path / name, train=csv("train", NAMES if name == "same" else [NAMES[0], *NAMES[:0:-1]]))
        job.write_config("hyperparameters", settings)
        job.write_config("inputdataconfig", {"train": {"ContentType": HEADED}, "model": {}})
        for file in (plain.root / "model").iterdir():
            job.write_channel_file("model", file.name, file.read_bytes())
        status, log = job.train()
        assert status == 0, log
        line = "channel 'model': its features are put in the order of the channel 'train' by their names."
        assert log.count(line) == (name == "moved")
    same, moved = (load_model(tmp_path / name / "model") for name in ("same", "moved"))
    np.testing.assert_allclose(moved.weight, same.weight[::-1], rtol=1e-5)
    np.testing.assert_allclose(moved.margins(X[:, ::-1]), same.margins(X), rtol=1e-3, atol=1e-3)

    other = csv("train", NAMES, [*NAMES[:-1], "other"])
    job.write_channel_file("train", "part", other)
    assert job.train().status == 1
    assert job.failure == (
        "ClientError: channel 'model': expected a model of the features of the channel 'train'. Only the model has "
        "'f 29', only the channel 'other'. Train on the columns of the earlier job."
    )


def test_a_request_is_answered_by_the_names_in_its_header(plain: TrainingJob) -> None:
    features = NAMES[1:]
    with serve_model(plain.root, Process) as server:

        def post(names: list[str], header: list[str] | None = None, more: str = "") -> tuple[int, str]:
            content = csv("test", names, header).decode().splitlines()[:4]
            lines = [content[0] + (",note" if more else ""), *(line + more for line in content[1:])]
            status, answer = server.post("\n".join(lines).encode(), HEADED, CSV)
            return status, answer.decode()

        expected = post(features)
        assert expected[0] == 200
        assert post(features[::-1]) == expected
        assert post([*features[::-1], "y"]) == expected
        assert post(features, more=',"free, text"') == expected
        status, reason = post(features[1:], [*features[2:], "Other"])
        assert (status, json.loads(reason)["error"].partition(": ")[2]) == (
            400,
            "record 1: expected the features of the model: 'f 0', 'f 1' are missing, 'Other' is not known",
        )


def test_many_models_know_their_names_too(plain: TrainingJob, tmp_path: Path) -> None:
    with serve_model(tmp_path, Process, SAGEMAKER_MULTI_MODEL="true") as server:
        order = json.dumps({"model_name": "m", "url": str(plain.root / "model")}).encode()
        assert send_request(urllib.request.Request(f"{server.url}/models", order))[0] == 200
        answers = []
        for names in (NAMES[1:], NAMES[:0:-1]):
            headers = {"Content-Type": HEADED, "Accept": CSV}
            body = csv("test", names)
            answers.append(send_request(urllib.request.Request(f"{server.url}/models/m/invoke", body, headers)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


def test_parquet_and_csv_of_one_table_fit(plain: TrainingJob, tmp_path: Path) -> None:
    X, y = read_example("train")
    names = ["label", *(f"feature {i}" for i in range(30))]
    moved = csv("validation", MOVED, [names[NAMES.index(name)] for name in MOVED])
    job = named_job(tmp_path, train=encode_parquet(X, y), validation=moved, test=csv("test", NAMES, names))
    job.write_config(
        "inputdataconfig", {"train": {"ContentType": PARQUET}, **{s: {"ContentType": HEADED} for s in OTHERS}}
    )
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, plain.root)
