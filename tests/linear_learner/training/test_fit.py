"""Training end to end on small data: it learns, it repeats itself, it says what is wrong."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.measuring.smoothing import smooth_threshold
from open_algorithms.learning.measuring.thresholds import accuracy_at_cuts
from open_algorithms.learning.rows.csr import compress_matrix
from tests.learning.job.recorder import Criterion, Progress, Score
from tests.linear_learner.jobs import fit_recorded
from tests.linear_learner.training.examples import HYPERPARAMETERS, draw_example, split_example


def test_a_binary_classifier_is_as_good_as_scikit_learns() -> None:
    channels = split_example("binary_classifier")
    model, log = fit_recorded(HYPERPARAMETERS["binary_classifier"], channels)
    (X, y), (X_test, y_test) = draw_example("binary_classifier"), channels["test"][0]
    peer = LogisticRegression(C=1e3, max_iter=1000).fit((X[:400] - X.mean(0)) / X.std(0), y[:400])
    mine = float((model.predict(X_test)["predicted_label"] == y_test).mean())
    assert mine == pytest.approx(log.final_value("test", "binary_classification_accuracy"))
    assert mine >= peer.score((X_test - X.mean(0)) / X.std(0), y_test) - 0.03


def test_a_regressor_is_as_good_as_least_squares() -> None:
    channels = split_example("regressor")
    _, log = fit_recorded(HYPERPARAMETERS["regressor"], channels)
    (X, y), (X_test, y_test) = draw_example("regressor"), channels["test"][0]
    peer = LinearRegression().fit(X[:400], y[:400])
    assert log.final_value("test", "mse") <= 1.1 * float(((peer.predict(X_test) - y_test) ** 2).mean())


def test_a_multiclass_classifier_learns_its_classes() -> None:
    _, log = fit_recorded(HYPERPARAMETERS["multiclass_classifier"], split_example("multiclass_classifier"))
    assert log.final_value("test", "multiclass_accuracy") > 0.85


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_the_same_job_twice_gives_the_same_bits(predictor: str) -> None:
    first, second = (fit_recorded(HYPERPARAMETERS[predictor], split_example(predictor))[0] for _ in range(2))
    np.testing.assert_array_equal(first.weight, second.weight)
    np.testing.assert_array_equal(first.bias, second.bias)
    assert first.threshold == second.threshold


@pytest.mark.native
@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_a_job_without_the_native_library_says_so_and_learns_the_same(
    predictor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = HYPERPARAMETERS[predictor] | {"num_models": "32", "epochs": "3"}
    model, log = fit_recorded(job, split_example(predictor))
    monkeypatch.setattr("linear_learner.bank.sliced.find_library", lambda: None)
    without, said = fit_recorded(job, split_example(predictor))
    assert any(line.startswith("The bank trains by the native library for ") for line in log.said)
    assert "The bank trains by MXNet's operators." in said.said
    np.testing.assert_allclose(model.weight, without.weight, rtol=1e-3, atol=1e-4)


def test_another_seed_gives_another_start_and_where_candidates_are_solved_the_same_end() -> None:
    for more, are_equal in (({"num_models": "32"}, False), ({}, True)):
        first, second = (
            fit_recorded(HYPERPARAMETERS["regressor"] | more | {"seed": s}, split_example("regressor"))[0]
            for s in ("0", "1")
        )
        assert np.array_equal(first.weight, second.weight) == are_equal


def test_how_the_rows_are_cut_into_blocks_does_not_matter() -> None:
    X, y = draw_example("binary_classifier")
    whole, cut = [(X, y)], [(X[i : i + 37], y[i : i + 37]) for i in range(0, 600, 37)]
    first, second = (
        fit_recorded(HYPERPARAMETERS["binary_classifier"], {"train": blocks})[0] for blocks in (whole, cut)
    )
    np.testing.assert_array_equal(first.weight, second.weight)


@pytest.mark.parametrize("deciding", ["train", "validation"])
def test_the_threshold_is_the_best_for_the_scores_that_are_served_or_on_unseen_rows_their_smoothed_one(
    deciding: str,
) -> None:
    channels = split_example("binary_classifier")
    channels = {name: blocks for name, blocks in channels.items() if name in ("train", deciding)}
    model, log = fit_recorded(HYPERPARAMETERS["binary_classifier"], channels)
    X, y = (np.concatenate(parts) for parts in zip(*channels[deciding], strict=True))
    score = model.predict(X)["score"]
    if deciding == "train":
        best = max(float(((score >= t) == y).mean()) for t in [*score, 2.0])
        assert log.final_value("train", "binary_classification_accuracy") == pytest.approx(best)
    else:
        assert model.threshold == pytest.approx(
            smooth_threshold(score.astype(np.float32), y, accuracy_at_cuts).threshold
        )


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_scores_are_logged_for_every_channel_present(predictor: str) -> None:
    channels = split_example(predictor)
    log = fit_recorded(HYPERPARAMETERS[predictor], channels)[1]
    assert {score.split for score in log.select_events(Score)} == set(channels)
    del channels["validation"], channels["test"]
    log = fit_recorded(HYPERPARAMETERS[predictor], channels)[1]
    assert {score.split for score in log.select_events(Score)} == {"train"}
    assert "Test data is not provided." in log.said


def test_the_default_bank_has_32_candidates_and_a_tuning_job_one() -> None:
    channels = split_example("regressor")
    default = fit_recorded(HYPERPARAMETERS["regressor"], channels)[1]
    tuned = fit_recorded(HYPERPARAMETERS["regressor"] | {"_tuning_objective_metric": "test:mse"}, channels)[1]
    assert default.reported_models(0) == set(range(32))
    assert tuned.reported_models(0) == {0}


def test_training_stops_early_when_nothing_improves() -> None:
    log = fit_recorded(HYPERPARAMETERS["binary_classifier"] | {"epochs": "200"}, split_example("binary_classifier"))[1]
    assert "Early stop condition met. Stopping training." in log.said
    assert log.select_events(Progress)[-1].stopped_early
    assert len(log.select_events(Criterion)) < 200


def test_more_rows_in_a_mini_batch_than_in_the_data_still_train() -> None:
    _, log = fit_recorded(
        HYPERPARAMETERS["regressor"] | {"mini_batch_size": "5000", "epochs": "100"}, split_example("regressor")
    )
    assert log.final_value("train", "r2") > 0.5


def test_a_single_row_trains() -> None:
    X, y = draw_example("regressor", rows=1)
    model, _ = fit_recorded(HYPERPARAMETERS["regressor"], {"train": [(X, y)]})
    assert model.predict(X)["score"][0] == pytest.approx(y[0], rel=1e-3)


def test_a_label_out_of_range_is_named_with_its_row() -> None:
    X, y = draw_example("binary_classifier")
    y[300] = 2
    with pytest.raises(InputError, match="'train', row 301: expected a label among the integers 0 to 1, found 2"):
        fit_recorded(HYPERPARAMETERS["binary_classifier"], {"train": [(X[:200], y[:200]), (X[200:], y[200:])]})


def test_a_class_number_beyond_num_classes_is_named() -> None:
    channels = split_example("multiclass_classifier")
    channels["validation"][0][1][7] = 3
    with pytest.raises(InputError, match="'validation', row 8: expected a label among the integers 0 to 2, found 3"):
        fit_recorded(HYPERPARAMETERS["multiclass_classifier"], channels)


def test_feature_dim_that_disagrees_with_the_data_gives_both_numbers() -> None:
    with pytest.raises(InputError, match="'train': expected 7 features a row, found 5"):
        fit_recorded(HYPERPARAMETERS["regressor"] | {"feature_dim": "7"}, split_example("regressor"))


def test_a_validation_channel_of_another_width_is_refused() -> None:
    channels = split_example("regressor")
    channels["validation"] = [(channels["validation"][0][0][:, :4], channels["validation"][0][1])]
    with pytest.raises(InputError, match="'validation': expected 5 features a row, found 4"):
        fit_recorded(HYPERPARAMETERS["regressor"], channels)


def test_if_every_candidate_diverges_the_user_is_told_what_to_do() -> None:
    wild = {"optimizer": "sgd", "learning_rate": "1e30", "num_models": "1"}
    with pytest.raises(InputError, match=r"Every candidate diverged: no loss stayed finite\. Lower learning_rate"):
        fit_recorded(HYPERPARAMETERS["regressor"] | wild, split_example("regressor"))


@pytest.mark.parametrize("normalize", ["true", "false"])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_model_knows_the_deviations_of_its_features_in_training(normalize: str, sparse: bool) -> None:
    X, y = draw_example("regressor")
    texts = HYPERPARAMETERS["regressor"] | {"normalize_data": normalize, "epochs": "1", "num_models": "1"}
    model, _ = fit_recorded(texts, {"train": [(compress_matrix(X) if sparse else X, y)]})
    assert model.deviations is not None
    np.testing.assert_allclose(model.deviations, X.std(axis=0), rtol=1e-5)
