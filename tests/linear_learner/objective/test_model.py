"""A model answers sparse rows as it answers the same rows written out."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from linear_learner.objective.losses import logistic_link
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.rows.csr import TERMS_AT_ONCE, Csr, compress_matrix, csr_matmul
from open_algorithms.learning.types.arrays import Floats
from tests.chance import draw_examples

LOSSES = {"binary_classifier": "logistic", "multiclass_classifier": "softmax_loss", "regressor": "squared_loss"}


def random_model(predictor: str, features: int, outputs: int, generator: np.random.Generator) -> LinearModel:
    weight = generator.normal(size=(features, outputs)).astype(np.float32)
    return LinearModel(predictor, LOSSES[predictor], weight, generator.normal(size=outputs).astype(np.float32))


def mostly_zeros(rows: int, features: int, share: float, generator: np.random.Generator) -> Floats:
    X = generator.normal(size=(rows, features)) * (generator.random((rows, features)) < share)
    return X.astype(np.float32)


def assert_same_answers(model: LinearModel, sparse: Any, X: Floats) -> None:
    """Compare the answers to within the last digit of float32."""
    np.testing.assert_allclose(model.margins(sparse), model.margins(X), rtol=1e-6, atol=1e-6)
    expected = model.predict(X)
    answer = model.predict(sparse)
    assert list(answer) == list(expected)
    for name, values in expected.items():
        assert (answer[name].dtype, answer[name].shape) == (values.dtype, values.shape)
        np.testing.assert_allclose(answer[name], values, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("predictor", "outputs"), [("binary_classifier", 1), ("multiclass_classifier", 4)])
@draw_examples(25)
@given(
    rows=st.integers(1, 8), features=st.integers(1, 12), share=st.sampled_from([0, 0.2, 1]), seed=st.integers(0, 999)
)
def test_sparse_rows_get_the_answers_of_dense_ones(
    predictor: str, outputs: int, rows: int, features: int, share: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    X = mostly_zeros(rows, features, share, generator)
    assert_same_answers(random_model(predictor, features, outputs, generator), compress_matrix(X), X)


@pytest.mark.parametrize("outputs", [1, 3, TERMS_AT_ONCE + 1])
def test_products_of_more_terms_than_are_held_at_once_are_whole(outputs: int) -> None:
    generator = np.random.default_rng(1)
    rows, features = (7, 30_000) if outputs < TERMS_AT_ONCE else (3, 4)
    X = mostly_zeros(rows, features, 0.9, generator)
    X[[1, 2, -1]] = 0
    model = random_model("multiclass_classifier", features, outputs, generator)
    expected = X.astype(np.float64) @ model.weight + model.bias
    np.testing.assert_allclose(model.margins(compress_matrix(X)), expected, rtol=1e-5, atol=1e-5)


def test_rows_compressed_by_another_library_are_answered_too() -> None:
    generator = np.random.default_rng(2)
    X = mostly_zeros(9, 20, 0.3, generator)
    assert_same_answers(random_model("regressor", 20, 1, generator), csr_matrix(X), X)


def test_a_row_without_values_gets_the_bias() -> None:
    model = random_model("regressor", 5, 1, np.random.default_rng(3))
    empty = Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(3, np.int64), (2, None))
    assert model.predict(empty)["score"].tolist() == [model.bias[0]] * 2


def test_a_million_features_are_not_written_out() -> None:
    generator = np.random.default_rng(4)
    rows, features, values = 2000, 10**6, 50
    columns = np.sort(generator.integers(0, features // values, (rows, values)) + np.arange(values) * 20_000)
    data = np.ones(rows * values, np.float32)
    X = Csr(data, columns.astype(np.int32).ravel(), np.arange(rows + 1) * values, (rows, features))
    model = random_model("regressor", features, 1, generator)
    tracemalloc.start()
    score = model.predict(X)["score"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    np.testing.assert_allclose(score, model.weight[columns, 0].sum(axis=1) + model.bias, atol=1e-4)


@draw_examples(60)
@given(rows=st.integers(1, 40), features=st.integers(1, 900), outputs=st.integers(1, 12), seed=st.integers(0, 999))
def test_the_weight_cast_once_gives_the_margins_of_the_weight_cast_anew(
    rows: int, features: int, outputs: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    model = random_model("multiclass_classifier", features, outputs, generator)
    X = mostly_zeros(rows, features, 0.8, generator)
    expected = np.asarray(X.astype(np.float64) @ model.weight + model.bias, np.float32)
    for _ in range(2):
        assert model.margins(X).tobytes() == expected.tobytes()
    assert model.outputs == outputs


def test_logistic_scores_are_those_of_the_plain_formula_to_the_bit() -> None:
    z = np.random.default_rng(5).normal(0, 30, (2**16, 1)).astype(np.float32)
    z[:6, 0] = [0, -0.0, np.inf, -np.inf, 1e30, -1e30]
    e = np.exp(-np.abs(z))
    expected = np.where(z >= 0, np.float32(1), e) / (1 + e)
    assert logistic_link(z).tobytes() == expected.tobytes()


@draw_examples(60)
@given(rows=st.integers(1, 9), features=st.integers(1, 30), outputs=st.integers(1, 5), seed=st.integers(0, 999))
def test_few_sparse_rows_get_the_bits_that_they_get_among_many(
    rows: int, features: int, outputs: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    weight = generator.normal(size=(features, outputs)).astype(np.float32)
    few, many = (mostly_zeros(n, features, 0.5, generator) for n in (rows, TERMS_AT_ONCE // features))
    together = csr_matmul(compress_matrix(np.vstack([few, many, many])), weight)
    assert csr_matmul(compress_matrix(few), weight).tobytes() == together[:rows].tobytes()


@pytest.mark.parametrize("outputs", [1, 5, 40])
def test_sparse_rows_of_few_values_get_the_bits_that_they_get_among_long_ones(outputs: int) -> None:
    generator = np.random.default_rng(outputs)
    X = np.zeros((3000, 60), np.float32)
    for row, length in enumerate(generator.integers(0, 5, len(X))):
        X[row, generator.choice(60, length, replace=False)] = generator.normal(size=length)
    long = generator.normal(size=(3, 60)).astype(np.float32)
    weight = generator.normal(size=(60, outputs)).astype(np.float32)
    alone, step = csr_matmul(compress_matrix(X), weight), 200
    np.testing.assert_allclose(alone, X.astype(np.float64) @ weight, rtol=1e-12, atol=1e-12)
    for first in range(0, len(X), step):
        among = csr_matmul(compress_matrix(np.vstack([X[first : first + step], long])), weight)
        assert among[:step].tobytes() == alone[first : first + step].tobytes()


def test_deviations_go_with_their_features_and_are_those_of_shifted_ones_too() -> None:
    model = random_model("regressor", 3, 1, np.random.default_rng(0))
    model = replace(model, names=("a", "b", "c"), deviations=np.array([1, 2, 3], np.float32))
    found = model.reorder_features(("c", "a", "b")).absorb_shift(np.array([0, 1e9, 0])).deviations
    assert found is not None
    assert found.tolist() == [3, 1, 2]
