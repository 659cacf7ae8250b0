"""Measure a finished model on rows, by the metrics that a job logs of its channels.

Tests: tests/commands/test_without_labels.py.
"""

from dataclasses import replace

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.training.result import Distortion
from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.work import ColumnRequest, Work


def measure_model(model: CentroidModel, work: Work) -> list[tuple[str, str, float]]:
    """Return the metrics of the model on the one channel of `work`, each its name, kind and value."""
    ((name, channel),) = work.channels.items()
    shift = work.read_columns(ColumnRequest(model.exact, recipe=model.recipe)).shift
    if shift is not None:
        model = replace(model, centers=model.centers - shift)
    ssd, rows = 0.0, 0
    for X, _ in check_blocks(name, channel, None, model.feature_dim):
        distances, _ = model.nearest(X)
        ssd, rows = ssd + float(distances @ distances), rows + len(distances)
    found = Distortion(ssd, rows)
    return [("msd", "loss", found.msd), ("ssd", "loss", found.ssd)]
