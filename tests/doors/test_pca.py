"""PCA in a job of the platform: whatever form its rows come in, one model, and its projections in every format."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records, encode_sparse_records
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float32s
from tests.container.pipes import serve_fifos
from tests.contract.formats import CSV, JSON, JSONLINES, RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process
from tests.contract.servers import RunningServer, serve_model
from tests.pca.data import draw_sparse_rows, exact_singular_values

pytestmark = pytest.mark.processes

ROWS = draw_sparse_rows(120, 6)
TEXT = "\n".join(",".join(map(repr, row)) for row in ROWS.tolist()).encode()
ENVIRONMENT = {"ALGORITHM": "pca"}
TWO = {"num_components": "2", "feature_dim": "6", "mini_batch_size": "50"}


def train(root: Path, kind: str | None, content: bytes, **more: str) -> str:
    job = TrainingJob(root, Process, ENVIRONMENT)
    job.configure({**TWO, **more}, kind, "train")
    job.write_channel_file("train", "rows", content)
    status, log = job.train()
    assert status == 0, log
    return log


def read_arrays(root: Path) -> dict[str, Float32s]:
    return {name: array.asnumpy() for name, array in mx.ndarray.load(str(root / "model/model_algo-1")).items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished job on recordIO."""
    root = tmp_path_factory.mktemp("trained")
    train(root, RECORDIO, encode_records(ROWS))
    return root


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (CSV, TEXT),
        (f"{CSV};label_size=0", TEXT),
        (RECORDIO, encode_records(ROWS, np.ones(120, np.float32))),
        (RECORDIO, encode_sparse_records(as_csr(ROWS))),
    ],
    ids=["CSV", "CSV without labels", "labelled records", "sparse records"],
)
def test_every_form_of_the_rows_gives_the_same_components(
    kind: str, content: bytes, trained: Path, tmp_path: Path
) -> None:
    train(tmp_path, kind, content)
    found, expected = read_arrays(tmp_path), read_arrays(trained)
    assert [*found] == ["s", "v", "mean"]
    np.testing.assert_allclose(expected["s"][::-1], exact_singular_values(ROWS)[:2], rtol=1e-6)
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-5, atol=1e-6)


def test_a_stream_gives_the_same_components(trained: Path, tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, Process, ENVIRONMENT)
    job.write_config("hyperparameters", TWO)
    job.write_config("inputdataconfig", {"train": {"TrainingInputMode": "Pipe", "ContentType": RECORDIO}})
    (tmp_path / "input/data").mkdir()
    with serve_fifos(tmp_path / "input/data/train", [encode_records(ROWS)]):
        status, log = job.train()
    assert status == 0, log
    for name, array in read_arrays(tmp_path).items():
        np.testing.assert_array_equal(array, read_arrays(trained)[name])


def test_the_log_has_the_lines_of_the_original_and_what_the_components_explain(tmp_path: Path) -> None:
    log = train(tmp_path, RECORDIO, encode_records(ROWS))
    singular_values = exact_singular_values(ROWS) ** 2
    share = singular_values[:2].sum() / singular_values.sum()
    assert "6 feature(s) found in 'data'." in log
    assert "#progress_metric: host=algo-1, completed 100.0 % of epochs" in log
    assert "#throughput_metric: host=algo-1, train throughput=" in log
    assert "Test data is not provided." in log
    assert '"Algorithm": "PCA"' in log
    line = next(line for line in log.splitlines() if "train explained_variance_ratio <score>=" in line)
    assert float(line.rpartition("=")[2]) == pytest.approx(share, rel=1e-5)


def test_a_fault_of_the_hyperparameters_is_one_message(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, Process, ENVIRONMENT)
    job.configure({"feature_dim": "6", "num_components": "7"}, CSV, "train")
    job.write_channel_file("train", "rows", TEXT)
    assert job.train().status == 1
    assert job.failure.startswith("ClientError: The hyperparameters have these faults:")
    assert "- num_components: expected at most as many components as the 6 features, found 7" in job.failure


@pytest.fixture(scope="module")
def server(trained: Path) -> Iterator[RunningServer]:
    """A server of the trained model."""
    with serve_model(trained, Process, **ENVIRONMENT) as running:
        yield running


def expected_projections(trained: Path) -> Float32s:
    arrays = read_arrays(trained)
    return np.asarray((ROWS[:2].astype(np.float64) - arrays["mean"]) @ arrays["v"].astype(np.float64), np.float32)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (CSV, b"\n".join(TEXT.splitlines()[:2])),
        (RECORDIO, encode_records(ROWS[:2])),
        (RECORDIO, encode_sparse_records(as_csr(ROWS[:2]))),
        (JSON, json.dumps({"instances": [{"features": row} for row in ROWS[:2].tolist()]}).encode()),
        (JSONLINES, b"\n".join(json.dumps({"features": row}).encode() for row in ROWS[:2].tolist())),
    ],
)
def test_projections_come_in_the_shapes_of_the_original(
    kind: str, body: bytes, server: RunningServer, trained: Path
) -> None:
    expected = expected_projections(trained)
    status, answer = server.post(body, kind, JSON)
    assert status == 200
    found = json.loads(answer)
    assert [*found] == ["projections"]
    assert [[*row] for row in found["projections"]] == [["projection"]] * 2
    np.testing.assert_allclose([row["projection"] for row in found["projections"]], expected, rtol=1e-4, atol=1e-5)
    status, answer = server.post(body, kind, JSONLINES)
    lines = [json.loads(line)["projection"] for line in answer.splitlines()]
    np.testing.assert_allclose(lines, expected, rtol=1e-4, atol=1e-5)
    status, answer = server.post(body, kind, CSV)
    cells = [[float(cell) for cell in line.split(b",")] for line in answer.splitlines()]
    np.testing.assert_allclose(cells, expected, rtol=1e-4, atol=1e-5)


def test_answers_in_recordio_are_labels_of_that_name(server: RunningServer, trained: Path) -> None:
    status, answer = server.post(encode_records(ROWS[:2]), RECORDIO, RECORDIO)
    assert status == 200
    assert answer.count(b"projection") == 2
    expected = expected_projections(trained).astype("<f4")
    assert all(row.tobytes() in answer for row in expected)


def test_a_row_of_another_width_is_refused(server: RunningServer) -> None:
    status, answer = server.post(b"1,2,3\n", CSV, JSON)
    assert status == 400
    assert b"6" in answer
