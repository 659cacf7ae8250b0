"""Modules of MXNet see the numpy of its day; nobody else does."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy
import pytest

from open_algorithms.learning.engine.mxnet_imports import MxnetFinder

TOP = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from types import ModuleType

import numpy

before = dict(vars(numpy))
from open_algorithms.learning.engine.mxnet import mx
import scipy.sparse
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model

X = numpy.arange(40, dtype=numpy.float32).reshape(20, 2)
fit_model({"predictor_type": "regressor", "epochs": "1", "num_models": "1"}, {"train": [(X, X[:, 0])]}, Recorder())
assert mx.base._np.bool is numpy.bool_ and mx.base._np.ndarray is numpy.ndarray
assert sys.modules["numpy"] is numpy is scipy.sparse._base.np
changed = [name for name, value in vars(numpy).items() if before.get(name) is not value]
print([name for name in changed if not isinstance(getattr(numpy, name), ModuleType)])
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that is imported as MXNet is, by a name of its own."""
    folder = tmp_path / "engine_of_today"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [MxnetFinder(folder.name), *sys.meta_path])
    yield folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


@pytest.mark.processes
def test_numpy_is_after_training_as_it_was_before() -> None:
    assert subprocess.check_output([sys.executable, "-c", PROGRAM], cwd=TOP, text=True) == "[]\n"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("import numpy as name", "numpy"),
        ("from numpy import linalg as name", "numpy.linalg"),
        ("import mxnet as name", "engine_of_today"),
        ("import mxnet.inner as name", "engine_of_today.inner"),
        ("from mxnet import inner as name", "engine_of_today.inner"),
        ("from mxnet.inner import inmost as name", "engine_of_today.inner.inmost"),
        ("from . import inner as name", "engine_of_today.inner"),
        ("from .inner import inmost as name", "engine_of_today.inner.inmost"),
        ("import math as name", "math"),
    ],
)
def test_a_statement_of_import_gives_what_it_gave_in_the_day_of_mxnet(
    package: Path, statement: str, found: str
) -> None:
    (package / "inner").mkdir()
    for file in ("inner/__init__.py", "inner/inmost.py"):
        (package / file).touch()
    (package / "module.py").write_text(f"{statement}\n")
    assert import_module(f"{package.name}.module").name.__name__ == found


def test_only_the_package_sees_what_numpy_has_dropped(package: Path) -> None:
    (package / "module.py").write_text("import numpy\nfrom numpy import bool, NaN\nnames = numpy.PINF, numpy.NZERO\n")
    module = import_module(f"{package.name}.module")
    assert (module.bool, str(module.NaN), *module.names) == (numpy.bool_, "nan", float("inf"), 0.0)
    assert module.numpy is not numpy
    assert module.numpy.float32 is numpy.float32
    assert not {"PINF", "NZERO"} & vars(numpy).keys() or numpy.__version__.startswith("1.")


def test_a_module_that_is_not_there_is_not_found(package: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'engine_of_today\.absent'$"):
        import_module(f"{package.name}.absent")
