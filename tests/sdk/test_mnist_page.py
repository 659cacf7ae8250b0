"""The program of docs/mnist.md as printed there, run by Amazon's SDK against the image."""

import ast
import gzip
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data import load_mnist
from tests.contract.leftovers import remove_containers
from tests.needs import IMAGE
from tests.page import read_blocks
from tests.ports import claim_port

PUBLISHED_ERRORS = 44 + 49  # of the notebook's last cell

pytestmark = [pytest.mark.image, pytest.mark.sdk, pytest.mark.shared]


@pytest.fixture
def digits(tmp_path: Path) -> Iterator[None]:
    """The file that the notebook downloads; the containers that the SDK leaves are removed."""
    splits = tuple((X, y.astype(np.int64)) for X, y in load_mnist().values())
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb", compresslevel=1) as file:
        pickle.dump(splits, file)
    yield
    remove_containers(tmp_path)


@pytest.mark.usefixtures("digits")
def test_the_notebook_runs_and_makes_no_more_errors_than_the_original(
    sdk: Callable[[str], str], tmp_path: Path
) -> None:
    program = "".join(read_blocks("python", "mnist.md").values())
    program = program.replace("8080", str(claim_port())).replace("open-linear-learner:dev", IMAGE)
    sdk(f"{program}\nPath('answer').write_text(repr(confusion.to_numpy().tolist()))")
    (true_negative, false_positive), (false_negative, true_positive) = ast.literal_eval(
        (tmp_path / "answer").read_text()
    )
    assert true_negative + false_positive == 9020
    assert false_negative + true_positive == 980
    assert false_positive + false_negative <= PUBLISHED_ERRORS
