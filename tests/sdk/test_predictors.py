"""The SDK's own predictors, serializers and deserializers as clients of `serve`: every pair says the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.write import write_artifact as write_machine
from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.artifact.write import write_artifact as write_centers
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.artifact.write import write_artifact as write_components
from tests.contract.algorithms import name_algorithm
from tests.contract.launch import Process, run_algorithm
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

def flatten(values):
    return [number for value in values for number in (value if isinstance(value, list) else [value])]

def of_row(row):
    return flatten(row[name] for name in {names!r})

def of_record(record):
    return flatten(list(record.label[name].float32_tensor.values) for name in {names!r})

answers = [
    (JSONDeserializer(), lambda found: list(map(of_row, found[{key!r}]))),
    (JSONLinesDeserializer(), lambda found: list(map(of_row, found))),
    (CSVDeserializer(), lambda found: [[float(text) for text in row] for row in found if row]),
    (RecordDeserializer(), lambda found: list(map(of_record, found))),
]
for serializer, request in requests:
    for deserializer, read in answers:
        predictor = Predictor("endpoint", session, serializer=serializer, deserializer=deserializer)
        print(json.dumps(read(predictor.predict(request))))
"""


def draw_linear_model(random: np.random.Generator, folder: Path) -> LinearModel:
    """Write a classifier of four features."""
    weight, bias = random.normal(size=(4, 1)).astype(np.float32), np.array([0.25], np.float32)
    model = LinearModel("binary_classifier", "logistic", weight, bias)
    write_artifact(model, folder)
    return model


def draw_machine(random: np.random.Generator, folder: Path) -> FactorModel:
    """Write a classifier of four features with three factors."""
    numbers = random.normal(size=(4, 4)).astype(np.float32)
    model = FactorModel("binary_classifier", 0.25, numbers[:, 0].copy(), numbers[:, 1:].copy())
    write_machine(model, folder)
    return model


def draw_centers(random: np.random.Generator, folder: Path) -> CentroidModel:
    """Write three centers of four features."""
    model = CentroidModel(random.normal(size=(3, 4)).astype(np.float32))
    write_centers(model, folder)
    return model


def draw_components(random: np.random.Generator, folder: Path) -> ComponentModel:
    """Write three components of four features."""
    loadings, mean = random.normal(size=(4, 3)).astype(np.float32), random.normal(size=4).astype(np.float32)
    model = ComponentModel(loadings, mean, np.array([1, 2, 3], np.float32))
    write_components(model, folder)
    return model


@pytest.mark.parametrize(
    ("word", "draw", "names"),
    [
        ("linear_learner", draw_linear_model, ("score", "predicted_label")),
        ("factorization_machines", draw_machine, ("score", "predicted_label")),
        ("k_means", draw_centers, ("closest_cluster", "distance_to_cluster")),
        ("pca", draw_components, ("projection",)),
    ],
)
def test_every_serializer_and_deserializer_of_the_sdk_agrees(
    sdk: Callable[[str], str], tmp_path: Path, word: str, draw: Callable[..., Any], names: tuple[str, ...]
) -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(5, 4)).astype(np.float32)
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "model").mkdir()
    columns = draw(random, tmp_path / "model").predict(X)
    expected = np.column_stack([columns[name] for name in names])
    key = name_algorithm(word).card.answers
    with serve_model(tmp_path, run_algorithm(Process, word)) as server:
        printed = sdk(PROGRAM.format(port=server.url.rpartition(":")[2], names=names, key=key))
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    assert len(answers) == 16
    for answer in answers:
        np.testing.assert_allclose(answer, expected, atol=1e-7)
