"""A wheel carries MXNet: where it does, that copy is taken, and does what the package does."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from open_algorithms.learning.engine import carried
from open_algorithms.learning.engine.source import mxnet_version, package_name

TOP = Path(__file__).resolve().parents[3]
CARRY = """
import sys

from open_algorithms.learning.engine import carried

carried.__path__.append(sys.argv[1])
sys.modules["mxnet"] = None
"""
TRAIN = """
from hashlib import sha256

import numpy as np

from open_algorithms.learning.engine.mxnet import mx
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model

X = np.arange(40, dtype=np.float32).reshape(20, 2)
texts = {"predictor_type": "regressor", "epochs": "2", "num_models": "2"}
model = fit_model(texts, {"train": [(X, X[:, 0])]}, Recorder())
print(mx.__name__, sha256(model.weight.tobytes()).hexdigest())
"""


def mxnet_folder() -> Path:
    found = find_spec("mxnet")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@pytest.mark.processes
def test_the_copy_that_is_carried_trains_like_the_package(tmp_path: Path) -> None:
    (tmp_path / "mxnet").symlink_to(mxnet_folder())
    by_package, by_copy = (
        subprocess.check_output([sys.executable, "-c", program, str(tmp_path)], cwd=TOP, text=True).split()
        for program in (TRAIN, CARRY + TRAIN)
    )
    assert (by_package[0], by_copy[0]) == ("mxnet", f"{carried.__name__}.mxnet")
    assert by_copy[1] == by_package[1]


def lay_out_mxnet(folder: Path, version: str) -> Path:
    """Lay out a package of MXNet that is only called so."""
    for name, file in (("mxnet", "__init__.py"), (f"mxnet-{version}.dist-info", "METADATA")):
        (folder / name).mkdir(parents=True)
        (folder / name / file).write_text(f"Version: {version}\n" if file == "METADATA" else "")
    return folder


def test_what_is_carried_comes_before_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"{carried.__name__}.mxnet", raising=False)
    monkeypatch.syspath_prepend(lay_out_mxnet(tmp_path / "installed", "1"))
    monkeypatch.setattr(carried, "__path__", [str(tmp_path)])
    assert (package_name(), mxnet_version()) == ("mxnet", "1")
    monkeypatch.setattr(carried, "__path__", [str(lay_out_mxnet(tmp_path / "carried", "2"))])
    assert (package_name(), mxnet_version()) == (f"{carried.__name__}.mxnet", "2")


def test_where_there_is_no_mxnet_it_has_no_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(carried, "__path__", [])
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert mxnet_version() is None
