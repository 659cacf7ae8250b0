"""Which candidates are solved, and how far, follows from what the user leaves to us and from sizes."""

from itertools import pairwise

import numpy as np
import pytest

from linear_learner.objective.losses import LOSSES
from linear_learner.options import solved
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from linear_learner.options.solved import Sizes, SolvingPlan, are_folds_affordable, plan_solving

ROWS, FEATURES = 1000, 10
FINE_L2, FINE_L1, COARSE = 23, 5, 15  # candidates of the whole path, and of every second of both
TUNING = {"_tuning_objective_metric": "test:mse"}
BY_USER = {"optimizer": "lbfgs"}


def settings(**texts: str) -> Hyperparameters:
    return parse_hyperparameters({"predictor_type": "regressor"} | texts)


def sizes_of(rows: float = ROWS, features: int = FEATURES, are_held: bool = True) -> Sizes:
    return Sizes(rows, rows * features, features, are_held)


def plan(texts: dict[str, str] | None = None, sizes: Sizes | None = None, validated: bool = True) -> SolvingPlan:
    return plan_solving(settings(**texts or {}), sizes or sizes_of(), has_validation=validated)


def test_the_path_goes_from_weak_to_strong_l2_and_then_l1() -> None:
    candidates = plan().candidates
    assert {c.optimizer for c in candidates} == {"lbfgs"}
    l2, l1 = candidates[:FINE_L2], candidates[FINE_L2:]
    assert [c.wd * ROWS for c in l2] == [2.0**k for k in (-12, -10, -8, -6, *range(-4, 15))]
    assert [c.l1 for c in l2] == [0] * FINE_L2
    assert len(l1) == FINE_L1
    assert all(b.l1 == 2 * a.l1 for a, b in pairwise(l1))
    assert [c.wd for c in l1] == [0] * FINE_L1


def test_the_strongest_l1_is_that_of_noise_whatever_the_mini_batch() -> None:
    noise = np.sqrt(2 * np.log(FEATURES + 1) / ROWS)
    for batch in ("1000", "50"):
        assert plan({"mini_batch_size": batch}).candidates[-1].l1 / int(batch) == pytest.approx(noise)


def test_strengths_that_the_user_set_are_the_centre() -> None:
    candidates = plan({"wd": "0.5", "l1": "8"}).candidates
    l2, l1 = candidates[:13], candidates[13:]
    assert [c.wd for c in l2] == [0.5 * 2.0**k for k in range(-6, 7)]
    assert {c.l1 for c in l2} == {8}
    assert [c.l1 for c in l1] == [2, 4, 16, 32]
    assert {c.wd for c in l1} == {0.5}


@pytest.mark.parametrize("texts", [{"wd": "0"}, {"l1": "0"}, {"wd": "0", "l1": "0"}])
def test_a_strength_of_zero_is_not_varied(texts: dict[str, str]) -> None:
    candidates = plan(texts).candidates
    assert len(set(candidates)) == len(candidates)
    for name in texts:
        assert {getattr(c, name) for c in candidates} == {0}


def test_where_the_user_wants_it_solved_the_first_candidate_is_the_users() -> None:
    found = plan(BY_USER | {"wd": "0.5", "l1": "8"}, validated=False)
    first = found.candidates[0]
    assert (first.wd, first.l1) == (0.5, 8)
    assert found.candidates.count(first) == 1
    assert len(found.candidates) == 17
    assert plan(BY_USER).candidates[0].wd == 1e-4


@pytest.mark.parametrize(("texts", "count"), [({"num_models": "1"}, 1), ({"num_models": "4"}, 4), (TUNING, 1)])
def test_the_users_number_of_candidates_is_solved(texts: dict[str, str], count: int) -> None:
    assert plan(BY_USER | texts).candidates == plan(BY_USER).candidates[:count]


@pytest.mark.parametrize("texts", [{"num_models": "32"}, TUNING, {"optimizer": "adam"}, {"optimizer": "sgd"}])
@pytest.mark.parametrize("folds", ["0", "5"])
def test_nothing_is_solved_where_the_user_says_how_many_train_or_how(texts: dict[str, str], folds: str) -> None:
    for validated in (True, False):
        assert plan(texts | {"folds": folds}, validated=validated) == SolvingPlan()
    assert not are_folds_affordable(settings(**texts), sizes_of())


@pytest.mark.parametrize("loss", LOSSES)
def test_all_losses_are_solved(loss: str) -> None:
    texts = {"predictor_type": LOSSES[loss].predictor_type, "loss": loss, "num_classes": "3"}
    assert plan(texts).candidates
    assert plan(texts | BY_USER).candidates[0].optimizer == "lbfgs"


def test_without_rows_to_select_on_nothing_is_solved_unless_asked_for() -> None:
    assert plan(validated=False) == SolvingPlan()
    assert len(plan(BY_USER, validated=False).candidates) == 1 + FINE_L2 + FINE_L1
    dealt = plan({"folds": "3"}, validated=False)
    assert dealt.folds == 3
    assert len(dealt.candidates) == FINE_L2 + FINE_L1
    assert plan({"folds": "3"}).folds == 0


def test_rows_that_do_not_fit_the_memory_are_solved_only_where_asked_for() -> None:
    streamed = sizes_of(are_held=False)
    assert plan(sizes=streamed) == SolvingPlan()
    assert plan(BY_USER, streamed).candidates
    assert not are_folds_affordable(settings(folds="5"), streamed)


def test_small_tables_are_solved_to_the_end_without_checkpoints() -> None:
    found = plan()
    assert (found.to_the_end, found.is_quick, found.tolerance) == (True, True, solved.CLOSE)
    asked = plan(BY_USER)
    assert (asked.to_the_end, asked.is_quick, asked.tolerance) == (True, False, solved.EXACT)
    assert asked.passes > found.passes


def test_of_large_tables_fewer_candidates_are_solved_and_looked_at_on_the_way() -> None:
    edge = solved.NUMBERS_TO_THE_END // FEATURES
    assert plan(sizes=sizes_of(edge)).to_the_end
    large = plan(sizes=sizes_of(edge + 1))
    assert (large.to_the_end, large.is_quick, large.passes) == (False, False, solved.FEW_PASSES)
    assert len(large.candidates) == COARSE
    assert plan(BY_USER, sizes_of(edge + 1)).to_the_end


def test_outputs_count_as_features_do() -> None:
    texts = {"predictor_type": "multiclass_classifier", "num_classes": "4"}
    edge = solved.NUMBERS_TO_THE_END // FEATURES // 4
    assert plan(texts, sizes_of(edge)).to_the_end
    assert not plan(texts, sizes_of(edge + 1)).to_the_end


@pytest.mark.parametrize(("numbers", "count"), [(1000.0, FINE_L2 + FINE_L1), (2.0**23, COARSE)])
def test_where_weights_are_many_candidates_are_few_and_none_where_they_would_be_too_few(
    numbers: float, count: int
) -> None:
    edge = solved.MOST_WEIGHTS // count

    def plan_width(features: int) -> SolvingPlan:
        return plan(sizes=Sizes(ROWS, numbers, features, True))

    assert len(plan_width(edge - 1).candidates) == count
    assert len(plan_width(edge).candidates) == -(-count // 2)
    assert plan_width(edge).to_the_end == (numbers < solved.NUMBERS_TO_THE_END)
    assert plan_width(15 * edge) == SolvingPlan()


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("rows", [ROWS, 10**6])
def test_epochs_that_the_user_set_bound_the_passes(rows: int, validated: bool) -> None:
    for texts in ({}, BY_USER, {"folds": "5"}):
        found = plan(texts | {"epochs": "7"}, sizes_of(rows), validated)
        assert found.passes == (7 if found.candidates else 0)
    assert plan({"epochs": "70"}, sizes_of(10**6)).passes == solved.FEW_PASSES


def test_folds_have_the_whole_path_where_that_is_quick_and_half_of_it_elsewhere() -> None:
    edge = solved.NUMBERS_OF_FINE_FOLDS // FEATURES // 6 // (FINE_L2 + FINE_L1)
    fine, coarse = (plan({"folds": "5"}, sizes_of(rows), False) for rows in (edge, edge + 1))
    assert (len(fine.candidates), fine.is_quick, fine.to_the_end) == (FINE_L2 + FINE_L1, True, True)
    assert (len(coarse.candidates), coarse.is_quick, coarse.to_the_end) == (COARSE, False, True)


def test_folds_are_affordable_where_neither_numbers_nor_weights_are_too_many() -> None:
    hp = settings(folds="5")
    edge = solved.NUMBERS_OF_FOLDS // FEATURES // 6 // COARSE
    assert are_folds_affordable(hp, sizes_of(edge))
    assert not are_folds_affordable(hp, sizes_of(edge + 1))
    width = solved.MOST_WEIGHTS // 6 // COARSE - 1
    assert are_folds_affordable(hp, Sizes(ROWS, 10.0, width, True))
    assert not are_folds_affordable(hp, Sizes(ROWS, 10.0, width + 1, True))
