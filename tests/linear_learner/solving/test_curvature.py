"""The shape of the loss, from a sample of rows: where it is known exactly, the first step is the last."""

import numpy as np
import pytest

from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.solving import curvature
from linear_learner.solving.curvature import OwnVariances, Spread, measure_spread, sample_rows
from linear_learner.solving.problems import Problems, build_problems
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.dense import DenseRows, Design, build_dense_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.scaling import fit_scaler
from open_algorithms.learning.rows.sparse import SparseRows
from tests.learning.job.host_threads import run_hosts
from tests.linear_learner.bank.problems import draw_both_forms
from tests.linear_learner.solving.by_hand import Array, candidates, design_matrix


def make_problems(*strengths: float, l1: float = 0.0) -> Problems:
    return build_problems(candidates(*strengths, l1=l1), Objective(LOSSES["squared_loss"]), 1000)


def measure(rows: AnyRows, hosts: Hosts = SINGLE_HOST) -> Spread:
    """Measure the spread of rows whose features have units that are alike."""
    spread = measure_spread(rows, hosts)
    assert isinstance(spread, Spread)
    return spread


def take_step(rows: AnyRows, problems: Problems, spread: Spread) -> Array:
    """Return the gradients of squared losses, (P, d + 1), to where one step of Newton leads from a point."""
    X, y, count = design_matrix(rows), rows.labels, len(rows)
    penalty = problems.wd[:, None] * np.append(np.ones(rows.feature_dim), 0)

    def find_gradients(weights: Array) -> Array:
        return np.asarray((weights @ X.T - y) @ X / count + penalty * weights)

    start = np.random.default_rng(2).normal(size=(len(problems), rows.feature_dim + 1))
    start[:, :-1] *= (X[:, :-1] != X[0, :-1]).any(axis=0)  # a constant feature has no curvature to step by
    scaled = spread.scale_gradients(find_gradients(start)[:, None], np.ones((len(problems), 1)), problems)
    return find_gradients(start - scaled[:, 0])


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_one_step_solves_least_squares(is_sparse: bool, centred: bool) -> None:
    dense, sparse, _ = draw_both_forms("squared_loss", 12, centred=centred)
    rows = sparse if is_sparse else dense
    problems = make_problems(0.0, 0.01, 1.0)
    np.testing.assert_allclose(take_step(rows, problems, measure(rows)), 0, atol=2e-5)


def draw_wide_rows(features: int, rows: int = 40) -> DenseRows:
    generator = np.random.default_rng(6)
    X = (generator.normal(size=(rows, features)) * generator.uniform(0.1, 3, features) + 1).astype(np.float32)
    y = generator.normal(size=rows).astype(np.float32)
    scaler = fit_scaler(X, y, unbias_data=False, normalize_data=False, unbias_label=False, normalize_label=False)
    return build_dense_rows([(X, y)], scaler, features)


@pytest.mark.parametrize("features", [60, curvature.LARGEST_WIDTH + 1])
def test_one_step_solves_ridge_regression_with_more_features_than_rows(features: int) -> None:
    rows = draw_wide_rows(features)
    spread = measure(rows)
    assert spread.directions.shape[1] == (features if features == 60 else 39)
    assert spread.mean_variance == pytest.approx(rows.standardised_features.var(axis=0).mean(), rel=1e-4)
    np.testing.assert_allclose(take_step(rows, make_problems(0.1, 10.0), spread), 0, atol=1e-3)


def test_curvatures_of_the_outputs_scale_their_steps() -> None:
    rows, _, _ = draw_both_forms("squared_loss", 12)
    spread, problems = measure(rows), make_problems(0.0)
    gradients = np.random.default_rng(1).normal(size=(1, 1, 13)) * np.append(rows.varying_features(), True)
    once, twice = (spread.scale_gradients(gradients, np.full((1, 1), c), problems) for c in (1.0, 2.0))
    np.testing.assert_allclose(once, 2 * twice, rtol=1e-9)


def test_a_sample_is_spread_evenly_over_the_rows() -> None:
    dense, sparse, _ = draw_both_forms("logistic", 12)
    assert dense.design == Design(is_signed=True)  # signs are undone
    for rows in (dense, sparse):
        np.testing.assert_allclose(sample_rows(rows, 230), design_matrix(rows)[:, :-1], atol=1e-6)
        np.testing.assert_allclose(sample_rows(rows, 100), design_matrix(rows)[::3, :-1], atol=1e-6)
        np.testing.assert_allclose(sample_rows(rows, 1), design_matrix(rows)[:1, :-1], atol=1e-6)


def test_directions_that_vary_little_in_a_sample_are_trusted_less(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = draw_wide_rows(30, 400)
    whole = measure(rows)
    monkeypatch.setattr(curvature, "FEWEST_SAMPLED", 20)
    monkeypatch.setattr(curvature, "SAMPLE_NUMBERS", 20 * 30)
    part = measure(rows)
    assert part.mean_variance == pytest.approx(whole.mean_variance, rel=0.2)
    assert part.variances.min() > whole.mean_variance / 4  # although 20 rows vary in 19 directions only


def test_beyond_the_directions_of_a_sample_of_wide_rows_the_variance_is_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(curvature, "LARGEST_WIDTH", 20)
    rows = draw_wide_rows(30, 400)
    sample = sample_rows(rows, 20)
    spread = measure(rows)
    assert spread.directions.shape == (30, 19)
    np.testing.assert_allclose(spread.directions.T @ spread.directions, np.eye(19), atol=1e-9)
    assert spread.mean_variance == pytest.approx(sample.var(axis=0).mean())
    assert 0 < spread.rest < spread.mean_variance


def test_several_hosts_measure_what_one_with_all_rows_measures() -> None:
    dense, sparse, _ = draw_both_forms("squared_loss", 12)
    for rows in (dense, sparse):
        parts = [rows.slice_rows(0, 30), rows.slice_rows(30, 230)]
        parts = [build_alike(part) if isinstance(part, DenseRows) else part for part in parts]
        problems, whole = make_problems(0.0, 1.0), measure(rows)
        vector = np.random.default_rng(1).normal(size=(2, 1, 13)) * np.append(dense.varying_features(), True)

        def measure_part(hosts: Hosts, parts: list[AnyRows] = parts) -> Spread:
            return measure(parts[hosts.rank], hosts)

        for spread in run_hosts(2, measure_part):
            found, expected = (s.scale_gradients(vector, np.ones((2, 1)), problems) for s in (spread, whole))
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8)


def build_alike(rows: DenseRows) -> DenseRows:
    """Return rows of their own, with the row of zeros at the end."""
    X, y = rows.X.copy(), rows.y.copy()
    X[-1], y[-1] = 0, 0
    return DenseRows(X, y, rows.design)


@pytest.mark.parametrize("count", [1, 2])
def test_of_rows_too_wide_to_sample_every_direction_is_alike(count: int) -> None:
    features = 20_000
    empty = Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(3, np.int64), (2, features))
    rows = SparseRows(empty, np.zeros((2, 1), np.float32), None, np.zeros(0, np.int64))
    for spread in run_hosts(count, lambda hosts: measure(rows, hosts)):
        gradients = np.ones((1, 1, features + 1))
        found = spread.scale_gradients(gradients, np.full((1, 1), 0.5), make_problems(0.25))
        np.testing.assert_allclose(found[0, 0, :-1], 1 / 0.75, rtol=1e-5)
        assert found[0, 0, -1] == 2


def test_with_l1_no_direction_is_taken_for_flat() -> None:
    rows, _, _ = draw_both_forms("squared_loss", 12)
    spread, gradients = measure(rows), np.ones((1, 1, 13))
    steps = [
        np.abs(spread.scale_gradients(gradients, np.ones((1, 1)), make_problems(0.0, l1=l1))).max() for l1 in (0.0, 1.0)
    ]
    assert steps[0] > 1e4  # of the feature that no row holds
    assert steps[1] < 1 / (curvature.L1_RIDGE * spread.mean_variance) + 1


def test_of_features_in_units_that_are_unlike_each_is_scaled_by_its_own() -> None:
    generator = np.random.default_rng(4)
    X = (generator.normal(size=(80, 3)) * [1e-5, 1, 1e5] + [0, 3, 0]).astype(np.float32)
    y = generator.normal(size=80).astype(np.float32)
    scaler = fit_scaler(X, y, unbias_data=False, normalize_data=False, unbias_label=False, normalize_label=False)
    spread = measure_spread(build_dense_rows([(X, y)], scaler, 3), SINGLE_HOST)
    assert isinstance(spread, OwnVariances)
    gradients = np.array([[[1.0, 2.0, 3.0, 0.0]]])
    found = spread.scale_gradients(gradients, np.ones((1, 1)), make_problems(0.5))[0, 0]
    np.testing.assert_allclose(found[:3], [1, 2, 3] / (X.astype(np.float64).var(axis=0) + 0.5), rtol=1e-5)
    np.testing.assert_allclose(found[3], -found[:3] @ X.mean(axis=0, dtype=np.float64), rtol=1e-5)
