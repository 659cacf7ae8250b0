"""The numbers of both networks of the original are read as one machine's."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.artifact.params import list_arrays, read_parameters
from open_algorithms.learning.artifact.arrays import format_arrays
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.models import draw_model

V, W, B = (np.arange(1, size + 1, dtype=np.float32) for size in (6, 3, 1))
SPARSE = {"arg:v": V.reshape(3, 2), "arg:w1_weight": W[:, None], "arg:w0_weight": B}
DENSE = {"arg:v": V.reshape(3, 2).T, "arg:Linear_Plus_Bias_weight": W[None], "arg:Linear_Plus_Bias_bias": B}


@pytest.mark.parametrize("arrays", [SPARSE, DENSE, dict([*SPARSE.items()][::-1]), SPARSE | {"arg:w1_weight": W}])
def test_bias_weights_and_factors_are_found_by_their_names(arrays: dict[str, Float32s]) -> None:
    found = read_parameters(format_arrays(arrays), {}, {})
    assert (float(found.bias), found.linear.tolist(), found.factors.tolist()) == (
        1,
        [1, 2, 3],
        [[1, 2], [3, 4], [5, 6]],
    )


def test_a_name_that_comes_twice_is_refused() -> None:
    twice = format_arrays({**SPARSE, "arg:u": SPARSE["arg:v"]}).replace(b"arg:u", b"arg:v")
    with pytest.raises(InputError, match="params holds arg:v, arg:w1_weight, arg:w0_weight, arg:v; expected"):
        read_parameters(twice, {}, {})


def test_a_machine_without_factors_has_a_column_of_zeros_as_the_original_has_no_other() -> None:
    arrays = list_arrays(draw_model(features=3, factors=0))
    assert arrays["arg:v"].tolist() == [[0], [0], [0]]
    content = format_arrays(arrays)
    assert read_parameters(content, {"num_factors": "0"}, {}).factors.shape == (3, 0)
    assert read_parameters(content, {"num_factors": "1"}, {}).factors.shape == (3, 1)
    assert read_parameters(content, {}, {}).factors.shape == (3, 1)


@pytest.mark.parametrize("settings", [{"num_factors": "0"}, {"num_factors": ""}, {"feature_dim": "[3]"}])
def test_settings_that_say_other_sizes_are_refused(settings: dict[str, str]) -> None:
    ((name, text),) = settings.items()
    with pytest.raises(InputError) as caught:
        read_parameters(format_arrays(SPARSE), settings, {})
    assert f"meta.json says {name} {text!r}, but params holds v with" in str(caught.value)


def test_the_wrong_way_round_is_refused_where_the_sizes_tell() -> None:
    with pytest.raises(InputError, match=r"arg:v \(2, 3\), arg:w1_weight \(3, 1\).*expected v \(features, factors\)"):
        read_parameters(format_arrays(SPARSE | {"arg:v": DENSE["arg:v"]}), {}, {})
    with pytest.raises(InputError, match=r"expected v \(factors, features\)"):
        read_parameters(format_arrays(DENSE | {"arg:v": SPARSE["arg:v"]}), {}, {})


@pytest.mark.parametrize("shape", [(3, 2), (0, 2), (0, 0)])
def test_a_shape_that_the_network_declares_may_leave_lengths_open(shape: tuple[int, ...]) -> None:
    found = read_parameters(format_arrays(SPARSE), {}, {"v": shape, "data": (1, 5)})
    assert found.factors.shape == (3, 2)


@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (3,), ()])
def test_another_shape_than_the_network_declares_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError) as caught:
        read_parameters(format_arrays(SPARSE), {}, {"v": shape})
    assert str(caught.value) == f"symbol.json says v has the shape {shape}, but params holds arg:v (3, 2)."
