"""Where other programs' float32 loses what a machine's centers keep, a warning says so and names the columns."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.factorization_machines.measuring.folding import score_folded, warn_of_folding
from tests.factorization_machines.models import KINDS, draw_model, draw_rows

SCALE = np.ones(7, np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_centers_near_0_are_nothing_to_warn_of(kind: str) -> None:
    assert warn_of_folding(draw_model(kind), SCALE) is None
    assert warn_of_folding(replace(draw_model(kind), centers=np.full(7, 5.0)), SCALE) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [0, 3])
def test_columns_far_from_0_are_named(kind: str, factors: int) -> None:
    model = replace(draw_model(kind, factors=factors), names=("a", "b", "c", "d", "e", "f", "g"))
    warning = warn_of_folding(replace(model, centers=np.array([0, 1, 1.6e9, 3, 0, -1e9, 0])), SCALE)
    assert warning is not None
    assert "model_algo-1" in warning
    assert warning.split("vary: ")[1].startswith(
        ("c, f. For such programs subtract", "f, c. For such programs subtract")
    )
    every = warn_of_folding(replace(model, names=(), centers=np.full(7, 1e9)), None)
    assert every is not None
    assert " and 2 more. For such" in every


def test_a_machine_that_does_not_depend_on_its_features_is_nothing_to_warn_of() -> None:
    model = draw_model()
    same = replace(model, linear=0 * model.linear, factors=0 * model.factors, bias=1e9, centers=np.full(7, 1e9))
    assert warn_of_folding(same, None) is None


@pytest.mark.parametrize(("center", "is_far"), [(1, False), (10, False), (300, True), (1e5, True), (1e20, True)])
def test_a_warning_tells_whether_float32_is_off(center: float, is_far: bool) -> None:
    model = replace(draw_model("binary_classifier"), centers=np.full(7, center))
    assert (warn_of_folding(model, None) is not None) == is_far
    X = draw_rows() + center
    assert (np.abs(score_folded(model, X) - model.margins(X)).max() < 1e-3) != is_far


def test_where_features_vary_much_centers_may_be_large() -> None:
    small = draw_model("binary_classifier")
    model = replace(
        small,
        linear=small.linear / np.float32(1e6),
        factors=small.factors / np.float32(1e6),
        centers=np.full(7, 3e6),
    )
    assert warn_of_folding(model, SCALE * np.float32(1e6)) is None


@pytest.mark.parametrize("unit", [1e-6, 1, 1e6])
def test_of_a_regressor_the_unit_of_the_label_makes_no_difference(unit: float) -> None:
    plain, root = draw_model("regressor"), np.float32(unit**0.5)
    model = replace(plain, bias=unit * plain.bias, linear=plain.linear * root**2, factors=plain.factors * root)
    assert warn_of_folding(replace(model, centers=np.full(7, 10.0)), SCALE) is None
    assert warn_of_folding(replace(model, centers=np.full(7, 1e4)), SCALE) is not None


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_columns_whose_squares_float32_cannot_hold_are_named_with_what_helps(unit: float) -> None:
    model = replace(draw_model(), names=("a", "b", "c", "d", "e", "f", "g"), centers=np.zeros(7))
    sizes = np.ones(7, np.float32)
    sizes[[1, 4]] = unit
    factors = model.factors / sizes[:, None]
    warning = warn_of_folding(replace(model, linear=model.linear / sizes, factors=factors), sizes)
    assert warning is not None
    assert "as large or small as b, e. For such programs multiply" in warning
