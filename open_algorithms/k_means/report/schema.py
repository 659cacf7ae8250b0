"""The report of a job as values; report.json has the same names in the same order.

Clusters are counted from 0, as answers do. A number may be NaN or infinite. Distances, and variances of rows, are in
the units of training: the features' own, or their standard deviations where these are `normalized`.

Tests: tests/k_means/report/test_build.py, tests/k_means/report/test_report_json.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.showing.job import ColumnEntry, HyperparameterTexts

Numbers = list[float]


@dataclass(frozen=True)
class ChannelDistortion:
    """The rows of a channel, and the mean and the sum of their squared distances from their nearest centers."""

    rows: int
    msd: float
    ssd: float


@dataclass(frozen=True)
class DataSummary:
    """The data that was clustered; `features` is their number."""

    features: int
    sparse: bool
    normalized: bool
    channels: Mapping[str, ChannelDistortion]


@dataclass(frozen=True)
class TrainingSummary:
    """How training went.

    Mini-batches moved `start_centers` centers. `attempts` are the mean squared distances of these, by their counts,
    from the centers of each attempt to cluster them into the largest number of clusters. `exact_passes` are those over
    all rows that followed.
    """

    epochs: int
    mini_batch_size: int
    start_centers: int
    attempts: Numbers
    exact_passes: int


@dataclass(frozen=True)
class CountEntry:
    """A number of clusters `k` that was tried: how good the best clusters are, and the rows of the extreme ones.

    `msd_of_centers` is what the original reports. `empty` clusters have no rows.
    """

    k: int
    msd: float
    silhouette: float
    msd_of_centers: float
    smallest: int
    largest: int
    empty: int


@dataclass(frozen=True)
class SampleSummary:
    """The sample that clusters are described by.

    `variance` is the mean squared distance of its rows from their mean, of which clusters `explained` a part, NaN where
    rows are all alike. Silhouettes are of its first `silhouette_rows`. `dominant` is the feature with the largest part
    of the variance, `dominant_share`.
    """

    rows: int
    silhouette_rows: int
    msd: float
    variance: float
    explained: float
    dominant: str
    dominant_share: float


@dataclass(frozen=True)
class FeatureEntry:
    """A feature in the sample, in raw units: what part of the variance of rows it is.

    Its `kind` is that of a TellingFeature. Clusters `explained` a part of its own variance.
    """

    feature: str
    column: int
    kind: str
    mean: float
    deviation: float
    variance_share: float
    explained: float


@dataclass(frozen=True)
class TellingFeature:
    """A feature by which the sampled rows of a cluster differ from all: their `mean`, and by so many `deviations`.

    Means are what the `kind` says: a number; the share of rows that have a level, or are true; the days since
    1970-01-01, or of a time the part of a day.
    """

    feature: str
    column: int
    kind: str
    mean: float
    mean_of_all: float
    deviations: float


@dataclass(frozen=True)
class NearestRow:
    """A row of the sample near to the center of its cluster, and what it has in the columns that clusters differ in."""

    distance: float
    values: Mapping[str, float | str | bool | None]


@dataclass(frozen=True)
class ClusterEntry:
    """A cluster: its rows, and what part of all that is; what is known of the `sampled_rows` among them.

    `telling` are the features that tell it apart, `nearest` the rows closest to its center, the first the most so.
    """

    cluster: int
    rows: int
    share: float
    sampled_rows: int
    msd: float
    silhouette: float
    telling: list[TellingFeature]
    nearest: list[NearestRow]


@dataclass(frozen=True)
class Points:
    """Points of the plane, of which each belongs to a cluster."""

    x: Numbers
    y: Numbers
    cluster: list[int]


@dataclass(frozen=True)
class Plane:
    """The plane in which some rows of the sample vary most, by their first two principal components.

    `explained` are the parts of their variance that the two show; `centers` are those of clusters in the plane.
    """

    explained: Numbers
    rows: Points
    centers: Points


@dataclass(frozen=True)
class Report:
    """The report of a job; `k` is the number of clusters of the model, `counts` are all that were tried.

    `asked` tells whether the user asked for it, else the silhouette chose. `clusters` are those with the most rows,
    `features` those of which clusters explain most. Of a table `columns` are there.
    """

    format: int
    k: int
    asked: bool
    stopped: bool
    hosts: int
    data: DataSummary
    training: TrainingSummary
    counts: list[CountEntry]
    sample: SampleSummary
    clusters: list[ClusterEntry]
    features: list[FeatureEntry]
    plane: Plane
    seconds: Mapping[str, float]
    hyperparameters: HyperparameterTexts
    versions: Mapping[str, str]
    columns: list[ColumnEntry] | None = None

    @property
    def count(self) -> CountEntry:
        """The entry of the number of clusters of the model."""
        return next(entry for entry in self.counts if entry.k == self.k)
