"""Columns: nothing is lost on the way to the library and back."""

import numpy as np
import pytest

from linear_learner.bank.native.columns import Columns
from open_algorithms.learning.engine.native.library import LANES


@pytest.mark.parametrize(("models", "outputs", "width"), [(32, 1, 5), (1, 1, 1), (13, 10, 31), (3, 7, 2)])
def test_weights_come_back_as_they_were(models: int, outputs: int, width: int) -> None:
    columns = Columns(models, outputs)
    weights = np.random.default_rng(0).standard_normal((models, outputs, width), np.float32)
    panels = columns.lay_out(weights)
    assert panels.shape == (columns.panels, width, LANES)
    assert panels.ctypes.data % 64 == 0
    np.testing.assert_array_equal(columns.restore(panels), weights)


def test_a_value_of_a_model_stands_in_the_columns_of_its_outputs() -> None:
    columns = Columns(3, 2)
    spread = columns.spread([1.0, 2.0, 3.0])
    assert spread.tolist() == [1, 2, 3, 1, 2, 3] + [0] * 10
    assert columns.spread(np.ones((4, 2, 3))).shape == (4, 2, LANES)
    assert columns.sum_by_model(spread.astype(np.float64)).tolist() == [2, 4, 6]
