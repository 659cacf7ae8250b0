"""A job that holds rows out is the job that is given these rows as its validation channel."""

from collections.abc import Sequence

import numpy as np
import pytest

from linear_learner.options.budget import Budget
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import compress_matrix
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.holdout import Holdout
from tests.learning.job.recorder import Recorder
from tests.learning.rows.problems import draw_problem
from tests.linear_learner.jobs import fit_model, fit_result
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.examples import BINARY, BY_LOSS, HYPERPARAMETERS, LARGE_JOB, draw_example

HELD = {"holdout": "0.2", "seed": "3"}


def divide(predictor: str, blocks: Sequence[Block]) -> dict[str, list[Block]]:
    holdout = Holdout(0.2, 3, by_class=predictor != "regressor")
    return {"train": list(holdout.rows_to_train_on(blocks)), "validation": list(holdout.rows_held_out(blocks))}


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_the_model_is_that_of_the_same_rows_as_a_validation_channel(predictor: str) -> None:
    texts, blocks = HYPERPARAMETERS[predictor] | {"seed": "3"}, [draw_example(predictor)]
    log = Recorder()
    result = fit_result(texts | HELD, {"train": blocks}, log)
    assert_same_bits(result.model, fit_model(texts, divide(predictor, blocks), Recorder()))
    assert result.deciding_channel == "validation"
    by_class = "" if predictor == "regressor" else ", by class,"
    (said,) = (line for line in log.said if line.startswith("holdout="))
    assert said.startswith("holdout=0.2: 1")
    assert f"rows are held out at random{by_class} to select on" in said


@pytest.mark.parametrize("sparse", [False, True])
def test_rows_are_held_out_of_a_stream_too(sparse: bool) -> None:
    texts, channels = LARGE_JOB | BY_LOSS | HELD, {"train": draw_problem(60_000, sparse=sparse)}
    model, log = fit_model(texts, channels, Recorder()), Recorder()
    tight = fit_model(texts, channels, log, Budget(74 << 20))
    assert any("The channel 'train' is larger than the" in line for line in log.said)
    np.testing.assert_allclose(tight.weight, model.weight, atol=1e-6)


@pytest.mark.parametrize("folds", ["0", "4"])
def test_a_feature_that_only_a_row_held_out_has_is_a_feature(folds: str) -> None:
    X, y = draw_example("binary_classifier")
    (held,) = (marks for _, _, marks in Holdout(0.2, 3, by_class=True).mark_blocks([(X, y)]))
    wide = compress_matrix(np.column_stack([X, np.arange(len(y)) == np.flatnonzero(held)[0]]).astype(np.float32))
    blocks = [(wide._replace(shape=(len(y), None)), y)]  # as of libsvm, which does not tell its width
    model = fit_model(BINARY | HELD | {"folds": folds}, {"train": blocks}, Recorder())
    assert model.feature_dim == X.shape[1] + 1
    assert np.isfinite(model.weight).all()


def test_of_too_few_rows_none_is_held_out_and_the_log_says_so() -> None:
    X, y = draw_example("binary_classifier", rows=40)
    few = [(X[[y.argmin(), y.argmax()]], np.array([0, 1], np.float32))]
    log = Recorder()
    result = fit_result(BINARY | HELD, {"train": few}, log)
    assert result.deciding_channel == "train"
    assert "holdout=0.2 of so few rows is none: candidates are selected on the rows to train on." in log.said


def test_a_validation_channel_is_preferred_and_the_log_says_so() -> None:
    blocks = [draw_example("regressor")]
    log = Recorder()
    channels = divide("regressor", blocks)
    model = fit_model(HYPERPARAMETERS["regressor"] | HELD, channels, log)
    assert_same_bits(model, fit_model(HYPERPARAMETERS["regressor"] | {"seed": "3"}, channels, Recorder()))
    assert "holdout has no effect on this job: the channel 'validation' is there to select on." in log.said


def test_a_channel_in_pipe_mode_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"holdout: expected 0 or auto with the channel 'train' in Pipe mode, found 0.2"
    ):
        fit_model(BINARY | HELD, {"train": [draw_example("binary_classifier")]}, Recorder(), piped_channels=["train"])


def test_a_wrong_label_is_named_by_its_place_among_all_rows() -> None:
    X, y = draw_example("binary_classifier")
    y = y.copy()
    y[500] = 7
    with pytest.raises(InputError, match="channel 'train', row 501: expected a label"):
        fit_model(BINARY | HELD, {"train": [(X[:300], y[:300]), (X[300:], y[300:])]}, Recorder())
