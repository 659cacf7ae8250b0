"""A model described in words and numbers, for people."""

import math
from typing import Any

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.telling import Differences, largest_clusters, read_sizes
from open_algorithms.learning.showing.text_table import TextTable
from open_algorithms.learning.showing.words import cut_middle

SHOWN_CLUSTERS, SHOWN_FEATURES = 50, 3
LONGEST_NAME = 40  # letters


def model_facts(model: CentroidModel) -> list[tuple[str, str]]:
    """Return what a model is and what training found, as pairs of a name and a text."""
    known = [
        ("clusters", f"{model.outputs:,}"),
        ("features", f"{model.feature_dim:,}"),
        (
            "distances",
            "of features as they are" if model.deviations is None else "of features divided by their deviations",
        ),
    ]
    names = {"rows": "rows of training", "msd": "mean squared distance", "silhouette": "silhouette"}
    return known + [(names[name], write_fact(model.facts[name])) for name in names if name in model.facts]


def write_fact(value: Any) -> str:
    """Write what a file says, which may be anything."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) < 2**53 else "unknown"
    return f"{value:.6g}" if isinstance(value, float) and math.isfinite(value) else "unknown"


def clusters_table(model: CentroidModel) -> TextTable:
    """Tabulate the clusters: their rows, and in what their centers differ from the mean of all rows."""
    shown, sizes, differences = largest_clusters(model, SHOWN_CLUSTERS), read_sizes(model), Differences(model)
    rows = []
    for cluster in shown:
        size = [] if sizes is None else [f"{sizes[cluster]:,}", f"{sizes[cluster] / sizes.sum():.1%}"]
        found = (
            f"{cut_middle(one.name, LONGEST_NAME)} {one.center} ({one.mean})"
            for one in differences.find(cluster, SHOWN_FEATURES)
        )
        rows.append([str(cluster), *size, "; ".join(found)])
    what = "Clusters"
    if len(shown) < model.outputs:
        what += f", {'the first' if sizes is None else 'the largest'} {len(shown)} of {model.outputs:,}"
    heads = ["cluster", *([] if sizes is None else ["rows", "share"]), f"center (mean of all {differences.mean_of})"]
    return TextTable(what, heads, rows)
