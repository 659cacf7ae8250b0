from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import grid_job
from benchmarks.from_file import score_peer, write_peer_files
from benchmarks.grid_job import Weights, accuracy, read_rows, run_job, write_rows
from benchmarks.sets import BINARY, MULTICLASS, Rows, draw, draw_classes


def split(rows: Rows) -> dict[str, Rows]:
    X, y = rows
    third = len(y) // 3
    parts = ("train", "validation", "test")
    return {part: (X[i * third : (i + 1) * third], y[i * third : (i + 1) * third]) for i, part in enumerate(parts)}


def test_a_peer_reads_the_rows_that_were_written(tmp_path: Path) -> None:
    X, y = draw(BINARY, 20, 3)
    write_rows(tmp_path / "rows.npz", np.maximum(X, 0), y)
    read, labels = read_rows(tmp_path / "rows.npz")
    assert (read.toarray() == np.maximum(X, 0)).all()
    assert (labels == y).all()


@pytest.mark.parametrize("rows", [draw(BINARY, 600, 3), draw_classes(600, 5, 4, 3.0)], ids=[BINARY, MULTICLASS])
def test_a_peer_writes_a_model_that_has_learned(tmp_path: Path, rows: Rows) -> None:
    splits = split(rows)
    write_peer_files(splits, tmp_path / "peer")
    run_job("scikit-learn", tmp_path / "peer")
    assert min(score_peer(tmp_path / "peer", splits).values()) > 0.7


def test_the_model_is_chosen_on_the_validation_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.array([[-1.0], [1.0]] * 5, np.float32)
    splits = {"train": (X, (X[:, 0] > 0).astype(np.float32)), "validation": (X, (X[:, 0] < 0).astype(np.float32))}
    write_peer_files(splits, tmp_path / "peer")
    monkeypatch.setitem(grid_job.PEERS, "against", lambda X, y: partial(weigh, 0.5))
    run_job("against", tmp_path / "peer")
    with np.load(tmp_path / "peer" / "model.npz") as arrays:
        assert arrays["weight"] == 0.5 - grid_job.GRID[2]


def weigh(turn: float, C: float) -> Weights:
    return Weights(np.array([[turn - C]]), np.zeros(1))


def test_accuracy_is_that_of_the_larger_margin() -> None:
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    three = Weights(np.array([[1.0, 0], [0, 1], [-1, -1]]), np.array([0.0, 0, 1]))
    assert accuracy(three, X, np.array([0.0, 1, 2])) == pytest.approx(2 / 3)
    assert accuracy(Weights(np.array([[1.0, -1]]), np.zeros(1)), X, np.array([1.0, 0, 0])) == 1
