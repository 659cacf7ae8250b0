"""What there is to tell of each cluster: its rows, the features that tell it apart, and its most typical rows.

Tests: tests/k_means/report/test_build.py.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from open_algorithms.k_means.describing.features import PLAIN, FeatureKind, list_kinds
from open_algorithms.k_means.describing.values import Value, column_features, column_names, read_values
from open_algorithms.k_means.measuring.parts import take_features
from open_algorithms.k_means.report.schema import ClusterEntry, FeatureEntry, NearestRow, TellingFeature
from open_algorithms.k_means.report.view import SampleView
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.types.arrays import Int64s

MOST_CLUSTERS = 1000  # that are told of, those with the most rows
MOST_TELLING, MOST_NEAREST = 5, 3  # features and rows of each
MOST_COLUMNS = 8  # of the nearest rows
MOST_FEATURES = 50  # of which clusters explain most


def choose_clusters(view: SampleView) -> Int64s:
    """Return the numbers of the clusters to tell of, ascending."""
    return np.sort(np.argsort(-view.result.clustering.sizes, kind="stable")[:MOST_CLUSTERS])


def describe_clusters(view: SampleView, clusters: Int64s, names: Sequence[str]) -> list[ClusterEntry]:
    """Return an entry for each of some clusters; `names` are those of the features."""
    sizes = view.result.clustering.sizes
    counts = np.bincount(view.labels, minlength=len(sizes))
    sums = np.bincount(view.labels, weights=view.distances, minlength=len(sizes))
    scored = view.labels[: len(view.result.silhouettes)]
    score_sums = np.bincount(scored, weights=view.result.silhouettes, minlength=len(sizes))
    with np.errstate(invalid="ignore"):
        distances, scores = sums / counts, score_sums / np.bincount(scored, minlength=len(sizes))
    nearest, kinds = find_nearest(view, clusters), list_kinds(view.result.model)
    columns = number_columns(view.result.model.recipe, view.result.model.feature_dim)
    return [
        ClusterEntry(
            cluster=c,
            rows=round(float(sizes[c])),
            share=float(sizes[c] / max(sizes.sum(), 1)),
            sampled_rows=int(counts[c]),
            msd=float(distances[c]),
            silhouette=float(scores[c]) if len(sizes) > 1 else math.nan,
            telling=find_telling(view, c, columns, names, kinds),
            nearest=rows,
        )
        for c, rows in zip(clusters.tolist(), nearest, strict=True)
    ]


def find_telling(
    view: SampleView, cluster: int, columns: Int64s, names: Sequence[str], kinds: Mapping[int, FeatureKind]
) -> list[TellingFeature]:
    """Return the features whose means in a cluster are furthest from those of all rows, in their deviations.

    Of those of one column, which have its number in `columns` (d,), it is the one that is furthest.
    """
    mean, deviation = view.moments.mean, view.moments.deviation
    if not view.assignment.counts[cluster]:
        return []
    varies = deviation > 0
    away = np.where(varies, (view.means[cluster] - mean) / np.where(varies, deviation, 1), 0)
    order = np.argsort(-np.abs(away), kind="stable")
    first = np.sort(np.unique(columns[order], return_index=True)[1])[:MOST_TELLING]
    chosen = order[first]
    chosen = chosen[away[chosen] != 0]
    raw = view.restore(np.stack([view.means[cluster, chosen], mean[chosen]]), chosen)
    found = []
    for feature, own, usual in zip(chosen.tolist(), *raw.tolist(), strict=True):
        kind = kinds.get(feature, PLAIN)
        values = (own + kind.offset, usual + kind.offset, float(away[feature]))
        found.append(TellingFeature(names[feature], feature, kind.what, *values))
    return found


def find_nearest(view: SampleView, clusters: Int64s) -> list[list[NearestRow]]:
    """Return the rows of the sample that are nearest to the centers of some clusters."""
    order = np.lexsort((view.distances, view.labels))
    starts = np.searchsorted(view.labels[order], [clusters, clusters + 1])
    chosen = [order[start:end][:MOST_NEAREST] for start, end in starts.T]
    rows = np.concatenate(chosen)
    names, values = read_rows(view, rows)
    found = [
        NearestRow(float(distance), dict(zip(names, of_row, strict=True)))
        for distance, of_row in zip(np.sqrt(view.distances[rows]), values, strict=True)
    ]
    ends = np.cumsum([len(part) for part in chosen]).tolist()
    return [found[end - len(part) : end] for part, end in zip(chosen, ends, strict=True)]


def read_rows(view: SampleView, rows: Int64s) -> tuple[list[str], list[list[Value]]]:
    """Return the names of the columns that clusters differ in most, and what rows of the sample have there."""
    model = view.result.model
    columns = number_columns(model.recipe, model.feature_dim)
    most = np.zeros(columns[-1] + 1)
    np.maximum.at(most, columns, view.explained)
    shown = np.sort(np.argsort(-most, kind="stable")[:MOST_COLUMNS]).tolist()
    features = np.concatenate([np.array(part) for part in column_features(model, shown)])
    names = column_names(model)
    raw = view.restore(take_features(view.result.sample, rows, features), features)
    deviation = view.moments.deviation[features] * view.result.scaler.deviation[features]
    return [names[column] for column in shown], read_values(model, raw, shown, deviation)


def describe_features(view: SampleView, names: Sequence[str]) -> list[FeatureEntry]:
    """Return the features of whose variance clusters explain most, of equals the one that varies most first."""
    moments, explained = view.moments, view.explained
    chosen = np.lexsort((-moments.variance, -explained.round(9)))[:MOST_FEATURES]
    means = view.restore(moments.mean[chosen][None], chosen)[0].tolist()
    deviations = (moments.deviation[chosen] * view.result.scaler.deviation[chosen]).tolist()
    kinds = list_kinds(view.result.model)
    return [
        FeatureEntry(
            feature=names[feature],
            column=feature,
            kind=kinds.get(feature, PLAIN).what,
            mean=mean + kinds.get(feature, PLAIN).offset,
            deviation=deviation,
            variance_share=float(moments.shares[feature]),
            explained=float(explained[feature]),
        )
        for feature, mean, deviation in zip(chosen.tolist(), means, deviations, strict=True)
    ]
