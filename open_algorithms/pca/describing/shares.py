"""What each column adds to the projection of rows on the largest component."""

import numpy as np
from markupsafe import Markup

from open_algorithms.learning.rows.csr import Features, as_dense
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.contributions import Contributions, draw_contributions
from open_algorithms.learning.showing.portraits import frame_figure, join_lines
from open_algorithms.pca.artifact.model import ComponentModel

MAX_BARS = 10  # components


def explain_rows(model: ComponentModel, X: Features) -> Contributions:
    """Divide the projections of rows X (n, d) on the largest component among the columns; rows begin with 0."""
    rows = as_dense(X)
    added = (rows.astype(np.float64) - model.mean) * model.loadings[:, -1].astype(np.float64)
    base = np.zeros(len(rows))
    if model.recipe is None:
        return Contributions(model.feature_names, base, added)
    firsts = [first for _, first, _ in model.recipe.encoded_columns]
    return Contributions(model.recipe.needed_names, base, np.add.reduceat(added, firsts, axis=1))


def render_shares(model: ComponentModel, X: Features) -> Markup:
    """Render the projections of the one row X (1, d), the largest component first, and what columns add to that."""
    projection = model.project(as_dense(X))[0, ::-1][:MAX_BARS].tolist()
    names = [f"component {i + 1}" for i in range(len(projection))]
    found = explain_rows(model, X)
    return join_lines(
        [
            frame_figure("The projections of the row", draw_bars(names, projection, "Projections")),
            draw_contributions(found, "What columns add to that on component 1"),
        ]
    )
