"""Dense banks of both engines."""

from functools import partial

import pytest

from linear_learner.bank.native.dense import NativeDenseBank
from linear_learner.bank.operators.dense import DenseBank
from tests.linear_learner.bank.problems import MakeBank, native_library


@pytest.fixture(params=["operators", pytest.param("native", marks=pytest.mark.native)])
def make_bank(request: pytest.FixtureRequest) -> MakeBank:
    """What makes a dense bank: that of MXNet's operators, and that of the native library."""
    if request.param == "operators":
        return DenseBank
    return partial(NativeDenseBank, library=native_library())
