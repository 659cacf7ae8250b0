"""The dense bank of MXNet's operators: what it needs and the native one does not."""

import numpy as np
import pytest

from linear_learner.bank.operators.dense import DenseBank
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from open_algorithms.learning.rows.dense import epoch_order
from tests.linear_learner.bank.problems import BATCH, CANDIDATES, draw_dense_rows, draw_start


def test_rows_that_mxnet_cannot_index_are_gathered_before(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, outputs = draw_dense_rows("logistic")
    results = []
    for largest in (2**31 - 1, 10):
        monkeypatch.setattr("linear_learner.bank.operators.dense.LARGEST_TENSOR", largest)
        bank = DenseBank(CANDIDATES, draw_start(outputs, rows.feature_dim), Objective(LOSSES["logistic"]), BATCH)
        lost = [bank.train(rows, epoch_order(len(rows), np.random.default_rng(epoch))) for epoch in range(2)]
        results.append((bank.take_snapshot(), lost[-1], *bank.evaluate(rows, margin_rows=len(rows))))
    for whole, gathered in zip(*results, strict=True):
        np.testing.assert_array_equal(whole, gathered)
