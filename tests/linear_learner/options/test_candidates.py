"""The bank is what docs/bank.md says."""

from collections import Counter

import pytest

from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.options.candidates import Candidate, build_candidates
from linear_learner.options.hyperparameters import parse_hyperparameters

MANY = 10**6


def bank(rows: int = MANY, validated: bool = True, **texts: str) -> list[Candidate]:
    return build_candidates(
        parse_hyperparameters({"predictor_type": "binary_classifier"} | texts), rows=rows, has_validation=validated
    )


def test_candidate_0_with_everything_auto_is_the_originals() -> None:
    assert bank()[0] == Candidate("adam", 0.005, 1e-4, 0.0, 10, 0.99, 1e-5, bias_lr_mult=10.0, bias_wd_mult=0.0)


def test_candidate_0_has_every_number_that_the_user_gave() -> None:
    first = bank(optimizer="sgd", learning_rate="0.3", wd="0.2", l1="4", momentum="0.5", lr_scheduler_step="7")[0]
    assert first == Candidate("sgd", 0.3, 0.2, 4.0, 7, momentum=0.5)


@pytest.mark.parametrize("predictor", LOSSES_BY_PREDICTOR)
def test_there_are_32_different_candidates_and_all_but_the_first_average(predictor: str) -> None:
    settings = bank(predictor_type=predictor, num_classes="3")
    assert len(set(settings)) == len(settings) == 32
    assert [candidate.average for candidate in settings] == [False] + [True] * 31
    assert Counter(candidate.optimizer for candidate in settings) == {"adam": 13, "sgd": 19}
    assert {c.momentum for c in settings if c.optimizer == "sgd"} == {0.9}
    assert sum(candidate.l1 > 0 for candidate in settings) == 7


def test_the_numbers_are_those_of_the_page() -> None:
    settings = bank()
    adam = sorted({round(c.learning_rate, 6) for c in settings[1:13]})
    assert adam == [0.005, 0.02, 0.1, 0.3]
    assert sorted({round(c.wd, 9) for c in settings[1:13]}) == [1e-4, 1e-3, 1e-2]
    assert sorted({round(c.learning_rate, 6) for c in settings[13:25]}) == [0.03, 0.1, 0.3, 1.0]
    assert sorted({round(c.wd, 9) for c in settings[13:25]}) == [1e-6, 1e-4, 1e-3]
    assert [(round(c.learning_rate, 6), round(c.l1, 6)) for c in settings[25:]] == [
        *((0.03, l1) for l1 in (0.3, 1, 3, 10)),
        *((0.3, l1) for l1 in (0.3, 1, 3)),
    ]


def test_a_users_numbers_are_the_centre_of_the_others() -> None:
    plain, moved = bank(), bank(learning_rate="0.05", wd="0.001", l1="2")
    assert moved[5].learning_rate == pytest.approx(10 * plain[5].learning_rate)
    assert moved[5].wd == pytest.approx(10 * plain[5].wd)
    assert moved[5].l1 == 2
    assert moved[26].l1 == pytest.approx(2 * plain[26].l1)


def test_a_users_optimizer_holds_for_all() -> None:
    for optimizer in ("sgd", "adam", "rmsprop", "adagrad"):
        settings = bank(optimizer=optimizer)
        assert {candidate.optimizer for candidate in settings} == {optimizer}
        assert len(set(settings)) == 32


def test_small_mini_batches_get_smaller_steps() -> None:
    usual, small = bank(mini_batch_size="1000"), bank(mini_batch_size="250")
    assert small[0] == usual[0]
    assert small[5].learning_rate == pytest.approx(usual[5].learning_rate / 2)
    assert small[13].learning_rate == pytest.approx(usual[13].learning_rate / 4)
    assert bank(mini_batch_size="4000")[13].learning_rate == usual[13].learning_rate


def test_without_a_validation_channel_a_classifier_regularises_at_least_tenfold() -> None:
    assert min(candidate.wd for candidate in bank(validated=False)[1:]) == pytest.approx(1e-3)
    assert min(c.wd for c in bank(validated=False, predictor_type="regressor")[1:]) == pytest.approx(1e-6)


def test_a_tuning_job_trains_candidate_0_alone_whatever_the_user_says() -> None:
    tuned = bank(_tuning_objective_metric="validation:objective_loss", num_models="5")
    assert tuned == bank()[:1]


def test_further_candidates_are_drawn_around_the_first_32_always_the_same() -> None:
    more = bank(num_models="100")
    assert more[:32] == bank()
    assert more == bank(num_models="100")
    assert len(set(more)) == 100


def test_few_mini_batches_an_epoch_are_cut_into_slices_for_every_second_candidate() -> None:
    few = bank(rows=5000)
    assert [candidate.slices for candidate in few] == [1, 1] + [24, 1] * 15
    assert {candidate.slices for candidate in bank(rows=50_000)} == {1}
    assert {candidate.slices for candidate in bank(rows=500, mini_batch_size="50")} == {1}


def test_the_learning_rate_shrinks_with_the_slice() -> None:
    whole, few = bank(), bank(rows=5000)
    assert few[14].learning_rate == pytest.approx(whole[14].learning_rate / 24)
    assert few[4].learning_rate == pytest.approx(whole[4].learning_rate / 24**0.5)
    assert few[5] == whole[5]


def test_momentum_goes_with_sgd_alone() -> None:
    settings = bank(momentum="0.5")
    assert {candidate.momentum for candidate in settings if candidate.optimizer == "sgd"} == {0.5}
    assert {candidate.momentum for candidate in settings if candidate.optimizer == "adam"} == {0.0}


def test_adam_at_candidate_0s_rate_does_not_shrink_with_the_mini_batch() -> None:
    assert bank(mini_batch_size="100")[1].learning_rate == 0.005
