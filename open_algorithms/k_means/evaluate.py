"""Measure a finished model on rows: the metrics that a job logs, the silhouette, and the rows of each cluster."""

from dataclasses import replace

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.clustering.sampling import Sampler, hold_dense, hold_sparse
from open_algorithms.k_means.measuring.silhouette import ROWS, pairwise_distances, silhouettes
from open_algorithms.k_means.training.result import Distortion
from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.rows.csr import AnyFeatures, Csr
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.work import ColumnRequest, Work

SAMPLE_SEED = 0  # of the rows whose silhouettes are taken


def measure_model(model: CentroidModel, work: Work) -> list[tuple[str, str, float]]:
    """Return the metrics of the model on the one channel of `work`, each its name, kind and value."""
    ((name, channel),) = work.channels.items()
    shift = work.read_columns(ColumnRequest(model.exact, recipe=model.recipe)).shift
    if shift is not None:
        model = replace(model, centers=model.centers - shift)
    ssd, sizes, sampler = 0.0, np.zeros(model.outputs, np.int64), Sampler(ROWS, SAMPLE_SEED)
    for X, _ in check_blocks(name, channel, None, model.feature_dim):
        distances, closest = model.nearest(X)
        ssd, sizes = ssd + float(distances @ distances), sizes + np.bincount(closest, minlength=model.outputs)
        sampler.add(hold_rows(X))
    found = Distortion(ssd, int(sizes.sum()))
    return [
        ("msd", "loss", found.msd),
        ("ssd", "loss", found.ssd),
        ("silhouette", "score", score_sample(model, sampler.take())),
        *((f"rows_of_cluster_{cluster}", "score", float(rows)) for cluster, rows in enumerate(sizes.tolist())),
    ]


def hold_rows(X: AnyFeatures) -> AnyRows:
    """Hold rows X (n, d) of a channel as they are."""
    return hold_sparse(X) if isinstance(X, Csr) else hold_dense(X)


def score_sample(model: CentroidModel, rows: AnyRows) -> float:
    """Return the mean silhouette of rows in raw units, as distances are by the model."""
    features: AnyFeatures = rows.X if isinstance(rows, SparseRows) else rows.X[:-1, :-1]
    labels = model.nearest(features)[1]
    if model.deviations is not None:
        if isinstance(features, Csr):
            features = features._replace(data=features.data / model.deviations[features.indices])
        else:
            features = features / model.deviations
    return float(silhouettes(pairwise_distances(hold_rows(features)), labels).mean())
