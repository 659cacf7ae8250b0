"""`serve` on a real socket, and the documented snippet beside it."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from examples.demo import decode_answer
from linear_learner.artifact.read import load_model
from tests.contract.example import read_example
from tests.contract.formats import CSV, JSON, JSONLINES, RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Running
from tests.contract.servers import RunningServer, serve_model
from tests.needs import SNIPPET
from tests.page import read_blocks
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes


def body(kind: str) -> bytes:
    """Write the test rows in one format."""
    X, _ = read_example("test")
    match kind:
        case "application/json":
            return json.dumps({"instances": [{"features": row.tolist()} for row in X]}).encode()
        case "application/jsonlines":
            return "\n".join(json.dumps({"features": row.tolist()}) for row in X).encode()
        case "text/csv":
            return "\n".join(",".join(repr(float(value)) for value in row) for row in X).encode()
        case _:
            return encode_records(X)


def test_ping_says_that_the_model_is_ready(server: RunningServer) -> None:
    assert server.get("/ping") == (200, b"")


@pytest.mark.parametrize("kind", [JSON, JSONLINES, CSV, RECORDIO])
def test_every_request_format_gets_the_models_own_answer(
    server: RunningServer, trained: TrainingJob, kind: str
) -> None:
    X, _ = read_example("test")
    expected = load_model(trained.root / "model").predict(X)
    status, content = server.post(body(kind), kind, JSON)
    assert status == 200
    predictions = json.loads(content)["predictions"]
    assert [p["predicted_label"] for p in predictions] == expected["predicted_label"].tolist()
    np.testing.assert_allclose([p["score"] for p in predictions], expected["score"], atol=1e-6)


@pytest.mark.parametrize("accept", [CSV, JSONLINES, RECORDIO])
def test_every_answer_format_says_the_same_as_json(server: RunningServer, accept: str) -> None:
    answers = json.loads(server.post(body(CSV), CSV, JSON)[1])["predictions"]
    status, content = server.post(body(CSV), CSV, accept)
    assert status == 200
    expected = [[a["score"], a["predicted_label"]] for a in answers]
    if accept == CSV:
        found = np.loadtxt(content.decode().splitlines(), delimiter=",").tolist()
    elif accept == JSONLINES:
        found = [[row["score"], row["predicted_label"]] for row in map(json.loads, content.splitlines())]
    else:
        found = [[record["score"], record["predicted_label"]] for record in decode_answer(content)]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_bad_record_is_named(server: RunningServer) -> None:
    status, content = server.post(b"1,2,3\n", CSV)
    assert status == 400
    error = json.loads(content)["error"]
    assert error.startswith("unable to evaluate payload provided: ")
    assert "30" in error
    assert "3" in error


def test_an_unknown_type_gets_the_known_ones(server: RunningServer) -> None:
    status, content = server.post(b"<x/>", "application/xml")
    assert status == 415
    assert CSV in json.loads(content)["error"]


def test_the_packages_that_local_mode_leaves_beside_the_model_are_ignored(trained: TrainingJob, tmp_path: Path) -> None:
    shutil.copytree(trained.root / "model", tmp_path / "model")
    for name in ("model.tar.gz", "output.tar.gz"):
        shutil.copy(trained.root / "output" / "model.tar.gz", tmp_path / "model" / name)
    with serve_model(tmp_path, trained.launch, SAGEMAKER_MODEL_SERVER_WORKERS="1") as running:
        assert running.post(body(CSV), CSV)[0] == 200


def test_a_model_that_cannot_be_loaded_leaves_the_server_up_with_the_reason_in_the_log(
    tmp_path: Path, launch: type[Running]
) -> None:
    (tmp_path / "model").mkdir()
    with serve_model(tmp_path, launch, subprocess.PIPE) as server:
        assert [server.get("/ping") for _ in range(2)] == [(500, b"")] * 2
        server.running.ask_to_stop()
        log, _ = server.running.popen.communicate(timeout=HANG_SECONDS)
    assert re.search("The model in .* cannot be loaded: No model found: expected ", log)
    assert "Traceback" not in log


def test_a_setting_that_makes_no_sense_is_one_line(tmp_path: Path, launch: type[Running]) -> None:
    (tmp_path / "model").mkdir()
    with launch("serve", tmp_path, {"SAGEMAKER_MODEL_SERVER_WORKERS": "many"}, subprocess.PIPE) as running:
        log, _ = running.popen.communicate(timeout=HANG_SECONDS)
    assert running.popen.returncode == 1
    assert log == "serve: SAGEMAKER_MODEL_SERVER_WORKERS: expected a whole number from 1 to 1000, found 'many'.\n"


def test_stopping_the_server_takes_no_longer_than_starting_it(trained: TrainingJob) -> None:
    began = time.monotonic()
    with serve_model(trained.root, trained.launch) as server:
        told = time.monotonic()
        assert server.running.stop() == 0
        assert time.monotonic() - told < 2 * (told - began)


@pytest.mark.snippet
def test_the_documented_snippet_runs_as_printed_and_scores_as_the_server_does(
    server: RunningServer, trained: TrainingJob
) -> None:
    X, _ = read_example("test")
    np.save(trained.root / "rows.npy", X)
    typed = read_blocks("sh", "model.md")["By MXNet itself"]
    documented = typed.partition("<<'END'\n")[2].partition("END\n")[0]
    program = f"""{documented}
import numpy as np

X = np.load({str(trained.root / "rows.npy")!r})
mod.bind(data_shapes=[('data', X.shape)])
score = mod.predict(mx.io.NDArrayIter(X, batch_size=len(X))).asnumpy().flatten()
np.save({str(trained.root / "score.npy")!r}, score)
print(len(weights), len(bias))
"""
    result = subprocess.run(
        [str(SNIPPET), "-c", program],
        cwd=trained.root / "model",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
    )
    assert result.stdout == "(30,) (1,)\n30 1\n", result.stderr
    warnings = [line for line in result.stderr.splitlines() if "Warning" in line]
    assert len(warnings) == 1
    assert "label_shapes" in result.stderr or "softmax_label" in result.stderr
    answers = json.loads(server.post(body(JSON), JSON, JSON)[1])["predictions"]
    np.testing.assert_allclose(np.load(trained.root / "score.npy"), [a["score"] for a in answers], atol=1e-6)
