"""The bank: every model is trained as if it were alone, and as the formulas say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.bank.sliced import SlicedBank
from linear_learner.bank.updating.optimizers import EPSILON, RMSPROP_DECAY
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.training.initial import draw_initial_weights
from open_algorithms.learning.rows.dense import (
    DenseRows,
    DenseRowsBuilder,
    batch_table,
    epoch_order,
)
from open_algorithms.learning.types.arrays import Floats
from tests.linear_learner.bank.problems import BATCH, CANDIDATES, PARAMETER, MakeBank, draw_dense_rows, draw_start

BY_HAND = ("logistic", "squared_loss", "softmax_loss")


def with_ones(rows: DenseRows) -> Floats:
    """Return the standardised rows with the column of ones, (n, d + 1)."""
    return np.column_stack([rows.standardised_features, np.ones(len(rows))])


def orders(rows: DenseRows, epochs: int = 2) -> list[NDArray[np.int32]]:
    shuffler = np.random.default_rng(0)
    return [epoch_order(len(rows), shuffler) for _ in range(epochs)]


def train_by_hand(candidate: Candidate, w: Floats, rows: DenseRows, loss: str) -> tuple[Floats, float]:
    """Train one model with numpy in float64; return its weights and the summed loss of the last epoch."""
    w = w.astype(np.float64)
    bias = np.arange(w.shape[1]) == w.shape[1] - 1
    speed = np.where(bias, candidate.bias_lr_mult, 1.0)
    decay = candidate.wd * np.where(bias, candidate.bias_wd_mult, 1.0)
    first, second, average = np.zeros_like(w), np.zeros_like(w), w
    t, lost = 0, 0.0
    for order in orders(rows):
        lost = 0.0
        for batch in batch_table(order, BATCH):
            t += 1
            batch = batch[batch < len(rows)]
            X, y = with_ones(rows)[batch].astype(np.float64), rows.labels[batch]
            z = X @ w.T
            lost += float(LOSSES[loss].value(z, y, 0.0).sum())
            truth = np.eye(len(w))[y.astype(int)] if len(w) > 1 else y[:, None]
            gradient = (LOSSES[loss].link(z) - truth).T @ X / BATCH + decay * w
            rate = candidate.learning_rate_at(np.array([t]))[0]
            match candidate.optimizer:
                case "adam":
                    b1, b2 = candidate.beta_1, candidate.beta_2
                    first, second = b1 * first + (1 - b1) * gradient, b2 * second + (1 - b2) * gradient**2
                    corrected = rate * np.sqrt(1 - b2**t) / (1 - b1**t)
                    w = w - speed * corrected * first / (np.sqrt(second) + EPSILON)
                case "sgd":
                    first = candidate.momentum * first - rate * speed * gradient
                    w = w + first
                case "rmsprop":
                    first = RMSPROP_DECAY * first + (1 - RMSPROP_DECAY) * gradient**2
                    w = w - rate * speed * gradient / np.sqrt(first + EPSILON)
                case "adagrad":
                    first = first + gradient**2
                    w = w - rate * speed * gradient / np.sqrt(first + EPSILON)
                case other:
                    pytest.fail(f"no update of {other} by hand")
            reach = np.where(bias, 0, rate * candidate.l1 / BATCH / (1 - candidate.momentum))
            w = np.sign(w) * np.maximum(np.abs(w) - reach, 0)
            average = average + (w - average) * min(1, 9 / (t + 8)) if candidate.average else w
    return average, lost


@pytest.mark.parametrize("loss", LOSSES)
def test_every_model_of_a_mixed_bank_is_the_model_trained_alone(make_bank: MakeBank, loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    whole = make_bank(
        CANDIDATES,
        draw_start(outputs, rows.feature_dim),
        Objective(LOSSES[loss], parameter=PARAMETER),
        BATCH,
    )
    lost = [whole.train(rows, order) for order in orders(rows)][-1]
    for m, candidate in enumerate(CANDIDATES):
        alone = make_bank(
            [candidate], draw_start(outputs, rows.feature_dim, [m]), Objective(LOSSES[loss], parameter=PARAMETER), BATCH
        )
        lost_alone = [alone.train(rows, order) for order in orders(rows)][-1]
        np.testing.assert_allclose(whole.take_snapshot()[m], alone.take_snapshot()[0], atol=1e-5)
        assert lost[m] == pytest.approx(lost_alone[0], rel=1e-5)


@pytest.mark.parametrize("loss", BY_HAND)
@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: f"{c.optimizer}-{c.learning_rate}-{c.l1}")
def test_a_model_is_trained_as_the_formulas_say(make_bank: MakeBank, candidate: Candidate, loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    first = draw_start(outputs, rows.feature_dim, [0])
    bank = make_bank([candidate], first, Objective(LOSSES[loss]), BATCH)
    lost = [bank.train(rows, order) for order in orders(rows)][-1]
    weights, lost_by_hand = train_by_hand(candidate, first[0], rows, loss)
    np.testing.assert_allclose(bank.take_snapshot()[0], weights, atol=1e-5)
    assert lost[0] == pytest.approx(lost_by_hand, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_evaluation_gives_the_loss_and_the_margins_of_each_model(make_bank: MakeBank, loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    bank = make_bank(
        CANDIDATES,
        draw_start(outputs, rows.feature_dim),
        Objective(LOSSES[loss], parameter=PARAMETER),
        BATCH,
    )
    bank.train(rows, orders(rows)[0])
    lost, margins = bank.evaluate(rows, margin_rows=len(rows) if outputs == 1 else 0)
    for m, weights in enumerate(bank.take_snapshot()):
        z = with_ones(rows).astype(np.float64) @ weights.T.astype(np.float64)
        assert lost[m] == pytest.approx(float(LOSSES[loss].value(z, rows.y[:-1, 0], PARAMETER).sum()), rel=1e-5)
        if outputs == 1:
            np.testing.assert_allclose(margins[m], z[:, 0], atol=1e-5)


def test_a_small_loss_is_not_lost_among_the_rows_that_fill_up_a_mini_batch(make_bank: MakeBank) -> None:
    """Those of zeros, which every model is in doubt about, would make most of the sum."""
    classes, count = 10, 5001
    labels = np.arange(count) % classes
    builder = DenseRowsBuilder(classes, count)
    builder.try_add(np.eye(classes, dtype=np.float32)[labels], labels.astype(np.float32))
    rows = builder.build_rows()
    sure = 15 * np.eye(classes, classes + 1, dtype=np.float32)
    bank = make_bank([Candidate(learning_rate=1e-12)], sure[None], Objective(LOSSES["softmax_loss"]), count - 1)
    assert bank.train(rows, epoch_order(count, None)) == pytest.approx(bank.evaluate(rows)[0], rel=1e-3)


def test_the_same_training_twice_gives_the_same_bits(make_bank: MakeBank) -> None:
    rows, outputs = draw_dense_rows("logistic")
    twice = []
    for _ in range(2):
        bank = make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), Objective(LOSSES["logistic"]), BATCH)
        for order in orders(rows):
            bank.train(rows, order)
        twice.append(bank.take_snapshot())
    np.testing.assert_array_equal(twice[0], twice[1])


def test_a_restored_snapshot_is_what_it_was(make_bank: MakeBank) -> None:
    rows, outputs = draw_dense_rows("softmax_loss")
    bank = make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), Objective(LOSSES["softmax_loss"]), BATCH)
    before = bank.take_snapshot()
    bank.train(rows, orders(rows)[0])
    assert np.abs(bank.take_snapshot() - before).max() > 0.01
    bank.restore_snapshot(before)
    np.testing.assert_array_equal(bank.take_snapshot(), before)


def test_l1_sets_weights_to_exactly_zero_but_never_the_bias(make_bank: MakeBank) -> None:
    rows, outputs = draw_dense_rows("logistic")
    bank = make_bank(
        [Candidate("adam", 0.05, l1=100)],
        draw_start(outputs, rows.feature_dim, [0]),
        Objective(LOSSES["logistic"]),
        BATCH,
    )
    for order in orders(rows, epochs=10):
        bank.train(rows, order)
    weights = bank.take_snapshot()[0, 0]
    assert (weights[:-1] == 0).all()
    assert weights[-1] != 0


def test_without_a_bias_it_stays_at_zero(make_bank: MakeBank) -> None:
    rows, _ = draw_dense_rows("logistic")
    first = draw_initial_weights([0], 1, rows.feature_dim, seed=0, method="normal", spread=0.01, bias=0.0)
    bank = make_bank([Candidate()], first, Objective(LOSSES["logistic"], use_bias=False), BATCH)
    bank.train(rows, orders(rows)[0])
    assert bank.take_snapshot()[0, 0, -1] == 0


def test_rates_follow_the_factor_scheduler_down_to_the_minimum() -> None:
    candidate = Candidate(learning_rate=0.1, lr_scheduler_step=2, lr_scheduler_factor=0.5, lr_scheduler_minimum_lr=0.03)
    np.testing.assert_allclose(candidate.learning_rate_at(np.arange(1, 8)), [0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.03])


def test_a_rate_below_the_minimum_is_not_raised() -> None:
    candidate = Candidate(learning_rate=1e-6, lr_scheduler_minimum_lr=1e-5)
    np.testing.assert_array_equal(candidate.learning_rate_at(np.arange(1, 100)), 1e-6)


def test_uniform_and_normal_starts_have_the_spread_they_are_told() -> None:
    uniform = draw_initial_weights([0], 1, 100_000, seed=0, method="uniform", spread=0.07, bias=0.5)
    normal = draw_initial_weights([0], 1, 100_000, seed=0, method="normal", spread=0.01, bias=0.0)
    assert np.abs(uniform[:, :, :-1]).max() <= 0.07
    assert uniform[0, 0, :-1].std() == pytest.approx(0.07 / 3**0.5, rel=0.02)
    assert normal[0, 0, :-1].std() == pytest.approx(0.01, rel=0.02)
    assert uniform[0, 0, -1] == 0.5


@pytest.mark.parametrize("loss", ["logistic", "hinge_loss", "softmax_loss"])
def test_a_class_that_counts_twice_is_a_class_whose_rows_come_twice(make_bank: MakeBank, loss: str) -> None:
    rows, outputs = draw_dense_rows(loss)
    classes = max(outputs, 2)
    weights = np.ones(classes)
    weights[1] = 2
    weighted = make_bank(
        CANDIDATES,
        draw_start(outputs, rows.feature_dim),
        Objective(LOSSES[loss], class_weights=np.tile(weights, (7, 1)), reported_weights=weights),
        1000,
    )
    again = np.flatnonzero(rows.y[:-1, 0] == 1)
    doubled = DenseRows(np.concatenate([rows.X[again], rows.X]), np.concatenate([rows.y[again], rows.y]), rows.design)
    plain = make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), Objective(LOSSES[loss]), 1000)
    for _ in range(5):
        lost = weighted.train(rows, epoch_order(len(rows), None))
        lost_plain = plain.train(doubled, epoch_order(len(doubled), None))
    np.testing.assert_allclose(weighted.take_snapshot(), plain.take_snapshot(), atol=1e-5)
    np.testing.assert_allclose(lost, lost_plain, rtol=1e-5)
    np.testing.assert_allclose(weighted.evaluate(rows)[0], plain.evaluate(doubled)[0], rtol=1e-5)


def test_models_may_weigh_the_classes_differently(make_bank: MakeBank) -> None:
    rows, _ = draw_dense_rows("logistic")
    class_weights = np.array([[1.0, 1.0], [1.0, 5.0]])
    both = make_bank(
        [CANDIDATES[0]] * 2,
        draw_start(1, rows.feature_dim, [0, 0]),
        Objective(LOSSES["logistic"], class_weights=class_weights),
        BATCH,
    )
    alone = make_bank([CANDIDATES[0]], draw_start(1, rows.feature_dim, [0]), Objective(LOSSES["logistic"]), BATCH)
    for bank in (both, alone):
        bank.train(rows, orders(rows)[0])
    np.testing.assert_allclose(both.take_snapshot()[0], alone.take_snapshot()[0], atol=1e-6)
    assert both.take_snapshot()[1, 0, -1] > both.take_snapshot()[0, 0, -1]


def test_banks_of_several_sizes_train_each_candidate_as_a_bank_of_its_own(make_bank: MakeBank) -> None:
    rows, outputs = draw_dense_rows("logistic")
    settings = [replace(candidate, slices=1 + 4 * (m % 2)) for m, candidate in enumerate(CANDIDATES)]
    first = draw_start(outputs, rows.feature_dim)
    weights = np.linspace(1, 3, 14).reshape(7, 2)
    banks = SlicedBank(settings, first, Objective(LOSSES["logistic"], class_weights=weights), BATCH + 3)
    lost = [banks.train(rows, order) for order in orders(rows)][-1]
    for m, candidate in enumerate(settings):
        size = math.ceil((BATCH + 3) / candidate.slices)
        own = replace(candidate, l1=candidate.l1 * size / (BATCH + 3))
        alone = make_bank([own], first[[m]], Objective(LOSSES["logistic"], class_weights=weights[[m]]), size)
        lost_alone = [alone.train(rows, order) for order in orders(rows)][-1]
        np.testing.assert_allclose(banks.take_snapshot()[m], alone.take_snapshot()[0], atol=1e-5)
        assert lost[m] == pytest.approx(lost_alone[0], rel=1e-5)
    np.testing.assert_allclose(
        banks.evaluate(rows, margin_rows=len(rows))[1][3], with_ones(rows) @ banks.take_snapshot()[3, 0], atol=1e-5
    )
    before = banks.take_snapshot()
    banks.train(rows, orders(rows)[0])
    banks.restore_snapshot(before)
    np.testing.assert_array_equal(banks.take_snapshot(), before)


def test_a_long_epoch_can_be_ended_between_two_updates(make_bank: MakeBank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever that is, the bank is the one that has seen just so many mini-batches."""
    rows, outputs = draw_dense_rows("logistic")
    order = orders(rows)[0]
    for engine in ("operators", "native"):
        monkeypatch.setattr(f"linear_learner.bank.{engine}.dense.RUN_OPERATIONS", 1.0)
    looks = iter([None, None, KeyboardInterrupt()])

    def heed() -> None:
        if error := next(looks):
            raise error

    cut, short = (
        make_bank(CANDIDATES, draw_start(outputs, rows.feature_dim), Objective(LOSSES["logistic"]), BATCH)
        for _ in range(2)
    )
    with pytest.raises(KeyboardInterrupt):
        cut.train(rows, order, heed)
    short.train(rows, order[: 3 * BATCH])
    assert len(order) > 3 * BATCH
    np.testing.assert_array_equal(cut.take_snapshot(), short.take_snapshot())
