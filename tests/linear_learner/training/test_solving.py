"""Candidates that are solved: in folds, on the way, alone, over several hosts, and in jobs that are cut off."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from linear_learner.bank import margins
from linear_learner.objective.losses import LOSSES
from linear_learner.options import solved
from linear_learner.options.budget import Budget
from linear_learner.training import solving
from linear_learner.training.result import TrainingResult
from linear_learner.training.solving import is_time_to_look
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.measuring.smoothing import smooth_threshold
from open_algorithms.learning.measuring.thresholds import accuracy_at_cuts, calibrate_threshold
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.folds import deal_folds
from open_algorithms.learning.rows.holdout import Holdout
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Metrics, Position, Progress, Quality, Recorder, Throughput
from tests.learning.job.stops import Stop
from tests.learning.rows.problems import draw_problem
from tests.learning.training.disks import Disk
from tests.linear_learner.jobs import fit_model, fit_result
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.disks import cut_off
from tests.linear_learner.training.examples import BY_LOSS, Channels, draw_example
from tests.linear_learner.training.host_jobs import Done, Given, train_host

Array = NDArray[Any]
LOSS = {"binary_classifier": "logistic", "multiclass_classifier": "softmax_loss", "regressor": "squared_loss"}
JOBS = {
    name: {"predictor_type": name} | ({"num_classes": "3"} if name == "multiclass_classifier" else {}) for name in LOSS
}
BINARY = JOBS["binary_classifier"]
FOLDS, ALONE = {"folds": "4", "seed": "3"}, {"optimizer": "lbfgs"}
UNSCALED = dict.fromkeys(("normalize_data", "unbias_data", "normalize_label", "unbias_label"), "false")
ROWS = 120
TIGHT = Budget(67 << 20)  # for 60 000 rows


def draw(predictor: str, rows: int = ROWS, seed: int = 0) -> tuple[Array, Array]:
    return draw_example(predictor, rows, seed)


def split(predictor: str) -> dict[str, list[Block]]:
    X, y = draw(predictor, 2 * ROWS)
    return {"train": [(X[:ROWS], y[:ROWS])], "validation": [(X[ROWS:], y[ROWS:])]}


def peer_margins(predictor: str, X: Array, y: Array, wd: float, others: Array) -> Array:
    """Return the margins of other rows by scikit-learn's model with a penalty of wd times the rows, (n, K)."""
    if predictor == "regressor":
        return np.asarray(Ridge(alpha=wd).fit(X, y).predict(others)[:, None])
    peer = LogisticRegression(C=1 / wd, solver="newton-cholesky", tol=1e-10).fit(X, y)
    z = np.asarray(peer.decision_function(others))
    return z[:, None] if z.ndim == 1 else z


def standardised(result: TrainingResult, X: Array, y: Array) -> tuple[Array, Array]:
    return result.scaler.standardise_features(X).astype(float), result.scaler.standardise_label(y).astype(float)


def centre_classes(z: Array) -> Array:
    """Return margins (n, K), of which only the differences between classes count if there are several, in one form."""
    return z - z.mean(axis=1, keepdims=True) if z.shape[1] > 1 else z


def margins_out_of_fold(predictor: str, result: TrainingResult, X: Array, y: Array, wd: float) -> Array:
    """Return the margins of each row by scikit-learn's model of the other folds, (n, K)."""
    Z, label = standardised(result, X, y)
    folds = deal_folds(y, 4, 3, by_class=predictor != "regressor")
    found = np.zeros((len(y), 3 if predictor == "multiclass_classifier" else 1))
    for fold in range(4):
        own = folds == fold
        found[own] = peer_margins(predictor, Z[~own], label[~own], wd * len(y), Z[own])
    return found


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("predictor", LOSS)
def test_folds_choose_by_what_scikit_learn_loses_out_of_fold_and_the_model_learns_from_all_rows(
    predictor: str, sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(margins, "MOST_ROWS", 50)  # of a block
    X, y = draw(predictor)
    log = Recorder()
    blocks = [(compress_matrix(X) if sparse else X, y)]
    by_loss = BY_LOSS if predictor == "binary_classifier" else {}
    result = fit_result(JOBS[predictor] | FOLDS | by_loss | {"l1": "0"}, {"train": blocks}, log)
    assert (result.folds, result.deciding_channel, len(result.candidates)) == (4, "train", 23)
    Z, label = standardised(result, X, y)
    value, unit = LOSSES[LOSS[predictor]].value, result.scaler.label_deviation ** LOSSES[LOSS[predictor]].degree
    losses = result.standings.losses
    for m in (6, 12, 22):
        z = margins_out_of_fold(predictor, result, X, y, result.candidates[m].wd)
        assert losses[m] == pytest.approx(unit * value(z, label, 0.0).mean(), rel=2e-3)
    assert result.winner == losses.argmin()
    on_all = peer_margins(predictor, Z, label, result.candidates[result.winner].wd * len(y), Z)
    expected = result.scaler.restore_label(on_all) if predictor == "regressor" else on_all
    np.testing.assert_allclose(centre_classes(result.model.margins(X)), centre_classes(expected), rtol=0.01, atol=0.02)
    assert result.course.solved_train_losses[result.winner] == pytest.approx(value(on_all, label, 0).mean(), rel=2e-3)
    by_class = "" if predictor == "regressor" else ", by class,"
    assert any(
        line.startswith(f"folds=4: the rows are dealt to folds at random{by_class} and each") for line in log.said
    )
    assert log.has_said("Solved 23 candidates, and each in 4 folds, in ")
    assert log.warnings == []


def test_the_threshold_is_that_of_scores_out_of_fold() -> None:
    X, y = draw("binary_classifier")
    result = fit_result(BINARY | FOLDS | {"l1": "0"}, {"train": [(X, y)]}, Recorder())
    z = margins_out_of_fold("binary_classifier", result, X, y, result.candidates[result.winner].wd)
    score = LOSSES["logistic"].link(z)[:, 0].astype(np.float32)
    expected = smooth_threshold(score, y, accuracy_at_cuts).threshold
    assert result.model.threshold == pytest.approx(expected, abs=0.01)
    in_sample = smooth_threshold(result.model.predict(X)["score"].astype(np.float32), y, accuracy_at_cuts).threshold
    assert abs(in_sample - expected) > 0.02
    best = calibrate_threshold(score, y, accuracy_at_cuts).value
    assert result.standings.values[result.winner] == pytest.approx(best)


def test_candidates_that_are_equal_but_for_noise_are_told_apart_by_their_loss_where_rows_are_new() -> None:
    channels = {"train": [draw("binary_classifier")]}
    dealt = fit_result(BINARY | FOLDS, channels, Recorder())
    everyone = np.ones(len(dealt.finalists), np.bool_)
    assert dealt.winner == dealt.finalists[dealt.examination.choose(everyone) or 0]
    trained = fit_result(BINARY | ALONE, channels, Recorder())  # judged on the rows that they learned from
    assert trained.winner == trained.finalists[trained.examination.best or 0]


@pytest.mark.parametrize("name", ["holdout", "folds"])
def test_folds_and_holdout_have_no_effect_beside_a_validation_channel_and_the_log_says_so(name: str) -> None:
    log, value = Recorder(), {"holdout": "0.2", "folds": "4"}[name]
    channels = split("regressor")
    job = JOBS["regressor"] | {"epochs": "2"}
    model = fit_model(job | {name: value}, channels, log)
    assert f"{name} has no effect on this job: the channel 'validation' is there to select on." in log.warnings
    assert_same_bits(model, fit_model(job, channels, Recorder()))


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if not loss.is_smooth])
def test_a_job_of_a_loss_with_kinks_takes_a_candidate_that_is_solved(loss: str) -> None:
    predictor = LOSSES[loss].predictor_type
    job = JOBS[predictor] | {"loss": loss, "epochs": "15"}
    validated = fit_result(job, split(predictor), Recorder())
    dealt = fit_result(job | FOLDS, {"train": [draw(predictor)]}, Recorder())
    for result in (validated, dealt):
        assert result.candidates[result.winner].optimizer == "lbfgs"
    assert (validated.folds, dealt.folds) == (0, 4)


@pytest.mark.parametrize("texts", [{"num_models": "3"}, {"optimizer": "sgd"}, {"num_models": "1"} | ALONE])
def test_folds_that_have_no_effect_are_named_with_what_they_take(texts: dict[str, str]) -> None:
    job, blocks, log = BINARY | texts | {"epochs": "2"}, {"train": [draw("binary_classifier")]}, Recorder()
    model = fit_model(job | {"folds": "4"}, blocks, log)
    (warning,) = log.warnings
    assert warning.startswith("folds has no effect on this job: only candidates that are solved")
    assert_same_bits(model, fit_model(job, blocks, Recorder()))


@pytest.mark.parametrize("predictor", ["binary_classifier", "multiclass_classifier"])
def test_in_folds_probabilities_are_held_against_rows_that_were_not_learned_from(predictor: str) -> None:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 200)).astype(np.float32)
    z = X @ generator.normal(size=(200, 3)) / 10
    y = (z + generator.gumbel(size=z.shape)).argmax(axis=1) % (2 if predictor == "binary_classifier" else 3)
    channels, job = {"train": [(X, y.astype(np.float32))]}, JOBS[predictor] | FOLDS
    log = Recorder()
    result = fit_result(job, channels, log)
    learned = result.measurements["train"].calibration
    assert learned is not None
    assert learned.is_noticeable  # of rows that were learned from, probabilities are too modest
    assert not log.has_said("The probabilities are off")


def test_in_folds_probabilities_that_are_off_by_class_weights_are_noticed() -> None:
    log = Recorder()
    job = BINARY | FOLDS | {"positive_example_weight_mult": "20"}
    fit_model(job, {"train": [draw("binary_classifier", 400)]}, log)
    (line,) = (line for line in log.said if line.startswith("The probabilities are off by "))
    assert "on average on the train rows, each judged by what was learned without its fold (the expected" in line


@pytest.mark.parametrize("texts", [FOLDS, ALONE])
def test_what_only_candidates_that_step_have_a_use_for_is_named_where_there_are_none(texts: dict[str, str]) -> None:
    asked = {"learning_rate": "0.5", "shuffle": "false", "epochs": "9", "l1": "1", "early_stopping_patience": "3"}
    log = Recorder()
    fit_model(BINARY | texts | asked, {"train": [draw("binary_classifier")]}, log)
    (warning,) = log.warnings
    assert warning.startswith("Without effect on this job: learning_rate, shuffle. All of its candidates are solved")
    log = Recorder()
    fit_model(BINARY | {"epochs": "1"} | {"learning_rate": "0.5"}, split("binary_classifier"), log)
    assert not log.warnings


def test_in_folds_no_candidate_starts_from_an_earlier_model_and_the_log_says_so() -> None:
    channels = {"train": [draw("binary_classifier")]}
    job, log = BINARY | FOLDS, Recorder()
    earlier = fit_model(BINARY | {"epochs": "1"}, channels, Recorder())
    model = fit_model(job, channels, log, earlier_model=earlier)
    assert_same_bits(model, fit_model(job, channels, Recorder()))
    (warning,) = log.warnings
    assert warning.startswith("No candidate starts from the model of the channel 'model': ")
    assert not log.has_said("All candidates start from")


def test_rows_that_do_not_fit_the_memory_cannot_be_dealt_to_folds() -> None:
    blocks = draw_problem(60_000, sparse=False)
    with pytest.raises(
        InputError, match=r"folds: expected 0 where the rows of the channel 'train' do not fit .* found 4"
    ):
        fit_model(BINARY | FOLDS, {"train": blocks}, Recorder(), Budget(74 << 20))


HELD = {"holdout": "0.2"}


def test_rows_that_were_held_out_go_back_where_folds_are_affordable_and_their_weights_with_them() -> None:
    X, y = draw("regressor")
    weights = np.random.default_rng(1).integers(1, 4, ROWS).astype(np.float32)
    weights /= weights.mean()
    (held,) = (marks for _, _, marks in Holdout(0.2, 3, by_class=False).mark_blocks([(X, y)]))
    assert 0 < held.sum() < ROWS
    order = np.concatenate([np.flatnonzero(~held), np.flatnonzero(held)])
    job, log = JOBS["regressor"] | FOLDS | UNSCALED, Recorder()
    back = fit_result(job | HELD, {"train": [(X, y)]}, log, row_weights={"train": weights})
    never = fit_result(job, {"train": [(X[order], y[order])]}, Recorder(), row_weights={"train": weights[order]})
    assert (back.folds, back.deciding_channel) == (4, "train")
    assert_same_bits(back.model, never.model)
    assert not log.has_said("holdout=")
    plain = fit_model(job | HELD, {"train": [(X, y)]}, Recorder())
    assert np.abs(plain.weight - back.model.weight).max() > 1e-4


def test_rows_that_were_held_out_and_go_back_are_scaled_with_the_others() -> None:
    X, y = draw("binary_classifier")
    (held,) = (marks for _, _, marks in Holdout(0.2, 3, by_class=True).mark_blocks([(X, y)]))
    X[np.flatnonzero(held)[0], 0] = 1e9
    order = np.concatenate([np.flatnonzero(~held), np.flatnonzero(held)])
    back = fit_model(BINARY | FOLDS | HELD, {"train": [(X, y)]}, Recorder())
    never = fit_model(BINARY | FOLDS, {"train": [(X[order], y[order])]}, Recorder())
    assert_same_bits(back, never)


def test_rows_are_held_out_where_folds_are_not_affordable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solved, "NUMBERS_OF_FOLDS", 1)
    channels, log, job = {"train": [draw("binary_classifier")]}, Recorder(), BINARY | {"seed": "3"} | UNSCALED
    result = fit_result(job | HELD | FOLDS, channels, log)
    assert (result.folds, result.deciding_channel) == (0, "validation")
    assert any(line.startswith("holdout=0.2: ") for line in log.said)
    assert_same_bits(result.model, fit_model(job | HELD, channels, Recorder()))
    asked = fit_result(job | FOLDS, channels, Recorder())  # there is no other way
    assert asked.folds == 4


def test_a_stream_is_held_out_of_where_folds_and_holdout_are_asked_for() -> None:
    blocks, log = draw_problem(60_000, sparse=False), Recorder()
    job = BINARY | HELD | FOLDS | {"num_models": "1", "epochs": "1"}
    result = fit_result(job, {"train": blocks}, log, TIGHT)
    assert log.has_said("The channel 'train' is larger than the")
    assert result.deciding_channel == "validation"


@pytest.mark.parametrize("predictor", LOSS)
def test_one_candidate_alone_is_scikit_learns_model(predictor: str) -> None:
    X, y = draw(predictor)
    result = fit_result(JOBS[predictor] | ALONE | {"num_models": "1", "wd": "0.02"}, {"train": [(X, y)]}, Recorder())
    Z, label = standardised(result, X, y)
    z = peer_margins(predictor, Z, label, 0.02 * ROWS, Z)
    expected = result.scaler.restore_label(z) if predictor == "regressor" else z
    np.testing.assert_allclose(centre_classes(result.model.margins(X)), centre_classes(expected), rtol=1e-3, atol=2e-3)
    assert len(result.candidates) == 1


@pytest.mark.parametrize("predictor", JOBS)
@pytest.mark.parametrize("texts", [FOLDS, ALONE])
def test_a_single_epoch_already_learns(texts: dict[str, str], predictor: str) -> None:
    result = fit_result(JOBS[predictor] | texts | {"epochs": "1"}, {"train": [draw(predictor)]}, Recorder())
    assert np.abs(result.model.weight).max() > 1e-3


@pytest.mark.parametrize("loss", ["absolute_loss", "quantile_loss"])
def test_what_is_solved_of_kinks_has_left_its_start_after_one_epoch_and_wherever_it_is_stopped(loss: str) -> None:
    job, channels = JOBS["regressor"] | FOLDS | {"loss": loss}, {"train": [draw("regressor")]}
    assert np.abs(fit_model(job | {"epochs": "1"}, channels, Recorder()).weight).max() > 1e-3
    stopped = 0
    for at in range(1, 12):
        log = Recorder()
        try:
            model = fit_model(job, channels, log, raise_if_stopped=Stop(at))
        except KeyboardInterrupt:
            continue
        stopped += 1
        assert np.abs(model.weight).max() > 1e-3
    assert stopped


def test_epochs_that_the_user_set_bound_the_passes_and_the_log_says_what_is_not_solved() -> None:
    log = Recorder()
    fit_model(BINARY | ALONE | {"epochs": "3"}, {"train": [draw("binary_classifier")]}, log)
    assert any(
        re.match(r"Solved 29 candidates in 3 passes over the rows; problems that are not at their optimum yet: \d+", s)
        for s in log.said
    )


def test_each_pass_is_shown() -> None:
    log = Recorder()
    fit_model(BINARY | ALONE | {"epochs": "3"}, {"train": [draw("binary_classifier")]}, log)
    shown = [(position.epoch, position.epochs, position.total) for position in log.select_events(Position)]
    assert shown == [(done, 3, ROWS) for done in range(3)]


def test_solved_candidates_stand_beside_those_that_step_and_come_first_where_they_are_as_good() -> None:
    result = fit_result(BINARY, split("binary_classifier"), Recorder())
    is_solved = np.array([candidate.optimizer == "lbfgs" for candidate in result.candidates])
    assert is_solved.tolist() == [False] * 32 + [True] * 28
    assert set(result.finalists) >= set(range(32, 60))
    assert result.winner == result.finalists[result.examination.choose(is_solved[result.finalists]) or 0]
    assert is_solved[result.winner]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_stream_is_solved_as_rows_in_memory_are(sparse: bool) -> None:
    blocks, job, models = draw_problem(60_000, sparse=sparse), BINARY | ALONE | {"num_models": "1", "wd": "0.1"}, []
    for budget in (Budget(), TIGHT):
        log = Recorder()
        models.append(fit_model(job, {"train": blocks}, log, budget))
        assert log.has_said("The channel 'train' is larger than the") == (budget != Budget())
    np.testing.assert_allclose(models[1].weight, models[0].weight, atol=2e-4)
    np.testing.assert_allclose(models[1].bias, models[0].bias, atol=2e-4)


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solve no candidates to the end, as of many rows."""
    monkeypatch.setattr(solved, "NUMBERS_TO_THE_END", 0)


def overfitted() -> dict[str, list[Block]]:
    """Return more features than rows, with which a weak penalty is worst at its optimum."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 70)).astype(np.float32)
    y = (X[:, 0] + 2 * generator.normal(size=200) > 0).astype(np.float32)
    return {"train": [(X[:60], y[:60])], "validation": [(X[60:], y[60:])]}


def losses_of(weights: Array, result: TrainingResult, block: tuple[Any, Any]) -> Array:
    Z, y = standardised(result, *block)
    z = Z @ weights[:, 0, :-1].T + weights[:, 0, -1]
    return np.asarray((np.logaddexp(0, z) - y[:, None] * z).mean(axis=0))


@pytest.mark.usefixtures("_large")
def test_what_is_not_solved_to_the_end_is_kept_as_it_was_best_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "FIRST_LOOK", 1)
    monkeypatch.setattr(solving, "PASSES_PER_LOOK", 1)
    channels = overfitted()
    result = fit_result(BINARY | BY_LOSS, channels, Recorder())
    course, block = result.course, channels["validation"][0]
    assert course.solved is not None
    assert course.solver is not None
    kept, last = (losses_of(weights, result, block) for weights in (course.solved, course.solver.points))
    np.testing.assert_allclose(course.solved_losses, kept, rtol=1e-4)
    assert (kept <= last * (1 + 1e-5)).all()
    assert kept[0] < 0.5 * last[0]
    assert kept[9] == pytest.approx(last[9], rel=1e-4)  # that of the strongest L2 is best at its optimum
    np.testing.assert_allclose(result.standings.losses[-len(kept) :], kept, rtol=1e-4)


@pytest.mark.usefixtures("_large")
def test_what_is_solved_is_looked_at_though_it_is_not_the_time_to() -> None:
    course = fit_result(JOBS["regressor"] | {"wd": "0.1"}, split("regressor"), Recorder()).course
    assert course.solver is not None
    assert course.solver.is_done
    assert not is_time_to_look(course.solver.passes, solved.FEW_PASSES)
    assert course.solved is not None
    np.testing.assert_allclose(course.solved[:4], course.solver.points[:4], atol=1e-6)


def test_looks_begin_late_and_the_last_pass_is_always_looked_at() -> None:
    assert [p for p in range(1, 23) if is_time_to_look(p, 22)] == [8, 12, 16, 20, 22]
    assert [p for p in range(1, 4) if is_time_to_look(p, 3)] == [3]


CUT_OFF: dict[str, dict[str, str]] = {
    "alone": ALONE | {"num_models": "2"},
    "in folds": FOLDS | ALONE | {"l1": "0"},
}


@pytest.mark.parametrize("name", CUT_OFF)
@pytest.mark.parametrize("predictor", LOSS)
def test_a_job_that_is_cut_off_ends_with_the_same_bits(
    predictor: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solved, "NUMBERS_OF_FINE_FOLDS", 0)
    job, channels, disk = JOBS[predictor] | CUT_OFF[name], {"train": [draw(predictor)]}, Disk()
    expected = fit_result(job, channels, Recorder(), checkpoints=disk)
    count = len(disk.checkpoints)
    assert count > (1 if predictor == "regressor" else 5)
    for after in {1, count // 2, count}:
        resumed = fit_result(job, channels, Recorder(), checkpoints=cut_off(after, job, channels))
        assert_same_bits(resumed.model, expected.model)
        np.testing.assert_array_equal(resumed.standings.losses, expected.standings.losses)


@pytest.mark.usefixtures("_large")
def test_a_job_that_is_cut_off_between_two_looks_ends_with_the_same_bits() -> None:
    job, channels, disk = BINARY | {"epochs": "12"}, overfitted(), Disk()
    expected = fit_result(job, channels, Recorder(), checkpoints=disk)
    assert expected.course.solved is not None
    for after in (len(disk.checkpoints) - 6, len(disk.checkpoints) - 2):
        resumed = fit_result(job, channels, Recorder(), checkpoints=cut_off(after, job, channels))
        assert_same_bits(resumed.model, expected.model)
        assert resumed.course.solved is not None
        np.testing.assert_array_equal(resumed.course.solved, expected.course.solved)


@pytest.mark.parametrize("texts", [ALONE | {"num_models": "1"}, FOLDS | {"epochs": "6"}, BY_LOSS | {"epochs": "9"}])
def test_wherever_a_job_is_told_to_stop_after_two_passes_it_ends_with_a_model(
    texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = texts.get("epochs") == "9"
    if steps:
        monkeypatch.setattr(solved, "NUMBERS_TO_THE_END", 0)
    channels: Channels = split("binary_classifier") if steps else {"train": [draw("binary_classifier")]}
    counter = Stop()
    fit_model(BINARY | texts, channels, Recorder(), raise_if_stopped=counter)
    assert counter.looks > 10
    outcomes = list(stop_everywhere(BINARY | texts, channels, range(1, counter.looks + 1, 17 if steps else 1)))
    assert outcomes == sorted(outcomes)  # once there is a model, there always is one
    assert outcomes[-1]
    assert sum(not outcome for outcome in outcomes) <= 5


def stop_everywhere(job: dict[str, str], channels: Channels, looks: Sequence[int]) -> Iterator[bool]:
    """Stop a job at each of these looks; yield whether it ended with a model."""
    for at in looks:
        log = Recorder()
        try:
            model = fit_model(job, channels, log, raise_if_stopped=Stop(at))
        except KeyboardInterrupt:
            yield False
            continue
        assert np.isfinite(model.weight).all()
        assert any(line.startswith("Told to stop: the model is ") for line in log.warnings)
        yield True


def test_a_job_that_is_stopped_in_solving_says_how_far_it_came() -> None:
    log, channels = Recorder(), {"train": [draw("binary_classifier")]}
    fit_model(BINARY | ALONE, channels, log, raise_if_stopped=Stop(12))
    (line,) = (line for line in log.warnings if line.startswith("Told to stop"))
    assert re.match(r"Told to stop: the model is what \d passes over the rows have come to\.", line)


def fit_on_two_hosts(
    job: dict[str, str], parts: Sequence[dict[str, Any]], disks: Sequence[Disk | None] = (None, None)
) -> list[Done]:
    def be_host(hosts: Hosts) -> Done:
        given = Given(job, parts[hosts.rank], sharded=("train",), disk=disks[hosts.rank])
        return train_host(hosts, given)

    return run_hosts(2, be_host)


@pytest.mark.parametrize("texts", [ALONE | {"num_models": "3"}, FOLDS | {"epochs": "6"}])
@pytest.mark.parametrize("predictor", LOSS)
def test_two_hosts_solve_what_one_solves(predictor: str, texts: dict[str, str]) -> None:
    X, y = draw(predictor)
    parts = [{"train": [(X[:50], y[:50])]}, {"train": [(X[50:], y[50:])]}]
    job = JOBS[predictor] | texts | UNSCALED | BY_LOSS
    first, second = fit_on_two_hosts(job | {"mini_batch_size": "500"}, parts)
    assert_same_bits(first.model, second.model)
    if "folds" in texts:  # each host deals its own rows
        assert first.best
    else:
        alone = fit_model(job, {"train": [(X, y)]}, Recorder())
        np.testing.assert_allclose(first.model.weight, alone.weight, rtol=2e-2, atol=2e-3)


def test_two_hosts_go_on_from_a_checkpoint_of_the_first_in_solving() -> None:
    X, y = draw("binary_classifier")
    parts = [{"train": [(X[:50], y[:50])]}, {"train": [(X[50:], y[50:])]}]
    job, disk = BINARY | ALONE | {"num_models": "2"}, Disk()
    expected, _ = fit_on_two_hosts(job, parts, (disk, None))
    cut = Disk()
    cut.checkpoints = disk.checkpoints[:4]
    first, second = fit_on_two_hosts(job, parts, (cut, None))
    assert first.log.has_said("Going on from the checkpoint")
    assert len(cut.checkpoints) == len(disk.checkpoints)
    for resumed in (first, second):
        assert_same_bits(resumed.model, expected.model)


def test_without_a_bias_there_is_none() -> None:
    X, y = draw("regressor")
    for texts in (ALONE, FOLDS):
        job = JOBS["regressor"] | texts | UNSCALED | {"use_bias": "false"}
        assert fit_model(job, {"train": [(X, y)]}, Recorder()).bias.tolist() == [0]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_fewer_rows_than_folds_still_give_a_model(rows: int) -> None:
    X, y = draw("regressor", rows)
    result = fit_result(JOBS["regressor"] | {"folds": "20"}, {"train": [(X, y)]}, Recorder())
    assert np.isfinite(result.model.weight).all()


@pytest.mark.parametrize("loss", ["huber_loss", "absolute_loss"])
def test_labels_far_from_0_in_their_own_unit_are_learned_where_the_loss_is_straight_there(loss: str) -> None:
    X, y = draw("regressor")
    y = (3e6 + 1e5 * (y - y.mean()) / y.std()).astype(np.float32)
    job = JOBS["regressor"] | FOLDS | {"loss": loss, "normalize_label": "false", "unbias_label": "false"}
    scores = fit_model(job, {"train": [(X, y)]}, Recorder()).predict(X)["score"]
    usual = fit_model(JOBS["regressor"] | FOLDS | {"loss": loss}, {"train": [(X, y)]}, Recorder()).predict(X)["score"]
    assert np.abs(scores - y).mean() < 1.02 * np.abs(usual - y).mean()


def test_a_job_that_only_solves_logs_its_passes_as_epochs() -> None:
    log = Recorder()
    result = fit_result(BINARY | FOLDS, {"train": [draw("binary_classifier")]}, log)
    (quality,) = (event for event in log.select_events(Quality) if event.epoch is not None)
    assert (quality.split, quality.value) == ("train", min(result.course.solved_train_losses))
    assert result.course.solver is not None
    assert quality.epoch == result.course.solver.passes - 1
    assert [event.percent for event in log.select_events(Progress)] == [100]
    assert len(log.select_events(Throughput)) == 1
    assert [event.model for event in log.select_events(Metrics) if event.model is not None] == [*range(28)]


class StoppedInSolving(Recorder):
    """Is told to stop once a pass of the solver is shown."""

    is_solving = False

    def show_progress(self, epoch: int, epochs: int, rows: float, total: float, name: str, best: float) -> None:
        self.is_solving = epochs == solved.MOST_PASSES

    def raise_if_stopped(self) -> None:
        if self.is_solving:
            raise KeyboardInterrupt


def test_where_a_job_is_stopped_candidates_that_are_still_on_their_way_do_not_come_first() -> None:
    X, y = draw("binary_classifier", 130)
    channels = {"train": [(X[:120], y[:120])], "validation": [(X[120:], y[120:])]}  # ten rows tell little apart
    log = StoppedInSolving()
    result = fit_result(BINARY, channels, log, raise_if_stopped=log.raise_if_stopped)
    assert log.is_solving
    assert result.was_stopped
    assert result.winner < 32
    assert np.abs(result.model.weight).max() > 1e-3


@pytest.mark.parametrize("loss", ["squared_loss", "huber_loss"])
def test_features_in_units_that_are_unlike_are_learned_from_to_the_optimum(loss: str) -> None:
    X, y = draw("regressor")
    units = np.array([1e-6, 1, 1e6, 1e3, 1e-3], np.float32)
    job = JOBS["regressor"] | ALONE | {"num_models": "1", "wd": "0", "loss": loss}
    expected = fit_model(job, {"train": [(X, y)]}, Recorder())
    found = fit_model(job | {"normalize_data": "false"}, {"train": [(X * units, y)]}, Recorder())
    np.testing.assert_allclose(found.margins(X * units), expected.margins(X), rtol=1e-3, atol=1e-3)
