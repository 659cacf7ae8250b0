"""The SDK's own predictors, serializers and deserializers as clients of `serve`: every pair says the same."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel
from tests.contract.launch import Process
from tests.contract.servers import serve_model

pytestmark = pytest.mark.sdk

PROGRAM = """
import json
import boto3
import numpy as np
from sagemaker.amazon.common import RecordDeserializer, RecordSerializer
from sagemaker.deserializers import CSVDeserializer, JSONDeserializer, JSONLinesDeserializer
from sagemaker.local import LocalSession
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer, JSONLinesSerializer, JSONSerializer

session = LocalSession(boto_session=boto3.Session(region_name="us-east-1"))
session.config = {{"local": {{"serving_port": {port}}}}}
X = np.load("X.npy")
records = [{{"features": row.tolist()}} for row in X]
requests = [(JSONSerializer(), {{"instances": records}}), (JSONLinesSerializer(), records), (CSVSerializer(), X),
            (RecordSerializer(), X)]

def value(record, name):
    return record.label[name].float32_tensor.values[0]

answers = [
    (JSONDeserializer(), lambda found: [[row["score"], row["predicted_label"]] for row in found["predictions"]]),
    (JSONLinesDeserializer(), lambda found: [[row["score"], row["predicted_label"]] for row in found]),
    (CSVDeserializer(), lambda found: [[float(text) for text in row] for row in found if row]),
    (RecordDeserializer(), lambda found: [[value(r, "score"), value(r, "predicted_label")] for r in found]),
]
for serializer, request in requests:
    for deserializer, read in answers:
        predictor = Predictor("endpoint", session, serializer=serializer, deserializer=deserializer)
        print(json.dumps(read(predictor.predict(request))))
"""


def test_every_serializer_and_deserializer_of_the_sdk_agrees(sdk: Callable[[str], str], tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(5, 4)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "model").mkdir()
    weight, bias = random.normal(size=(4, 1)).astype(np.float32), np.array([0.25], np.float32)
    model = LinearModel("binary_classifier", "logistic", weight, bias)
    write_artifact(model, tmp_path / "model")
    columns = model.predict(X)
    expected = np.column_stack([columns["score"], columns["predicted_label"]])
    with serve_model(tmp_path, Process) as server:
        printed = sdk(PROGRAM.format(port=server.url.rpartition(":")[2]))
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    assert len(answers) == 16
    for answer in answers:
        np.testing.assert_allclose(answer, expected, atol=1e-7)
