"""The other algorithms behind the same programs, and in images of their own that differ by a word."""

import json
import subprocess
from typing import Any
from urllib.request import Request

import numpy as np
import pytest

from open_algorithms import VERSION
from tests.contract.algorithms import OTHERS, lay_out_small_job, name_algorithm
from tests.contract.example import read_example
from tests.contract.formats import CSV, JSON, JSONLINES
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Container, Process, Running
from tests.contract.servers import send_request, serve_model
from tests.needs import name_image
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes


class ReadOnlyContainer(Container):
    """The image with nothing writable but the mounts and shared memory, and no privilege."""

    options = ("--read-only", "--shm-size=256m", "--cap-drop=ALL", "--security-opt=no-new-privileges")


WAYS: tuple[type[Running], ...] = (Process, ReadOnlyContainer)


@pytest.fixture(
    scope="module",
    params=[pytest.param((word, how), marks=how.needs, id=f"{word}-{how.__name__}") for word in OTHERS for how in WAYS],
)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A finished job of another algorithm."""
    word, how = request.param
    job = lay_out_small_job(tmp_path_factory.mktemp(word), how, word)
    status, log = job.train()
    assert status == 0, log
    return job


def expect_answers(job: TrainingJob) -> tuple[bytes, list[dict[str, Any]]]:
    """Return rows as CSV, and what the job's model says of each."""
    X, _ = read_example("test")
    model = name_algorithm(job.launch.algorithm).answer.load_model(job.root / "model")
    columns = model.predict(X)
    names, values = columns.keys(), (column.tolist() for column in columns.values())
    body = "".join(",".join(map(repr, row)) + "\n" for row in X.tolist())
    return body.encode(), [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def assert_answered(content: bytes, expected: list[dict[str, Any]]) -> None:
    """Compare an answer in JSON Lines with what is expected of each row."""
    found = [json.loads(line) for line in content.splitlines()]
    assert [row.keys() for row in found] == [row.keys() for row in expected]
    for name in expected[0]:
        np.testing.assert_allclose([row[name] for row in found], [row[name] for row in expected], rtol=1e-5, atol=1e-6)


def test_a_model_is_served_as_a_transform_asks(trained: TrainingJob) -> None:
    body, expected = expect_answers(trained)
    asked = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "6",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "3",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": JSONLINES,
    }
    with serve_model(trained.root, trained.launch, **asked) as server:
        settings = {"BatchStrategy": "SINGLE_RECORD", "MaxConcurrentTransforms": 3, "MaxPayloadInMB": 6}
        assert json.loads(server.get("/execution-parameters")[1]) == settings
        status, answer = server.post(body, CSV)
        assert status == 200, answer
        assert_answered(answer, expected)


def test_several_models_are_loaded_asked_and_unloaded(trained: TrainingJob) -> None:
    body, expected = expect_answers(trained)
    place = str(trained.root / "model") if trained.launch.needs == () else "/opt/ml/model"

    def send(path: str, content: bytes | None = None, kind: str = JSON, method: str | None = None) -> tuple[int, bytes]:
        headers = {"Content-Type": kind, "Accept": JSONLINES}
        return send_request(Request(f"{server.url}{path}", content, headers, method=method))

    with serve_model(trained.root, trained.launch, SAGEMAKER_MULTI_MODEL="true") as server:
        for name in ("first", "second"):
            assert send("/models", json.dumps({"model_name": name, "url": place}).encode())[0] == 200
        assert send("/models/first", method="DELETE")[0] == 200
        assert send("/models/first/invoke", body, CSV)[0] == 404
        status, answer = send("/models/second/invoke", body, CSV)
        assert status == 200, answer
        assert_answered(answer, expected)


@pytest.mark.image
@pytest.mark.parametrize("word", OTHERS)
def test_an_image_knows_its_own_word_and_no_other(word: str) -> None:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        line = ["docker", "run", "--rm", "--network=none", name_image(word), *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=HANG_SECONDS)

    assert run(word, "--version").stdout == f"{word} {VERSION}\n"
    strange = run("linear_learner", "--version")
    assert (strange.returncode, strange.stdout) == (2, "")
    assert f"docker run IMAGE {word} COMMAND" in strange.stderr
