"""A machine scores rows by its definition: bias, linear weights, and the products of each pair of features."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from open_algorithms.factorization_machines.artifact import model as scoring
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.learning.columns.recipe import CategoryColumn, Recipe, Target
from open_algorithms.learning.rows.csr import as_csr
from tests.factorization_machines.models import KINDS, draw_model, draw_rows, move_centers, sum_over_pairs

X = draw_rows(30)


@pytest.mark.parametrize("factors", [1, 3, 8])
@pytest.mark.parametrize("draw", [draw_model, lambda **sizes: move_centers(draw_model(**sizes))])
def test_a_score_is_the_sum_over_all_pairs(factors: int, draw: Callable[..., FactorModel]) -> None:
    model = draw(factors=factors)
    assert model.margins(X) == pytest.approx(sum_over_pairs(model, X), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("factors", [0, 1, 8])
def test_sparse_rows_have_the_scores_of_dense_ones(factors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = draw_model(factors=factors)
    expected = model.margins(X)
    assert model.margins(as_csr(X)) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 7)
    assert model.margins(X) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_a_machine_without_factors_is_linear() -> None:
    model = draw_model(factors=0)
    assert model.num_factors == 0
    assert model.margins(X) == pytest.approx(model.bias + X.astype(np.float64) @ model.linear, rel=1e-12)


def test_a_row_of_zeros_scores_the_bias_and_no_rows_have_no_scores() -> None:
    model = draw_model()
    for rows in (X, as_csr(X)):
        assert model.margins(rows)[0] == model.bias
    for none in (X[:0], as_csr(X[:0])):
        assert model.margins(none).shape == (0,)


def test_features_far_from_0_keep_the_digits_that_vary() -> None:
    model = replace(draw_model(), centers=np.full(7, 1.5e9))
    assert model.exact
    far = X.astype(np.float64) + 1.5e9
    assert model.margins(far) == pytest.approx(draw_model().margins(X), abs=1e-5)
    assert np.abs(model.margins(far.astype(np.float32)) - draw_model().margins(X)).max() > 1


@pytest.mark.parametrize("together", [1, 4096])
def test_sparse_rows_score_as_dense_ones_where_zeros_are_far_from_the_centers(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = move_centers(draw_model())
    monkeypatch.setattr(scoring, "NUMBERS_AT_ONCE", 7 * together)
    assert model.margins(as_csr(X)) == pytest.approx(model.margins(X), rel=1e-12)
    assert model.margins(as_csr(X)) == pytest.approx(sum_over_pairs(model, X), rel=1e-12)
    assert model.margins(as_csr(X[:0])).shape == (0,)


def test_a_machine_without_centers_may_have_the_same_scores() -> None:
    model = move_centers(draw_model())
    bias, linear = model.fold_centers()
    folded = replace(model, bias=bias, linear=linear.astype(np.float32), centers=None)
    assert folded.margins(X) == pytest.approx(model.margins(X), rel=1e-5, abs=1e-5)
    assert draw_model().fold_centers()[0] == draw_model().bias
    np.testing.assert_array_equal(draw_model().fold_centers()[1], draw_model().linear)


@pytest.mark.parametrize("factors", [0, 3])
def test_features_less_a_shift_score_as_they_did(factors: int) -> None:
    model, shift = draw_model(factors=factors), np.array([1e3, -7, 0, 0.5, 30, 0, 2])
    shifted = model.absorb_shift(shift)
    assert shifted.margins(X - shift) == pytest.approx(model.margins(X), rel=1e-9, abs=1e-6)
    assert shifted.exact
    assert shifted.absorb_shift(-shift).centers is None
    assert shifted.absorb_shift(shift).margins(X - 2 * shift) == pytest.approx(model.margins(X), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_answers_a_probability_and_a_label_and_a_regressor_a_number(kind: str) -> None:
    model, answer = draw_model(kind), draw_model(kind).predict(X)
    z = model.margins(X)
    assert answer["score"].dtype == np.float32
    if kind == "regressor":
        assert list(answer) == ["score"]
        assert answer["score"] == pytest.approx(z, rel=1e-6)
        return
    assert answer["score"] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-6)
    assert answer["predicted_label"].tolist() == (answer["score"].astype(np.float64) >= model.threshold).tolist()
    assert len({*answer["predicted_label"].tolist()}) == 2


def test_a_score_of_the_threshold_is_label_1_and_far_margins_are_0_and_1() -> None:
    model = replace(draw_model("binary_classifier"), threshold=0.5)
    answer = model.predict_from_margins(np.array([0.0, -1e300, 1e300]))
    assert answer["score"].tolist() == [0.5, 0.0, 1.0]
    assert answer["predicted_label"].tolist() == [1, 0, 1]


def test_features_and_classes_have_names_whether_or_not_the_data_had_them() -> None:
    model = draw_model("binary_classifier", features=2)
    recipe = Recipe((CategoryColumn("c", ("x", "y")),), Target("t", ("bad", "good")))
    assert (list(model.feature_names), list(model.class_names)) == (["f0", "f1"], ["0", "1"])
    named = replace(model, names=("a", "b"), label_classes=(3.0, 7.5))
    assert (list(named.feature_names), list(named.class_names)) == (["a", "b"], ["3", "7.5"])
    assert replace(model, recipe=recipe).classes == ("bad", "good")
    assert draw_model("regressor").class_names == ()


def test_rows_of_a_table_become_features_by_the_recipe() -> None:
    recipe = Recipe((CategoryColumn("c", ("x", "y")),), Target("t", ("bad", "good")))
    model = replace(draw_model("binary_classifier", features=2), recipe=recipe)
    encoded = model.encode_rows({"c": pa.array(["y", "x"])})
    assert np.asarray(encoded.features).tolist() == [[0, 1], [1, 0]]
