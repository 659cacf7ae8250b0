"""Labels that are all alike are refused for training, on however many hosts, and told of elsewhere."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from container.job.log import JobLog
from linear_learner.options.budget import Budget
from open_algorithms.learning.job.errors import InputError
from tests.learning.rows.test_kept import JOB, problem
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.team import HostProcesses
from tests.linear_learner.training.test_fit import HYPERPARAMETERS, Block, run, split
from tests.linear_learner.training.test_hosts import Given, train

CLASSIFIERS = ("binary_classifier", "multiclass_classifier")
REFUSED = "channel 'train': all labels are 1; expected rows of two classes or more. Check that the label is the first"


@pytest.fixture(scope="module")
def two() -> Iterator[HostProcesses]:
    with HostProcesses(2) as team:
        yield team


def alike(blocks: Sequence[Any], label: float = 1) -> list[Block]:
    return [(X, np.full_like(y, label)) for X, y in blocks]


@pytest.mark.parametrize("predictor", CLASSIFIERS)
def test_a_classifier_is_not_trained_on_one_class(predictor: str) -> None:
    with pytest.raises(InputError, match=REFUSED):
        run({"train": alike(split(predictor)["train"])}, HYPERPARAMETERS[predictor])


def test_a_stream_of_one_class_is_refused_after_its_first_pass() -> None:
    log = io.StringIO()
    with pytest.raises(InputError, match=REFUSED):
        fit_model(JOB, {"train": alike(problem(60_000, sparse=False))}, JobLog("algo-1", "", log), Budget(74 << 20))
    assert "is larger than" in log.getvalue()
    assert "#progress_metric" not in log.getvalue()


@pytest.mark.parametrize("sparse", [False, True])
def test_a_stream_whose_second_class_comes_last_is_trained_on(sparse: bool) -> None:
    blocks: Any = problem(60_000, sparse=sparse)
    sorted_blocks = [*alike(blocks[:-1], 0), *alike(blocks[-1:], 1)]
    log = io.StringIO()
    fit_model(
        JOB | {"epochs": "1"}, {"train": sorted_blocks}, JobLog("algo-1", "Linear Learner", log), Budget(74 << 20)
    )
    assert "is larger than" in log.getvalue()
    assert "all labels are" not in log.getvalue()


@pytest.mark.parametrize("predictor", CLASSIFIERS)
@pytest.mark.parametrize("channel", ["validation", "test"])
def test_one_class_in_another_channel_is_told(predictor: str, channel: str) -> None:
    channels = split(predictor)
    _, log = run(channels | {channel: alike(channels[channel], 0)}, HYPERPARAMETERS[predictor])
    assert log.count(f"channel {channel!r}: all labels are 0, so ") == 1
    assert "WARNING" in log
    assert ("the choice means little" in log) == (channel == "validation")


def test_a_regressor_whose_labels_are_all_alike_is_told_of() -> None:
    channels = split("regressor")
    _, log = run({"train": alike(channels["train"], 2.5)}, HYPERPARAMETERS["regressor"])
    assert "channel 'train': all labels are 2.5, so the model answers that for every record." in log
    _, log = run(channels, HYPERPARAMETERS["regressor"])
    assert "all labels are" not in log


def test_the_labels_of_all_hosts_count(two: HostProcesses) -> None:
    blocks = split("binary_classifier")["train"]
    given = [Given(HYPERPARAMETERS["binary_classifier"], {"train": alike(blocks, 1)}, ("train",))] * 2
    with pytest.raises(InputError, match=REFUSED):
        two.run(train, given)
    given[0] = Given(HYPERPARAMETERS["binary_classifier"], {"train": alike(blocks, 0)}, ("train",))
    assert all("all labels are" not in host.log for host in two.run(train, given))


def test_the_labels_of_a_stream_on_one_host_and_rows_held_on_the_other_count(two: HostProcesses) -> None:
    blocks: Any = problem(60_000, sparse=False)
    parts = [alike(blocks[:-1], 1), alike(blocks[-1:], 1)]
    given = [Given(JOB, {"train": part}, ("train",), free=72 << 20) for part in parts]
    with pytest.raises(InputError, match=REFUSED):
        two.run(train, given)
    given[1] = Given(JOB, {"train": alike(blocks[-1:], 0)}, ("train",), free=72 << 20)
    assert all("all labels are" not in host.log for host in two.run(train, given))


def test_labels_and_features_that_float32_blurs_are_told() -> None:
    X, y = (np.concatenate(parts) for parts in zip(*split("regressor")["train"], strict=True))
    far = X.copy()
    far[:, 2] = 1.6e9 + 300 * (X[:, 2] - X[:, 2].mean()) / X[:, 2].std()
    model, log = run({"train": [(far, y)]}, HYPERPARAMETERS["regressor"])
    assert model.blurred == (2,)
    assert model.caveats == [
        "Features of which float32 does not keep the digits that vary: 'f2'. Subtract a fixed number from them, in "
        "requests too, and train again, or scores are off."
    ]
    assert "The labels are large" not in log
    _, log = run({"train": [(X, (1e7 + y).astype(np.float32))]}, HYPERPARAMETERS["regressor"])
    assert "The labels are large beside their spread" in log
    assert run({"train": [(X, y)]}, HYPERPARAMETERS["regressor"])[0].caveats == []
