"""Each problem ends at the optimum that scikit-learn or scipy finds, however rows are stored, cut and shared out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn import datasets
from sklearn.linear_model import Lasso, LogisticRegression, QuantileRegressor, Ridge
from sklearn.svm import SVC, SVR

from linear_learner.bank import margins
from linear_learner.objective.losses import LOSSES
from linear_learner.objective.objective import Objective
from linear_learner.solving.curvature import measure_spread
from linear_learner.solving.problems import Problems, build_problems
from linear_learner.solving.solver import Solver
from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.dense import DenseRows, Design, build_dense_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.scaling import fit_scaler
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Int64s
from tests.learning.job.host_threads import run_hosts
from tests.linear_learner.bank.problems import draw_both_forms
from tests.linear_learner.solving.by_hand import (
    KINKED,
    PARAMETER,
    SMOOTH,
    Array,
    candidates,
    design_matrix,
    objective_by_hand,
    row_slopes,
)

BATCH = 1000
TABLES: dict[str, tuple[Callable[..., Any], str]] = {
    "breast cancer": (datasets.load_breast_cancer, "logistic"),
    "iris": (datasets.load_iris, "softmax_loss"),
    "wine": (datasets.load_wine, "softmax_loss"),
    "diabetes": (datasets.load_diabetes, "squared_loss"),
    "diabetes by Huber": (datasets.load_diabetes, "huber_loss"),
}
TABLES_WITH_KINKS = {"diabetes by absolute errors": (datasets.load_diabetes, "absolute_loss")}
EXPONENTS = (-5, 0, 5, 10, 14)  # of 2, from weak to strong


@cache
def load_table(name: str) -> tuple[DenseRows, str, int]:
    """Return the standardised rows of a table, the loss that goes with it and the outputs of a model."""
    load, loss = (TABLES | TABLES_WITH_KINKS)[name]
    X, y = load(return_X_y=True)
    return standardise(X, y, loss)


def standardise(X: Array, y: Array, loss: str, *, unbias: bool = True) -> tuple[DenseRows, str, int]:
    X, y, is_label_scaled = X.astype(np.float32), y.astype(np.float32), LOSSES[loss].predictor_type == "regressor"
    scaler = fit_scaler(
        X, y, unbias_data=unbias, normalize_data=True, unbias_label=is_label_scaled, normalize_label=is_label_scaled
    )
    outputs = int(y.max()) + 1 if loss == "softmax_loss" else 1
    return build_dense_rows([(X, y)], scaler, X.shape[1], Design(LOSSES[loss].takes_signed_rows)), loss, outputs


def make_problems(loss: str, strengths: Sequence[float], l1: Sequence[float] = (0.0,), **more: Any) -> Problems:
    settings = [one for strength in l1 for one in candidates(*strengths, l1=strength * BATCH)]
    folds = more.pop("folds", 0)
    return build_problems(settings, Objective(LOSSES[loss], PARAMETER, **more), BATCH, folds)


def set_up(problems: Problems, rows: AnyRows, outputs: int, hosts: Hosts = SINGLE_HOST) -> Solver:
    start = np.zeros((len(problems), outputs, rows.feature_dim + 1))
    is_sparse = isinstance(rows, SparseRows)
    return Solver(problems, start, measure_spread(rows, hosts), tolerance=1e-8, is_sparse=is_sparse, hosts=hosts)


def solve(solver: Solver, rows: AnyRows, folds: Int64s | None = None, passes: int = 300) -> Solver:
    while not solver.is_done and solver.passes < passes:
        solver.run_pass([(rows, folds)])
    return solver


def solve_by_peer(rows: DenseRows, loss: str, outputs: int, wd: float) -> Array:
    """Return the optimum, (K, d + 1), by scikit-learn, of the Huber loss by scipy."""
    X, y, count = rows.standardised_features.astype(np.float64), rows.labels.astype(np.float64), len(rows)
    if loss == "squared_loss":
        peer = Ridge(alpha=wd * count).fit(X, y)
        return np.append(peer.coef_, peer.intercept_)[None]
    if loss == "huber_loss":
        design, penalty = design_matrix(rows), wd * np.append(np.ones(X.shape[1]), 0)

        def slope(w: Array) -> Array:
            return np.asarray(np.clip(design @ w - y, -PARAMETER, PARAMETER) @ design / count + penalty * w)

        def value(w: Array) -> float:
            return objective_by_hand(loss, rows, w[None], wd)

        found = minimize(value, np.zeros(design.shape[1]), jac=slope, method="L-BFGS-B", options={"ftol": 1e-14})
        return np.asarray(found.x[None])
    peer = LogisticRegression(C=1 / (wd * count), tol=1e-12, solver="newton-cholesky", max_iter=100).fit(X, y)
    assert len(peer.coef_) == outputs
    return np.column_stack([peer.coef_, peer.intercept_])


@pytest.mark.parametrize("table", TABLES)
def test_the_optimum_is_that_of_scikit_learn_whatever_the_strength(table: str) -> None:
    rows, loss, outputs = load_table(table)
    strengths = [2.0**k / len(rows) for k in EXPONENTS]
    solver = solve(set_up(make_problems(loss, strengths), rows, outputs), rows)
    assert solver.is_done
    for wd, weights, told in zip(strengths, solver.points, solver.objectives, strict=True):
        found, best = (objective_by_hand(loss, rows, w, wd) for w in (weights, solve_by_peer(rows, loss, outputs, wd)))
        assert found == pytest.approx(best, rel=1e-6)
        assert told == pytest.approx(best, rel=1e-6, abs=3e-6)


def solve_kinks_by_peer(rows: DenseRows, loss: str, wd: float, l1: float) -> Array:
    """Return the optimum, (1, d + 1), of a loss with kinks by a solver that is exact, with L1 or with L2."""
    X, y, count = rows.standardised_features.astype(np.float64), rows.labels.astype(np.float64), len(rows)
    if loss == "hinge_loss":  # of margins a / 2 times as large, about 1/2
        svc = SVC(kernel="linear", C=2 / (PARAMETER * wd * count), tol=1e-6).fit(X, y)
        return np.asarray(np.column_stack([svc.coef_ * PARAMETER / 2, svc.intercept_ * PARAMETER / 2 + 0.5]))
    if loss in ("absolute_loss", "eps_insensitive_absolute_loss") and wd:
        tube = 0 if loss == "absolute_loss" else PARAMETER
        svr = SVR(kernel="linear", C=1 / (wd * count), epsilon=tube, tol=1e-6).fit(X, y)
        return np.column_stack([svr.coef_, svr.intercept_])
    if loss == "eps_insensitive_squared_loss":
        return solve_beyond(X, y, wd)
    share, unit = (PARAMETER, 1) if loss == "quantile_loss" else (0.5, 2)
    peer = QuantileRegressor(quantile=share, alpha=l1 / unit).fit(X, y)
    return np.append(peer.coef_, peer.intercept_)[None]


def solve_beyond(X: Array, y: Array, wd: float) -> Array:
    """Minimise the mean of u^2 / 2 + a u, where u is at least 0 and how far an error is beyond a, by SLSQP."""
    design, (count, width) = np.column_stack([X, np.ones(len(X))]), X.shape
    penalty = wd * np.append(np.ones(width), 0)

    def value(point: Array) -> float:
        w, u = np.split(point, [width + 1])
        return float((u**2 / 2 + PARAMETER * u).mean() + penalty @ w**2 / 2)

    def slope(point: Array) -> Array:
        w, u = np.split(point, [width + 1])
        return np.asarray(np.concatenate([penalty * w, (u + PARAMETER) / count]))

    sides = np.block([[-design, np.eye(count)], [design, np.eye(count)]])
    limits = {"type": "ineq", "fun": lambda p: sides @ p + np.append(y, -y) + PARAMETER, "jac": lambda _: sides}
    bounds = [(None, None)] * (width + 1) + [(0, None)] * count
    start = np.concatenate([np.zeros(width + 1), np.abs(y)])
    options = {"ftol": 1e-10}
    found = minimize(value, start, jac=slope, method="SLSQP", bounds=bounds, constraints=limits, options=options)
    return np.asarray(found.x[None, : width + 1])


@pytest.mark.parametrize("loss", KINKED)
def test_a_loss_with_kinks_ends_within_a_thousandth_of_the_exact_optimum(loss: str) -> None:
    load = datasets.load_breast_cancer if loss == "hinge_loss" else datasets.load_diabetes
    X, y = load(return_X_y=True)
    some = slice(None, 80 if loss == "eps_insensitive_squared_loss" else None)
    rows, _, _ = standardise(X[some], y[some], loss)
    strengths = [(2.0**k / len(rows), 0.0) for k in (3, 6, 10)]
    if loss in ("absolute_loss", "quantile_loss"):
        strengths = [*(strengths if loss == "absolute_loss" else []), (0.0, 0.0), (0.0, 0.01), (0.0, 0.05)]
    for wd, l1 in strengths:
        solver = solve(set_up(make_problems(loss, [wd], [l1]), rows, 1), rows)
        best = solve_kinks_by_peer(rows, loss, wd, l1)
        found, wanted = (objective_by_hand(loss, rows, w, wd, l1) for w in (solver.points[0], best))
        assert wanted * (1 - 1e-5) <= found <= wanted * (1 + 1e-3)
        assert solver.objectives[0] == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize("unit", [1e5, 1e-5])
def test_kinks_are_rounded_by_the_size_of_the_errors_whatever_the_unit_of_the_label(unit: float) -> None:
    rows, loss, _ = load_table("diabetes by absolute errors")
    scaled = replace(rows, y=rows.y * np.float32(unit))
    solver = solve(set_up(make_problems(loss, [0.0]), scaled, 1), scaled)
    best = solve_kinks_by_peer(rows, loss, 0, 0)
    assert objective_by_hand(loss, rows, solver.points[0] / unit, 0) <= objective_by_hand(loss, rows, best, 0) * 1.001


def test_a_start_that_is_close_to_the_optimum_of_a_loss_with_kinks_is_left_for_it() -> None:
    rows, loss, _ = load_table("diabetes by absolute errors")
    best = solve_kinks_by_peer(rows, loss, 0, 0)
    near = best + np.random.default_rng(0).normal(0, 0.003, best.shape)
    wanted, before = (objective_by_hand(loss, rows, w, 0) for w in (best, near))
    assert before > wanted * 1.0002
    solver = Solver(
        make_problems(loss, [0.0]), near[None], measure_spread(rows, SINGLE_HOST), tolerance=1e-8, is_sparse=False
    )
    assert objective_by_hand(loss, rows, solve(solver, rows).points[0], 0) <= wanted * 1.0001


def test_labels_that_are_met_exactly_leave_no_error() -> None:
    rows, _, _ = draw_both_forms("squared_loss", 12)
    exact = replace(rows, y=(rows.X @ np.arange(13)[:, None]).astype(np.float32))
    solver = solve(set_up(make_problems("absolute_loss", [0.0]), exact, 1), exact)
    assert objective_by_hand("absolute_loss", exact, solver.points[0], 0) < 1e-3


@pytest.mark.parametrize("strength", [0.5, 0.1, 0.01])
def test_l1_ends_at_the_lasso_with_the_same_exact_zeros(strength: float) -> None:
    rows, loss, _ = load_table("diabetes")
    solver = solve(set_up(make_problems(loss, [0.0], [strength]), rows, 1), rows)
    peer = Lasso(alpha=strength, tol=1e-10).fit(rows.standardised_features.astype(float), rows.labels.astype(float))
    best = np.append(peer.coef_, peer.intercept_)[None]
    found, wanted = (objective_by_hand(loss, rows, w, 0, strength) for w in (solver.points[0], best))
    assert found == pytest.approx(wanted, rel=1e-6)
    np.testing.assert_array_equal(solver.points[0, 0, :-1] == 0, peer.coef_ == 0)


@pytest.mark.parametrize(("table", "strength"), [("breast cancer", 0.05), ("iris", 0.02), ("wine", 0.03)])
def test_a_classifier_with_l1_ends_where_scikit_learns_ends_with_the_same_exact_zeros(
    table: str, strength: float
) -> None:
    rows, loss, outputs = load_table(table)
    solver = solve(set_up(make_problems(loss, [0.0], [strength]), rows, outputs), rows)
    peer = LogisticRegression(C=1 / (strength * len(rows)), l1_ratio=1, solver="saga", tol=1e-7, max_iter=3000)
    peer.fit(rows.standardised_features.astype(float), rows.labels)
    best = np.column_stack([peer.coef_, peer.intercept_])
    found, wanted = (objective_by_hand(loss, rows, w, 0, strength) for w in (solver.points[0], best))
    assert found == pytest.approx(wanted, rel=1e-6)
    np.testing.assert_array_equal(solver.points[0, :, :-1] == 0, peer.coef_ == 0)


@pytest.mark.parametrize("loss", LOSSES)
def test_sparse_rows_end_where_dense_ones_end_and_constant_features_stay_at_zero(loss: str) -> None:
    dense, sparse, outputs = draw_both_forms(loss, 12)
    problems = make_problems(loss, [0.001, 0.1], [0.0, 0.02])
    solvers = [solve(set_up(problems, rows, outputs), rows, passes=1000) for rows in (dense, sparse)]
    assert all(solver.is_done for solver in solvers)
    for found, other, wd, l1 in zip(*(solver.points for solver in solvers), problems.wd, problems.l1, strict=True):
        assert objective_by_hand(loss, dense, found, wd, l1) == pytest.approx(
            objective_by_hand(loss, dense, other, wd, l1), rel=1e-6 if loss in SMOOTH else 5e-3
        )
        np.testing.assert_allclose(other, found, atol=0.01)
        assert (found[:, [3, 5]] == 0).all()
        assert (other[:, [3, 5]] == 0).all()


@pytest.mark.parametrize("loss", ["logistic", "huber_loss"])
def test_rows_in_pieces_blocks_and_weights_are_all_counted(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margins, "MOST_ROWS", 30)
    rows, _, outputs = draw_both_forms(loss, 12)
    weights = np.random.default_rng(1).integers(0, 4, len(rows)).astype(np.float32)
    weights /= weights.mean()
    weighted = rows.weigh_rows(weights)
    solver = set_up(make_problems(loss, [0.01]), weighted, outputs)
    while not solver.is_done:
        solver.run_pass((part, None) for part in cut_rows(weighted, 100))
    X, y = design_matrix(rows), rows.labels.astype(np.float64)
    slopes = weights[:, None] * row_slopes(loss, X @ solver.points[0].T, y)
    penalty = 0.01 * solver.points[0] * (np.arange(13) < 12)
    np.testing.assert_allclose(slopes.T @ X / len(rows), -penalty, atol=1e-4)


def cut_rows(rows: DenseRows, at: int) -> list[AnyRows]:
    """Return the rows in two pieces, each with the row of zeros at its end."""
    head, X, y = rows.copy_head(at), rows.X.copy(), rows.y.copy()
    head.X[-1], head.y[-1] = 0, 0
    weights = rows.row_weights
    tail = DenseRows(X[at:], y[at:], rows.design)
    parts = [DenseRows(head.X, head.y, rows.design), tail]
    if weights is None:
        return [*parts]
    return [part.weigh_rows(w) for part, w in zip(parts, np.split(weights, [at]), strict=True)]


@pytest.mark.parametrize("loss", ["logistic", "squared_loss"])
def test_a_problem_without_a_fold_is_that_of_the_other_rows(loss: str) -> None:
    rows, _, outputs = draw_both_forms(loss, 12)
    folds = np.random.default_rng(3).integers(0, 3, len(rows))
    class_weights = np.array([[1.0, 2.0]] * 2) if loss == "logistic" else None
    problems = make_problems(loss, [0.01, 0.3], folds=3, class_weights=class_weights)
    assert len(problems) == 8
    solver = solve(set_up(problems, rows, outputs), rows, folds)
    X, y = design_matrix(rows), rows.labels.astype(np.float64)
    for p, weights in enumerate(solver.points):
        kept = folds != p // 2 - 1  # first all rows, then without each fold
        counts = kept * (1 + y if loss == "logistic" else 1)
        slopes = counts[:, None] * row_slopes(loss, X @ weights.T, y)
        penalty = (0.01, 0.3)[p % 2] * weights * (np.arange(13) < 12)
        np.testing.assert_allclose(slopes.T @ X / len(rows), -penalty, atol=2e-4)


@pytest.mark.parametrize("loss", ["softmax_loss", "squared_loss"])
def test_without_a_bias_it_stays_at_zero_and_the_weights_are_the_best_without(loss: str) -> None:
    X, y = datasets.load_iris(return_X_y=True)
    rows, _, outputs = standardise(X, y, loss, unbias=False)
    solver = solve(set_up(make_problems(loss, [0.01], use_bias=False), rows, outputs), rows)
    assert (solver.points[..., -1] == 0).all()
    Z, labels = rows.standardised_features.astype(float), rows.labels.astype(float)
    if loss == "squared_loss":
        peer = Ridge(alpha=0.01 * 150, fit_intercept=False).fit(Z, labels)
    else:
        peer = LogisticRegression(C=1 / 1.5, fit_intercept=False, solver="newton-cholesky", tol=1e-10).fit(Z, labels)
    best = np.column_stack([np.atleast_2d(peer.coef_), np.zeros(outputs)])
    found, wanted = (objective_by_hand(loss, rows, w, 0.01) for w in (solver.points[0], best))
    assert found == pytest.approx(wanted, rel=1e-6)


def test_the_bias_is_penalised_by_its_own_strength() -> None:
    X, y = datasets.load_iris(return_X_y=True)
    rows, loss, _ = standardise(X, y, "squared_loss")
    rows = replace(rows, y=rows.y + 5)
    problems = Problems(Objective(LOSSES[loss]), np.array([0.1, 0.1]), np.array([0.0, 1.0]), np.zeros(2))
    solver = solve(set_up(problems, rows, 1), rows)
    np.testing.assert_allclose(solver.points[:, 0, -1], [5, 2.5], atol=1e-3)  # of centred features


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("l1", [0.0, 0.02])
def test_two_hosts_end_where_one_ends_and_both_in_the_same_place(is_sparse: bool, l1: float) -> None:
    dense, sparse, outputs = draw_both_forms("softmax_loss", 12)
    rows: AnyRows = sparse if is_sparse else dense
    parts = [sparse.slice_rows(0, 90), sparse.slice_rows(90, 230)] if is_sparse else cut_rows(dense, 90)
    problems = make_problems("softmax_loss", [0.01, 1.0], [l1])

    def solve_part(hosts: Hosts) -> Solver:
        part = parts[hosts.rank]
        return solve(set_up(problems, part, outputs, hosts), part)

    alone, (first, second) = solve(set_up(problems, rows, outputs), rows), run_hosts(2, solve_part)
    np.testing.assert_array_equal(first.points, second.points)
    assert first.passes == second.passes
    np.testing.assert_allclose(first.objectives, alone.objectives, rtol=1e-6)
    np.testing.assert_allclose(first.points, alone.points, atol=2e-3)


def copy_state(solver: Solver) -> dict[str, Array]:
    return {f"kept.{name}": np.array(array) for name, array in solver.state_arrays()}


@pytest.mark.parametrize("table", ["wine", "diabetes by absolute errors"])
@pytest.mark.parametrize("passes", [0, 1, 5, 10])
def test_what_was_saved_goes_on_with_the_same_bits(passes: int, table: str) -> None:
    rows, loss, outputs = load_table(table)
    strengths = [2.0**k / len(rows) for k in (-5, 0, 9, 12, 13, 14)]
    problems = make_problems(loss, strengths, [0.0, 0.02])
    whole = solve(set_up(problems, rows, outputs), rows, passes=passes)
    resumed = set_up(problems, rows, outputs)
    resumed.load_state(copy_state(whole), "kept.")
    assert resumed.passes == passes
    for solver in (whole, resumed):
        solve(solver, rows, passes=18)
    assert len(resumed.active) < len(problems)  # some were solved on the way
    for name, array in copy_state(whole).items():
        np.testing.assert_array_equal(array, copy_state(resumed)[name])


def test_the_others_go_on_without_what_is_solved_and_what_is_solved_stays() -> None:
    rows, loss, outputs = load_table("wine")
    strengths = [2.0**k / len(rows) for k in (-5, 11, 12, 13, 14)]
    solver = set_up(make_problems(loss, strengths), rows, outputs)
    while len(solver.active) == 5:
        solver.run_pass([(rows, None)])
    left, points = solver.active.tolist(), solver.points.copy()
    assert left[0] == 0
    solve(solver, rows)
    gone = [m for m in range(5) if m not in left]
    np.testing.assert_array_equal(solver.points[gone], points[gone])
    assert (solver.points[0] != points[0]).any()


def test_a_pass_that_is_stopped_leaves_the_problems_where_they_stood() -> None:
    rows, loss, outputs = load_table("iris")
    solver = solve(set_up(make_problems(loss, [0.01]), rows, outputs), rows, passes=3)
    before = copy_state(solver)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solver.run_pass([(rows, None)], stop)
    for name, array in copy_state(solver).items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("unit", [1e12, 1e-12])
def test_features_of_any_unit_stay_finite_and_gain_something(loss: str, unit: float) -> None:
    rows, _, outputs = draw_both_forms(loss, 12)
    X = rows.X.copy()
    X[:, :-1] *= np.float32(unit)
    scaled = DenseRows(X, rows.y, rows.design)
    solver = solve(set_up(make_problems(loss, [0.0, 1.0], [0.0, 0.01]), scaled, outputs), scaled, passes=60)
    assert np.isfinite(solver.points).all()
    at_zero = objective_by_hand(loss, scaled, np.zeros((outputs, 13)), 0)
    assert (solver.objectives <= at_zero * (1 + (1e-6 if loss in SMOOTH else 0.01))).all()
    if unit > 1 and loss in SMOOTH:
        assert solver.objectives[0] < 0.8 * at_zero


def test_what_overflows_ends_with_finite_weights() -> None:
    rows, _, outputs = draw_both_forms("squared_loss", 12)
    X = rows.X.copy()
    X[:, :-1] *= np.float32(1e30)
    huge = DenseRows(X, rows.y, rows.design)
    solver = solve(set_up(make_problems("squared_loss", [0.0]), huge, outputs), huge, passes=60)
    assert np.isfinite(solver.points).all()


def test_rows_of_one_kind_are_solved_at_once() -> None:
    X, y = np.full((20, 3), 7, np.float32), np.full(20, 3, np.float32)
    rows, _, outputs = standardise(X, y, "squared_loss")
    solver = solve(set_up(make_problems("squared_loss", [0.0, 1.0], [0.0, 1.0]), rows, outputs), rows, passes=20)
    assert solver.is_done
    assert (solver.points == 0).all()


def test_strengths_of_l1_are_those_of_a_mini_batch() -> None:
    problems = build_problems(candidates(0.5, l1=30), Objective(LOSSES["logistic"]), 300)
    assert problems.l1.tolist() == [0.1]
    assert problems.wd.tolist() == [0.5]
    assert problems.l1_strengths(3).tolist() == [[[0.1, 0.1, 0.0]]]


def test_the_penalty_has_its_own_gradient() -> None:
    problems = Problems(Objective(LOSSES["logistic"]), np.array([0.5, 2.0]), np.array([0.0, 3.0]), np.zeros(2))
    weights = np.random.default_rng(0).normal(size=(2, 3, 4))
    value, gradient = problems.penalise(weights)
    strengths = np.array([[0.5] * 3 + [0], [2.0] * 3 + [3]])[:, None]
    np.testing.assert_allclose(value, (strengths * weights**2).sum(axis=(1, 2)) / 2)
    np.testing.assert_allclose(gradient, strengths * weights)
