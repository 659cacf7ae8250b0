"""Labels that are all alike are refused for training, on however many hosts, and told of elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from linear_learner.options.budget import Budget
from open_algorithms.learning.job.errors import InputError
from tests.learning.job.recorder import Progress, Recorder
from tests.learning.rows.problems import draw_problem
from tests.linear_learner.jobs import fit_model, fit_recorded
from tests.linear_learner.team import HostProcesses
from tests.linear_learner.training.examples import HYPERPARAMETERS, LARGE_JOB, DenseBlock, split_example
from tests.linear_learner.training.host_jobs import Given, train_host

pytestmark = pytest.mark.processes

CLASSIFIERS = ("binary_classifier", "multiclass_classifier")
REFUSED = "channel 'train': all labels are 1; expected rows of two classes or more. Check that the label is the first"


def alike(blocks: Sequence[Any], label: float = 1) -> list[DenseBlock]:
    return [(X, np.full_like(y, label)) for X, y in blocks]


@pytest.mark.parametrize("predictor", CLASSIFIERS)
def test_a_classifier_is_not_trained_on_one_class(predictor: str) -> None:
    with pytest.raises(InputError, match=REFUSED):
        fit_recorded(HYPERPARAMETERS[predictor], {"train": alike(split_example(predictor)["train"])})


def test_a_stream_of_one_class_is_refused_after_its_first_pass() -> None:
    log = Recorder()
    with pytest.raises(InputError, match=REFUSED):
        fit_model(LARGE_JOB, {"train": alike(draw_problem(60_000, sparse=False))}, log, Budget(74 << 20))
    assert log.has_said("is larger than")
    assert not log.select_events(Progress)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_stream_whose_second_class_comes_last_is_trained_on(sparse: bool) -> None:
    blocks: Any = draw_problem(60_000, sparse=sparse)
    sorted_blocks = [*alike(blocks[:-1], 0), *alike(blocks[-1:], 1)]
    log = Recorder()
    fit_model(LARGE_JOB | {"epochs": "1"}, {"train": sorted_blocks}, log, Budget(74 << 20))
    assert log.has_said("is larger than")
    assert not log.has_said("all labels are")


@pytest.mark.parametrize("predictor", CLASSIFIERS)
@pytest.mark.parametrize("channel", ["validation", "test"])
def test_one_class_in_another_channel_is_told(predictor: str, channel: str) -> None:
    channels = split_example(predictor)
    _, log = fit_recorded(HYPERPARAMETERS[predictor], channels | {channel: alike(channels[channel], 0)})
    (told,) = (line for line in log.warnings if "all labels are" in line)
    assert told.startswith(f"channel {channel!r}: all labels are 0, so ")
    assert ("the choice means little" in told) == (channel == "validation")


def test_a_regressor_whose_labels_are_all_alike_is_told_of() -> None:
    channels = split_example("regressor")
    _, log = fit_recorded(HYPERPARAMETERS["regressor"], {"train": alike(channels["train"], 2.5)})
    assert "channel 'train': all labels are 2.5, so the model answers that for every record." in log.said
    _, log = fit_recorded(HYPERPARAMETERS["regressor"], channels)
    assert not log.has_said("all labels are")


def test_the_labels_of_all_hosts_count(two: HostProcesses) -> None:
    blocks = split_example("binary_classifier")["train"]
    given = [Given(HYPERPARAMETERS["binary_classifier"], {"train": alike(blocks, 1)}, ("train",))] * 2
    with pytest.raises(InputError, match=REFUSED):
        two.run(train_host, given)
    given[0] = Given(HYPERPARAMETERS["binary_classifier"], {"train": alike(blocks, 0)}, ("train",))
    assert not any(host.log.has_said("all labels are") for host in two.run(train_host, given))


def test_the_labels_of_a_stream_on_one_host_and_rows_held_on_the_other_count(two: HostProcesses) -> None:
    blocks: Any = draw_problem(60_000, sparse=False)
    parts = [alike(blocks[:-1], 1), alike(blocks[-1:], 1)]
    given = [Given(LARGE_JOB, {"train": part}, ("train",), free=72 << 20) for part in parts]
    with pytest.raises(InputError, match=REFUSED):
        two.run(train_host, given)
    given[1] = Given(LARGE_JOB, {"train": alike(blocks[-1:], 0)}, ("train",), free=72 << 20)
    assert not any(host.log.has_said("all labels are") for host in two.run(train_host, given))


def test_labels_and_features_that_float32_blurs_are_told() -> None:
    X, y = (np.concatenate(parts) for parts in zip(*split_example("regressor")["train"], strict=True))
    far = X.copy()
    far[:, 2] = 1.6e9 + 300 * (X[:, 2] - X[:, 2].mean()) / X[:, 2].std()
    model, log = fit_recorded(HYPERPARAMETERS["regressor"], {"train": [(far, y)]})
    assert model.blurred == (2,)
    assert model.caveats == [
        "Features of which float32 does not keep the digits that vary: 'f2'. Subtract a fixed number from them, in "
        "requests too, and train again, or scores are off."
    ]
    assert not log.has_said("The labels are large")
    _, log = fit_recorded(HYPERPARAMETERS["regressor"], {"train": [(X, (1e7 + y).astype(np.float32))]})
    assert log.has_said("The labels are large beside their spread")
    assert fit_recorded(HYPERPARAMETERS["regressor"], {"train": [(X, y)]})[0].caveats == []
