"""A job that is cut off goes on where it was and ends as if nothing had happened."""

import json
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe
from open_algorithms.learning.rows.csr import as_dense, compress_matrix
from open_algorithms.learning.rows.dense import Block
from tests.learning.job.recorder import Recorder
from tests.learning.rows.problems import draw_problem
from tests.learning.training.disks import Disk
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.training.disks import cut_off
from tests.linear_learner.training.examples import HYPERPARAMETERS, Channels, draw_wide_rows, split_example

BINARY, REGRESSOR = HYPERPARAMETERS["binary_classifier"], HYPERPARAMETERS["regressor"]
SPLIT = split_example("binary_classifier")
FIND_LIBRARY = "linear_learner.bank.sliced.find_library"
JOBS: dict[str, tuple[dict[str, str], Channels]] = {
    **{predictor: (job, split_example(predictor)) for predictor, job in HYPERPARAMETERS.items()},
    **{name: (REGRESSOR | {"optimizer": name}, split_example("regressor")) for name in ("sgd", "rmsprop", "adagrad")},
    "in order": (BINARY | {"shuffle": "false"}, {"train": SPLIT["train"]}),
    "sparse": (
        BINARY,
        {name: [(compress_matrix(as_dense(X)), y) for X, y in blocks] for name, blocks in SPLIT.items()},
    ),
    "held out": (BINARY | {"holdout": "0.2"}, {"train": SPLIT["train"]}),
    "wide": (BINARY | {"epochs": "5"}, {"train": draw_wide_rows(2000), "validation": draw_wide_rows(300)}),
}


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("engine", ["operators", pytest.param("native", marks=pytest.mark.native)])
def test_a_job_that_is_cut_off_after_any_epoch_ends_with_the_same_bits(
    name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "operators":
        monkeypatch.setattr(FIND_LIBRARY, lambda: None)
    hyperparameters, channels = JOBS[name]
    disk = Disk()
    expected = fit_model(hyperparameters, channels, Recorder(), checkpoints=disk)
    assert_same_bits(fit_model(hyperparameters, channels, Recorder()), expected)
    for after in {1, 2, len(disk.checkpoints)}:
        log = Recorder()
        assert_same_bits(
            fit_model(hyperparameters, channels, log, checkpoints=cut_off(after, hyperparameters, channels)), expected
        )
        assert f"Going on from the checkpoint after epoch {after - 1}." in log.said


@pytest.mark.parametrize("sparse", [False, True])
def test_a_stream_that_is_cut_off_ends_with_the_same_bits(sparse: bool) -> None:
    hyperparameters = HYPERPARAMETERS["binary_classifier"] | {"mini_batch_size": "1000", "epochs": "3"}
    channels = {"train": draw_problem(60_000, sparse=sparse), "validation": draw_problem(20_000, sparse=sparse)}
    tight = Budget(76 << 20)
    log = Recorder()
    expected = fit_model(hyperparameters, channels, log, tight)
    assert any("is larger than the" in line for line in log.said)
    for after in (1, 2):
        disk = cut_off(after, hyperparameters, channels, tight)
        assert_same_bits(fit_model(hyperparameters, channels, Recorder(), tight, checkpoints=disk), expected)


def test_a_stream_whose_rows_are_held_out_ends_with_the_same_bits_when_it_is_cut_off() -> None:
    hyperparameters = HYPERPARAMETERS["binary_classifier"] | {
        "mini_batch_size": "1000",
        "epochs": "3",
        "holdout": "0.2",
    }
    channels, tight, log = {"train": draw_problem(80_000, sparse=False)}, Budget(76 << 20), Recorder()
    expected = fit_model(hyperparameters, channels, log, tight)
    assert any("is larger than the" in line for line in log.said)
    disk = cut_off(2, hyperparameters, channels, tight)
    assert_same_bits(fit_model(hyperparameters, channels, Recorder(), tight, checkpoints=disk), expected)


@pytest.mark.parametrize("more", [200_000, 2 << 20])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_stream_is_gone_on_from_with_another_amount_of_memory(sparse: bool, more: int) -> None:
    hyperparameters = HYPERPARAMETERS["binary_classifier"] | {"mini_batch_size": "1000", "epochs": "2"}
    channels = {"train": draw_problem(60_000, sparse=sparse)}
    tight, log = Budget(72 << 20), Recorder()
    disk = cut_off(1, hyperparameters, channels, tight)
    fit_model(hyperparameters, channels, log, Budget(tight.free_bytes + more), checkpoints=disk)
    assert any("is read anew for every pass" in line for line in log.said)
    assert "Going on from the checkpoint after epoch 0." in log.said


class Fifo:
    """Blocks of which one pass must be over, or left, before the next begins."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.busy = False

    def __iter__(self) -> Iterator[Block]:
        assert not self.busy
        self.busy = True
        try:
            yield from self.blocks
        finally:
            self.busy = False


def test_a_stream_that_is_gone_on_from_is_left_before_it_is_read_anew() -> None:
    hyperparameters = HYPERPARAMETERS["binary_classifier"] | {"mini_batch_size": "1000", "epochs": "3"}
    channels = {name: draw_problem(60_000, sparse=False) for name in ("train", "validation")}
    disk = cut_off(1, hyperparameters, channels, Budget(76 << 20))
    log = Recorder()
    fit_model(
        hyperparameters, {name: Fifo(channels[name]) for name in channels}, log, Budget(76 << 20), checkpoints=disk
    )
    assert "Going on from the checkpoint after epoch 0." in log.said
    assert sum("is read anew for every pass" in line for line in log.said) == 2


def resumed(
    disk: Disk, hyperparameters: dict[str, str], channels: Channels, **more: Any
) -> tuple[LinearModel, list[str]]:
    log = Recorder()
    return fit_model(hyperparameters, channels, log, checkpoints=disk, **more), log.said


def test_a_checkpoint_of_other_hyperparameters_is_named_and_not_gone_on_from() -> None:
    disk = cut_off(2, REGRESSOR, split_example("regressor"))
    other = REGRESSOR | {"wd": "0.01", "epochs": "9"}
    model, said = resumed(disk, other, split_example("regressor"))
    what = "epochs was 8, is 9, wd was None, is 0.01"
    assert f"The checkpoint is of another job and not gone on from: {what}. Starting anew." in said
    assert_same_bits(model, fit_model(other, split_example("regressor"), Recorder()))


@pytest.mark.native
def test_a_checkpoint_of_the_other_engine_is_named_and_not_gone_on_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines' results are equal within rounding only, and what they remember is laid out otherwise."""
    disk = cut_off(2, REGRESSOR, split_example("regressor"))
    monkeypatch.setattr(FIND_LIBRARY, lambda: None)
    model, said = resumed(disk, REGRESSOR, split_example("regressor"))
    told = "it was trained by the engine 'native', and this machine has 'operators'"
    assert f"The checkpoint is of another job and not gone on from: {told}. Starting anew." in said
    assert_same_bits(model, fit_model(REGRESSOR, split_example("regressor"), Recorder()))


def test_a_checkpoint_of_another_optimizer_is_named_though_it_remembers_other_things() -> None:
    disk = cut_off(2, REGRESSOR, split_example("regressor"))
    _, said = resumed(disk, REGRESSOR | {"optimizer": "sgd"}, split_example("regressor"))
    assert any("of another job and not gone on from: optimizer was " in line for line in said)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("change", ["labels", "features"])
def test_a_checkpoint_of_other_data_is_not_gone_on_from(sparse: bool, change: str) -> None:
    def channels(X: Any, y: Any) -> Channels:
        data = {**split_example("regressor"), "validation": [(X, y)]}
        return {name: [(compress_matrix(X), y) for X, y in blocks] for name, blocks in data.items()} if sparse else data

    X, y = split_example("regressor")["validation"][0]
    disk = cut_off(2, REGRESSOR, channels(X, y))
    other = channels(X, y + 1) if change == "labels" else channels(X[::-1].copy(), y)
    model, said = resumed(disk, REGRESSOR, other)
    assert "The checkpoint is of another job and not gone on from: the data differs. Starting anew." in said
    assert_same_bits(model, fit_model(REGRESSOR, other, Recorder()))


@pytest.mark.parametrize("channel", ["train", "validation"])
def test_a_checkpoint_of_other_weights_is_not_gone_on_from(channel: str) -> None:
    channels, rows = split_example("regressor"), 400 if channel == "train" else 100
    weights = {channel: np.tile(np.array([0.5, 1.5], np.float32), rows // 2)}
    other = {channel: weights[channel][::-1].copy()}
    begun = cut_off(2, REGRESSOR, channels, row_weights=weights).checkpoints
    for found in (other, {}):
        disk = Disk()
        disk.checkpoints = [*begun]
        model, said = resumed(disk, REGRESSOR, channels, row_weights=found)
        assert "The checkpoint is of another job and not gone on from: the data differs. Starting anew." in said
        assert_same_bits(model, fit_model(REGRESSOR, channels, Recorder(), row_weights=found))
    disk.checkpoints = [*begun]
    model, said = resumed(disk, REGRESSOR, channels, row_weights=weights)
    assert "Going on from the checkpoint after epoch 1." in said
    assert_same_bits(model, fit_model(REGRESSOR, channels, Recorder(), row_weights=weights))


def test_a_checkpoint_of_a_stream_with_other_weights_far_behind_is_not_gone_on_from() -> None:
    hyperparameters = BINARY | {"mini_batch_size": "1000", "epochs": "2"}
    channels, tight = {"train": draw_problem(60_000, sparse=False)}, Budget(76 << 20)
    weights = np.ones(60_000, np.float32)
    disk = cut_off(1, hyperparameters, channels, tight, row_weights={"train": weights})
    weights[-2:] = 0.5, 1.5
    log = Recorder()
    fit_model(hyperparameters, channels, log, tight, checkpoints=disk, row_weights={"train": weights})
    assert any("is larger than the" in line for line in log.said)
    assert "The checkpoint is of another job and not gone on from: the data differs. Starting anew." in log.said


def test_a_checkpoint_of_another_start_is_not_gone_on_from() -> None:
    disk = cut_off(2, REGRESSOR, split_example("regressor"))
    earlier = fit_model(REGRESSOR, split_example("regressor"), Recorder())
    model, said = resumed(disk, REGRESSOR, split_example("regressor"), earlier_model=earlier)
    assert any("the model to start from differs. Starting anew." in line for line in said)
    assert_same_bits(model, fit_model(REGRESSOR, split_example("regressor"), Recorder(), earlier_model=earlier))


def test_a_checkpoint_of_other_columns_is_not_gone_on_from() -> None:
    one, other = (Recipe((CategoryColumn("a", levels),)) for levels in (("x", "y"), ("y", "x")))
    disk = cut_off(2, REGRESSOR, split_example("regressor"), recipe=one)
    begun = list(disk.checkpoints)
    _, said = resumed(disk, REGRESSOR, split_example("regressor"), recipe=other)
    assert "The checkpoint is of another job and not gone on from: the data differs. Starting anew." in said
    disk.checkpoints = begun
    _, said = resumed(disk, REGRESSOR, split_example("regressor"), recipe=one)
    assert any(line.startswith("Going on from the checkpoint") for line in said)


def npy(array: Any) -> bytes:
    file = BytesIO()
    np.save(file, array)
    return file.getvalue()


def with_entry(content: bytes, name: str, entry: bytes | None) -> bytes:
    """Replace an entry of a zip, or leave it out."""
    changed = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as archive, zipfile.ZipFile(changed, "w") as copy:
        for other in archive.namelist():
            if other != name:
                copy.writestr(other, archive.read(other))
            elif entry is not None:
                copy.writestr(name, entry)
    return changed.getvalue()


def with_identity(content: bytes, value: Any) -> bytes:
    return with_entry(content, "identity.npy", npy(np.array(json.dumps(value))))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "flipped": lambda content: content[:5000] + bytes([content[5000] ^ 255]) + content[5001:],
    "half its numbers": lambda content: content.replace(b"'descr': '<f4'", b"'descr': '<f2'"),
    "no header": lambda content: content.replace(b"{'descr'", b"('descr'"),
    "encrypted": lambda content: content.replace(b"PK\x01\x02\x2d\x03\x2d\x00\x00", b"PK\x01\x02\x2d\x03\x2d\x00\x01"),
    "of another method": lambda content: content.replace(
        b"PK\x01\x02\x2d\x03\x2d\x00\x00\x00\x00", b"PK\x01\x02\x2d\x03\x2d\x00\x00\x00\x63"
    ),
    "without an identity": lambda content: with_entry(content, "identity.npy", None),
    "without an array": lambda content: with_entry(content, "best.npy", None),
    "objects": lambda content: with_entry(content, "identity.npy", npy(np.array([None], object))),
    "a list": lambda content: with_identity(content, []),
    "old": lambda content: with_identity(content, {"format": 0}),
    "one array": lambda content: npy(np.zeros(3)),
    "text": lambda content: b"no checkpoint",
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_checkpoint_that_cannot_be_read_is_said_and_not_gone_on_from(how: str) -> None:
    channels = {name: [(np.tile(X, 40), y) for X, y in blocks] for name, blocks in split_example("regressor").items()}
    disk = cut_off(2, REGRESSOR, channels)
    changed = DAMAGES[how](disk.checkpoints[-1])
    assert changed != disk.checkpoints[-1]
    disk.checkpoints = [changed]
    model, said = resumed(disk, REGRESSOR, channels)
    assert any("not gone on from" in line and "Starting anew." in line for line in said)
    assert_same_bits(model, fit_model(REGRESSOR, channels, Recorder()))
