"""Finalists are told apart as candidates are in training, and chance is told from merit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from linear_learner.bank.margins import score_rows
from linear_learner.bank.sliced import SlicedBank
from linear_learner.measuring import examination
from linear_learner.measuring.examination import (
    Cells,
    Examination,
    Question,
    ScoredBlock,
    draw_sums,
    examine,
    mean_losses,
)
from linear_learner.measuring.standings import (
    Standings,
    evaluate_candidates,
    threshold_criterion,
    threshold_measure,
)
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.dense import Design, build_dense_rows
from open_algorithms.learning.rows.kept import HeldRows
from open_algorithms.learning.rows.scaling import fit_scaler
from open_algorithms.learning.types.arrays import Floats
from tests.learning.job.host_threads import run_hosts

ROWS, FEATURES, MODELS = 600, 3, 5
GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(3, 2, (ROWS, FEATURES)).astype(np.float32)
OUTCOME = X @ [3, -2, 1] + GENERATOR.normal(0, 4, ROWS)
LABELS = {
    "regressor": OUTCOME.astype(np.float32),
    "binary_classifier": (OUTCOME > 8).astype(np.float32),
    "multiclass_classifier": np.digitize(OUTCOME, [3, 8]).astype(np.float32),
}
CRITERION = "binary_classifier_model_selection_criteria"
CRITERIA = ["accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision", "loss_function"]


def settings(predictor: str, **texts: str) -> Hyperparameters:
    return parse_hyperparameters({"predictor_type": predictor, "num_classes": "3"} | texts)


def classifier(criterion: str) -> Hyperparameters:
    return settings("binary_classifier", **{CRITERION: criterion})


def channel(hp: Hyperparameters, some: slice = slice(None), weights: Floats | None = None) -> HeldRows:
    regressor, y = hp.predictor_type == "regressor", LABELS[hp.predictor_type]
    scaler = fit_scaler(X, y, unbias_data=True, normalize_data=True, unbias_label=regressor, normalize_label=regressor)
    rows = build_dense_rows([(X[some], y[some])], scaler, FEATURES, Design(LOSSES[hp.objective.loss].takes_signed_rows))
    return HeldRows(rows if weights is None else rows.weigh_rows(weights.astype(np.float32)), scaler)


def draw_weights(hp: Hyperparameters) -> Floats:
    return np.random.default_rng(1).normal(size=(MODELS, hp.outputs, FEATURES + 1)).astype(np.float32)


def score_blocks(rows: HeldRows, weights: Floats) -> Iterator[ScoredBlock]:
    for first in range(0, len(rows.rows), 250):
        piece = rows.rows.slice_rows(first, min(first + 250, len(rows.rows)))
        for _, _, margins in score_rows(piece, weights):
            counts = rows.row_weights
            own = None if counts is None else counts[first : first + len(margins)]
            yield ScoredBlock(margins, rows.rows.labels[first : first + len(margins)], own)


def ask(hp: Hyperparameters, rows: int = ROWS, reported: Floats | None = None, unit: float = 1.0) -> Question:
    objective = Objective(LOSSES[hp.objective.loss], hp.objective.loss_parameter, reported_weights=reported)
    return Question(objective, threshold_criterion(hp), threshold_measure(hp), rows, unit)


def examine_margins(hp: Hyperparameters, z: Any, y: Any, weights: Any = None) -> Examination:
    """Examine finalists with margins (n, F)."""
    counts = None if weights is None else np.asarray(weights, np.float32)
    block = ScoredBlock(np.asarray(z, np.float32)[:, :, None], np.asarray(y, np.float32), counts)
    return examine([block], block.margins.shape[1], ask(hp, len(block.labels)), SINGLE_HOST)


def choose(found: Examination) -> int | None:
    """Return the choice among finalists that are all alike steady."""
    return found.choose(np.zeros(len(found.errors), np.bool_))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("rows", [ROWS, 300])
def test_values_and_losses_of_a_classifier_are_those_of_its_training(criterion: str, rows: int, weighted: bool) -> None:
    hp, counts = classifier(criterion), np.random.default_rng(2).integers(0, 3, ROWS).astype(np.float32)
    held, weights = channel(hp, weights=counts if weighted else None), draw_weights(hp)
    objective = Objective(LOSSES["logistic"], has_row_weights=weighted)
    expected = evaluate_candidates(SlicedBank([Candidate()] * MODELS, weights, objective, 100), held, hp, rows)
    found = examine(score_blocks(held, weights), MODELS, ask(hp, rows), SINGLE_HOST)
    np.testing.assert_allclose(found.standings.losses, expected.losses, rtol=1e-5)
    np.testing.assert_allclose(found.standings.values, expected.values, rtol=1e-5)
    assert found.standings.maximise == expected.maximise == (criterion != "loss_function")


@pytest.mark.parametrize("predictor", ["regressor", "multiclass_classifier"])
def test_values_of_others_are_their_losses_in_the_labels_own_unit(predictor: str) -> None:
    hp = settings(predictor)
    held, weights = channel(hp), draw_weights(hp)
    bank = SlicedBank([Candidate()] * MODELS, weights, Objective(LOSSES[hp.objective.loss]), 100)
    expected = evaluate_candidates(bank, held, hp, ROWS)
    unit = held.scaler.label_deviation ** LOSSES[hp.objective.loss].degree
    found = examine(score_blocks(held, weights), MODELS, ask(hp, unit=unit), SINGLE_HOST)
    np.testing.assert_allclose(found.standings.losses, expected.losses, rtol=1e-5)
    np.testing.assert_array_equal(found.standings.values, found.standings.losses)
    np.testing.assert_allclose(
        mean_losses(score_blocks(held, weights), MODELS, Objective(LOSSES[hp.objective.loss]), SINGLE_HOST) * unit,
        expected.losses,
        rtol=1e-5,
    )


def test_losses_are_weighed_as_they_are_reported() -> None:
    hp, reported = classifier("loss_function"), np.array([1.0, 3.0])
    held, weights = channel(hp), draw_weights(hp)
    z = np.concatenate([block.margins[:, :, 0] for block in score_blocks(held, weights)]).astype(float)
    y = LABELS["binary_classifier"][:, None]
    losses = ((1 + 2 * y) * (np.logaddexp(0, z) - y * z)).mean(axis=0)
    found = examine(score_blocks(held, weights), MODELS, ask(hp, reported=reported), SINGLE_HOST)
    np.testing.assert_allclose(found.standings.losses, losses, rtol=1e-5)


@pytest.mark.parametrize("criterion", ["accuracy", "loss_function"])
def test_several_hosts_come_to_what_one_with_all_rows_comes_to(criterion: str) -> None:
    hp = classifier(criterion)
    weights, parts = draw_weights(hp), [slice(0, 200), slice(200, ROWS)]

    def examine_part(hosts: Hosts) -> Examination:
        return examine(score_blocks(channel(hp, parts[hosts.rank]), weights), MODELS, ask(hp), hosts)

    alone = examine(score_blocks(channel(hp), weights), MODELS, ask(hp), SINGLE_HOST)
    first, second = run_hosts(2, examine_part)
    for found in (first, second):
        np.testing.assert_allclose(found.standings.values, alone.standings.values, rtol=1e-5)
        np.testing.assert_allclose(found.standings.losses, alone.standings.losses, rtol=1e-5)
        np.testing.assert_array_equal(found.win_shares, first.win_shares)
        assert choose(found) == choose(first)


@pytest.mark.parametrize(
    ("values", "losses", "errors", "steady", "best", "chosen"),
    [
        ([0.90, 0.88, 0.80], [0.5, 0.3, 0.2], [0, 0.010, 0.03], [], 0, 1),
        ([0.90, 0.88, 0.80], [0.5, 0.3, 0.2], [0, 0.005, 0.03], [], 0, 0),
        ([0.90, 0.88, 0.80], [0.5, 0.3, 0.2], [0, 0.010, 0.04], [], 0, 2),
        ([0.90, 0.88, 0.80], [0.5, 0.3, 0.2], [0, 0.010, 0.04], [0, 1], 0, 1),
        ([0.90, 0.88, 0.80], [0.5, 0.3, 0.2], [0, 0.010, 0.03], [2], 0, 1),
        ([0.80, 0.90, 0.90], [0.1, 0.3, 0.2], [0, 0.000, 0.00], [], 2, 2),
        ([0.80, 0.90, 0.90], [0.1, 0.3, 0.2], [0, 0.000, 0.00], [1], 2, 1),
        ([0.90, np.nan, 0.89], [0.5, np.nan, 0.4], [0, 0, 0.05], [1], 0, 2),
        ([np.nan, np.nan], [np.nan, np.nan], [0, 0], [0], None, None),
    ],
)
def test_among_those_that_are_equal_but_for_noise_the_steady_come_first_and_then_the_lowest_loss(
    values: list[float], losses: list[float], errors: list[float], steady: list[int], best: int | None, chosen: Any
) -> None:
    standings = Standings(np.array(values), np.array(losses), maximise=True)
    found = Examination(standings, np.array(errors, float), np.zeros(len(values)))
    assert found.best == best
    assert found.choose(np.isin(np.arange(len(values)), steady)) == chosen


@pytest.mark.parametrize(("steady", "chosen"), [([], 1), ([2], 2), ([0], 1), ([0, 1, 2], 1)])
def test_where_the_loss_decides_the_lowest_is_chosen_among_the_steady(steady: list[int], chosen: int) -> None:
    losses = np.array([0.5, 0.4, 0.41])
    found = Examination(Standings(losses, losses, maximise=False), np.array([0.03, 0, 0.03]), np.zeros(3))
    assert found.best == 1
    assert found.choose(np.isin(np.arange(3), steady)) == chosen


@pytest.mark.parametrize("criterion", CRITERIA)
def test_win_shares_sum_to_one_and_a_clear_winner_wins_all(criterion: str) -> None:
    hp, y = classifier(criterion), LABELS["binary_classifier"]
    noise = np.random.default_rng(5).normal(size=(ROWS, 4))
    clear = examine_margins(hp, np.column_stack([noise[:, :2], 4 * y - 2, noise[:, 2:]]), y)
    assert clear.win_shares.tolist() == [0, 0, 1, 0, 0]
    assert clear.errors[2] == 0
    assert choose(clear) == 2
    even = examine_margins(hp, 2 * y[:, None] - 1 + noise, y)
    assert even.win_shares.sum() == pytest.approx(1)
    assert (even.win_shares > 0).sum() > 1


def test_errors_are_those_of_the_distance_from_the_best() -> None:
    hp, y = classifier("accuracy"), np.arange(400) % 2
    right = np.where(np.arange(400) < [[320], [300], [320]], 1, -1).T * (2 * y - 1)[:, None]
    found = examine_margins(hp, right * 3.0, y)
    np.testing.assert_allclose(found.standings.values, [0.8, 0.75, 0.8])
    # The second errs in 20 of 400 rows more: the distance is the mean of a Bernoulli variable of 0.05.
    assert found.errors[1] == pytest.approx(np.sqrt(0.05 * 0.95 / 400), rel=0.15)
    assert found.errors[[0, 2]].tolist() == [0, 0]  # always the same rows


def test_errors_of_losses_are_in_the_unit_of_the_losses() -> None:
    hp = settings("regressor")
    z = np.random.default_rng(3).normal(size=(500, 2))
    block = ScoredBlock(z.astype(np.float32)[:, :, None], np.zeros(500, np.float32), None)
    found = examine([block], 2, ask(hp, unit=9.0), SINGLE_HOST)
    gaps = 9 * (z[:, 1] ** 2 - z[:, 0] ** 2)
    assert found.errors.max() == pytest.approx(gaps.std() / np.sqrt(500), rel=0.15)


def test_of_equal_ones_that_of_the_lower_loss_wins() -> None:
    y = np.arange(40) % 2
    found = examine_margins(classifier("accuracy"), np.outer(2 * y - 1, [1, 3, 2]), y)
    assert found.standings.values.tolist() == [1, 1, 1]
    assert choose(found) == found.best == 1
    assert found.win_shares.tolist() == [0, 1, 0]


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("rows", [1, 50])
def test_a_single_row_and_rows_all_alike_have_a_best_candidate(rows: int, label: int, criterion: str) -> None:
    found = examine_margins(classifier(criterion), np.tile([-1.0, 1.0, 0.5], (rows, 1)), np.full(rows, label))
    assert choose(found) == found.best == label
    assert found.errors.tolist() == [0, 0, 0]
    assert found.win_shares.tolist() == [1 - label, label, 0]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_candidates_that_diverged_are_left_out_and_disturb_no_other(criterion: str) -> None:
    hp, y = classifier(criterion), LABELS["binary_classifier"]
    z = (2 * y - 1)[:, None] + np.random.default_rng(5).normal(size=(ROWS, 4))
    sound = examine_margins(hp, z[:, 2:], y)
    z[:, 0], z[7, 1] = np.nan, np.inf
    found = examine_margins(hp, z, y)
    assert choose(found) in (2, 3)
    assert found.win_shares[:2].tolist() == [0, 0]
    np.testing.assert_array_equal(found.win_shares[2:], sound.win_shares)
    np.testing.assert_array_equal(found.errors[2:], sound.errors)
    z[:] = np.nan
    none = examine_margins(hp, z, y)
    assert choose(none) is None
    assert none.win_shares.tolist() == [0] * 4


@pytest.mark.parametrize("criterion", CRITERIA)
def test_rows_without_weight_do_not_count(criterion: str) -> None:
    hp, y = classifier(criterion), LABELS["binary_classifier"]
    z = (2 * y - 1)[:, None] + np.random.default_rng(5).normal(size=(ROWS, 2))
    kept = np.arange(ROWS) % 3 == 0
    alone = examine_margins(hp, z[kept], y[kept])
    among = examine_margins(hp, np.where(kept[:, None], z, -9 * z), y, np.where(kept, 3, 0))
    np.testing.assert_allclose(among.standings.values, alone.standings.values, rtol=1e-6)
    np.testing.assert_allclose(among.standings.losses, alone.standings.losses, rtol=1e-5)
    assert among.win_shares.sum() == pytest.approx(1)


def test_an_infinite_loss_of_a_row_without_weight_gives_no_warning() -> None:
    found = examine_margins(settings("regressor"), np.array([[1e30, 1.0], [1.0, 2.0]]), [0, 0], [0, 2])
    assert found.standings.losses[1] == 4


def test_rows_are_dealt_to_cells_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "CELLS", 4)
    cells, values = Cells(2), np.arange(26.0).reshape(13, 2)
    for part in (values[:3], values[3:5], values[5:5], values[5:]):
        cells.add(part)
    np.testing.assert_array_equal(cells.sums, [values[i::4].sum(axis=0) for i in range(4)])


def test_draws_have_the_mean_and_the_spread_of_drawing_rows_again() -> None:
    values = np.random.default_rng(0).normal(5, 2, 1000)
    cells = Cells(2)
    cells.add(np.column_stack([values, np.ones(1000)]))
    drawn = draw_sums(cells.sums)
    assert (drawn[:, 1] == 1000).all()
    assert drawn[:, 0].mean() / 1000 == pytest.approx(values.mean(), abs=0.02)
    assert drawn[:, 0].std() / 1000 == pytest.approx(values.std() / np.sqrt(1000), rel=0.15)
    np.testing.assert_array_equal(draw_sums(cells.sums), drawn)


def test_one_that_misses_a_target_that_others_reach_never_wins() -> None:
    hp = settings("binary_classifier", **{CRITERION: "recall_at_target_precision", "target_precision": "0.9"})
    y = np.arange(200) % 2
    blind = np.ones(200)  # a recall of 1, at half the precision
    exact = np.where((y == 1) & (np.arange(200) < 120), 1.0, -1.0)
    found = examine_margins(hp, np.column_stack([blind, exact]), y)
    assert found.win_shares.tolist() == [0, 1]
    assert choose(found) == 1
