"""MXNet as it is imported here: a part of it, that is the whole for whoever asks."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

TOP = Path(__file__).resolve().parents[3]
NAMES = """
for module in (mx, mx.nd, mx.nd.op, mx.nd._internal, mx.nd.sparse, mx.contrib, mx.contrib.nd, mx.sym, mx.sym.op, mx.np):
    print(module.__name__, sorted(name for name in vars(module) if not name.startswith("__")))
"""
PLAIN = """
import warnings

import numpy

warnings.simplefilter("ignore")
numpy.bool = numpy.bool_
import mxnet as mx
"""
OURS = "from open_algorithms.learning.engine.mxnet import mx\n"
JOB = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from linear_learner.artifact.write import write_artifact
from tests.learning.job.recorder import Recorder
from tests.linear_learner.jobs import fit_model

UNUSED = ("mxnet.contrib.text", "mxnet.gluon", "mxnet.image", "mxnet.module", "mxnet.test_utils", "requests", "sklearn")
X = np.arange(40, dtype=np.float32).reshape(20, 2)
blocks = [(X, (X[:, 0] > 20).astype(np.float32))]
texts = {"predictor_type": "binary_classifier", "epochs": "2", "num_models": "2"}
with TemporaryDirectory() as folder:
    write_artifact(fit_model(texts, {"train": blocks, "validation": blocks}, Recorder()), Path(folder))
"""


def python(program: str, *words: str) -> str:
    """What a program prints."""
    result = subprocess.run([sys.executable, "-c", program, *words], cwd=TOP, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_training_imports_nothing_of_mxnet_that_it_does_not_use() -> None:
    assert python(JOB + "print([name for name in UNUSED if name in sys.modules])") == "[]\n"


def test_whoever_asks_for_more_of_mxnet_gets_all_of_it() -> None:
    assert python(OURS + "mx.gluon\n" + NAMES) == python(PLAIN + NAMES)


def test_the_rest_of_mxnet_works_beside_a_bank() -> None:
    program = """
from linear_learner.bank.operators import dense as bank
import mxnet
data = mxnet.mod.Module(mxnet.sym.LinearRegressionOutput(mxnet.sym.Variable("data")), label_names=["softmax_label"])
layer = mxnet.gluon.nn.Dense(3)
layer.initialize()
print(layer(mxnet.nd.ones((2, 5))).shape)
"""
    assert python(program) == "(2, 3)\n"


@pytest.mark.parametrize("module", ["module", "metric", "initializer"])
def test_a_module_of_mxnet_can_be_imported_before_the_rest(module: str) -> None:
    program = f"import mxnet.{module}\nprint(mx.{module} is mxnet.{module}, mx.mod is mx.module)"
    assert python(OURS + program) == "True True\n"


def test_an_import_of_all_of_mxnet_that_failed_does_no_harm() -> None:
    program = """
import warnings
warnings.simplefilter("ignore")
try:
    import mxnet
except AttributeError:
    print("this numpy has no bool")
"""
    works = "print(mx.nd.ones((2,)).asnumpy(), mx.mod is mx.module)"
    assert python(program + OURS + works) == "this numpy has no bool\n[1. 1.] True\n"


def test_an_mxnet_that_was_imported_before_is_taken_as_it_is() -> None:
    assert python(PLAIN + "whole = mx\n" + OURS + "print(mx is whole)") == "True\n"


def test_where_mxnet_is_absent_that_is_what_is_said() -> None:
    program = """
import sys
sys.modules["mxnet"] = None
try:
    import open_algorithms.learning.engine.mxnet
except ImportError as error:
    print(error)
"""
    assert python(program) == "No module named 'mxnet'\n"


def test_where_its_library_lacks_another_that_is_said_with_what_brings_it(tmp_path: Path) -> None:
    (tmp_path / "libmxnet.so").write_text("no library")
    program = """
import os, sys
from open_algorithms.learning.job.errors import InputError
os.environ["MXNET_LIBRARY_PATH"] = sys.argv[1]
try:
    import open_algorithms.learning.engine.mxnet
except InputError as error:
    print(error)
"""
    said = python(program, str(tmp_path / "libmxnet.so"))
    assert said.startswith("MXNet's library cannot be loaded: ")
    assert said.endswith("It needs those of GCC; on Debian: apt-get install libgomp1 libquadmath0.\n")
