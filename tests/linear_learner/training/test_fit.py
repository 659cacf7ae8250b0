"""Training end to end on small data: it learns, it repeats itself, it says what is wrong."""

import io
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

from container.job.log import JobLog
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.job.errors import InputError
from tests.linear_learner.jobs import fit_model

Block = tuple[NDArray[Any], NDArray[Any]]

SMALL = {"mini_batch_size": "50", "epochs": "8"}
HYPERPARAMETERS = {
    "binary_classifier": SMALL | {"predictor_type": "binary_classifier"},
    "multiclass_classifier": SMALL | {"predictor_type": "multiclass_classifier", "num_classes": "3"},
    "regressor": SMALL | {"predictor_type": "regressor"},
}


def example(predictor: str, rows: int = 600, seed: int = 0) -> Block:
    """Draw a noisy linear problem of 5 features."""
    generator = np.random.default_rng(seed)
    X = (generator.normal(size=(rows, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, -8, 1]).astype(np.float32)
    weights = np.random.default_rng(99).normal(size=(5, 3)) / [[1], [10], [0.1], [3], [1]]
    z = (X - X.mean(axis=0)) @ weights + generator.normal(size=(rows, 3)) * 0.3
    label = {"binary_classifier": z[:, 0] > 0.5, "multiclass_classifier": z.argmax(axis=1), "regressor": 50 + z[:, 0]}
    return X, label[predictor].astype(np.float32)


def split(predictor: str) -> dict[str, list[Block]]:
    X, y = example(predictor)
    return {
        "train": [(X[:200], y[:200]), (X[200:400], y[200:400])],
        "validation": [(X[400:500], y[400:500])],
        "test": [(X[500:], y[500:])],
    }


def run(channels: dict[str, list[Block]], hyperparameters: dict[str, str]) -> tuple[LinearModel, str]:
    """Fit and return the model with its log."""
    log = io.StringIO()
    return fit_model(hyperparameters, channels, JobLog("algo-1", "Linear Learner", log)), log.getvalue()


def final(log: str, split: str, metric: str) -> float:
    """Read a final score from the log."""
    return float(re.findall(rf"#quality_metric: host=algo-1, {split} {metric} <\w+>=(\S+)", log)[-1])


def test_a_binary_classifier_is_as_good_as_scikit_learns() -> None:
    channels = split("binary_classifier")
    model, log = run(channels, HYPERPARAMETERS["binary_classifier"])
    (X, y), (X_test, y_test) = example("binary_classifier"), channels["test"][0]
    peer = LogisticRegression(C=1e3, max_iter=1000).fit((X[:400] - X.mean(0)) / X.std(0), y[:400])
    mine = float((model.predict(X_test)["predicted_label"] == y_test).mean())
    assert mine == pytest.approx(final(log, "test", "binary_classification_accuracy"))
    assert mine >= peer.score((X_test - X.mean(0)) / X.std(0), y_test) - 0.03


def test_a_regressor_is_as_good_as_least_squares() -> None:
    channels = split("regressor")
    _, log = run(channels, HYPERPARAMETERS["regressor"])
    (X, y), (X_test, y_test) = example("regressor"), channels["test"][0]
    peer = LinearRegression().fit(X[:400], y[:400])
    assert final(log, "test", "mse") <= 1.1 * float(((peer.predict(X_test) - y_test) ** 2).mean())


def test_a_multiclass_classifier_learns_its_classes() -> None:
    _, log = run(split("multiclass_classifier"), HYPERPARAMETERS["multiclass_classifier"])
    assert final(log, "test", "multiclass_accuracy") > 0.85


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_the_same_job_twice_gives_the_same_bits(predictor: str) -> None:
    first, second = (run(split(predictor), HYPERPARAMETERS[predictor])[0] for _ in range(2))
    np.testing.assert_array_equal(first.weight, second.weight)
    np.testing.assert_array_equal(first.bias, second.bias)
    assert first.threshold == second.threshold


def test_another_seed_gives_another_start() -> None:
    first, second = (run(split("regressor"), HYPERPARAMETERS["regressor"] | {"seed": s})[0] for s in ("0", "1"))
    assert not np.array_equal(first.weight, second.weight)


def test_how_the_rows_are_cut_into_blocks_does_not_matter() -> None:
    X, y = example("binary_classifier")
    whole, cut = [(X, y)], [(X[i : i + 37], y[i : i + 37]) for i in range(0, 600, 37)]
    first, second = (run({"train": blocks}, HYPERPARAMETERS["binary_classifier"])[0] for blocks in (whole, cut))
    np.testing.assert_array_equal(first.weight, second.weight)


def test_the_threshold_is_the_best_for_the_scores_that_are_served() -> None:
    channels = split("binary_classifier")
    model, log = run(channels, HYPERPARAMETERS["binary_classifier"])
    X, y = channels["validation"][0]
    score = model.predict(X)["score"]
    best = max(float(((score >= t) == y).mean()) for t in [*score, 2.0])
    assert final(log, "validation", "binary_classification_accuracy") == pytest.approx(best)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_scores_are_logged_for_every_channel_present(predictor: str) -> None:
    channels = split(predictor)
    log = run(channels, HYPERPARAMETERS[predictor])[1]
    assert {name for name in channels if f"#{name}_score (algo-1) : " in log} == set(channels)
    del channels["validation"], channels["test"]
    log = run(channels, HYPERPARAMETERS[predictor])[1]
    assert "#train_score (algo-1) : " in log
    assert "validation_score" not in log
    assert "Test data is not provided." in log


def test_the_default_bank_has_32_candidates_and_a_tuning_job_one() -> None:
    channels = split("regressor")
    default = run(channels, HYPERPARAMETERS["regressor"])[1]
    tuned = run(channels, HYPERPARAMETERS["regressor"] | {"_tuning_objective_metric": "test:mse"})[1]
    assert set(re.findall(r'"epoch": 0, "model": (\d+)', default)) == {str(m) for m in range(32)}
    assert set(re.findall(r'"epoch": 0, "model": (\d+)', tuned)) == {"0"}


def test_training_stops_early_when_nothing_improves() -> None:
    log = run(split("binary_classifier"), HYPERPARAMETERS["binary_classifier"] | {"epochs": "200"})[1]
    assert "Early stop condition met. Stopping training." in log
    assert "completed 100 % epochs" in log
    assert log.count("#early_stopping_criteria_metric") < 200


def test_more_rows_in_a_mini_batch_than_in_the_data_still_train() -> None:
    _, log = run(split("regressor"), HYPERPARAMETERS["regressor"] | {"mini_batch_size": "5000", "epochs": "100"})
    assert final(log, "train", "r2") > 0.5


def test_a_single_row_trains() -> None:
    X, y = example("regressor", rows=1)
    model, _ = run({"train": [(X, y)]}, HYPERPARAMETERS["regressor"])
    assert model.predict(X)["score"][0] == pytest.approx(y[0], rel=1e-3)


def test_a_label_out_of_range_is_named_with_its_row() -> None:
    X, y = example("binary_classifier")
    y[300] = 2
    with pytest.raises(InputError, match="'train', row 301: expected a label among the integers 0 to 1, found 2"):
        run({"train": [(X[:200], y[:200]), (X[200:], y[200:])]}, HYPERPARAMETERS["binary_classifier"])


def test_a_class_number_beyond_num_classes_is_named() -> None:
    channels = split("multiclass_classifier")
    channels["validation"][0][1][7] = 3
    with pytest.raises(InputError, match="'validation', row 8: expected a label among the integers 0 to 2, found 3"):
        run(channels, HYPERPARAMETERS["multiclass_classifier"])


def test_feature_dim_that_disagrees_with_the_data_gives_both_numbers() -> None:
    with pytest.raises(InputError, match="'train': expected 7 features a row, found 5"):
        run(split("regressor"), HYPERPARAMETERS["regressor"] | {"feature_dim": "7"})


def test_a_validation_channel_of_another_width_is_refused() -> None:
    channels = split("regressor")
    channels["validation"] = [(channels["validation"][0][0][:, :4], channels["validation"][0][1])]
    with pytest.raises(InputError, match="'validation': expected 5 features a row, found 4"):
        run(channels, HYPERPARAMETERS["regressor"])


def test_if_every_candidate_diverges_the_user_is_told_what_to_do() -> None:
    wild = {"optimizer": "sgd", "learning_rate": "1e30", "num_models": "1"}
    with pytest.raises(InputError, match=r"Every candidate diverged: no loss stayed finite\. Lower learning_rate"):
        run(split("regressor"), HYPERPARAMETERS["regressor"] | wild)
