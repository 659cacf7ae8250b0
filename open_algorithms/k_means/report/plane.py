"""The plane in which rows vary most: their first two principal components."""

from typing import NamedTuple

import numpy as np

from open_algorithms.k_means.measuring.parts import take_head
from open_algorithms.k_means.report.schema import Plane, Points
from open_algorithms.k_means.report.view import SampleView
from open_algorithms.learning.types.arrays import Float64s, Int64s

MOST_ROWS, MOST_NUMBERS = 1000, 2_000_000  # of the rows that are shown
BLOCK, STEPS = 8, 6  # vectors that are multiplied at once, and how often


class Axes(NamedTuple):
    """Two directions (2, d), and the parts of the variance that rows have along them, (2,): NaN where there is none."""

    directions: Float64s
    explained: Float64s


def project_sample(view: SampleView, clusters: Int64s) -> Plane:
    """Project some rows of the sample, and the centers of some clusters."""
    X, features = take_head(view.result.sample, MOST_ROWS, MOST_NUMBERS)
    mean = X.mean(axis=0)
    axes = find_axes(X - mean)
    x, y = axes.directions @ (X - mean).T
    center_x, center_y = axes.directions @ (view.centers[np.ix_(clusters, features)] - mean).T
    return Plane(
        axes.explained.tolist(),
        Points(x.tolist(), y.tolist(), view.labels[: len(X)].tolist()),
        Points(center_x.tolist(), center_y.tolist(), clusters.tolist()),
    )


def find_axes(Z: Float64s) -> Axes:
    """Return the first two principal components of centred rows (n, d), by a singular value decomposition.

    It is one of the rows in the space of a few vectors and their images, which holds the components; Musco and Musco,
    Randomized block Krylov methods for stronger and faster approximate singular value decomposition, 2015. A component
    is as long as 1, and its largest number is positive; one that is not there is 0.
    """
    vectors = np.random.default_rng(0).normal(size=(Z.shape[1], BLOCK))[:, : Z.shape[1]]
    blocks = [vectors]
    for _ in range(STEPS):
        vectors = np.linalg.qr(Z.T @ (Z @ vectors))[0]
        blocks.append(vectors)
    basis = np.linalg.qr(np.concatenate(blocks, axis=1))[0]
    _, sizes, found = np.linalg.svd(Z @ basis, full_matrices=False)
    total = np.einsum("nd,nd->", Z, Z)
    count = min(2, int((sizes > 0).sum()))
    directions, explained = np.zeros((2, Z.shape[1])), np.full(2, 0.0 if total > 0 else np.nan)
    directions[:count] = found[:count] @ basis.T
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.where(directions[[0, 1], largest] < 0, -1, 1)[:, None]
    explained[:count] = sizes[:count] ** 2 / total
    return Axes(directions, explained)
