"""A second algorithm moves in: a package that the container, the commands and publishing have never heard of."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from tests.container.pipes import serve_fifos
from tests.contract.formats import CSV, JSON, RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process
from tests.contract.servers import RunningServer, serve_model
from tests.needs import TOP
from tests.publishing.validation import create_algorithm_shape, faults

pytestmark = pytest.mark.processes

CARD = """
from pathlib import Path

from open_algorithms.learning.job.card import Card, ChannelCard, MetricCard

CARD = Card(
    title="Column Means",
    about="The mean of each column, and how far rows are from it.",
    declaration=Path(__file__).with_name("hyperparameters.yaml"),
    channels=(ChannelCard("train", "The rows to take the means of.", required=True, labelled=False),),
    metrics=(MetricCard("train:rows", r"rows=([0-9]+)"),),
    answers="distances",
)
"""
LEARN = """
import json

import numpy as np

from column_means.answer import Means


def fit(work):
    total, rows = 0.0, 0
    for X, y in work.channels["train"]:
        work.raise_if_stopped()
        assert y.shape == (len(X), 0)
        total, rows = total + X.sum(axis=0, dtype=np.float64), rows + len(X)
    work.log.info(f"rows={rows}")
    return Means(total / rows)


def save_model(model, folder):
    np.save(folder / "means.npy", model.means)


def write_report(model, work):
    return {"report.json": json.dumps({"means": model.means.tolist()})}
"""
ANSWER = """
import numpy as np

from open_algorithms.learning.job.errors import InputError


class Means:
    outputs = 1

    def __init__(self, means):
        self.means = means
        self.feature_dim = len(means)

    def predict(self, X):
        return {"distance": np.abs(X - self.means).sum(axis=1).astype(np.float32)}


def load_model(path, memory_limit=None):
    if not (path / "means.npy").exists():
        raise InputError("there is no means.npy")
    return Means(np.load(path / "means.npy"))


def pack_model(model):
    return [model.means.tobytes()]


def unpack_model(buffer):
    return Means(np.frombuffer(buffer))


def model_facts(model):
    return [("means", ", ".join(map(str, model.means)))]
"""
ROWS = np.array([[1, 10, 100], [2, 20, 200], [3, 30, 600]], np.float32)
TEXT = b"1,10,100\n2,20,200\n3,30,600\n"
MEANS = [2.0, 20.0, 300.0]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The algorithm in a folder of its own, and what leads there."""
    folder = tmp_path_factory.mktemp("algorithms")
    package = folder / "column_means"
    package.mkdir()
    for name, content in {"card": CARD, "learn": LEARN, "answer": ANSWER, "__init__": ""}.items():
        (package / f"{name}.py").write_text(content)
    (package / "hyperparameters.yaml").write_text("{}\n")
    return {"ALGORITHM": "column_means", "PYTHONPATH": f"{folder}:{TOP}"}


def lay_out(root: Path, environment: dict[str, str], kind: str | None, content: bytes) -> TrainingJob:
    job = TrainingJob(root, Process, environment)
    job.configure({}, kind, "train")
    job.write_channel_file("train", "rows", content)
    return job


@pytest.fixture(scope="module")
def trained(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A finished job on CSV."""
    job = lay_out(tmp_path_factory.mktemp("trained"), environment, CSV, TEXT)
    status, log = job.train()
    assert status == 0, log
    return job


def means_of(job: TrainingJob) -> list[float]:
    found: list[float] = np.load(job.root / "model" / "means.npy").tolist()
    return found


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (CSV, TEXT),
        (f"{CSV};label_size=0", TEXT),
        (f"{CSV};label_size=1", b"7,1,10,100\n8,2,20,200\n9,3,30,600\n"),
        (f"{CSV};header=present", b"a,b,c\n" + TEXT),
        (f"{CSV};header=present;label_size=1", b"y,a,b,c\n7,1,10,100\n8,2,20,200\n9,3,30,600\n"),
        (None, encode_records(ROWS)),
        (RECORDIO, encode_records(ROWS, np.array([7, 8, 9], np.float32))),
    ],
)
def test_it_trains_on_rows_without_labels(
    environment: dict[str, str], tmp_path: Path, kind: str | None, content: bytes
) -> None:
    job = lay_out(tmp_path, environment, kind, content)
    status, log = job.train()
    assert status == 0, log
    assert means_of(job) == MEANS
    assert "rows=3" in log
    assert json.loads((tmp_path / "output/data/report.json").read_text()) == {"means": MEANS}
    assert "label" not in log


@pytest.mark.parametrize(("kind", "content"), [(CSV, TEXT), (RECORDIO, encode_records(ROWS))])
def test_it_trains_on_a_stream(environment: dict[str, str], tmp_path: Path, kind: str, content: bytes) -> None:
    job = TrainingJob(tmp_path, Process, environment)
    job.write_config("hyperparameters", {})
    job.write_config("inputdataconfig", {"train": {"TrainingInputMode": "Pipe", "ContentType": kind}})
    (tmp_path / "input/data").mkdir()
    with serve_fifos(tmp_path / "input/data/train", [content]):
        status, log = job.train()
    assert status == 0, log
    assert means_of(job) == MEANS


@pytest.mark.parametrize("content", [b"1,10\n2,red\n", b"1,10\n2\n", b"1,10\n2,\n"])
def test_a_fault_in_the_data_speaks_of_no_label(environment: dict[str, str], tmp_path: Path, content: bytes) -> None:
    job = lay_out(tmp_path, environment, CSV, content)
    assert job.train().status == 1
    assert job.failure.startswith("ClientError: channel 'train', file 'rows', row 2")
    assert "label" not in job.failure


def test_a_required_channel_that_is_missing_is_named_and_others_are_ignored(
    environment: dict[str, str], tmp_path: Path
) -> None:
    job = TrainingJob(tmp_path, Process, environment)
    job.configure({}, CSV, "validation")
    status, log = job.train()
    assert status == 1
    assert "The channel 'validation' is ignored: expected train." in log
    assert job.failure.startswith("ClientError: no channel 'train' in ")


def test_its_own_switch_turns_its_report_off(environment: dict[str, str], tmp_path: Path) -> None:
    job = lay_out(tmp_path, {**environment, "COLUMN_MEANS_REPORT": "off"}, CSV, TEXT)
    assert job.train().status == 0
    assert not (tmp_path / "output/data/report.json").exists()


def test_an_algorithm_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    wrong = {"ALGORITHM": "row_means"}
    job = lay_out(tmp_path, wrong, CSV, TEXT)
    (tmp_path / "output").mkdir()
    (tmp_path / "output/failure").write_text("of yesterday")
    status, log = job.train()
    expected = "ALGORITHM: expected the name of an algorithm, such as linear_learner, found 'row_means'."
    assert status == 1
    assert job.failure.startswith(f"ClientError: {expected}")
    assert "Traceback" not in log
    for command in ([str(TOP / "serve")], ["-m", "open_algorithms.commands", "inspect", "x"]):
        ended = subprocess.run(
            [sys.executable, *command], env={**os.environ, **wrong}, cwd=TOP, capture_output=True, text=True
        )
        assert ended.returncode == 1
        assert expected in ended.stderr
        assert ended.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def server(trained: TrainingJob) -> Iterator[RunningServer]:
    """A server of the trained model."""
    with serve_model(trained.root, Process, **trained.environment) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "body"), [(CSV, b"1,20,300\n2,20,300\n"), (RECORDIO, encode_records(np.array([[1, 20, 300], MEANS])))]
)
def test_it_answers_rows(server: RunningServer, kind: str, body: bytes) -> None:
    assert server.post(body, kind, CSV) == (200, b"1.0\n0.0\n")
    assert server.post(body, kind, JSON) == (200, b'{"distances": [{"distance": 1.0}, {"distance": 0.0}]}')


def test_it_answers_json_under_its_own_word_and_has_no_page(server: RunningServer) -> None:
    body = b'{"instances": [{"features": [2, 20, 301]}]}'
    assert server.post(body, JSON) == (200, b'{"distances": [{"distance": 1.0}]}')
    assert server.get("/")[0] == 404


def command(environment: dict[str, str], *words: object) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "open_algorithms.commands", *map(str, words)]
    return subprocess.run(line, env={**os.environ, **environment}, capture_output=True, text=True)


def test_the_command_line_trains_it_and_looks_into_it(environment: dict[str, str], tmp_path: Path) -> None:
    data, out = tmp_path / "rows.csv", tmp_path / "model"
    data.write_bytes(b"a,b,c\n" + TEXT)
    ended = command(environment, "train", data, "--out", out)
    assert ended.returncode == 0, ended.stderr
    assert "column_means: data: 1 file, rows.csv; 3 features: 'a', 'b', 'c'" in ended.stderr
    assert f"column_means: next: column_means serve {out}" in ended.stderr
    shown = command(environment, "inspect", out)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == "Model\nmeans  2.0, 20.0, 300.0\n"
    data.write_bytes(TEXT)
    predicted = command(environment, "predict", out, data)
    assert (predicted.stdout, predicted.stderr) == ("distance\n211\n100\n311\n", "")


@pytest.mark.parametrize(
    ("words", "lack"),
    [
        (("export", "MODEL", "--to", "sql"), "exports no model"),
        (("evaluate", "MODEL", "rows"), "measures no model"),
        (("predict", "MODEL", "rows", "--explain"), "does not explain its predictions"),
    ],
)
def test_what_it_does_not_offer_is_said(
    environment: dict[str, str], trained: TrainingJob, words: tuple[str, ...], lack: str
) -> None:
    model = str(trained.root / "model")
    ended = command(environment, *[model if word == "MODEL" else word for word in words])
    assert (ended.returncode, ended.stderr) == (1, f"column_means: Column Means {lack}.\n")


def test_the_service_accepts_its_description(environment: dict[str, str]) -> None:
    line = [sys.executable, "-m", "publishing.algorithm", "--image=registry/open-column-means:1"]
    printed = subprocess.run(
        line, env={**os.environ, **environment}, cwd=TOP, capture_output=True, text=True, check=True
    )
    request = json.loads(printed.stdout)
    assert faults(request, create_algorithm_shape()) == []
    assert request["AlgorithmName"] == "open-column-means"
    training = request["TrainingSpecification"]
    assert [channel["Name"] for channel in training["TrainingChannels"]] == ["train"]
    assert training["MetricDefinitions"] == [{"Name": "train:rows", "Regex": "rows=([0-9]+)"}]
