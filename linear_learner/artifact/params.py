"""The weight and the bias of a linear model in MXNet's file of arrays."""

from open_algorithms.learning.artifact.archives import PARAMETERS_FILE
from open_algorithms.learning.artifact.arrays import Floats, read_arrays, require_finite
from open_algorithms.learning.job.errors import InputError

WEIGHT, BIAS = "arg:fc0_weight", "arg:fc0_bias"


def read_parameters(content: bytes | bytearray) -> tuple[Floats, Floats]:
    """Return the weight (d, K) and the bias (K,) as views of `content`.

    Raises InputError unless the file holds exactly these two arrays, dense, float32, finite, and of matching shapes.
    """
    names, arrays = read_arrays(content, PARAMETERS_FILE, {2}, f"2, {WEIGHT} and {BIAS}")
    if sorted(names) != [BIAS, WEIGHT]:
        found = " and ".join(map(repr, names)) or "arrays without names"
        raise InputError(f"{PARAMETERS_FILE} holds {found}; expected {WEIGHT!r} and {BIAS!r}.")
    named = dict(zip(names, arrays, strict=True))
    weight, bias = named[WEIGHT], named[BIAS]
    if weight.ndim != 2 or bias.shape not in ((1, weight.shape[1]), (weight.shape[1],)):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} and fc0_bias {bias.shape}; expected (d, K) and "
            "(1, K)."
        )
    for name, array in named.items():
        require_finite(name, array)
    return weight, bias.reshape(-1)
