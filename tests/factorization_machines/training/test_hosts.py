"""Several hosts learn together what one would."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.job.hosts import Hosts
from tests.factorization_machines.jobs import (
    CLASSIFIER,
    REGRESSOR,
    cut_blocks,
    densify,
    draw_classes,
    draw_pairs,
    learn,
    learn_on_hosts,
)
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder

X, y = draw_classes(1600)
TEST, TEST_LABELS = draw_classes(500, of=1)
FEW = {**CLASSIFIER, "num_models": "2", "num_factors": "4", "epochs": "3", "shuffle": "false", "holdout": "0"}
HERE, EVERYWHERE = {"mini_batch_size": "50"}, {"mini_batch_size": "100"}


def require_same(one: TrainingResult, other: TrainingResult) -> None:
    np.testing.assert_allclose(one.model.margins(TEST), other.model.margins(TEST), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dense", [False, True])
def test_two_hosts_learn_what_one_does_with_mini_batches_of_twice_the_rows(dense: bool) -> None:
    blocks = cut_blocks(densify(X) if dense else X, y)
    channels = {"validation": cut_blocks(TEST, TEST_LABELS)} if not dense else {}
    first, second = learn_on_hosts({**FEW, **HERE}, blocks, 2, channels=channels)
    one = learn({**FEW, **EVERYWHERE}, blocks, channels=channels)
    require_same(first, one)
    np.testing.assert_array_equal(first.model.factors, second.model.factors)
    assert first.measurements["train"].rows == 1600
    assert first.measurements["train"].scores[1][2] == pytest.approx(one.measurements["train"].scores[1][2], rel=1e-4)
    assert first.courses[0].train_losses == pytest.approx(one.courses[0].train_losses, rel=1e-4)


def test_two_hosts_hold_rows_out_choose_and_learn_again() -> None:
    texts = {**CLASSIFIER, "num_models": "3", "epochs": "4", **HERE}
    first, second = learn_on_hosts(texts, cut_blocks(X, y), 2)
    assert first.is_refitted
    assert first.held_out == pytest.approx(300, abs=2)
    assert first.model.threshold == second.model.threshold
    np.testing.assert_array_equal(first.model.margins(TEST), second.model.margins(TEST))
    assert first.measurements["train"].scores[1][2] < 0.66


def test_ratings_on_hosts_are_in_their_own_units() -> None:
    rows, ratings = draw_pairs(1600)
    labels = ratings * 100 + 7
    texts = {**REGRESSOR, "num_models": "2", "epochs": "3", "shuffle": "false", "holdout": "0"}
    first, _ = learn_on_hosts({**texts, **HERE}, cut_blocks(rows, labels), 2)
    require_same(first, learn({**texts, **EVERYWHERE}, cut_blocks(rows, labels)))


@pytest.mark.parametrize("empty", [0, 1])
def test_a_host_with_fewer_rows_waits_for_the_other(empty: int) -> None:
    def be_host(hosts: Hosts) -> TrainingResult:
        blocks = cut_blocks(X, y) if hosts.rank != empty else cut_blocks(X, y, 40)[:1]
        return learn({**FEW, **HERE}, blocks, Recorder(), hosts=hosts, sharded_channels={"train"})

    first, second = run_hosts(2, be_host)
    np.testing.assert_array_equal(first.model.factors, second.model.factors)
    assert first.measurements["train"].rows == 1640
