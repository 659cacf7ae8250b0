"""Whatever finite numbers rows hold, a model holds finite ones, or the user is told why there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.pca.training import plan
from open_algorithms.pca.training.result import PcaResult
from tests.pca.data import cut_blocks, exact_singular_values
from tests.pca.jobs import find

SIZES = [0, 1, 3, 1e-3, 1e6, 1e6 + 1, 1e-30, 1e20, 3e37, 1e-42]
TINY = 1e-37  # numbers below that are 0 to the native library
VALUES = st.sampled_from([np.float32(sign * size) for size in SIZES for sign in (1, -1)])
ROWS = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=VALUES)
SWITCHES = st.sampled_from(["true", "false"])


def find_or_refuse(texts: dict[str, str], X: Float32s, sparse: bool) -> PcaResult | None:
    """Run a job; return None where float32 does not hold its model."""
    try:
        return find(texts, cut_blocks(X, 2, sparse=sparse))
    except InputError as error:
        if "float32 does not hold" in str(error):
            return None
        raise


@pytest.mark.parametrize("most_features", [0, 4096])
@given(X=ROWS, data=st.data(), subtract=SWITCHES, normalize=SWITCHES, sparse=st.booleans())
def test_nothing_is_not_a_number(
    most_features: int, X: Float32s, data: st.DataObject, subtract: str, normalize: str, sparse: bool
) -> None:
    texts = {
        "num_components": str(data.draw(st.integers(1, X.shape[1]))),
        "subtract_mean": subtract,
        "normalize_data": normalize,
        "algorithm_mode": data.draw(st.sampled_from(["regular", "randomized"])),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MOST_GRAM_FEATURES", most_features)
        result = find_or_refuse(texts, X, sparse)
    if result is None:
        return
    model = result.model
    for array in (model.loadings, model.mean, model.singular_values, model.project(X), result.sample):
        assert np.isfinite(array).all()
    for name in ("singular_values", "explained_variance_ratios", "total_variance"):
        assert np.isfinite(model.facts[name]).all()
    assert (np.diff(model.singular_values) >= 0).all()
    assert 0 <= result.measured["train"].ratio <= 1
    if normalize == "false":
        exact = exact_singular_values(X, is_centred=subtract == "true")
        found = model.singular_values[::-1].astype(np.float64)
        rounding = TINY + 1e-6 * float(np.linalg.norm(X.astype(np.float64)))
        np.testing.assert_allclose(found[: len(exact)], exact[: len(found)], rtol=0, atol=rounding)
