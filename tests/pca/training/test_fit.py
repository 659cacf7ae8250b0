"""A job finds the components of its rows, whatever form they have, however many hosts share them."""

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from benchmarks.data import FOLDER
from open_algorithms.learning.columns.recipe import BooleanColumn, CategoryColumn, NumberColumn, Recipe
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Columns
from open_algorithms.pca.artifact.read import load_model
from open_algorithms.pca.training import plan
from open_algorithms.pca.training.result import PcaResult
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Metrics, Recorder, Throughput
from tests.learning.job.stops import Stop
from tests.pca.data import cut_blocks, draw_rows, draw_sparse_rows, exact_singular_values
from tests.pca.jobs import find, find_on_hosts

ROWS = draw_rows(400, 20)
FIVE = {"num_components": "5"}
RANDOMIZED = {**FIVE, "algorithm_mode": "randomized"}


def require_same(one: PcaResult, other: PcaResult, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(one.model.singular_values, other.model.singular_values, rtol=tolerance)
    np.testing.assert_allclose(one.model.mean, other.model.mean, atol=1e-5)
    np.testing.assert_allclose(one.model.loadings, other.model.loadings, atol=1e2 * tolerance)


@pytest.fixture
def few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were too many features for the sums of all their pairs."""
    monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3)


def test_the_model_is_that_of_scikit_learn_in_ascending_order() -> None:
    model, peer = find(FIVE, ROWS).model, PCA(5, svd_solver="full").fit(ROWS.astype(np.float64))
    np.testing.assert_allclose(model.singular_values, peer.singular_values_[::-1], rtol=1e-6)
    np.testing.assert_allclose(model.mean, peer.mean_, rtol=1e-5)
    np.testing.assert_allclose(np.abs((model.loadings * peer.components_[::-1].T).sum(axis=0)), 1, rtol=1e-6)
    np.testing.assert_allclose(
        np.abs(model.predict(ROWS)["projection"]), np.abs(peer.transform(ROWS)[:, ::-1]), rtol=1e-3, atol=1e-4
    )
    assert model.facts["total_variance"] == pytest.approx(ROWS.astype(np.float64).var(axis=0, ddof=1).sum(), rel=1e-6)
    np.testing.assert_allclose(model.explained_ratios or [], peer.explained_variance_ratio_, rtol=1e-6)


def test_every_number_of_components_is_told() -> None:
    facts = find(FIVE, ROWS).model.facts
    np.testing.assert_allclose(facts["singular_values"], exact_singular_values(ROWS), rtol=1e-6)
    assert sum(facts["explained_variance_ratios"]) == pytest.approx(1)


def test_without_its_mean_the_model_is_about_0() -> None:
    model = find({**FIVE, "subtract_mean": "false"}, ROWS).model
    expected = exact_singular_values(ROWS, is_centred=False)[:5]
    np.testing.assert_allclose(model.singular_values, expected[::-1], rtol=1e-6)
    assert (model.mean == 0).all()


@pytest.mark.parametrize("texts", [FIVE, RANDOMIZED])
@pytest.mark.parametrize("sparse", [False, True])
def test_passes_find_what_sums_of_all_pairs_do(texts: dict[str, str], sparse: bool, few_pairs: None) -> None:
    X = draw_sparse_rows(300, 40)
    log = Recorder()
    found = find({**texts, "extra_components": "20"}, cut_blocks(X, 3, sparse=sparse), log)
    assert found.solution.passes > 1
    assert log.has_said("40 features have too many pairs.")
    expected = exact_singular_values(X)[:5]
    tolerance = 1e-6 if texts is FIVE else 1e-2
    np.testing.assert_allclose(found.model.singular_values[::-1], expected, rtol=tolerance)
    assert found.is_exact or texts is RANDOMIZED


def test_sparse_rows_have_the_components_of_the_same_dense_rows() -> None:
    X = draw_sparse_rows(300, 25)
    require_same(find(FIVE, cut_blocks(X, 3, sparse=True)), find(FIVE, X))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("passes", [False, True])
def test_a_stream_has_the_components_of_rows_in_memory(
    sparse: bool, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = (draw_sparse_rows if sparse else draw_rows)(40_000, 60)
    monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3 if passes else 4096)
    texts = {**FIVE, "feature_dim": "60"}
    blocks, log = cut_blocks(X, 40, sparse=sparse), Recorder()
    streamed = find(texts, blocks, log, free_memory=lambda: 56 << 20)
    assert log.has_said("is read anew for every pass")
    require_same(streamed, find(texts, blocks), 1e-5)


@pytest.mark.parametrize("passes", [False, True])
def test_two_hosts_find_what_one_does(passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3 if passes else 4096)
    first, second = find_on_hosts(FIVE, ROWS, 2, channels={"test": cut_blocks(ROWS[:99], 4)})
    one = find(FIVE, ROWS, channels={"test": cut_blocks(ROWS[:99], 4)})
    require_same(first, one)
    np.testing.assert_array_equal(first.model.loadings, second.model.loadings)
    assert first.measured["test"].metrics == pytest.approx(one.measured["test"].metrics, rel=1e-5)
    assert (first.host_count, first.measured["train"].rows) == (2, 400)


def test_sparse_rows_far_from_0_have_the_components_of_the_same_dense_rows() -> None:
    far = (ROWS + 1e7).astype(np.float32)
    require_same(find(FIVE, cut_blocks(far, 7, sparse=True)), find(FIVE, far))


@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("empty", [0, 1])
def test_a_host_without_rows_takes_part(passes: bool, empty: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if passes:
        monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3)
    alone = find(FIVE, ROWS)

    def be_host(hosts: Hosts) -> PcaResult:
        rows = cut_blocks(ROWS, 7) if hosts.rank != empty else []
        return find(FIVE, rows, hosts=hosts, sharded_channels={"train"})

    for result in run_hosts(2, be_host):
        require_same(result, alone)


def test_a_shift_of_the_data_goes_into_the_mean() -> None:
    shift = np.linspace(1e9, 2e9, 20)
    columns = Columns(shift=shift)
    shifted, plain = find(FIVE, ROWS, columns=columns, channels={"test": cut_blocks(ROWS, 2)}), find(FIVE, ROWS)
    assert shifted.model.exact
    np.testing.assert_allclose(shifted.model.mean - shift, plain.model.mean, atol=1e-5)
    np.testing.assert_array_equal(shifted.model.loadings, plain.model.loadings)
    assert shifted.measured["test"].ratio == pytest.approx(shifted.measured["train"].ratio, rel=1e-5)
    np.testing.assert_allclose(
        shifted.model.predict(ROWS + shift)["projection"], plain.model.predict(ROWS)["projection"], atol=1e-4
    )


def test_numbers_of_a_table_are_normalized_and_its_flags_are_not() -> None:
    generator = np.random.default_rng(0)
    recipe = Recipe(
        (NumberColumn("a", 0.0, has_missing=True), BooleanColumn("b", 0.5), CategoryColumn("c", ("x", "y")))
    )
    flags = generator.integers(0, 2, (300, 4))
    X = np.hstack([generator.normal(0, 1e4, (300, 1)), flags]).astype(np.float32)
    log = Recorder()
    model = find({"num_components": "2"}, X, log, Columns(recipe.feature_names, recipe=recipe)).model
    assert log.has_said("'normalize_data' was set to 'auto', evaluated to true: not all columns are numbers.")
    np.testing.assert_allclose(np.asarray(model.scales), [X[:, 0].std(), 1, 1, 1, 1], rtol=1e-6)
    assert (model.recipe, model.names) == (recipe, recipe.feature_names)
    numbers = Recipe(tuple(NumberColumn(f"n{i}", 0.0) for i in range(5)))
    assert find({"num_components": "2"}, X, columns=Columns(numbers.feature_names, recipe=numbers)).model.scales is None


def test_features_have_their_names() -> None:
    names = tuple(f"n{i}" for i in range(20))
    assert find(FIVE, ROWS, columns=Columns(names)).model.names == names


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("normalize", ["false", "true"])
def test_what_little_is_lost_beside_a_large_component_is_measured_alike_by_training_and_model(
    sparse: bool, normalize: str
) -> None:
    rows = (ROWS[:, :6] + 3000 * ROWS[:, 6:7]).astype(np.float32)
    texts = {"num_components": "2", "normalize_data": normalize}
    channels = {"test": cut_blocks(rows, 2, sparse=sparse)}
    found = find(texts, cut_blocks(rows, 3, sparse=sparse), channels=channels).measured
    assert found["test"].error == pytest.approx(found["train"].error, rel=1e-4)


def test_a_test_channel_is_measured_and_everything_is_logged() -> None:
    log = Recorder()
    result = find(FIVE, ROWS, log, channels={"test": cut_blocks(draw_rows(50, 20, seed=5), 2)})
    for split in ("train", "test"):
        for metric, value in result.measured[split].metrics.items():
            assert log.final_value(split, metric) == value
    assert log.final_value("train", "explained_variance_ratio") == pytest.approx(
        sum(result.model.explained_ratios or [])
    )
    assert log.has_said("20 feature(s) found in 'data'.")
    assert not log.has_said("Test data is not provided.")
    (times,) = log.select_events(Metrics)
    assert {"initialize.time", "epochs", "update.time", "finalize.time", "setuptime", "totaltime"} == {*times.values}
    assert log.select_events(Throughput)[0].rows_per_second > 0


def test_what_has_no_effect_is_said() -> None:
    log = Recorder()
    find({**FIVE, "extra_components": "3"}, ROWS, log)
    assert log.warnings == [
        "extra_components has no effect on this job: it goes with other hyperparameters than these."
    ]
    assert log.has_said("Test data is not provided.")


def test_a_feature_that_is_nearly_all_of_the_variance_is_named() -> None:
    X = np.where(np.arange(20) == 7, ROWS * np.float32(100), ROWS)
    log, other = Recorder(), Recorder()
    find(FIVE, X, log)
    find({**FIVE, "normalize_data": "true"}, X, other)
    assert [warning.split(" of the variance")[0] for warning in log.warnings] == ["f7 is 99.5%"]
    assert other.warnings == []


def test_components_that_explain_nothing_are_told_and_are_never_not_a_number() -> None:
    log, X = Recorder(), np.outer(np.arange(30), np.arange(1, 7)).astype(np.float32)
    model = find({"num_components": "6"}, X, log).model
    assert log.warnings == ["5 of 6 components explain nothing: the rows have fewer directions."]
    assert np.isfinite(model.loadings).all()
    assert (model.singular_values[:5] == 0).all()


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("passes", [False, True])
def test_fewer_rows_than_features_are_enough(rows: int, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3 if passes else 4096)
    X = ROWS[:rows]
    for mode in ("regular", "randomized"):
        model = find({"num_components": "20", "algorithm_mode": mode}, X).model
        assert np.isfinite(model.loadings).all()
        np.testing.assert_allclose(model.singular_values[::-1][:rows], exact_singular_values(X), atol=1e-5)


@pytest.mark.parametrize(
    ("texts", "X", "match"),
    [
        ({"num_components": "21"}, ROWS, "at most as many components as the 20 features of the data, found 21"),
        ({"num_components": "2", "feature_dim": "19"}, ROWS, "channel 'train'.*expected 19 features"),
        ({"num_components": "2"}, ROWS * np.float32(3e37), "so large, or so small, that float32 does not hold"),
    ],
)
def test_data_that_does_not_do_is_refused(texts: dict[str, str], X: Float32s, match: str) -> None:
    with pytest.raises(InputError, match=match):
        find(texts, X)


def test_too_little_memory_is_said_with_the_way_out(few_pairs: None) -> None:
    with pytest.raises(InputError, match=r"features need about .* lower num_components, or use a larger instance"):
        find(FIVE, ROWS, free_memory=lambda: 48 << 20)


def count_looks(**more: Any) -> int:
    stop = Stop()
    find(FIVE, ROWS, raise_if_stopped=stop, **more)
    return stop.looks


def test_a_stopped_job_has_the_components_of_its_rows_so_far() -> None:
    X = draw_rows(20_000, 20)
    log = Recorder()
    stopped = find(FIVE, cut_blocks(X, 200), log, free_memory=lambda: 55 << 20, raise_if_stopped=Stop(3))
    assert stopped.was_stopped
    rows = stopped.model.facts["rows"]
    assert 0 < rows < 20_000
    np.testing.assert_allclose(stopped.model.singular_values, find(FIVE, X[:rows]).model.singular_values, rtol=1e-5)
    assert log.warnings == [f"The job is stopped: the components are those of {rows:,} rows so far."]


def test_a_job_that_is_stopped_at_once_has_no_model() -> None:
    with pytest.raises(KeyboardInterrupt):
        find(FIVE, ROWS, raise_if_stopped=Stop(1))


def test_a_job_that_is_stopped_while_it_measures_has_its_model() -> None:
    channels = {"test": cut_blocks(ROWS, 3)}
    looks = count_looks(channels=channels)
    stopped = find(FIVE, ROWS, channels=channels, raise_if_stopped=Stop(looks))
    assert stopped.was_stopped
    require_same(stopped, find(FIVE, ROWS))


def test_hosts_stop_together() -> None:
    first, second = find_on_hosts(FIVE, ROWS, 2, stops=[None, Stop(1)])
    assert first.was_stopped
    assert second.was_stopped
    assert first.model.facts["rows"] == 200
    np.testing.assert_array_equal(first.model.loadings, second.model.loadings)


def read_census() -> Float32s:
    """Return the features of the census, each between 0 and 1, (3218, 34)."""
    lines = (FOLDER / "data/census.csv").read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.split(",") for line in lines]
    X = np.array([row[3:] for row in cells if all(row)], np.float64)
    return np.asarray((X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)), np.float32)


@pytest.mark.shared
def test_the_census_has_the_components_of_the_original() -> None:
    X = read_census()
    assert X.shape == (3218, 34)
    model = find({"num_components": "33", "feature_dim": "34", "mini_batch_size": "500"}, X).model
    exact = exact_singular_values(X)[:33][::-1]
    large = exact > 0.1
    np.testing.assert_allclose(model.singular_values[large], exact[large], rtol=1e-6)
    np.testing.assert_allclose(model.singular_values, exact, rtol=1e-5)
    np.testing.assert_allclose(
        model.singular_values[::-1][:5], [19.59218, 13.035975, 11.718245, 10.180052, 7.991313], rtol=1e-6
    )
    np.testing.assert_allclose(model.mean[:5], [0.00988273, 0.00986636, 0.00989863, 0.11017046, 0.7560245], rtol=1e-5)
    first = model.predict(X[:1])["projection"][0, -5:]
    np.testing.assert_allclose(np.abs(first), [0.01082392, 0.12047978, 0.08835588, 0.16052711, 0.06027412], atol=1e-6)
    squares = model.singular_values.astype(np.float64) ** 2
    assert squares[-7:].sum() / squares.sum() == pytest.approx(0.80167246, abs=1e-6)


@pytest.mark.shared
def test_ten_components_of_the_census_are_those_of_a_public_model_of_the_original() -> None:
    ours = find({"num_components": "10"}, read_census()).model
    theirs = load_model(FOLDER / "golden/pca/34_to_10.tar.gz")
    np.testing.assert_allclose(ours.singular_values, theirs.singular_values, rtol=1e-6)
    np.testing.assert_allclose(ours.mean, theirs.mean, atol=1e-6)
    np.testing.assert_allclose(np.abs(ours.loadings), np.abs(theirs.loadings), atol=2e-5)


MNIST_TOP_TEN = [505.381, 430.169, 403.647, 375.502, 356.839, 336.483, 293.101, 275.054, 269.395, 249.025]


@pytest.mark.shared
def test_handwritten_digits_have_their_known_components(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.load(FOLDER / "data/mnist.npz")["x_train"]
    X = images.reshape(len(images), -1).astype(np.float32) / 256
    exact = find({"num_components": "10"}, X)
    np.testing.assert_allclose(exact.model.singular_values[::-1], MNIST_TOP_TEN, atol=6e-4)
    assert sum(exact.model.facts["explained_variance_ratios"][:50]) == pytest.approx(0.82486, abs=1e-5)
    monkeypatch.setattr(plan, "MOST_GRAM_FEATURES", 3)
    quick = find({"num_components": "10", "algorithm_mode": "randomized"}, X)
    assert quick.measured["train"].ratio > 0.999 * exact.measured["train"].ratio
