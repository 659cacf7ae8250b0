"""The report of a job as values; report.json has the same names in the same order.

Components are in the order of their variance, the largest first, and counted from 1.

Tests: tests/pca/report/test_build.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.showing.job import ColumnEntry, HyperparameterTexts


@dataclass(frozen=True)
class ChannelQuality:
    """How many rows a channel has, the share of their variance that is kept, and the error of what is reconstructed."""

    rows: int
    explained_variance_ratio: float
    reconstruction_mse: float


@dataclass(frozen=True)
class DataSummary:
    """The data; `dominant` is the feature of the largest variance in the units of components, with its share."""

    features: int
    sparse: bool
    normalized: bool
    centred: bool
    total_variance: float
    dominant: str
    dominant_share: float
    channels: Mapping[str, ChannelQuality]


@dataclass(frozen=True)
class SearchSummary:
    """How components were found: in one pass over all pairs of features, or in several with few directions.

    `residual` is what the product of a component has beyond its direction, as a part of its eigenvalue.
    """

    all_pairs: bool
    passes: int
    exact: bool
    residual: float


@dataclass(frozen=True)
class LoadingEntry:
    """A feature's part in a component, from -1 to 1."""

    feature: str
    loading: float


@dataclass(frozen=True)
class ComponentEntry:
    """A component of the model, with the place of its number in an answer, counted from 0."""

    component: int
    place: int
    singular_value: float
    variance: float
    explained_variance_ratio: float
    cumulative_ratio: float
    loadings: list[LoadingEntry]


@dataclass(frozen=True)
class Spectrum:
    """All components that are known, in the model or not: singular values, and shares of the variance."""

    singular_values: list[float]
    explained_variance_ratios: list[float]


@dataclass(frozen=True)
class SharedVariance:
    """How many components explain a share of the variance; None where more are needed than are known."""

    share: float
    components: int | None


@dataclass(frozen=True)
class FeatureEntry:
    """A feature: its share of all variance, and what part of its own variance the model's components explain."""

    feature: str
    share: float
    explained: float


@dataclass(frozen=True)
class Points:
    """Projections of some rows on the two largest components; on one, `y` is empty."""

    x: list[float]
    y: list[float]


@dataclass(frozen=True)
class Report:
    """The report of a job; `columns` tell of a table."""

    format: int
    algorithm_mode: str
    stopped: bool
    hosts: int
    data: DataSummary
    search: SearchSummary
    components: list[ComponentEntry]
    spectrum: Spectrum
    needed: list[SharedVariance]
    features: list[FeatureEntry]
    sample: Points
    seconds: Mapping[str, float]
    hyperparameters: HyperparameterTexts
    versions: Mapping[str, str]
    columns: list[ColumnEntry] | None = None
