"""A model that Amazon's PCA wrote behind our routes: what it says of the census, in every format."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import FOLDER
from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS
from container.contract.environment import ServerSettings
from container.web.application import create_app
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.pca.artifact.read import load_model
from open_algorithms.pca.card import CARD
from tests.contract.formats import CSV, JSON
from tests.contract.launch import Process, run_algorithm
from tests.contract.servers import serve_model
from tests.golden.bodies import read_answer, write_request
from tests.golden.census import read_components, read_scaled

ROWS = 200
# Of Alabama's Autauga, in a public notebook: the five largest components of another model, of 33.
PRINTED = [0.01082392, 0.12047978, 0.08835588, 0.16052711, 0.06027412]

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a server of the original's package."""
    folder = tmp_path_factory.mktemp("pca")
    (folder / "model").mkdir()
    shutil.copy(FOLDER / "golden" / "pca" / "34_to_10.tar.gz", folder / "model" / "model.tar.gz")
    return folder


@pytest.fixture(scope="module")
def rows() -> Float32s:
    """Some counties of the census."""
    return read_scaled()[:ROWS].astype(np.float32)


@pytest.mark.parametrize("accept", ANSWER_ENCODINGS)
@pytest.mark.parametrize("kind", REQUEST_DECODERS)
def test_rows_are_projected_as_the_originals_arrays_say(root: Path, rows: Float32s, kind: str, accept: str) -> None:
    settings = ServerSettings(model=root / "model", answers_key=CARD.answers)
    client = create_app(load_model, settings).test_client()
    body = write_request(kind, rows.tolist())
    answer = client.post("/invocations", data=body, content_type=kind, headers={"Accept": accept}).data
    found = np.array(read_answer(accept, answer, ("projection",), "projections")).reshape(ROWS, 10)
    model = load_model(root / "model")
    exact = (rows.astype(np.float64) - model.mean) @ model.loadings.astype(np.float64)
    np.testing.assert_allclose(found, exact, atol=1e-6)
    np.testing.assert_allclose(np.abs(found[:, ::-1]), np.abs(read_components(10)[:ROWS]), atol=2e-5)
    np.testing.assert_allclose(np.abs(found[0, 5:]), PRINTED, atol=1e-6)


def test_the_program_serves_the_originals_package(root: Path, rows: Float32s) -> None:
    with serve_model(root, run_algorithm(Process, "pca")) as server:
        status, answer = server.post(write_request(CSV, rows[:1].tolist()), CSV, JSON)
    assert status == 200
    (found,) = read_answer(JSON, answer, ("projection",), "projections")
    np.testing.assert_allclose(np.abs(found[0][5:]), PRINTED, atol=1e-6)
