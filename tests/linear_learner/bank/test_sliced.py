"""Banks of some candidates go on from where those of all were."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linear_learner.bank.sliced import SlicedBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from open_algorithms.learning.rows.dense import epoch_order
from tests.linear_learner.bank.problems import BATCH, CANDIDATES, draw_both_forms, draw_start


@pytest.mark.parametrize("loss", ["logistic", "softmax_loss"])
@pytest.mark.parametrize("sparse", [False, True])
def test_banks_of_some_candidates_go_on_as_those_of_all_do(loss: str, sparse: bool) -> None:
    rows, same, outputs = draw_both_forms(loss)
    data: Any = same if sparse else rows
    settings = [replace(candidate, slices=1 + 4 * (m % 2)) for m, candidate in enumerate(CANDIDATES)]
    weights = np.linspace(1, 3, 7 * max(2, outputs)).reshape(7, -1)
    first = draw_start(outputs, rows.feature_dim)
    banks = SlicedBank(settings, first, Objective(LOSSES[loss], class_weights=weights), BATCH, is_sparse=sparse)
    order = epoch_order(len(rows), np.random.default_rng(0))
    banks.train(data, order)
    chosen = np.array([1, 2, 3, 6])
    part = banks.select_candidates(chosen)
    np.testing.assert_array_equal(part.take_snapshot(), banks.take_snapshot()[chosen])
    smaller = part.select_candidates(np.array([0, 2, 3]))
    for _ in range(2):
        lost, lost_of_part, lost_of_smaller = (each.train(data, order) for each in (banks, part, smaller))
        np.testing.assert_allclose(lost_of_part, lost[chosen], rtol=1e-5)
        np.testing.assert_allclose(lost_of_smaller, lost[[1, 3, 6]], rtol=1e-5)
    np.testing.assert_allclose(part.take_snapshot(), banks.take_snapshot()[chosen], atol=1e-5)
    np.testing.assert_allclose(smaller.take_snapshot(), banks.take_snapshot()[[1, 3, 6]], atol=1e-5)
    assert (part.models, part.updates) == (4, banks.updates)
