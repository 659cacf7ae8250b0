"""The loadings of components: what features they are made of.

Tests: tests/pca/describing/test_facts.py.
"""

from typing import NamedTuple

import numpy as np

from open_algorithms.pca.artifact.model import ComponentModel


class Loading(NamedTuple):
    """A feature's name, and its part in a component, from -1 to 1: the squares of all in a component add up to 1."""

    feature: str
    value: float


def list_largest_loadings(model: ComponentModel, component: int, count: int) -> list[Loading]:
    """Return the `count` loadings of a component, 0 being the largest, that are largest in size, the largest first."""
    scales = 1.0 if model.scales is None else model.scales
    direction = model.loadings[:, model.outputs - 1 - component].astype(np.float64) * scales
    largest = np.argsort(-np.abs(direction), kind="stable")[:count]
    names = model.feature_names
    return [Loading(names[i], float(direction[i])) for i in largest.tolist()]
