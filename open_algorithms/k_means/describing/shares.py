"""How far rows are from centers, and what each column adds to that."""

import numpy as np
from markupsafe import Markup

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.values import column_names
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.rows.csr import Features, as_dense
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.contributions import Contributions, draw_contributions
from open_algorithms.learning.showing.portraits import frame_figure, join_lines

MAX_BARS = 10  # centers


def explain_rows(model: CentroidModel, X: Features) -> Contributions:
    """Divide the squared distances of rows X (n, d) from their nearest centers among the columns; rows begin with 0."""
    rows = as_dense(X)
    unit = 1.0 if model.deviations is None else 1 / model.deviations.astype(np.float64)
    closest = model.nearest(rows)[1]
    squares = ((rows.astype(np.float64) - model.centers[closest]) * unit) ** 2
    names, columns = column_names(model), number_columns(model.recipe, model.feature_dim)
    firsts = np.searchsorted(columns, np.arange(len(names)))
    return Contributions(names, np.zeros(len(rows)), np.add.reduceat(squares, firsts, axis=1))


def render_shares(model: CentroidModel, X: Features) -> Markup:
    """Render how far the one row X (1, d) is from the nearest centers, and what columns add to the first distance."""
    distances = model.distances(as_dense(X))[0]
    near = np.argsort(distances, kind="stable")[:MAX_BARS].tolist()
    found = explain_rows(model, X)
    centers = draw_bars([f"cluster {c}" for c in near], distances[near].tolist(), "Distances from centers")
    return join_lines(
        [
            frame_figure("How far the row is from the nearest centers", centers),
            draw_contributions(found, f"What columns add to the squared distance from cluster {near[0]}"),
        ]
    )
