"""The SDK's Transformer: whatever it splits, sends, asks for and assembles, its output is the model's predictions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from linear_learner.artifact.read import load_model
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel
from tests.contract.formats import CSV, JSON, JSONLINES, LIBSVM, RECORDIO, encode_libsvm
from tests.contract.launch import Container
from tests.contract.servers import serve_model
from tests.needs import IMAGE

pytestmark = pytest.mark.sdk

# One container answers all jobs, where the SDK would start one for each, ask docker for its host at every request and
# check its own settings, which takes half a second.
PROGRAM = """
import functools
import io
import json
from pathlib import Path

import boto3
from sagemaker import utils
from sagemaker.amazon.common import read_records
from sagemaker.local import LocalSession, entities, local_session
from sagemaker.transformer import Transformer

entities._SageMakerContainer.serve = entities._SageMakerContainer.stop_serving = lambda *arguments: None
utils.validate_sagemaker_config = lambda *arguments: None
entities.get_docker_host = local_session.get_docker_host = functools.cache(entities.get_docker_host)
settings = {{"SchemaVersion": "1.0", "SageMaker": {{"PythonSDK": {{"Modules": {{"TelemetryOptOut": True}}}}}}}}
session = LocalSession(boto3.Session(region_name="us-east-1"), sagemaker_config=settings)
session.config = {{"local": {{"local_code": True, "container_root": str(Path.cwd()), "serving_port": {port}}}}}
container = {{"Image": {image!r}, "ModelDataUrl": "file:///nowhere", "Environment": {{}}}}
session.sagemaker_client.create_model("model", container)


def documents(text):
    while text := text.lstrip():
        found, end = json.JSONDecoder().raw_decode(text)
        text = text[end:]
        yield from found["predictions"]


def values(record):
    return [record.label[name].float32_tensor.values[0] for name in ("score", "predicted_label")]


READERS = {{
    "text/csv": lambda body: [[float(text) for text in line.split(",")] for line in body.decode().split()],
    "application/jsonlines": lambda body: [
        [row["score"], row["predicted_label"]] for row in map(json.loads, filter(None, body.decode().split("\\n")))
    ],
    "application/json": lambda body: [[row["score"], row["predicted_label"]] for row in documents(body.decode())],
    "application/x-recordio-protobuf": lambda body: list(map(values, read_records(io.BytesIO(body)))),
}}
for number, (kind, split, strategy, assemble, accept, limit) in enumerate(json.loads({jobs!r})):
    output = Path.cwd() / "out" / str(number)
    output.mkdir(parents=True)
    transformer = Transformer(
        "model", 1, "local", strategy=strategy, assemble_with=assemble, accept=accept, max_payload=limit,
        output_path=f"file://{{output}}", sagemaker_session=session,
    )
    data = Path.cwd() / "data" / kind.partition(";")[0].replace("/", "_")
    transformer.transform(f"file://{{data}}", content_type=kind, split_type=split, wait=False)
    for file in sorted(output.iterdir()):
        print(json.dumps([number, file.name, READERS[accept](file.read_bytes())]))
"""
ROWS = 3
STRATEGIES = ("SingleRecord", "MultiRecord")
Job = tuple[str, str | None, str, str | None, str, int | None]


def jobs() -> list[Job]:
    """Give every combination that the SDK can send and that leaves something to read.

    It cannot send several binary records, nor a binary file, as MultiRecord; and a line's end between records of
    recordIO is no recordIO.
    """
    inputs: list[tuple[str, str | None, tuple[str, ...]]] = [
        *((kind, split, STRATEGIES) for kind in (CSV, JSONLINES, LIBSVM) for split in (None, "Line")),
        (f"{CSV}; charset=utf-8; label_size=0", "Line", STRATEGIES),
        (JSON, None, STRATEGIES),
        *((RECORDIO, split, ("SingleRecord",)) for split in (None, "RecordIO")),
    ]
    return [
        (kind, split, strategy, assemble, accept, 0 if assemble else None)
        for kind, split, strategies in inputs
        for strategy in strategies
        for accept in (CSV, JSONLINES, JSON, RECORDIO)
        for assemble in (None, "Line")
        if (accept, assemble) != (RECORDIO, "Line")
    ]


def write_data(folder: Path, X: Any) -> None:
    """Write the rows in every format, as two files each."""
    for name, part in (("a", X), ("b", X[:1])):
        records = [json.dumps({"features": row}) for row in part.tolist()]
        bodies = {
            CSV: "".join(",".join(map(repr, row)) + "\n" for row in part.tolist()).encode(),
            JSON: ('{"instances": [' + ", ".join(records) + "]}").encode(),
            JSONLINES: "\n".join(records).encode(),
            LIBSVM: encode_libsvm(part, np.zeros(len(part))),
            RECORDIO: encode_records(part, None),
        }
        for kind, body in bodies.items():
            path = folder / kind.replace("/", "_") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)


@pytest.mark.image
def test_every_transform_that_the_sdk_can_ask_for_gives_the_models_predictions(
    sdk: Callable[[str], str], tmp_path: Path
) -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(ROWS, 4)).astype(np.float32)
    write_data(tmp_path / "data", X)
    (tmp_path / "model").mkdir()
    weight, bias = random.normal(size=(4, 1)).astype(np.float32), np.array([0.25], np.float32)
    write_artifact(LinearModel("binary_classifier", "logistic", weight, bias), tmp_path / "model")
    columns = load_model(tmp_path / "model").predict(X)
    expected = np.column_stack([columns["score"], columns["predicted_label"]])
    with serve_model(tmp_path, Container, SAGEMAKER_BATCH="True", SAGEMAKER_MAX_CONCURRENT_TRANSFORMS="1") as server:
        printed = sdk(PROGRAM.format(port=server.url.rpartition(":")[2], image=IMAGE, jobs=json.dumps(jobs())))
    outputs = {
        (number, name): rows
        for number, name, rows in (json.loads(line) for line in printed.splitlines() if line.startswith("["))
    }
    for number, job in enumerate(jobs()):
        for name, rows in (("a.out", ROWS), ("b.out", 1)):
            np.testing.assert_allclose(outputs[number, name], expected[:rows], atol=1e-7, err_msg=str((job, name)))
