"""The program of docs/mnist_python.md as printed there, on the digits that the notebook downloads."""

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.data import load_mnist
from linear_learner.artifact.read import load_model
from tests.page import read_blocks

PUBLISHED_ERRORS = 44 + 49  # of the notebook's last cell

pytestmark = pytest.mark.shared


def test_the_program_makes_no_more_errors_than_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = tuple((X, y.astype(np.int64)) for X, y in load_mnist().values())
    monkeypatch.chdir(tmp_path)
    with gzip.open("mnist.pkl.gz", "wb", compresslevel=1) as file:
        pickle.dump(splits, file)
    names: dict[str, Any] = {}
    for block in read_blocks("python", "mnist_python.md").values():
        exec(block, names)
    (_, false_positive), (false_negative, _) = names["confusion"].to_numpy().tolist()
    assert max(false_positive + false_negative, *names["errors"].values()) <= PUBLISHED_ERRORS
    model = load_model(Path("digits"))
    assert model.class_names == ("false", "true")
    np.testing.assert_array_equal(model.weight, names["linear"].model_.weight)
