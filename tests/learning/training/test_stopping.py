"""Early stopping is the original's rule."""

import math

from open_algorithms.learning.training.stopping import EarlyStopping


def run(values: list[float], maximise: bool = False, patience: int = 3, tolerance: float = 0.001) -> list[bool]:
    """Return for each epoch until the stop whether it counted as an improvement."""
    stopping = EarlyStopping(patience, tolerance, maximise)
    improved = []
    for value in values:
        improved.append(stopping.record_value(value))
        if stopping.is_over:
            break
    return improved


def test_training_stops_after_patience_plus_one_epochs_without_improvement() -> None:
    assert run([1.0] * 10) == [True, False, False, False, False]
    assert run([1.0] * 10, patience=1) == [True, False, False]


def test_an_improvement_starts_the_count_anew() -> None:
    assert run([1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.0]) == [True, *[False] * 3, True, *[False] * 4]


def test_only_a_relative_improvement_above_the_tolerance_counts() -> None:
    assert run([1.0, 0.9995]) == [True, False]
    assert run([1.0, 0.998]) == [True, True]
    assert run([1000.0, 999.5]) == [True, False]


def test_the_optimum_follows_improvements_that_do_not_count() -> None:
    assert run([1.0, 0.9994, 0.9988, 0.9982, 0.9976]) == [True, False, False, False, False]


def test_a_score_improves_upwards() -> None:
    assert run([0.5, 0.6, 0.55, 0.7], maximise=True) == [True, True, False, True]


def test_a_value_that_is_not_finite_never_improves_and_is_no_optimum() -> None:
    assert run([math.inf, math.nan, 1.0, math.inf]) == [False, False, True, False]


def test_from_zero_every_gain_counts() -> None:
    assert run([0.0, 0.1], maximise=True) == [True, True]
