"""A job on several hosts gives the model that it gives on one."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linear_learner.bank.operators.dense import DenseBank
from linear_learner.bank.operators.sparse import SparseBank
from linear_learner.bank.operators.sparse_exchange import all_reduce_gradient
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.options.candidates import Candidate
from linear_learner.report.schema import Report
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts, round_up_size
from open_algorithms.learning.rows.csr import Csr, compress_matrix, take_rows
from open_algorithms.learning.rows.dense import build_dense_rows
from open_algorithms.learning.rows.scaling import Scaler, fit_scaler
from open_algorithms.learning.showing.quality.schema import BinaryQuality, MulticlassQuality, RegressionQuality
from tests.learning.job.recorder import Recorder
from tests.learning.job.stops import Stop
from tests.learning.rows.problems import draw_problem
from tests.learning.training.disks import Disk
from tests.linear_learner.bank.problems import build_sparse_rows
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.models import assert_same_bits
from tests.linear_learner.team import HostProcesses
from tests.linear_learner.training.examples import BY_LOSS, HYPERPARAMETERS, draw_example, draw_wide_rows, split_example
from tests.linear_learner.training.host_jobs import Done, Given, HostChannels, train_host

pytestmark = pytest.mark.processes

Rows = tuple[NDArray[Any], NDArray[Any]]
UNSCALED = Scaler(np.zeros(5, np.float32), np.ones(5, np.float32))
EXACT = {"shuffle": "false", "epochs": "4", "num_models": "6"}


def scaler_of(hosts: Hosts, given: tuple[Any, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    scaler = fit_scaler(
        *given, unbias_data=True, normalize_data=True, unbias_label=True, normalize_label=True, hosts=hosts
    )
    return scaler.mean, scaler.deviation


def exchange(hosts: Hosts, given: NDArray[Any]) -> tuple[Any, ...]:
    texts = hosts.broadcast_text(f"I am {hosts.names[hosts.rank]}, as öther höst says.")
    return (
        hosts.all_reduce(given),
        hosts.all_gather(given[: hosts.rank]),
        hosts.broadcast(given),
        hosts.all_reduce_max(hosts.rank),
        texts,
    )


@pytest.fixture(scope="module")
def four() -> Iterator[HostProcesses]:
    with HostProcesses(4) as team:
        yield team


@pytest.fixture(params=[2, 4])
def team(request: pytest.FixtureRequest) -> HostProcesses:
    found: HostProcesses = request.getfixturevalue({2: "two", 4: "four"}[request.param])
    return found


def size(team: HostProcesses) -> int:
    return len(team.pipes)


def replicated(
    team: HostProcesses, hyperparameters: dict[str, str], channels: HostChannels, batch: int = 48
) -> tuple[Done, Done]:
    """Train on one host, and on all with the same data and the same mini-batches over all; return host 0's."""
    one = train_host(SINGLE_HOST, Given(hyperparameters | {"mini_batch_size": str(batch)}, channels))
    own = hyperparameters | {"mini_batch_size": str(batch // size(team))}
    return one, team.run(train_host, [Given(own, channels)] * size(team))[0]


def assert_alike(one: Done, many: Done) -> None:
    assert one.losses
    np.testing.assert_allclose(many.losses, one.losses, rtol=1e-4)
    assert many.best == one.best
    np.testing.assert_allclose(many.model.weight, one.model.weight, rtol=1e-3, atol=1e-4)
    assert many.model.threshold == pytest.approx(one.model.threshold, rel=1e-4)
    assert_told_alike(one.report, many.report)


def assert_told_alike(one: Report, many: Report) -> None:
    """Compare two reports: the rows of all hosts are in each figure."""
    for name, quality in one.channels.items():
        rows, other_rows, other = one.data.channels[name], many.data.channels[name], many.channels[name]
        assert (other_rows.rows, other_rows.classes) == (rows.rows, rows.classes)
        if rows.label is not None and other_rows.label is not None:
            assert asdict(other_rows.label) == pytest.approx(asdict(rows.label))
        assert (other_rows.label is None) == (rows.label is None)
        assert other.scores == pytest.approx(quality.scores, rel=0.02, abs=1e-3)
        if isinstance(quality, RegressionQuality):
            assert isinstance(other, RegressionQuality)
            assert other.sampled_rows == quality.sampled_rows
            assert other.residuals is not None
            assert quality.residuals is not None
            quantiles = list(quality.residuals.quantiles.values())
            np.testing.assert_allclose(list(other.residuals.quantiles.values()), quantiles, rtol=0.01, atol=1e-3)
        else:
            assert isinstance(other, BinaryQuality | MulticlassQuality)
            assert quality.confusion is not None
            assert other.confusion is not None
            np.testing.assert_array_equal(np.sum(other.confusion, axis=1), np.sum(quality.confusion, axis=1))
            np.testing.assert_allclose(other.confusion, quality.confusion, atol=2)


def rows_of(X: Any, rows: NDArray[Any]) -> Any:
    return take_rows(X, rows)


def shards(blocks: Sequence[tuple[Any, NDArray[Any]]], hosts: int) -> list[list[tuple[Any, NDArray[Any]]]]:
    """Deal rows out to hosts one by one, so that their mini-batches together are those of one host."""
    return [
        [(rows_of(X, rows), y[rows]) for X, y in blocks for rows in [np.arange(i, len(y), hosts)]] for i in range(hosts)
    ]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_hosts_tell_each_other_arrives(team: HostProcesses, kind: type) -> None:
    generator = np.random.default_rng(1)
    for length in (1, 2, 5, 1000, 33_333):
        given: list[NDArray[Any]] = [generator.integers(-9, 9, length).astype(kind) for _ in range(size(team))]
        for total, gathered, told, most, text in team.run(exchange, given):
            np.testing.assert_array_equal(total, np.sum(given, axis=0))
            assert total.dtype == kind
            for rank, part in enumerate(gathered):
                np.testing.assert_array_equal(part, given[rank][:rank])
            np.testing.assert_array_equal(told, given[0])
            assert most == size(team) - 1
            assert text == "I am algo-1, as öther höst says."


def total(hosts: Hosts, given: NDArray[Any]) -> NDArray[Any]:
    return hosts.all_reduce(given)


def gathered(hosts: Hosts, given: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([hosts.broadcast(given[None]), *hosts.all_gather(given[None])])


def test_what_is_wider_than_float32_arrives_bit_by_bit(team: HostProcesses) -> None:
    given = [np.array([2**24 + 1, 2**53 - 1, 0.1 * rank, 1e300, -1e-300, np.inf]) for rank in range(size(team))]
    for theirs in team.run(total, given):
        np.testing.assert_array_equal(theirs, np.sum(given, axis=0))
    for theirs in team.run(gathered, given):
        np.testing.assert_array_equal(theirs, [given[0], *given])


def summed_columns(hosts: Hosts, given: list[int]) -> Any:
    columns = np.array(given)
    gradient = np.arange(2 * len(columns), dtype=np.float32).reshape(-1, 2)
    return all_reduce_gradient(hosts, columns, gradient, gradient[:1] * 0, all_columns=False, has_rows=True)


def test_the_gradients_of_millions_of_features_keep_apart(two: HostProcesses) -> None:
    last = 2**31 - 2
    for found, gradient, _ in two.run(summed_columns, [[5, 2**24, last], [2**24 + 1, last]]):
        assert found.tolist() == [5, 2**24, 2**24 + 1, last]
        assert gradient.tolist() == [[0, 1], [2, 3], [0, 1], [6, 8]]


def test_messages_are_of_few_sizes_and_hardly_longer_than_they_must_be() -> None:
    sizes = {round_up_size(n) for n in range(1, 100_000)}
    assert len(sizes) < 300
    assert all(n <= round_up_size(n) <= max(n + 1, n * 17 / 16) for n in range(1, 100_000))


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_hosts_with_the_same_data_learn_what_one_learns(team: HostProcesses, predictor: str) -> None:
    assert_alike(*replicated(team, HYPERPARAMETERS[predictor] | EXACT, split_example(predictor)))


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_without_validation_data_hosts_choose_what_one_chooses(two: HostProcesses, predictor: str) -> None:
    channels = {"train": split_example(predictor)["train"]}
    assert_alike(*replicated(two, HYPERPARAMETERS[predictor] | EXACT, channels))


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "momentum": "0.9", "l1": "0.1"},
        {"optimizer": "rmsprop", "loss": "hinge_loss"},
        {"optimizer": "adagrad", "positive_example_weight_mult": "balanced"},
        {"positive_example_weight_mult": "auto", "binary_classifier_model_selection_criteria": "loss_function"},
        {"normalize_data": "false", "unbias_data": "false", "use_bias": "false"},
        {"binary_classifier_model_selection_criteria": "f_beta", "num_calibration_samples": "50"},
        {"num_point_for_scaler": "100"},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
def test_hosts_agree_with_one_whatever_the_job(two: HostProcesses, settings: dict[str, str]) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | EXACT | settings
    one, many = replicated(two, job, split_example("binary_classifier"))
    if "num_calibration_samples" not in settings:
        assert_alike(one, many)
    np.testing.assert_allclose(many.losses, one.losses, rtol=1e-4)


@pytest.mark.parametrize("rows", ["1", "3"])
def test_thresholds_are_calibrated_on_as_many_rows_as_are_asked_for_however_many_hosts_share_them(
    four: HostProcesses, rows: str
) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | EXACT | {"num_calibration_samples": rows}
    one, many = replicated(four, job, split_example("binary_classifier"))
    np.testing.assert_allclose(many.losses, one.losses, rtol=1e-4)
    assert many.model.threshold == pytest.approx(one.model.threshold, rel=1e-4)


def test_candidates_that_cut_their_mini_batches_into_slices_do_so_together(two: HostProcesses) -> None:
    job = HYPERPARAMETERS["regressor"] | EXACT | {"num_models": "32"}
    one, many = replicated(two, job, split_example("regressor"), batch=384)
    assert_alike(one, many)


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_sparse_rows_are_summed_as_dense_ones_are(two: HostProcesses, predictor: str) -> None:
    channels = {name: [(compress_matrix(X), y) for X, y in blocks] for name, blocks in split_example(predictor).items()}
    assert_alike(*replicated(two, HYPERPARAMETERS[predictor] | EXACT, channels))


@pytest.mark.parametrize("predictor", HYPERPARAMETERS)
def test_all_hosts_hold_the_same_rows_out(two: HostProcesses, predictor: str) -> None:
    channels = {"train": [draw_example(predictor)]}
    assert_alike(*replicated(two, HYPERPARAMETERS[predictor] | EXACT | {"holdout": "0.25"}, channels))


@pytest.mark.parametrize("settings", [{}, {"optimizer": "sgd", "l1": "0.05"}, {"unbias_data": "false"}], ids=str)
def test_wide_sparse_gradients_are_summed(team: HostProcesses, settings: dict[str, str]) -> None:
    channels = {"train": draw_wide_rows(300), "validation": draw_wide_rows(100)}
    job = HYPERPARAMETERS["binary_classifier"] | EXACT | settings
    assert_alike(*replicated(team, job, channels))


def test_rows_that_do_not_tell_their_width_are_as_wide_as_on_the_host_with_the_widest(two: HostProcesses) -> None:
    def narrow(features: int) -> list[tuple[Any, NDArray[Any]]]:
        X = Csr(
            np.ones(4, np.float32), np.array([0, 1, 0, features - 1], np.int32), np.array([0, 1, 2, 3, 4]), (4, None)
        )
        return [(X, np.array([1, 0, 1, 0], np.float32))]

    job = HYPERPARAMETERS["binary_classifier"] | EXACT
    done = two.run(train_host, [Given(job, {"train": narrow(n)}, ("train",)) for n in (3, 7)])
    assert [len(host.model.weight) for host in done] == [7, 7]


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_shards_are_learned_together(team: HostProcesses, sparse: bool) -> None:
    channels: HostChannels = split_example("binary_classifier")
    if sparse:
        channels = {name: [(compress_matrix(X), y) for X, y in blocks] for name, blocks in channels.items()}
    job = HYPERPARAMETERS["binary_classifier"] | EXACT
    one = train_host(SINGLE_HOST, Given(job | {"mini_batch_size": "48"}, channels))
    parts = [{name: shards(blocks, size(team))[i] for name, blocks in channels.items()} for i in range(size(team))]
    own = job | {"mini_batch_size": str(48 // size(team))}
    many = team.run(train_host, [Given(own, part, ("train", "validation", "test")) for part in parts])
    assert_alike(one, many[0])
    for host in many[1:]:
        assert_same_bits(host.model, many[0].model)


BATCH = 8
CANDIDATES = [Candidate("sgd", 0.05, momentum=0.5, l1=0.3), Candidate("adam", 0.02, average=True)]
START = np.zeros((2, 1, 6), np.float32)


def train_bank(hosts: Hosts, block: Rows) -> NDArray[Any]:
    """Train on the rows in their order, and with the others until all are done, twice."""
    rows = build_dense_rows([block], UNSCALED, 5)
    bank = DenseBank(CANDIDATES, START, Objective(LOSSES["squared_loss"]), BATCH * hosts.count, hosts=hosts)
    for _ in range(2):
        bank.train(rows, np.arange(len(rows), dtype=np.int32))
        bank.join_updates()
    return bank.take_snapshot()


def train_sparse_bank(hosts: Hosts, block: Rows, *, lazy: bool) -> NDArray[Any]:
    """Do the same with sparse rows."""
    rows = build_sparse_rows(*block, UNSCALED)
    bank = SparseBank(CANDIDATES, START, Objective(LOSSES["squared_loss"]), BATCH * hosts.count, hosts=hosts, lazy=lazy)
    for _ in range(2):
        bank.train(rows, np.arange(len(rows), dtype=np.int32))
        bank.join_updates()
    return bank.take_snapshot()


def on_one_host(block: Rows, batches: list[NDArray[Any]]) -> NDArray[Any]:
    """Train on mini-batches of these rows, of which some are not full."""
    rows = build_dense_rows([block], UNSCALED, 5)
    bank = DenseBank(CANDIDATES, START, Objective(LOSSES["squared_loss"]), 2 * BATCH)
    table = np.array([np.append(batch, np.full(2 * BATCH - len(batch), len(rows))) for batch in batches], np.int32)
    for _ in range(2):
        bank.train_batches(rows, table)
    return bank.take_snapshot()


def sparse_on_one_host(block: Rows, batches: list[NDArray[Any]], *, lazy: bool) -> NDArray[Any]:
    """Do the same with sparse rows."""
    rows = build_sparse_rows(*block, UNSCALED)
    bank = SparseBank(CANDIDATES, START, Objective(LOSSES["squared_loss"]), 2 * BATCH, lazy=lazy)
    for batch in 2 * batches:
        bank.update_by_batch(rows.take_rows(batch.astype(np.int32)), *bank.schedule_updates(1)[0])
    return bank.take_snapshot()


@pytest.mark.parametrize(
    ("work", "reference"),
    [
        (train_bank, on_one_host),
        (partial(train_sparse_bank, lazy=False), partial(sparse_on_one_host, lazy=False)),
        (partial(train_sparse_bank, lazy=True), partial(sparse_on_one_host, lazy=True)),
    ],
    ids=["dense", "sparse", "lazy"],
)
@pytest.mark.parametrize("rows", [(70, 0), (0, 70), (64, 6), (3, 901), (35, 35)], ids=str)
def test_a_host_that_has_run_out_of_rows_goes_on_with_the_others(
    two: HostProcesses, work: Any, reference: Any, rows: tuple[int, int]
) -> None:
    X, y = draw_example("regressor", sum(rows))
    held = np.random.default_rng(1).random(X.shape) < 0.5
    X = np.where(held, X / [1, 10, 1, 8, 1], 0).astype(np.float32)
    y = y - 50
    parts = [(X[: rows[0]], y[: rows[0]]), (X[rows[0] :], y[rows[0] :])]
    first, second = np.split(np.arange(len(y)), [rows[0]])
    starts = range(0, max(rows), BATCH)
    batches = [np.concatenate([first[i : i + BATCH], second[i : i + BATCH]]) for i in starts]
    expected = reference((X, y), batches)
    for weights in two.run(work, parts):
        np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_a_host_that_streams_its_rows_and_one_that_holds_them_learn_together(two: HostProcesses, sparse: bool) -> None:
    blocks = draw_problem(60_000, sparse=sparse)
    job = {"predictor_type": "binary_classifier", "epochs": "2", "shuffle": "false", "mini_batch_size": "500"} | BY_LOSS
    parts = [{"train": blocks[:-1]}, {"train": blocks[-1:]}]
    held = two.run(train_host, [Given(job, part, ("train",)) for part in parts])
    streamed = two.run(train_host, [Given(job, part, ("train",), free=72 << 20) for part in parts])
    assert streamed[0].log.has_said("The channel 'train' is larger than")
    assert streamed[1].log.has_said("The channel 'train' is held in memory")
    for host in streamed:
        np.testing.assert_allclose(host.losses, held[0].losses, rtol=1e-5)
        np.testing.assert_allclose(host.model.weight, held[0].model.weight, rtol=1e-3, atol=1e-5)


def test_a_job_goes_on_on_all_hosts_from_host_0s_checkpoint(two: HostProcesses) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | {"epochs": "6", "num_models": "6", "mini_batch_size": "10"}
    channels = split_example("binary_classifier")
    whole = two.run(train_host, [Given(job, channels, disk=Disk() if rank == 0 else None) for rank in range(2)])
    disk = whole[0].disk
    assert disk is not None
    assert len(disk.checkpoints) == 6
    disk.checkpoints = disk.checkpoints[:2]
    again = two.run(train_host, [Given(job, channels, disk=disk if rank == 0 else None) for rank in range(2)])
    assert "Going on from the checkpoint after epoch 1." in again[0].log.said
    assert_same_bits(again[0].model, whole[0].model)
    assert_same_bits(again[1].model, whole[1].model)


def test_all_hosts_start_from_the_earlier_model_that_host_0_has(two: HostProcesses) -> None:
    job, channels = HYPERPARAMETERS["regressor"] | EXACT, split_example("regressor")
    earlier = [train_host(SINGLE_HOST, Given(job | {"seed": seed}, channels)).model for seed in "12"]
    alike, mixed = (
        two.run(train_host, [Given(job, channels, earlier=model) for model in models])[0]
        for models in ([earlier[0]] * 2, earlier)
    )
    assert_same_bits(mixed.model, alike.model)


def test_where_one_host_is_told_to_stop_all_do_and_have_the_same_model(two: HostProcesses) -> None:
    job = HYPERPARAMETERS["binary_classifier"] | {"epochs": "4", "num_models": "3", "mini_batch_size": "10"}
    looks = Stop()
    fit_model(job, split_example("binary_classifier"), Recorder(), raise_if_stopped=looks)
    for at in range(1, looks.looks, 3):
        for stopped in range(2):
            given = [
                Given(job, split_example("binary_classifier"), stop=at if rank == stopped else None)
                for rank in range(2)
            ]
            done = two.run(train_host, given)
            for host in done:
                assert host.log.has_said("Told to stop: the model is"), at
            assert_same_bits(done[0].model, done[1].model)
            assert np.isfinite(done[0].model.weight).all()


def test_hosts_with_different_columns_are_told_so(two: HostProcesses) -> None:
    X, y = split_example("regressor")["train"][0]
    job = HYPERPARAMETERS["regressor"] | EXACT
    given = [Given(job, {"train": [(X[:, : 5 - rank], y)]}, ("train",)) for rank in range(2)]
    with pytest.raises(InputError, match="host 'algo-1' has rows of 5 features, host 'algo-2' of 4"):
        two.run(train_host, given)


def test_a_channel_of_which_no_host_has_a_row_is_refused(two: HostProcesses) -> None:
    job = HYPERPARAMETERS["regressor"] | EXACT
    with pytest.raises(InputError, match="channel 'train': no host has a row"):
        two.run(train_host, [Given(job, {"train": []}, ("train",))] * 2)
    with pytest.raises(InputError, match="channel 'validation': no host has a row"):
        two.run(train_host, [Given(job, split_example("regressor") | {"validation": []}, ("validation",))] * 2)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_the_scaler_is_that_of_all_rows(four: HostProcesses, sparse: bool) -> None:
    generator = np.random.default_rng(3)
    X = generator.normal([5, 0, 3, 1e6, 0], [1, 0, 0, 10, 1], (50, 5)).astype(np.float32)
    X[:20, 4] = 0  # a feature that some hosts do not see vary
    y = generator.normal(size=50).astype(np.float32)
    kind = compress_matrix if sparse else np.asarray
    cuts = [0, 20, 20, 21, 50]
    parts = [(kind(X[a:b]), y[a:b]) for a, b in pairwise(cuts)]
    mean, deviation = scaler_of(SINGLE_HOST, (kind(X), y))
    assert deviation[1:3].tolist() == [1, 1]
    for theirs in four.run(scaler_of, parts):
        np.testing.assert_allclose(theirs[0], mean, rtol=1e-6)
        np.testing.assert_allclose(theirs[1], deviation, rtol=1e-6)
