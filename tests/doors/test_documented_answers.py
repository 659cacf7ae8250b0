"""Requests and answers as the documentation of the originals prints them, to the byte where it does."""

import json
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from container.contract.environment import ServerSettings
from container.web.application import create_app
from open_algorithms.doors.algorithms import find_algorithm
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.write import write_artifact as write_machine
from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.artifact.write import write_artifact as write_centers
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.artifact.write import write_artifact as write_components
from tests.contract.formats import CSV, JSON, JSONLINES, RECORDIO
from tests.golden.bodies import read_answer

SPARSE = {"data": {"features": {"keys": [1], "shape": [2], "values": [3]}}}
REQUESTS = [  # one row, (0, 3)
    (JSON, b'{"instances": [{"features": [0.0, 3.0]}]}'),
    (JSON, json.dumps({"instances": [SPARSE]}).encode()),
    (JSON, json.dumps({"instances": [{"data": {"features": {"values": [0, 3]}}}]}).encode()),
    (JSONLINES, b'{"features": [0, 3]}\n'),
    (JSONLINES, json.dumps(SPARSE).encode()),
    (CSV, b"0.0,3.0"),
    (RECORDIO, encode_records(np.array([[0, 3]], np.float32))),
]


def ask(word: str, folder: Path, kind: str, body: bytes, accept: str) -> bytes:
    """Ask an algorithm's model in a folder; give what is answered."""
    algorithm = find_algorithm({"ALGORITHM": word})
    settings = ServerSettings(model=folder, answers_key=algorithm.card.answers)
    client = create_app(algorithm.answer.load_model, settings).test_client()
    answer = client.post("/invocations", data=body, content_type=kind, headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, accept), answer.data
    return bytes(answer.data)


@pytest.fixture
def clusters(tmp_path: Path) -> Path:
    """Two centers."""
    write_centers(CentroidModel(np.array([[9, 9], [0, 0]], np.float32)), tmp_path)
    return tmp_path


@pytest.mark.parametrize(("kind", "body"), REQUESTS)
def test_k_means_answers_the_nearest_cluster_and_the_distance_from_it(clusters: Path, kind: str, body: bytes) -> None:
    answers = {accept: ask("k_means", clusters, kind, body, accept) for accept in (JSON, JSONLINES, CSV)}
    assert answers == {
        JSON: b'{"predictions": [{"closest_cluster": 1.0, "distance_to_cluster": 3.0}]}',
        JSONLINES: b'{"closest_cluster":1.0,"distance_to_cluster":3.0}\n',
        CSV: b"1.0,3.0\n",
    }


def test_k_means_answers_records_with_one_number_for_each_key(clusters: Path) -> None:
    answer = ask("k_means", clusters, *REQUESTS[-1], RECORDIO)
    assert read_answer(RECORDIO, answer, ("closest_cluster", "distance_to_cluster")) == [[1.0, 3.0]]


@pytest.fixture
def components(tmp_path: Path) -> Path:
    """Two components of two features: the mean is subtracted, and the features change places."""
    loadings, mean = np.array([[0, 1], [1, 0]], np.float32), np.array([-0.5, 1], np.float32)
    write_components(ComponentModel(loadings, mean, np.array([1, 2], np.float32)), tmp_path)
    return tmp_path


@pytest.mark.parametrize(("kind", "body"), REQUESTS)
def test_pca_answers_a_projection_under_a_key_of_its_own(components: Path, kind: str, body: bytes) -> None:
    answers = {accept: ask("pca", components, kind, body, accept) for accept in (JSON, JSONLINES, CSV)}
    assert answers == {
        JSON: b'{"projections": [{"projection": [2.0, 0.5]}]}',
        JSONLINES: b'{"projection":[2.0,0.5]}\n',
        CSV: b"2.0,0.5\n",
    }


def test_pca_answers_records_with_all_numbers_under_one_key(components: Path) -> None:
    assert read_answer(RECORDIO, ask("pca", components, *REQUESTS[-1], RECORDIO), ("projection",)) == [[[2.0, 0.5]]]


def write_small_machine(folder: Path, kind: str) -> Path:
    """Write a machine of two features whose score of the row (0, 3) is 1 before any link."""
    linear, factors = np.array([7, 0.5], np.float32), np.array([[1], [2]], np.float32)
    write_machine(FactorModel(kind, -0.5, linear, factors), folder)
    return folder


@pytest.mark.parametrize(("kind", "body"), REQUESTS)
def test_factorization_machines_answer_a_score_and_of_classes_the_label(tmp_path: Path, kind: str, body: bytes) -> None:
    folder = write_small_machine(tmp_path, "regressor")
    answers = {accept: ask("factorization_machines", folder, kind, body, accept) for accept in (JSON, JSONLINES, CSV)}
    assert answers == {JSON: b'{"predictions": [{"score": 1.0}]}', JSONLINES: b'{"score":1.0}\n', CSV: b"1.0\n"}
    folder = write_small_machine(tmp_path, "binary_classifier")
    answer = json.loads(ask("factorization_machines", folder, kind, body, JSON))
    assert answer == {"predictions": [{"score": pytest.approx(0.7310586), "predicted_label": 1}]}


def test_factorization_machines_answer_records_with_one_number_for_each_key(tmp_path: Path) -> None:
    folder = write_small_machine(tmp_path, "binary_classifier")
    answer = ask("factorization_machines", folder, *REQUESTS[-1], RECORDIO)
    ((score, label),) = read_answer(RECORDIO, answer, ("score", "predicted_label"))
    assert (score, label) == (pytest.approx(0.7310586), 1)
