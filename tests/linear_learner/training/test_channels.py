"""A channel is read whatever the memory: held or streamed, sparse or dense, it trains the same model."""

import re
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import parse_hyperparameters
from linear_learner.training.channels import plan_reading
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.rows.kept import StreamedRows
from open_algorithms.learning.rows.reading import read_scored_channel, read_train_channel
from open_algorithms.learning.work import Work
from tests.learning.job.recorder import Recorder
from tests.learning.rows.problems import draw_blocks, draw_problem, draw_widening_blocks
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.training.examples import BY_LOSS, LARGE_JOB


@pytest.mark.parametrize("sparse", [False, True])
def test_a_job_larger_than_the_memory_ends_with_the_same_model(sparse: bool) -> None:
    channels = {"train": draw_problem(60_000, sparse=sparse)}
    log, tight_log = Recorder(), Recorder()
    model = fit_model(LARGE_JOB | BY_LOSS, channels, log)
    tight = fit_model(LARGE_JOB | BY_LOSS, channels, tight_log, Budget(74 << 20))
    assert any("The channel 'train' is held in memory: 60000 rows" in line for line in log.said)
    assert any(
        re.search("The channel 'train' is larger than the .* MiB that there are for it", line)
        for line in tight_log.said
    )
    np.testing.assert_allclose(tight.weight, model.weight, atol=1e-6)
    np.testing.assert_allclose(tight.bias, model.bias, atol=1e-6)


def test_thresholds_are_calibrated_on_as_many_rows_as_the_memory_allows() -> None:
    log = Recorder()
    fit_model(LARGE_JOB, {"train": draw_problem(60_000, sparse=False)}, log, Budget(74 << 20))
    assert any(
        re.match(r"Thresholds are calibrated on the first \d{5} rows: more would not", line) for line in log.said
    )


def test_sparse_rows_train_the_model_of_their_dense_form() -> None:
    models = [
        fit_model(
            LARGE_JOB,
            {
                name: draw_problem(rows, sparse=sparse)
                for name, rows in (("train", 5000), ("validation", 999), ("test", 500))
            },
            Recorder(),
        )
        for sparse in (False, True)
    ]
    np.testing.assert_allclose(models[1].weight, models[0].weight, atol=1e-4)
    np.testing.assert_allclose(models[1].bias, models[0].bias, atol=1e-4)
    assert models[1].threshold == pytest.approx(models[0].threshold, abs=1e-4)


@pytest.mark.parametrize("sparse", [False, True])
def test_the_other_channels_are_sparse_or_dense_as_the_train_channel_is(sparse: bool) -> None:
    models = [
        fit_model(
            LARGE_JOB,
            {
                "train": draw_problem(5000, sparse=sparse),
                "validation": draw_problem(999, sparse=other),
                "test": draw_problem(500, sparse=other),
            },
            Recorder(),
        )
        for other in (sparse, not sparse)
    ]
    np.testing.assert_array_equal(models[1].weight, models[0].weight)
    assert models[1].threshold == models[0].threshold


def test_a_channel_that_is_only_scored_needs_no_room_for_a_mini_batch() -> None:
    hp = replace(parse_hyperparameters({**LARGE_JOB, "mini_batch_size": "400"}), predictor_type="regressor")
    reading = plan_reading(Work({}, {}, Recorder()), hp, Budget())
    train, _ = read_train_channel(draw_blocks(500), reading, share=1)
    data = read_scored_channel("test", draw_blocks(500), reading, train, 2_500)
    assert isinstance(data, StreamedRows)
    assert sum(len(rows) for rows in data.iterate_pieces()) == 500


def test_rows_larger_than_a_sample_are_budgeted_as_whole_mini_batches() -> None:
    hp = parse_hyperparameters({"predictor_type": "regressor", "mini_batch_size": "1000", "num_models": "1"})
    wide = [(np.ones((1, 50_000), np.float32), np.ones(1, np.float32))] * 200
    with pytest.raises(InputError, match=r"mini-batches of 1000 rows need about"):
        read_train_channel(wide, plan_reading(Work({}, {}, Recorder()), hp, Budget(500 << 20)), share=1)


def test_rows_that_hold_nothing_at_all_are_refused() -> None:
    nothing = Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(4, np.int64), (3, None))
    with pytest.raises(InputError, match="no row holds any feature"):
        fit_model(LARGE_JOB, {"train": [(nothing, np.array([0, 1, 0], np.float32))]}, Recorder())


@pytest.mark.parametrize("told", [None, 2**31 - 1])
def test_rows_wider_than_any_model_are_refused_before_anything_as_wide_is_made(told: int | None) -> None:
    far = Csr(np.ones(1, np.float32), np.array([2**31 - 2], np.int32), np.array([0, 1]), (1, told))
    channels: dict[str, list[Block]] = {
        "train": [*([] if told else draw_widening_blocks(20)), (far, np.ones(1, np.float32))]
    }
    with pytest.raises(InputError, match=rf"row {1 if told else 21}: 2147483647 features, more than the \d+ for which"):
        fit_model(LARGE_JOB, channels, Recorder())


def test_a_bank_that_outgrows_the_memory_as_the_data_widens_is_refused() -> None:
    far = Csr(np.ones(1, np.float32), np.array([900_000], np.int32), np.array([0, 1]), (1, None))
    many = [block for _ in range(300) for block in draw_widening_blocks(40)]
    with pytest.raises(InputError, match=r"32 candidates of 1 x 900001 weights .* more than can be spared"):
        fit_model(LARGE_JOB, {"train": [*many, (far, np.ones(1, np.float32))]}, Recorder(), Budget(1 << 30))
