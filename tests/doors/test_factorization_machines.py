"""A job of Factorization Machines on the platform: in whatever form rows come, one model, and the original's log."""

import re
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records, encode_sparse_records
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.read import load_model
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.types.arrays import Float32s
from tests.container.pipes import serve_fifos
from tests.contract.formats import CSV, LIBSVM, RECORDIO
from tests.contract.jobs import TrainingJob
from tests.contract.launch import Process, run_algorithm

pytestmark = pytest.mark.processes

LAUNCH = run_algorithm(Process, "factorization_machines")
ROWS, USERS, ITEMS = 1200, 12, 8
SETTINGS = {
    "predictor_type": "binary_classifier", "num_factors": "4", "feature_dim": "20", "mini_batch_size": "100",
    "epochs": "8", "num_models": "3",
}  # fmt: skip
AS_ORIGINAL = {"num_models": "1", "epochs": "2", "shuffle": "false", "normalize_data": "false"}


def draw_flags() -> tuple[Float32s, Float32s]:
    """Return rows with the flags of a user and an item, (n, 20), and labels that both together decide on, (n,)."""
    generator = np.random.default_rng(4)
    users, items = generator.integers(0, USERS, ROWS), generator.integers(0, ITEMS, ROWS)
    X = np.zeros((ROWS, USERS + ITEMS), np.float32)
    X[np.arange(ROWS), users] = X[np.arange(ROWS), USERS + items] = 1
    return X, ((users + items) % 2).astype(np.float32)


X, Y = draw_flags()
LINES = "".join(",".join(f"{number:g}" for number in (label, *row)) + "\n" for label, row in zip(Y, X, strict=True))
PAIRS = "".join(
    f"{label:g} {' '.join(f'{place + 1}:1' for place in row.nonzero()[0])}\n" for label, row in zip(Y, X, strict=True)
)


def train(root: Path, kind: str, content: bytes, **more: str) -> str:
    job = TrainingJob(root, LAUNCH)
    job.configure({**SETTINGS, **more}, kind, "train")
    job.write_channel_file("train", "rows", content)
    status, log = job.train()
    assert status == 0, log
    return log


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> FactorModel:
    """The model of sparse records, as the original is trained on."""
    root = tmp_path_factory.mktemp("trained")
    train(root, RECORDIO, encode_sparse_records(as_csr(X), Y))
    return load_model(root / "model")


def assert_scores_alike(found: FactorModel, expected: FactorModel) -> None:
    np.testing.assert_allclose(found.margins(X), expected.margins(X), rtol=1e-3, atol=1e-3)
    assert found.threshold == pytest.approx(expected.threshold, abs=1e-3)


def test_pairs_that_decide_are_learned(trained: FactorModel) -> None:
    assert np.mean(trained.predict(X)["predicted_label"] == Y) > 0.95


@pytest.mark.parametrize(
    ("kind", "content"),
    [(CSV, LINES.encode()), (LIBSVM, PAIRS.encode()), (RECORDIO, encode_records(X, Y))],
    ids=["CSV", "libsvm", "dense records"],
)
def test_every_form_of_the_rows_gives_the_same_machine(
    kind: str, content: bytes, trained: FactorModel, tmp_path: Path
) -> None:
    train(tmp_path, kind, content)
    assert_scores_alike(load_model(tmp_path / "model"), trained)


def test_a_stream_is_learned_from_without_holding_rows_out(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, LAUNCH)
    job.write_config("hyperparameters", SETTINGS | {"epochs": "20"})
    job.write_config("inputdataconfig", {"train": {"TrainingInputMode": "Pipe", "ContentType": RECORDIO}})
    (tmp_path / "input/data").mkdir()
    with serve_fifos(tmp_path / "input/data/train", [encode_sparse_records(as_csr(X), Y)]):
        status, log = job.train()
    assert status == 0, log
    assert "held out" not in log
    assert np.mean(load_model(tmp_path / "model").predict(X)["predicted_label"] == Y) > 0.95


def test_the_log_has_the_lines_of_the_original(tmp_path: Path) -> None:
    log = train(tmp_path, RECORDIO, encode_sparse_records(as_csr(X), Y), **AS_ORIGINAL)
    assert "[Sparse network] Building a sparse network." in log
    for metric in ("binary_classification_accuracy <score>", "binary_classification_cross_entropy <loss>"):
        for place in ("epoch=0, batch=0 train", "epoch=1, train", "train"):
            assert len(re.findall(rf"#quality_metric: host=algo-1, {place} {metric}=\S+\n", log)) == 1
    assert "binary_f_1.000 <score>=" in log
    assert "#progress_metric: host=algo-1, completed 50.0 % of epochs" in log
    assert "#throughput_metric: host=algo-1, train throughput=" in log
    assert '"Algorithm": "factorization-machines"' in log


def test_the_first_cross_entropy_is_that_of_no_answer(tmp_path: Path) -> None:
    log = train(tmp_path, RECORDIO, encode_sparse_records(as_csr(X), Y), **AS_ORIGINAL)
    found = re.search(r"epoch=0, batch=0 train binary_classification_cross_entropy <loss>=(\S+)", log)
    assert found is not None
    assert float(found[1]) == pytest.approx(np.log(2), abs=0.02)


def test_a_fault_of_the_hyperparameters_is_one_message(tmp_path: Path) -> None:
    job = TrainingJob(tmp_path, LAUNCH)
    job.configure({**SETTINGS, "num_factors": "-1", "epoch": "3"}, RECORDIO, "train")
    job.write_channel_file("train", "rows", encode_records(X, Y))
    assert job.train().status == 1
    assert job.failure.startswith("ClientError: The hyperparameters have these faults:")
    assert "- num_factors: expected auto or an integer in [0, 10000], found '-1'" in job.failure
    assert "- epoch: there is no such hyperparameter; did you mean epochs?" in job.failure
