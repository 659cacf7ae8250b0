"""Measure a finished model on rows, by the metrics that a job logs of its channels.

Tests: tests/pca/measuring/test_reconstruction.py.
"""

from dataclasses import replace

import numpy as np

from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.work import ColumnRequest, Work
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.measuring.metrics import KINDS
from open_algorithms.pca.measuring.reconstruction import measure_blocks

Metric = tuple[str, str, float]


def measure_model(model: ComponentModel, work: Work) -> list[Metric]:
    """Return the metrics of the model on the one channel of `work`, each its name, kind and value."""
    ((name, channel),) = work.channels.items()
    shift = work.read_columns(ColumnRequest(model.exact, recipe=model.recipe)).shift
    if shift is not None and len(shift) == model.feature_dim:
        model = replace(model, mean=np.asarray(model.mean - shift, np.float64))
    blocks = check_blocks(name, channel, None, model.feature_dim)
    found = measure_blocks(model, blocks).metrics
    return [(metric, kind, found[metric]) for metric, kind in KINDS.items()]
