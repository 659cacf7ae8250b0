import numpy as np
import pytest

from benchmarks.products import Sizes, compile_runs, dot_symbol, draw_operands, gradient_symbol, list_layouts
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.types.arrays import Floats

SIZES = Sizes(steps=3, batch=5, width=4, columns=2)


def run_layouts(*, has_gradient: bool) -> dict[str, list[Floats]]:
    """Return the results of the last mini-batch by layout."""
    batches, W, slope = draw_operands(SIZES)
    written: list[Floats] = []

    def multiply(left: Floats, right: Floats, result: Floats) -> None:
        written.append(np.dot(left, right, result))

    slopes = (slope, slope.T.copy()) if has_gradient else None
    found = {}
    for layout, run in list_layouts("numpy", multiply, [*batches], (W, W.T.copy()), slopes).items():
        written.clear()
        run()
        assert len(written) == SIZES.steps * (2 if has_gradient else 1)
        found[layout] = written[-2 if has_gradient else -1 :]
    return found


def test_every_layout_is_of_the_two_products_of_every_mini_batch() -> None:
    batches, W, slope = draw_operands(SIZES)
    found = run_layouts(has_gradient=True)
    assert len(found) == 4
    for layout, (margins, gradient) in found.items():
        expected = batches[-1] @ W.T, slope.T @ batches[-1]
        np.testing.assert_allclose(margins.T if "W X'" in layout else margins, expected[0], rtol=1e-5)
        np.testing.assert_allclose(gradient.T if "X' slope" in layout else gradient, expected[1], rtol=1e-5)


def test_where_rows_are_scored_there_is_one_product() -> None:
    assert [*run_layouts(has_gradient=False)] == ["numpy, X W'", "numpy, W X'"]


@pytest.mark.parametrize("build", [dot_symbol, gradient_symbol])
def test_graphs_run_on_every_mini_batch(build: object) -> None:
    batches, W, slope = draw_operands(SIZES)
    arrays = {"W": as_ndarray(W), "slope": as_ndarray(slope)}
    compile_runs(build(SIZES.columns), arrays, [as_ndarray(X) for X in batches])()  # type: ignore[operator]
