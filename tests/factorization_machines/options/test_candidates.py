"""Candidates: the user's own settings first, then machines that are shrunk more or less."""

import pytest

from open_algorithms.factorization_machines.options.candidates import (
    USUAL_MODELS,
    build_candidates,
    usual_batch,
    usual_holdout,
)
from open_algorithms.factorization_machines.options.hyperparameters import parse_hyperparameters


def build(rows: float = 90_570, **texts: str):  # type: ignore[no-untyped-def]
    return build_candidates(parse_hyperparameters({"predictor_type": "binary_classifier", **texts}), rows)


def test_candidate_0_has_the_users_settings_and_nothing_of_ours() -> None:
    first = build(factors_lr="0.5", linear_wd="0.25", num_factors="64", mini_batch_size="300")[0]
    assert (first.factors_lr, first.linear_wd, first.num_factors, first.mini_batch_size) == (0.5, 0.25, 64, 300)
    assert (first.averaged, first.factors_shrinkage, first.linear_shrinkage) == (False, 0, 0)


def test_others_differ_and_have_no_more_factors_than_asked_for() -> None:
    found = build(num_factors="12")
    assert len(found) == USUAL_MODELS
    assert len({(c.factors_shrinkage, c.num_factors) for c in found}) == USUAL_MODELS
    assert max(c.num_factors for c in found) == 12
    assert {c.num_factors for c in build(num_factors="0")} == {0}


def test_more_candidates_than_usual_are_the_same_from_other_starts() -> None:
    found = build(num_models="30")
    assert found[1].factors_shrinkage == found[USUAL_MODELS].factors_shrinkage
    assert [c.number for c in found] == list(range(30))


@pytest.mark.parametrize(("rows", "batch"), [(10, 20), (9_000, 20), (90_570, 200), (1e7, 1000), (float("inf"), 1000)])
def test_few_rows_come_in_small_mini_batches(rows: float, batch: int) -> None:
    assert usual_batch(rows) == batch
    assert build(rows)[1].mini_batch_size == batch
    assert 1000 % batch == 0
    assert {c.mini_batch_size for c in build(rows, mini_batch_size="70")} == {min(70, rows)}


def test_a_mini_batch_is_not_filled_up_beyond_what_rows_there_are() -> None:
    sizes = [c.mini_batch_size for c in build(487)]
    assert (sizes[0], sizes[1]) == (500, 20)
    assert {c.mini_batch_size for c in build(500, mini_batch_size="2147483647")} == {500}


def test_without_bias_or_linear_weights_no_candidate_learns_any() -> None:
    assert {c.bias_lr for c in build(use_bias="false")} == {0}
    assert {c.linear_lr for c in build(use_linear="false")} == {0}


def test_some_candidates_leave_pairs_out() -> None:
    assert [c.number for c in build() if not c.num_factors] == [4, 13, 14]


def test_of_few_rows_candidates_step_further_and_are_shrunk_more() -> None:
    few, many = build(200)[1], build(30_000)[1]
    assert few.factors_lr > many.factors_lr
    assert few.factors_shrinkage > many.factors_shrinkage


@pytest.mark.parametrize(("rows", "share"), [(0, 0.3), (100, 0.3), (1500, 0.2), (3000, 0.1), (1e9, 0.1)])
def test_of_few_rows_a_larger_share_is_held_out(rows: float, share: float) -> None:
    assert usual_holdout(rows) == share
