"""A machine in the units that it was trained in, which make its features comparable.

Tests: tests/factorization_machines/describing/test_facts.py, tests/factorization_machines/report/test_build.py.
"""

from dataclasses import replace

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.rows.units import REACH
from open_algorithms.learning.types.arrays import Float32s


def read_sizes(model: FactorModel) -> Float32s | None:
    """Return what the features were divided by in training, (d,), 1 of flags; None where that is not known.

    A feature other than a flag counts up to REACH sizes from its center.
    """
    if model.reach is None:
        return None
    return np.where(model.reach < np.finfo(np.float32).max, model.reach / np.float32(REACH), np.float32(1))


def rescale_model(model: FactorModel, sizes: Float32s | None) -> FactorModel:
    """Return the machine of features divided by these sizes (d,), which gives the same scores.

    Linear weights are what such a unit adds where all other features are at their centers.
    """
    if sizes is None:
        return model
    centers = None if model.centers is None else model.centers / sizes
    linear, factors = model.linear * sizes, model.factors * sizes[:, None]
    reach = None if model.reach is None else model.reach / sizes
    return replace(model, linear=linear, factors=factors, centers=centers, reach=reach)


def standardise_model(model: FactorModel) -> FactorModel:
    """Return the machine in its units of training; the machine itself where these are not known."""
    return rescale_model(model, read_sizes(model))
