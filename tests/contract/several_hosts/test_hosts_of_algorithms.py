"""Two hosts learn what one would, whatever the algorithm: the same model and the same figures within rounding."""

import re
from pathlib import Path

import numpy as np
import pytest

from container.codecs.recordio import encode_records
from open_algorithms.learning.types.arrays import Float32s
from tests.contract.algorithms import OTHERS, name_algorithm
from tests.contract.formats import RECORDIO
from tests.contract.launch import Process, run_algorithm
from tests.contract.several_hosts.hosts import ChannelContent, host_launchers, lay_out_job, model_files
from tests.k_means.jobs import draw_rows

pytestmark = pytest.mark.processes

HYPERPARAMETERS = {
    "factorization_machines": {
        "predictor_type": "regressor",
        "num_models": "2",
        "epochs": "3",
        "shuffle": "false",
        "holdout": "0",
    },
    "k_means": {"k": "5", "mini_batch_size": "100", "epochs": "2", "eval_metrics": '["msd","ssd"]'},
    "pca": {"num_components": "3", "mini_batch_size": "100"},
}
ROWS = 1003
BATCH = 100  # rows that all hosts together step by, in algorithms that step: each fills up its own last mini-batch


def read_qualities(log: str) -> dict[str, float]:
    """Take the figures of the model from a log, but those between mini-batches, which one host alone has."""
    found = re.findall(r"#quality_metric: host=\S+, (.+) <\w+>=(\S+)", log)
    return {name: float(text) for name, text in found if "batch=" not in name}


def train(root: Path, hosts: int, word: str) -> tuple[dict[str, float], Path]:
    """Train on so many hosts, to which rows are dealt in turn; return the figures and the folder of the model."""
    labelled = name_algorithm(word).card.channels[0].labelled
    hyperparameters = HYPERPARAMETERS[word] | ({"mini_batch_size": str(BATCH // hosts)} if labelled else {})

    def encode(X: Float32s) -> bytes:
        return encode_records(X, X[:, 0] * X[:, 1] + X[:, 2] if labelled else None)

    X, test = draw_rows(ROWS // BATCH * BATCH if labelled else ROWS), draw_rows(200, seed=1)
    channels = {
        "train": ChannelContent(RECORDIO, [encode(X[rank::hosts]) for rank in range(hosts)], sharded=True),
        "test": ChannelContent(RECORDIO, [encode(test)] * hosts),
    }
    with host_launchers(Process, hosts) as places:
        launchers = {name: run_algorithm(launch, word) for name, launch in places.items()}
        job = lay_out_job(root, launchers, hyperparameters, channels)
        log = job.train()
    assert not any(model_files(other) for other in job.jobs[1:])
    return read_qualities(log), job.jobs[0].root / "model"


@pytest.mark.parametrize("word", OTHERS)
def test_two_hosts_learn_what_one_does(tmp_path: Path, word: str) -> None:
    (alone, one), (together, two) = train(tmp_path / "one", 1, word), train(tmp_path / "two", 2, word)
    assert len(alone) >= 4
    assert together == pytest.approx(alone, rel=1e-5)
    X, load = draw_rows(50, seed=2), name_algorithm(word).answer.load_model
    expected, found = load(one).predict(X), load(two).predict(X)
    for name in expected.keys() - {"closest_cluster"}:  # clusters are numbered as it happens
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-5)
