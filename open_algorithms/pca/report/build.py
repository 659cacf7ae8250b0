"""Build the report of a job from its result."""

import numpy as np

from open_algorithms.learning.columns.describe import list_column_entries
from open_algorithms.learning.showing.job import HyperparameterTexts, package_versions
from open_algorithms.learning.work import Work
from open_algorithms.pca.describing.loadings import list_largest_loadings
from open_algorithms.pca.describing.spectrum import SHARES, accumulate_ratios, count_components
from open_algorithms.pca.options.hyperparameters import applied_configuration
from open_algorithms.pca.report.schema import (
    ChannelQuality,
    ComponentEntry,
    DataSummary,
    FeatureEntry,
    LoadingEntry,
    Points,
    Report,
    SearchSummary,
    SharedVariance,
    Spectrum,
)
from open_algorithms.pca.training.result import PcaResult

FORMAT = 1
PROGRAM = "open-pca"
LISTED_COMPONENTS, LISTED_LOADINGS = 1000, 20  # components, and loadings of each
LOADED_COMPONENTS = 100  # whose loadings are listed
LISTED_FEATURES = 50


def build_report(result: PcaResult, work: Work) -> Report:
    """Return the report of a job that was given this work."""
    components, recipe = result.solution.components, result.model.recipe
    ratios = components.explained_ratios.tolist()
    return Report(
        format=FORMAT,
        algorithm_mode=result.hp.algorithm_mode,
        stopped=result.was_stopped,
        hosts=result.host_count,
        data=summarize_data(result),
        search=SearchSummary(result.sums_all_pairs, result.solution.passes, result.is_exact, result.solution.residual),
        components=list_components(result, ratios),
        spectrum=Spectrum(components.singular_values.tolist(), ratios),
        needed=[SharedVariance(share, count_components(ratios, share)) for share in SHARES],
        features=list_features(result),
        sample=Points(*([*axis] for axis in (*result.sample.T.tolist(), [])[:2])),
        seconds=dict(work.seconds_by_part),
        hyperparameters=HyperparameterTexts(
            dict(work.hyperparameters), applied_configuration(work.hyperparameters, result.hp)
        ),
        versions=package_versions(PROGRAM),
        columns=None if recipe is None else list_column_entries(recipe),
    )


def summarize_data(result: PcaResult) -> DataSummary:
    """Return what the data is, and how well its rows are reconstructed."""
    shares = result.solution.variance_shares
    largest = int(shares.argmax())
    return DataSummary(
        features=result.model.feature_dim,
        sparse=result.is_sparse,
        normalized=bool(result.hp.normalize_data),
        centred=result.hp.subtract_mean,
        total_variance=result.model.facts["total_variance"],
        dominant=result.model.feature_names[largest],
        dominant_share=float(shares[largest]),
        channels={
            name: ChannelQuality(round(found.rows), found.ratio, found.error) for name, found in result.measured.items()
        },
    )


def list_components(result: PcaResult, ratios: list[float]) -> list[ComponentEntry]:
    """Return the components of the model, of very many the largest."""
    components, model, rows = result.solution.components, result.model, result.solution.moments.rows
    totals = accumulate_ratios(ratios)
    return [
        ComponentEntry(
            component=i + 1,
            place=model.outputs - 1 - i,
            singular_value=float(components.singular_values[i]),
            variance=float(components.singular_values[i] ** 2 / max(rows - 1, 1)),
            explained_variance_ratio=ratios[i],
            cumulative_ratio=totals[i],
            loadings=[
                LoadingEntry(name, value)
                for name, value in list_largest_loadings(model, i, LISTED_LOADINGS)
                if i < LOADED_COMPONENTS
            ],
        )
        for i in range(min(model.outputs, LISTED_COMPONENTS))
    ]


def list_features(result: PcaResult) -> list[FeatureEntry]:
    """Return the features of which components lose most, as a share of all variance, of many the first."""
    components, shares = result.solution.components, result.solution.variance_shares
    values = components.singular_values[: components.count]
    kept = components.directions**2 @ values**2 / (components.total if components.total > 0 else 1)
    explained = np.divide(kept, shares, out=np.zeros_like(kept), where=shares > 0)
    most = np.argsort(kept - shares, kind="stable")[:LISTED_FEATURES].tolist()
    names = result.model.feature_names
    return [FeatureEntry(names[i], float(shares[i]), float(np.clip(explained[i], 0, 1))) for i in most if shares[i] > 0]
