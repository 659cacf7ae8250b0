"""The scaler: standardised training and raw serving are the same model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import Design, batch_table, build_dense_rows, epoch_order
from open_algorithms.learning.rows.scaling import Scaler, find_flags, fit_scaler
from tests.learning.job.host_threads import run_hosts

GENERATOR = np.random.default_rng(2)
X = (GENERATOR.normal(size=(300, 4)) * [1, 1e-3, 1e3, 5] + [0, 7, -1e4, 3]).astype(np.float32)
Y = (X[:, 0] * 1000 + 5e5).astype(np.float32)


def whole() -> Scaler:
    return fit_scaler(X, Y, unbias_data=True, normalize_data=True, unbias_label=True, normalize_label=True)


def assert_restored(raw: NDArray[Any], scaler: Scaler) -> None:
    """Allow a few roundings of what a feature was shifted by and to."""
    assert (np.abs(raw - X) <= 3e-7 * (np.abs(scaler.mean) + np.abs(X - scaler.mean))).all()


def test_standardised_columns_have_mean_zero_and_population_deviation_one() -> None:
    Z = whole().standardise_features(X).astype(np.float64)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-4)


def test_a_folded_model_scores_raw_rows_as_the_model_scores_standardised_rows() -> None:
    scaler = whole()
    weight, bias = GENERATOR.normal(size=(2, 4)), GENERATOR.normal(size=2)
    raw_weight, raw_bias = scaler.unstandardise_weights(weight, bias)
    standardised = scaler.standardise_features(X).astype(np.float64) @ weight.T + bias
    raw = X.astype(np.float64) @ raw_weight.T + raw_bias
    np.testing.assert_allclose(raw, standardised * scaler.label_deviation + scaler.label_mean, rtol=1e-6)


def test_restoring_undoes_standardising() -> None:
    scaler = whole()
    assert_restored(scaler.restore_features(scaler.standardise_features(X)), scaler)
    np.testing.assert_allclose(scaler.restore_label(scaler.standardise_label(Y)), Y, rtol=1e-7)


def test_a_feature_that_does_not_vary_becomes_zero_and_keeps_its_unit() -> None:
    constant = np.full((50, 1), 0.1, np.float32)
    scaler = fit_scaler(
        constant, Y[:50], unbias_data=True, normalize_data=True, unbias_label=False, normalize_label=False
    )
    assert scaler.deviation[0] == 1
    np.testing.assert_allclose(scaler.standardise_features(constant), 0, atol=1e-7)


def test_each_switch_leaves_out_its_part() -> None:
    scaler = fit_scaler(X, Y, unbias_data=False, normalize_data=False, unbias_label=False, normalize_label=False)
    np.testing.assert_array_equal(scaler.standardise_features(X), X)
    np.testing.assert_array_equal(scaler.standardise_label(Y), Y)


def test_gathered_rows_end_in_a_column_of_ones_and_a_row_of_zeros() -> None:
    scaler = whole()
    rows = build_dense_rows([(X[:7], Y[:7]), (X[7:150], Y[7:150]), (X[150:], Y[150:])], scaler, 4)
    assert len(rows) == 300
    np.testing.assert_array_equal(rows.standardised_features, scaler.standardise_features(X))
    assert (rows.X[:-1, -1] == 1).all()
    assert not rows.X[-1].any()
    raw = np.concatenate([block for block, _ in rows.raw_blocks(scaler, values_at_once=64 * 5)])
    assert_restored(raw, scaler)


def test_the_rows_of_label_1_are_negated_where_they_are_signed_and_come_back_as_they_were() -> None:
    scaler = fit_scaler(X, Y, unbias_data=True, normalize_data=True, unbias_label=False, normalize_label=False)
    rows = build_dense_rows([(X, (np.arange(len(X)) % 3 == 0).astype(np.float32))], scaler, 4, Design(is_signed=True))
    sides = np.where(rows.labels == 1, -1, 1)[:, None]
    np.testing.assert_array_equal(
        rows.X[:-1], np.column_stack([scaler.standardise_features(X), np.ones(len(X))]) * sides
    )
    np.testing.assert_array_equal(rows.standardised_features, scaler.standardise_features(X))
    assert_restored(np.concatenate([block for block, _ in rows.raw_blocks(scaler, values_at_once=64 * 5)]), scaler)


def test_an_epoch_shows_every_row_once_and_fills_up_with_the_row_of_zeros() -> None:
    shuffled = batch_table(epoch_order(10, np.random.default_rng(0)), 4)
    assert shuffled.shape == (3, 4)
    assert sorted(shuffled.ravel()) == [*range(10), 10, 10]
    assert batch_table(epoch_order(5, None), 2).tolist() == [[0, 1], [2, 3], [4, 5]]


def test_flags_are_what_is_0_or_1_on_every_host() -> None:
    X = np.array([[0, 1, 0.5, 0], [1, 1, 0, 0]], np.float32)
    expected = [True, True, False, True]
    assert find_flags(X).tolist() == find_flags(as_csr(X)).tolist() == expected
    other = np.array([[0, 2, 0, 1]], np.float32)
    for found in run_hosts(2, lambda hosts: find_flags(other if hosts.rank else X, hosts)):
        assert found.tolist() == [True, False, False, True]


def test_deviations_are_known_where_nothing_is_divided_by_them() -> None:
    expected = [*X.std(axis=0), 1, 1]
    for normalize in (False, True):
        scaler = fit_scaler(
            np.column_stack([X, np.full(len(X), 7, np.float32)]),
            Y,
            unbias_data=True,
            normalize_data=normalize,
            unbias_label=False,
            normalize_label=False,
        )
        np.testing.assert_allclose(scaler.widened_to(6).spread, expected, rtol=1e-5)
        assert (scaler.deviation == 1).all() == (not normalize)
