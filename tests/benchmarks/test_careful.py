import numpy as np
from sklearn.metrics import log_loss

from benchmarks.careful import (
    Answer,
    choose_by_folds,
    choose_by_validation,
    fit_path,
    label_errors,
    list_strengths,
    log_losses,
    squared_errors,
)
from benchmarks.sets import BINARY, MULTICLASS, REGRESSOR, Rows, draw, draw_classes
from open_algorithms.learning.types.arrays import Floats, Numbers


def answer(z: Floats) -> Answer:
    labels: Numbers = (z[:, 0] > 0).astype(int) if z.shape[1] == 1 else z.argmax(axis=1)
    return Answer(z, labels)


def split(rows: Rows) -> tuple[Rows, Rows]:
    X, y = rows
    half = len(y) // 2
    return (X[:half], y[:half]), (X[half:], y[half:])


def test_the_log_loss_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    z, y = generator.standard_normal((50, 3)), np.arange(50.0) % 3
    scores = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert np.isclose(log_losses(answer(z), y).mean(), log_loss(y, scores))
    own, truth = z[:, :1], (y > 0).astype(float)
    assert np.isclose(log_losses(answer(own), truth).mean(), log_loss(truth, 1 / (1 + np.exp(-own[:, 0]))))


def test_a_sure_model_that_is_wrong_has_a_finite_log_loss() -> None:
    assert log_losses(answer(np.array([[-1e4], [1e4]])), np.array([1.0, 1.0])).tolist() == [1e4, 0]


def test_errors_are_counted() -> None:
    assert label_errors(answer(np.array([[1.0], [-1.0], [2.0]])), np.array([1.0, 1.0, 0.0])).tolist() == [0, 1, 1]


def test_the_strength_is_chosen_on_the_held_out_rows() -> None:
    train, held = split(draw(REGRESSOR, 120, 60))
    path = fit_path(*train, REGRESSOR, list_strengths(*train, REGRESSOR))
    losses = [squared_errors(predict(held[0]), held[1]).mean() for predict in path]
    chosen = choose_by_validation(train, held, REGRESSOR, squared_errors)
    assert squared_errors(chosen(held[0]), held[1]).mean() == min(losses) < losses[-1] / 2


def test_of_equals_the_more_regularized_is_chosen() -> None:
    X = np.array([[-1.0], [1.0]] * 20, np.float32)
    train, held = split((X, (X[:, 0] > 0).astype(np.float32)))
    (weakest,) = np.abs(choose_by_validation(train, held, BINARY, label_errors)(X[:1]).margins[0])
    assert 0 < weakest < 0.1


def test_folds_choose_for_wide_rows_a_strong_penalty() -> None:
    rows, (X, y) = split(draw(REGRESSOR, 120, 60))
    unpenalized = fit_path(*rows, REGRESSOR, [1e9])[0]
    chosen = choose_by_folds(rows, REGRESSOR, squared_errors)
    assert squared_errors(chosen(X), y).mean() < squared_errors(unpenalized(X), y).mean() / 1.5


def test_every_class_has_a_margin() -> None:
    rows = draw_classes(300, 5, 4, distance=2.0)
    predict = choose_by_folds(rows, MULTICLASS, log_losses)
    assert predict(rows[0]).margins.shape == (300, 4)
    assert label_errors(predict(rows[0]), rows[1]).mean() < 0.2


def test_the_largest_sets_have_half_of_the_grid() -> None:
    X, y = np.zeros((10, 3)), np.arange(10.0)
    large = np.broadcast_to(X[:1], (30_000_000, 3))
    assert list_strengths(X, y, REGRESSOR)[::2] == list_strengths(large, y, REGRESSOR)
