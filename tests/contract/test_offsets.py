"""A column that is large beside its spread, such as a time in seconds: its digits count, or the user is told."""

import json
import re
import subprocess
import sys
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records
from linear_learner.artifact.read import load_model
from tests.contract.formats import CSV, JSON, JSONLINES, LIBSVM, PARQUET, RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process
from tests.contract.servers import RunningServer, send_request, serve_model, wait_for_ping
from tests.needs import TOP
from tests.ports import claim_port

pytestmark = pytest.mark.processes

WARNED = "Features of which float32 does not keep the digits that vary: 'time'. "
EXACT = "Requests in JSON and CSV are answered exactly, those in recordIO and libsvm are not."
HEADED = "text/csv;header=present"
NAMES = ["z", "time", "a"]


def draw(rows: int, seed: int) -> NDArray[np.float64]:
    """Labels that follow a time within ten minutes, and another feature, (rows, 3)."""
    generator = np.random.default_rng(seed)
    time, a = np.round(1.6e9 + generator.uniform(0, 600, rows)), generator.normal(size=rows)
    return np.column_stack([0.01 * (time - 1.6e9) + a + 0.1 * generator.normal(size=rows), time, a])


TRAIN, TEST = draw(500, 0), draw(300, 1)


def least_squares() -> float:
    """R2 of least squares on the test rows."""
    design = [np.column_stack([np.ones(len(rows)), rows[:, 1] - 1.6e9, rows[:, 2]]) for rows in (TRAIN, TEST)]
    weights = np.linalg.lstsq(design[0], TRAIN[:, 0], rcond=None)[0]
    return r2(design[1] @ weights)


def r2(score: NDArray[Any]) -> float:
    return float(1 - ((score - TEST[:, 0]) ** 2).mean() / TEST[:, 0].var())


def csv(rows: NDArray[np.float64], names: list[str]) -> bytes:
    table = rows[:, [NAMES.index(name) for name in names]]
    return "\n".join([",".join(names), *(",".join(map(repr, row)) for row in table.tolist())]).encode() + b"\n"


def parquet(rows: NDArray[np.float64], kind: Any) -> bytes:
    file = BytesIO()
    times = pa.array(rows[:, 1]).cast(kind)
    pq.write_table(pa.table({"z": rows[:, 0], "time": times, "a": rows[:, 2]}), file)
    return file.getvalue()


def run(root: Path, train: bytes, test: bytes, content_type: str) -> tuple[int, str]:
    job = TrainingJob(root, Process)
    job.configure({"predictor_type": "regressor", "mini_batch_size": "20"}, content_type, "train", "test")
    job.write_channel_file("train", "part", train)
    job.write_channel_file("test", "part", test)
    return job.train()


def final(log: str) -> float:
    return float(re.findall(r"#test_score \(algo-1\) : \('r2', (\S+)\)", log)[0])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("offsets")
    status, log = run(root, csv(TRAIN, NAMES), csv(TEST, NAMES[::-1]), HEADED)
    assert status == 0, log
    return root, log


def test_a_time_in_seconds_is_learned_as_by_least_squares(trained: tuple[Path, str]) -> None:
    root, log = trained
    assert final(log) == pytest.approx(least_squares(), abs=1e-3)
    assert log.count(WARNED + EXACT) == 1
    assert "WARNING" not in log
    assert r2(load_model(root / "model").predict(TEST[:, 1:])["score"]) == pytest.approx(final(log), abs=1e-6)


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()])
def test_parquet_is_read_as_exactly(trained: tuple[Path, str], tmp_path: Path, kind: Any) -> None:
    status, log = run(tmp_path, parquet(TRAIN, kind), parquet(TEST, kind), PARQUET)
    assert status == 0, log
    assert final(log) == final(trained[1])


def test_the_server_answers_as_exactly_where_numbers_come_in_decimals(trained: tuple[Path, str]) -> None:
    root, log = trained
    rows = [{"features": row} for row in TEST[:, 1:].tolist()]
    sparse = [{"data": {"features": {"keys": [0, 1], "shape": [2], "values": row["features"]}}} for row in rows]
    bodies = [
        (CSV, csv(TEST, NAMES[1:]).partition(b"\n")[2]),
        (HEADED, csv(TEST, NAMES[:0:-1])),
        (JSON, json.dumps({"instances": rows}).encode()),
        (JSON, json.dumps({"instances": sparse}).encode()),
        (JSONLINES, "\n".join(map(json.dumps, rows)).encode()),
    ]
    with serve_model(root, Process) as server:
        for kind, body in bodies:
            status, scores = server.post(body, kind, CSV)
            assert status == 200, scores
            assert r2(np.array(scores.split(), float)) == pytest.approx(final(log), abs=1e-6), kind
        status, scores = server.post(encode_records(TEST[:, 1:].astype(np.float32)), RECORDIO, CSV)
        assert status == 200
        assert r2(np.array(scores.split(), float)) < final(log) - 0.01


@pytest.mark.parametrize("many", [False, True])
def test_the_server_tells_of_such_a_column(trained: tuple[Path, str], tmp_path: Path, many: bool) -> None:
    port = claim_port()
    environment = {"SAGEMAKER_BIND_TO_PORT": f"{port}"} | ({"SAGEMAKER_MULTI_MODEL": "true"} if many else {})
    with (tmp_path / "log").open("w") as log, Process("serve", trained[0], environment, log.fileno()) as running:
        server = RunningServer(f"http://127.0.0.1:{port}", running)
        wait_for_ping(server)
        if many:
            order = json.dumps({"model_name": "m", "url": str(trained[0] / "model")}).encode()
            assert send_request(urllib.request.Request(f"{server.url}/models", order))[0] == 200
    assert (tmp_path / "log").read_text().count(WARNED + EXACT) == 1


@pytest.mark.parametrize("content_type", [RECORDIO, LIBSVM])
def test_where_the_data_is_float32_the_user_is_told(tmp_path: Path, content_type: str) -> None:
    def written(rows: NDArray[np.float64]) -> bytes:
        if content_type == LIBSVM:
            return "".join(f"{z} 1:{time} 2:{a}\n" for z, time, a in rows.tolist()).encode()
        return encode_records(rows[:, 1:].astype(np.float32), rows[:, 0].astype(np.float32))

    status, log = run(tmp_path, written(TRAIN), written(TEST), content_type)
    assert status == 0, log
    assert WARNED.replace("time", "f0") + "Subtract a fixed number from them, in requests too, and train again" in log
    assert "WARNING" in log


def test_ordinary_columns_are_left_as_they_are(tmp_path: Path) -> None:
    rows = np.column_stack([TRAIN[:, 0], TRAIN[:, 1] - 1.6e9 + 2000, TRAIN[:, 2]])
    status, log = run(tmp_path, csv(rows, NAMES), csv(rows, NAMES), HEADED)
    assert status == 0, log
    assert "float32" not in log
    assert not load_model(tmp_path / "model").exact


def test_a_column_that_varies_only_later_is_told(tmp_path: Path) -> None:
    rows = np.vstack([TRAIN, TRAIN])
    rows[: len(TRAIN), 1] = 13.405
    rows[len(TRAIN) :, 1] = 13.405 + 1e-5 * (TRAIN[:, 1] - 1.6e9)
    job = TrainingJob(tmp_path, Process)
    settings = {"predictor_type": "regressor", "mini_batch_size": "20", "num_point_for_scaler": "100", "epochs": "1"}
    job.configure(settings, HEADED, "train")
    job.write_channel_file("train", "part", csv(rows, NAMES))
    status, log = job.train()
    assert status == 0, log
    assert log.count("Features that vary, but not in the first rows, which the scaler sees: 'time'.") == 1
    rows[0, 1] += 1e-3
    job.write_channel_file("train", "part", csv(rows, NAMES))
    assert "not in the first rows" not in job.train().log


@pytest.mark.parametrize("columns", [["z"], ["z", "a"], ["z", "time", "a", "b"]])
@pytest.mark.parametrize("channel", ["train", "test"])
def test_rows_of_another_width_are_refused_where_columns_are_shifted(
    tmp_path: Path, columns: list[str], channel: str
) -> None:
    other = np.column_stack([TEST, TEST[:, 2]])[:, : len(columns)]
    content = "\n".join(",".join(map(repr, row)) for row in other.tolist()).encode()
    job = TrainingJob(tmp_path, Process)
    job.configure({"predictor_type": "regressor", "epochs": "1"}, CSV, "train", "test")
    for name in ("train", "test"):
        job.write_channel_file(name, "part", csv(TRAIN, NAMES).partition(b"\n")[2])
    job.write_channel_file(channel, "part 2" if channel == "train" else "part", content)
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert re.search(
        "expected (3 .a label and 2 features. columns|2 features a row|a label and at least one)", job.failure
    )


@pytest.mark.parametrize("first", [b"", b"\n\n", b"z,time,a\n", b"z,time,a\n1.5,1600000007,0.5\n"])
def test_a_first_file_without_rows_or_with_one_does_not_matter(
    trained: tuple[Path, str], tmp_path: Path, first: bytes
) -> None:
    job = TrainingJob(tmp_path, Process)
    job.configure({"predictor_type": "regressor", "mini_batch_size": "20"}, HEADED, "train", "test")
    job.write_channel_file("train", "a", first)
    job.write_channel_file("train", "b", csv(TRAIN, NAMES))
    job.write_channel_file("test", "part", csv(TEST, NAMES))
    status, log = job.train()
    assert status == 0, log
    assert final(log) == pytest.approx(final(trained[1]), abs=2e-4)


def test_evaluate_scores_as_the_log_does(trained: tuple[Path, str], tmp_path: Path) -> None:
    root, log = trained
    lines = csv(TEST, NAMES).splitlines(keepends=True)
    (tmp_path / "plain.csv").write_bytes(b"".join(lines))
    (tmp_path / "again.csv").write_bytes(b"".join([*lines[:40], lines[0], *lines[40:]]))
    for name in ("plain", "again"):
        words = [
            sys.executable,
            "-m",
            "open_algorithms.commands",
            "evaluate",
            str(root / "model"),
            str(tmp_path / f"{name}.csv"),
        ]
        found = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=True)
        (r2_line,) = (line for line in found.stdout.splitlines() if line.startswith("r2"))
        assert float(r2_line.split()[1]) == pytest.approx(final(log), abs=1e-6)
