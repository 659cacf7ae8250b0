"""Whoever assigns rows, each goes to its nearest center, and centers have the counts and sums of their rows."""

import numpy as np
import pytest

from open_algorithms.k_means.assigning import choice, products
from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.assigning.products import NumpyAssigner
from tests.k_means.assigning.problems import HOLD, assert_nearest, draw_problem


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("form", HOLD)
@pytest.mark.parametrize(
    ("rows", "features", "sizes"), [(300, 7, [3, 1, 20]), (1, 1, [1]), (2, 3, [5]), (40, 1, [2, 2])]
)
def test_each_row_goes_to_its_nearest_center(
    form: str, rows: int, features: int, sizes: list[int], weighed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "NUMBERS_AT_ONCE", 1000)
    X, centers, ends = draw_problem(rows, features, sizes, held=0.6)
    held = HOLD[form](X)
    held = held.weigh_rows(np.linspace(0, 3, rows, dtype=np.float32)) if weighed else held
    assert_nearest(
        held, centers, ends, NumpyAssigner().assign(held, centers, ends, with_labels=True, with_margins=True)
    )


def test_without_the_library_numpy_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_library", lambda: None)
    assert isinstance(choose_assigner(2), NumpyAssigner)
