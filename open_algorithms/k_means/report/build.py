"""Build the report of a job from the result of the training."""

import math
from collections.abc import Sequence

from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.options.hyperparameters import declarations
from open_algorithms.k_means.report.clusters import choose_clusters, describe_clusters, describe_features
from open_algorithms.k_means.report.plane import project_sample
from open_algorithms.k_means.report.schema import (
    ChannelDistortion,
    CountEntry,
    DataSummary,
    Report,
    SampleSummary,
    TrainingSummary,
)
from open_algorithms.k_means.report.view import SampleView
from open_algorithms.k_means.training.result import Clustering, ClusteringResult
from open_algorithms.learning.columns.describe import list_column_entries
from open_algorithms.learning.options.parsing import select_applied
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.showing.job import HyperparameterTexts, package_versions
from open_algorithms.learning.work import Work

FORMAT = 1
PROGRAM = "open-k-means"


def build_report(result: ClusteringResult, work: Work) -> Report:
    """Return the report of a job that was given this work."""
    view = SampleView(result, choose_assigner(work.processors))
    names, clusters = result.model.feature_names, choose_clusters(view)
    recipe = result.model.recipe
    return Report(
        format=FORMAT,
        k=result.clustering.k,
        asked=result.hp.k is not None,
        stopped=result.was_stopped,
        hosts=work.hosts.count,
        data=DataSummary(
            features=result.model.feature_dim,
            sparse=isinstance(result.sample, SparseRows),
            normalized=bool(result.hp.normalize_data),
            channels={
                name: ChannelDistortion(found.rows, found.msd, found.ssd) for name, found in result.distortions.items()
            },
        ),
        training=summarize_training(result),
        counts=[describe_count(clustering) for clustering in result.clusterings],
        sample=summarize_sample(view, names),
        clusters=describe_clusters(view, clusters, names),
        features=describe_features(view, names),
        plane=project_sample(view, clusters),
        seconds=dict(work.seconds_by_part),
        hyperparameters=HyperparameterTexts(
            dict(work.hyperparameters), select_applied(work.hyperparameters, declarations())
        ),
        versions=package_versions(PROGRAM),
        columns=None if recipe is None else list_column_entries(recipe),
    )


def summarize_training(result: ClusteringResult) -> TrainingSummary:
    """Return how training went."""
    return TrainingSummary(
        epochs=result.hp.epochs,
        mini_batch_size=result.hp.mini_batch_size,
        start_centers=min(result.hp.start_centers, result.clustering.distortion.rows),
        attempts=list(result.attempts),
        exact_passes=result.exact_passes,
    )


def describe_count(clustering: Clustering) -> CountEntry:
    """Return how good the clusters of one number are."""
    return CountEntry(
        k=clustering.k,
        msd=clustering.distortion.msd,
        silhouette=clustering.silhouette,
        msd_of_centers=clustering.centers_msd,
        smallest=round(float(clustering.sizes.min())),
        largest=round(float(clustering.sizes.max())),
        empty=int((clustering.sizes == 0).sum()),
    )


def summarize_sample(view: SampleView, names: Sequence[str]) -> SampleSummary:
    """Return what is known of the sample as a whole."""
    moments = view.moments
    largest, variance, msd = int(moments.shares.argmax()), float(moments.variance.sum()), float(view.distances.mean())
    return SampleSummary(
        rows=len(view.labels),
        silhouette_rows=len(view.result.silhouettes),
        msd=msd,
        variance=variance,
        explained=max(0.0, 1 - msd / variance) if variance > 0 else math.nan,
        dominant=names[largest],
        dominant_share=float(moments.shares[largest]),
    )
