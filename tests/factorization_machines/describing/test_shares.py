"""What columns add to a score, by themselves and in pairs, adds up to the score."""

import re
from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.describing import shares
from open_algorithms.factorization_machines.describing.shares import explain_rows, render_shares
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.words import format_number
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.models import draw_model, draw_rows, move_centers
from tests.factorization_machines.tables import encode_table, make_table_model

X = draw_rows(30)


@pytest.mark.parametrize("model", [draw_model(), draw_model(factors=0), move_centers(draw_model())])
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_parts_of_features_add_up_to_the_score(model: FactorModel, sparse: bool) -> None:
    found = explain_rows(model, as_csr(X) if sparse else X)
    assert found.base.tolist() == [model.bias] * 30
    assert found.base + found.added.sum(axis=1) == pytest.approx(model.margins(X), rel=1e-12, abs=1e-12)
    assert list(found.names) == [f"f{i}" for i in range(7)]
    assert not found.added[model.center_rows(X) == 0].any()


def test_features_far_from_0_add_by_how_far_they_are_from_their_centers() -> None:
    model = replace(draw_model(), centers=np.full(7, 1e9))
    found = explain_rows(model, X.astype(np.float64) + 1e9)
    assert found.added == pytest.approx(explain_rows(draw_model(), X).added, abs=1e-5)
    page = render_shares(model, X[1:2].astype(np.float64) + 1e9)
    assert "Numbers count by how far they are from their centers." in page
    assert "their centers" not in render_shares(draw_model(), X[1:2])


def test_a_pair_adds_half_to_each_of_its_features() -> None:
    model = FactorModel("regressor", 7.0, np.array([1, 10, 100], np.float32), np.array([[1], [2], [3]], np.float32))
    found = explain_rows(model, np.array([[1, 2, 0]], np.float32))
    assert found.added.tolist() == [[1 + 2, 20 + 2, 0]]


def test_parts_of_a_tables_columns_add_up_to_the_score() -> None:
    model, rows = make_table_model(), encode_table()
    found = explain_rows(model, rows)
    assert list(found.names) == ["age", "town", "paid", "day"]
    assert found.base + found.added.sum(axis=1) == pytest.approx(model.margins(rows), rel=1e-12)
    features = explain_rows(replace(model, recipe=None), rows).added
    assert found.added[:, 1] == pytest.approx(features[:, 2:5].sum(axis=1), rel=1e-12)
    moved = move_centers(model)
    parts, features = explain_rows(moved, rows).added, explain_rows(replace(moved, recipe=None), rows).added
    assert parts[:, 1] == pytest.approx(features[:, 2:5].sum(axis=1), rel=1e-12)


def test_many_rows_are_explained_in_parts_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = explain_rows(draw_model(), X).added
    monkeypatch.setattr(shares, "VALUES_AT_ONCE", 5)
    np.testing.assert_array_equal(explain_rows(draw_model(), X).added, expected)


def test_the_page_shows_the_columns_and_the_pairs_of_a_row() -> None:
    model, rows = make_table_model(), encode_table()[:1]
    page = render_shares(model, rows)
    assert "What each column adds to the log odds of yes" in page
    total = float(model.margins(rows)[0])
    begin, end = format_number(model.bias, 4), format_number(total, 4)
    assert f"They begin at {begin}, the bias, and come to {end}." in page
    assert page.count("<figure>") == page.count("<table>") == 1
    assert "the score" in render_shares(make_table_model("regressor"), rows)


def test_a_value_beyond_reach_counts_as_in_the_score() -> None:
    model = replace(draw_model(), reach=np.full(7, 0.5, np.float32))
    for rows in (X, as_csr(X)):
        found = explain_rows(model, rows)
        assert found.base + found.added.sum(axis=1) == pytest.approx(model.margins(rows), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("reach", [None, np.full(7, 0.5, np.float32)])
def test_a_sparse_row_is_shown_by_the_features_that_it_has(reach: Float32s | None) -> None:
    model = replace(draw_model(), reach=reach)
    row = np.array([[0, 2, 0, 0, -1, 0, 3]], np.float32)
    added, has = explain_rows(model, row).added[0], row[0] != 0
    order = np.argsort(-np.abs(added), kind="stable")[:3].tolist()
    page = render_shares(model, as_csr(row))
    assert {*order} == {*np.flatnonzero(has).tolist()}
    what = "What each feature adds to the score"
    assert draw_bars([f"f{i}" for i in order], added[order].tolist(), what) in page
    assert page.rpartition("<table>")[2].count("<tr>") == 4
    assert not re.search(r">f[0235]<", page)


def test_a_pair_of_columns_adds_the_product_of_what_their_features_sum_up_to() -> None:
    columns = np.array([[1], [2], [3]], np.float32)
    model = replace(draw_model(features=3), factors=columns, names=("a", "b", "c"))
    page = render_shares(model, np.array([[1, 2, 0]], np.float32))
    assert '<tr><th scope="row">a</th><td>b</td><td>4</td></tr>' in page
    assert page.rpartition("<table>")[2].count("<tr>") == 2
    moved = replace(model, centers=np.array([1e9, 1e9, 1e9]))
    page = render_shares(moved, np.array([[1, 2, 0]]) + 1e9)
    assert '<tr><th scope="row">a</th><td>b</td><td>4</td></tr>' in page
    assert page.rpartition("<table>")[2].count("<tr>") == 2


def test_without_factors_there_are_no_pairs_and_a_row_of_zeros_is_its_bias() -> None:
    assert "<table>" not in render_shares(make_table_model(factors=0), encode_table()[:1])
    page = render_shares(draw_model(), np.zeros((1, 7), np.float32))
    assert "<table>" not in page
    assert "of what each of its pairs adds." in page
