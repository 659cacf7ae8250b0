"""Several hosts train what one host would on the same global mini-batches: the same losses, the same best model."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from container.codecs.recordio import encode_records, encode_sparse_records
from linear_learner.artifact.read import load_model
from open_algorithms.learning.rows.csr import Csr
from tests.contract.example import read_example
from tests.contract.formats import CSV, LIBSVM, RECORDIO, encode_libsvm
from tests.contract.launch import Container, Process, Running, launch_by
from tests.contract.models import ARTIFACT
from tests.contract.several_hosts.figures import read_figures
from tests.contract.several_hosts.hosts import (
    ChannelContent,
    host_launchers,
    lay_out_bundled_job,
    lay_out_job,
    model_files,
)

pytestmark = pytest.mark.processes

Rows = tuple[NDArray[Any], NDArray[Any]]
SPARSE = "sparse recordIO"
TRAINED, VALIDATED, FEATURES = 427, 150, 12  # rows, which no batch divides


def drawn(predictor: str, rows: int, *, sparse: bool = False) -> Rows:
    """Draw a noisy linear problem; where it is sparse, the last feature is in one row only, the 31st."""
    generator = np.random.default_rng(rows)
    X = generator.normal(size=(rows, FEATURES)) * np.linspace(0.5, 3, FEATURES)
    if sparse:
        X *= generator.random(X.shape) < 0.4
        X[:, -1] = 0
        X[30, -1] = 1.5
    else:
        X += np.arange(FEATURES)
    z = X @ np.random.default_rng(1).normal(size=(FEATURES, 3)) + generator.normal(size=(rows, 3))
    z -= np.median(z, axis=0)
    label = {"regressor": z[:, 0] + 7, "binary_classifier": z[:, 0] > 0.5, "multiclass_classifier": z.argmax(axis=1)}
    return X.astype(np.float32), label[predictor].astype(np.float32)


def written(content_type: str, X: NDArray[Any], y: NDArray[Any]) -> bytes | None:
    """Write rows as a file; no row is no file."""
    if not len(y):
        return None
    match content_type:
        case "text/csv":
            rows = (",".join(map(str, row)) for row in np.column_stack([y, X]).tolist())
            return "".join(f"{row}\n" for row in rows).encode()
        case "text/libsvm":
            return encode_libsvm(X, y)
        case "sparse recordIO":
            ends = np.concatenate([[0], np.cumsum((X != 0).sum(axis=1))])
            columns = np.nonzero(X)[1].astype(np.int32)
            return encode_sparse_records(Csr(X[X != 0], columns, ends, (len(y), X.shape[1])), y)
    return encode_records(X, y)


def share(rows: Rows, rank: int, hosts: int, batch: int) -> Rows:
    """Take the rows of a host: of every global mini-batch its `batch`."""
    X, y = rows
    mine = np.arange(len(y)) // batch % hosts == rank
    return X[mine], y[mine]


def channel(content_type: str, shares: list[Rows], mode: str, *, sharded: bool) -> ChannelContent:
    return ChannelContent(kind(content_type), [written(content_type, *rows) for rows in shares], mode, sharded)


def kind(content_type: str) -> str:
    return RECORDIO if content_type == SPARSE else content_type


class Problem(NamedTuple):
    """What is trained, on which global mini-batches."""

    predictor: str
    content_type: str
    batch: int
    more: tuple[tuple[str, str], ...] = ()

    def hyperparameters(self, hosts: int) -> dict[str, str]:
        return {
            "predictor_type": self.predictor,
            "mini_batch_size": str(self.batch // hosts),
            "shuffle": "false",
            "epochs": "3",
            **({"num_classes": "3"} if self.predictor == "multiclass_classifier" else {}),
            **dict(self.more),
        }

    def rows(self) -> dict[str, Rows]:
        sparse = self.content_type in (SPARSE, LIBSVM)
        return {
            name: drawn(self.predictor, count, sparse=sparse)
            for name, count in (("train", TRAINED), ("validation", VALIDATED))
        }


REGRESSION = Problem("regressor", RECORDIO, 40)
FEW_SEEN = Problem("regressor", CSV, 40, (("num_point_for_scaler", "100"),))
BINARY = Problem("binary_classifier", SPARSE, 40)
BY_SCORE = Problem(
    "binary_classifier", CSV, 40, (("binary_classifier_model_selection_criteria", "f1"), ("epochs", "2"))
)
CLASSES = Problem("multiclass_classifier", LIBSVM, 40)
WEIGHTED = Problem("multiclass_classifier", RECORDIO, 40, (("balance_multiclass_weights", "true"), ("num_models", "4")))


def best(log: str) -> str:
    """Give the settings of the best model."""
    (settings,) = re.findall(r"Best model found for hyperparameters: (.*)", log)
    return str(settings)


def assert_alike(log: str, one: str) -> None:
    """Require the losses of one host, of every candidate in every epoch, and the same best one."""
    ours, theirs = read_figures(log), read_figures(one)
    assert any(isinstance(key[1], int) for key in theirs)
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert best(log) == best(one)


class Alone(NamedTuple):
    """What one host has come to."""

    log: str
    root: Path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Train a problem on one host, once."""

    @cache
    def run(problem: Problem) -> Alone:
        return train_alone(tmp_path_factory.mktemp("alone"), problem, problem.rows())

    return run


def train_alone(root: Path, problem: Problem, rows: dict[str, Rows]) -> Alone:
    with host_launchers(Process, 1) as names:
        channels = {name: channel(problem.content_type, [part], "File", sharded=False) for name, part in rows.items()}
        return Alone(lay_out_job(root, names, problem.hyperparameters(1), channels).train(), root / "127.0.0.1")


@pytest.mark.parametrize(
    ("problem", "mode", "sharded", "hosts"),
    [
        (REGRESSION, "File", False, 2),
        (REGRESSION, "Pipe", True, 4),
        (FEW_SEEN, "File", True, 2),
        (BINARY, "File", True, 2),
        (BINARY, "Pipe", False, 4),
        (BY_SCORE, "Pipe", True, 2),
        (CLASSES, "File", False, 4),
        (CLASSES, "Pipe", True, 2),
        (WEIGHTED, "Pipe", False, 2),
    ],
    ids=lambda value: {True: "sharded", False: "replicated"}.get(value) if isinstance(value, bool) else None,
)
def test_hosts_have_the_losses_and_the_best_model_of_one_host_with_the_same_global_mini_batches(
    tmp_path: Path, alone: Any, problem: Problem, mode: str, sharded: bool, hosts: int
) -> None:
    batch = problem.batch // hosts
    with host_launchers(Process, hosts) as names:
        channels = {
            name: channel(
                problem.content_type,
                [share(rows, rank, hosts, batch) if sharded else rows for rank in range(hosts)],
                mode,
                sharded=sharded,
            )
            for name, rows in problem.rows().items()
        }
        job = lay_out_job(tmp_path, names, problem.hyperparameters(hosts), channels)
        log = job.train()
    one = alone(problem)
    assert_alike(log, one.log)
    X, _ = problem.rows()["validation"]
    ours, theirs = (load_model(root / "model").predict(X)["score"] for root in (job.jobs[0].root, one.root))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_candidates_that_update_within_a_mini_batch_take_as_many_rows_of_each_host(tmp_path: Path) -> None:
    """There are 24 updates in a mini-batch of 480 rows, and each is of 10 rows of either host."""
    problem = Problem("regressor", RECORDIO, 480, (("num_models", "32"),))
    rows = problem.rows() | {"train": drawn("regressor", 1100)}
    one = train_alone(tmp_path / "one", problem, rows)
    assert '"slices": 24' in best(one.log)
    with host_launchers(Process, 2) as names:
        channels = {
            name: channel(RECORDIO, [share(part, rank, 2, 10) for rank in (0, 1)], "File", sharded=True)
            for name, part in rows.items()
        }
        assert_alike(lay_out_job(tmp_path, names, problem.hyperparameters(2), channels).train(), one.log)


@pytest.mark.parametrize(("empty", "mode"), [(0, "File"), (0, "Pipe"), (1, "File")])
def test_a_host_whose_channels_are_empty_takes_part(tmp_path: Path, empty: int, mode: str) -> None:
    """One step an epoch, so that one host has the same global mini-batches: of half the rows that there could be."""
    problem = Problem("binary_classifier", RECORDIO, 300, (("epochs", "6"),))
    rows = {name: (X[:150], y[:150]) for name, (X, y) in problem.rows().items()}
    one = train_alone(tmp_path / "one", problem, rows)
    nothing = {name: (X[:0], y[:0]) for name, (X, y) in rows.items()}
    parts = [nothing if rank == empty else rows for rank in (0, 1)]
    with host_launchers(Process, 2) as names:
        channels = {
            name: channel(problem.content_type, [part[name] for part in parts], mode, sharded=True) for name in rows
        }
        log = lay_out_job(tmp_path, names, problem.hyperparameters(2), channels).train()
    assert_alike(log, one.log)


def test_it_does_not_matter_which_host_has_the_most_rows(tmp_path: Path) -> None:
    """While one host still has rows and the others have none, each of its rows weighs what it did before."""
    problem = Problem("regressor", RECORDIO, 60)
    (X, y), validation = problem.rows().values()
    bounds = [(0, 250), (250, 300), (300, 427)]
    logs = []
    for order in ([0, 1, 2], [2, 0, 1]):
        shards = [(X[first:end], y[first:end]) for first, end in (bounds[k] for k in order)]
        channels = {
            "train": channel(RECORDIO, shards, "File", sharded=True),
            "validation": channel(RECORDIO, [validation] * 3, "File", sharded=False),
        }
        with host_launchers(Process, 3) as names:
            logs.append(lay_out_job(tmp_path / str(order[0]), names, problem.hyperparameters(3), channels).train())
    assert_alike(*logs)


@pytest.mark.parametrize(("launch", "hosts"), [launch_by(Process, 2), launch_by(Container, 2), launch_by(Container, 4)])
def test_only_the_first_host_writes_the_model_and_the_figures(
    tmp_path: Path, launch: type[Running], hosts: int
) -> None:
    """The bundled data on all hosts, with the defaults: shuffled, and as the platform lays it out."""
    with host_launchers(launch, hosts) as names:
        job = lay_out_bundled_job(tmp_path, names, mini_batch_size=str(20 // hosts))
        log = job.train()
    first, *others = job.jobs
    assert model_files(first) == ARTIFACT
    assert (first.root / "output" / "model.tar.gz").is_file()
    X, y = read_example("test")
    assert (load_model(first.root / "model").predict(X)["predicted_label"] == y).mean() >= 0.96
    assert log.count("#quality_metric: host=") > 15
    for other in others:
        assert not model_files(other)
        assert not (other.root / "output" / "model.tar.gz").exists()
        text = other.log.read_text()
        assert "Reading provided configuration" in text
        for figure in ("#quality_metric", "_score (", "#metrics ", "#progress_metric", "#throughput_metric"):
            assert figure not in text
