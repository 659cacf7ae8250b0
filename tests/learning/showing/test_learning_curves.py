"""The axes of learning curves."""

import math

from open_algorithms.learning.showing.learning_curves import epoch_scale, finite_values, loss_range


def test_the_own_curve_is_in_sight_and_few_bad_ones_do_not_flatten_it() -> None:
    curves = [[0.9, 0.5], [0.8, 0.4], [0.7, 0.3], [1.0, 50.0]]
    assert loss_range(curves, [2.0, 0.3]) == (0.3, 2.0)
    assert loss_range(curves, [0.7, 0.3]) == (0.3, 0.7)
    assert loss_range([[0.9, 0.6], [0.8, 50.0]], []) == (0.6, 0.6)


def test_what_is_not_finite_is_not_drawn() -> None:
    assert finite_values([1.0, math.nan, math.inf, 2.0]) == [1.0, 2.0]
    assert loss_range([[math.nan, math.inf]], [math.nan]) == (0, 1)


def test_few_epochs_have_room_beside_them() -> None:
    assert epoch_scale(1).ends == (0.5, 1.5)
    assert epoch_scale(3).ends == (0.5, 3.5)
    assert epoch_scale(4).ends is None
    assert epoch_scale(4).whole
