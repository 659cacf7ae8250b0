"""Hosts whose files name their columns in other orders train one model, the one of files alike; others are told."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.artifact.read import load_model
from tests.contract.launch import Process
from tests.contract.several_hosts.hosts import ChannelContent, DistributedJob, host_launchers, lay_out_job

pytestmark = pytest.mark.processes

HEADED = "text/csv;header=present"
NAMES = ["y", "a", "time", "b"]
MOVED = ["b", "y", "time", "a"]
SETTINGS = {"predictor_type": "regressor", "mini_batch_size": "5", "shuffle": "false", "num_models": "4"}


def draw() -> NDArray[np.float64]:
    generator = np.random.default_rng(0)
    a, time, b = generator.normal(size=200), 1.6e9 + generator.uniform(0, 600, 200), generator.normal(size=200)
    return np.column_stack([a + 0.01 * (time - 1.6e9) - 2 * b + 0.1 * generator.normal(size=200), a, time, b])


ROWS = draw()


def csv(rank: int, names: list[str], header: list[str] | None = None) -> bytes:
    """Write the rows of a host below a header; without names they lie as they do with NAMES."""
    rows = ROWS[rank::2][:, [NAMES.index(name) for name in names]]
    lines = [",".join(header or names), *(",".join(map(repr, row)) for row in rows.tolist())]
    return "\n".join(lines).encode() + b"\n"


def train(root: Path, files: list[bytes], mode: str = "File") -> tuple[DistributedJob, str]:
    with host_launchers(Process, 2) as names:
        job = lay_out_job(root, names, SETTINGS, {"train": ChannelContent(HEADED, list(files), mode, True)})
        return job, job.train()


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    job, log = train(tmp_path_factory.mktemp("alike"), [csv(0, NAMES), csv(1, NAMES)])
    assert "are put in the order" not in log
    return job.jobs[0].root / "model"


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_hosts_put_their_columns_in_the_order_of_the_first(tmp_path: Path, alike: Path, mode: str) -> None:
    job, _ = train(tmp_path, [csv(0, NAMES), csv(1, MOVED)], mode)
    ours, theirs = load_model(job.jobs[0].root / "model"), load_model(alike)
    assert ours.names == theirs.names == tuple(NAMES[1:])
    np.testing.assert_allclose(ours.weight, theirs.weight, rtol=1e-4)
    np.testing.assert_allclose(ours.margins(ROWS[:, 1:]), theirs.margins(ROWS[:, 1:]), atol=1e-3)
    score = ours.predict(ROWS[:, 1:])["score"]
    assert 1 - ((score - ROWS[:, 0]) ** 2).mean() / ROWS[:, 0].var() > 0.99


def test_a_host_with_other_columns_is_told_so(tmp_path: Path) -> None:
    with host_launchers(Process, 2) as names:
        files = [csv(0, NAMES), csv(1, NAMES, ["y", "a", "time", "c"])]
        job = lay_out_job(tmp_path, names, SETTINGS, {"train": ChannelContent(HEADED, files, "File", True)})
        with job.running_hosts() as hosts:
            ended = job.wait_for_results(hosts)
    reason = "channel 'train': expected the columns of the host '127.0.0.1': 'b' is missing, 'c' is not known"
    for status, log in ended:
        assert status == 1
        assert reason in log
        assert "Traceback" not in log


def write_table(rank: int) -> bytes:
    """Write the rows of a host as a table: a category whose levels differ between the hosts, a gap, the target last."""
    lines = ["kind,a,y"]
    for number, (y, a, _, _) in enumerate(ROWS.tolist()):
        kind = f"host {rank}" if number % 4 < 2 else "both"
        if number % 2 == rank:
            lines.append(f"{kind},{a if number % 10 else ''},{y}")
    return "\n".join(lines).encode() + b"\n"


def test_hosts_learn_the_columns_of_a_table_from_all_of_its_parts(tmp_path: Path) -> None:
    with host_launchers(Process, 2) as names:
        files = [write_table(0), write_table(1)]
        content = ChannelContent(HEADED, files, "File", True)
        job = lay_out_job(tmp_path, names, SETTINGS | {"target": "y"}, {"train": content})
        log = job.train()
    recipe = load_model(job.jobs[0].root / "model").recipe
    assert recipe is not None
    assert recipe.feature_names == ("kind=both", "kind=host 0", "kind=host 1", "a", "a (missing)")
    assert recipe.target is not None
    assert recipe.target.name == "y"
    assert "they become 5 features" in log
