"""The end of a job: measure the best run of each number of clusters, choose one, and make it a model.

Tests: tests/k_means/training/test_fit.py.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.clustering.population import Population
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.k_means.clustering.sampling import gather_first_rows
from open_algorithms.k_means.clustering.shrinking import shrink_centers
from open_algorithms.k_means.measuring.distances import measure_runs
from open_algorithms.k_means.measuring.silhouette import ROWS, pairwise_distances, silhouettes
from open_algorithms.k_means.options.hyperparameters import LloydSettings
from open_algorithms.k_means.training.plan import Plan
from open_algorithms.k_means.training.result import Clustering, ClusteringResult, Distortion
from open_algorithms.k_means.training.state import ClusteringState
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s, Floats
from open_algorithms.learning.work import Columns

HASTY = LloydSettings(max_iter=3, tol=1e-3, init_method="random", trials=1)
LEAST_LOSS = 1e-6  # of the squared distances, for which centers are kept in float64 beside the original's file
FEW_PRODUCTS = 3e7  # in an iteration of an attempt, of which a stopped job has time for as many as it was to make


def conclude(plan: Plan, state: ClusteringState, columns: Columns) -> ClusteringResult:
    """Measure the best runs on all rows of every channel, and return the model of the chosen one."""
    lloyd = state.lloyd
    assert lloyd is not None
    assert state.sample is not None
    runs = Runs.join([lloyd.runs[g] for g in lloyd.find_best(plan.hp.ks)])
    names = ["train", *(plan.populations.keys() - {"train"})]
    measured = {name: measure_runs(plan.populations[name], runs) for name in names}
    plan.work.record_lap("score")
    return build_result(plan, state, columns, runs, measured)


def conclude_stopped(plan: Plan, state: ClusteringState, columns: Columns) -> ClusteringResult:
    """Return the model of what there is, measured on the sample or on the first rows, where a job is stopped."""
    log, hosts = plan.work.log, plan.work.hosts
    what = f"{state.epoch} passes" if state.epoch else "the first rows"
    log.warning(f"The job is stopped: the model is that of {what}, measured on a sample.")
    sample = state.sample
    if sample is None:  # those of all hosts: some may have none of their own
        sample = gather_first_rows(plan.train.head_rows, plan.sample_rows, hosts)
    if state.lloyd is None:
        starts, products = [], state.moving.centers.size * sum(plan.hp.ks)
        settings = plan.hp.local_lloyd if products <= FEW_PRODUCTS else HASTY
        for k in plan.hp.ks:
            attempts = shrink_centers(state.moving, k, settings, plan.assigner, plan.generator(1))
            starts.append(attempts.runs[int(attempts.inertias.argmin())])
        state.attempts, state.centers_msd = np.zeros(0), np.full(len(starts), np.nan)
    else:
        best = state.lloyd.find_best(plan.hp.ks)
        starts = [state.lloyd.runs[g] for g in best]
    runs = Runs.join(starts)
    runs = Runs(np.asarray(hosts.broadcast(runs.centers), np.float64), runs.sizes)
    state.sample = sample
    measured = {"train": measure_runs(Population(lambda: [sample], plan.assigner), runs)}
    return build_result(plan, state, columns, runs, measured, was_stopped=True)


def build_result(
    plan: Plan,
    state: ClusteringState,
    columns: Columns,
    runs: Runs,
    measured: Mapping[str, tuple[Float64s, Float64s]],
    *,
    was_stopped: bool = False,
) -> ClusteringResult:
    """Choose a number of clusters, and put together what is known of it.

    Of each channel the rows of all centers are `measured`, (K,), and the sum of squared distances of each run, (G,).
    """
    assert state.sample is not None
    distortions = {name: list_distortions(*of_channel, runs) for name, of_channel in measured.items()}
    sizes = np.split(measured["train"][0], runs.ends[:-1])
    scores, centers_msd = score_runs(plan, state.sample, runs), state.centers_msd.tolist()
    means = plan.work.hosts.broadcast(np.array([of_run.mean() for of_run in scores])).tolist()
    clusterings = [
        Clustering(*found) for found in zip(runs.split(), distortions["train"], sizes, means, centers_msd, strict=True)
    ]
    chosen = choose_clustering(clusterings, plan.hp.k)
    return ClusteringResult(
        model=build_model(plan, clusterings[chosen], columns),
        hp=plan.hp,
        clusterings=clusterings,
        chosen=chosen,
        distortions={name: of_runs[chosen] for name, of_runs in distortions.items()},
        attempts=[float(msd) for msd in state.attempts],
        sample=state.sample,
        silhouettes=scores[chosen],
        scaler=plan.train.scaler,
        exact_passes=0 if state.lloyd is None else state.lloyd.passes,
        was_stopped=was_stopped,
    )


def list_distortions(counts: Float64s, ssds: Float64s, runs: Runs) -> list[Distortion]:
    """Return each run's distortion, given the rows of all centers, (K,), and the sums of squared distances, (G,)."""
    rows = round(float(counts[: runs.sizes[0]].sum()))
    return [Distortion(float(ssd), rows) for ssd in ssds]


def score_runs(plan: Plan, sample: AnyRows, runs: Runs) -> list[Float64s]:
    """Return the silhouettes (m,) of the first rows of the sample in each run."""
    few = sample.slice_rows(0, min(ROWS, len(sample)))
    labels = plan.assigner.assign(few, runs.centers.astype(np.float32), runs.ends, with_labels=True).labels
    assert labels is not None
    distances = pairwise_distances(few)
    return [silhouettes(distances, of_run.astype(np.int64)) for of_run in labels.T]


def choose_clustering(clusterings: Sequence[Clustering], k: int | None) -> int:
    """Return the place of the one of k clusters, or of the one whose rows belong most clearly to their clusters."""
    if k is not None:
        return next(i for i, clustering in enumerate(clusterings) if clustering.k == k)
    return max(range(len(clusterings)), key=lambda i: clusterings[i].silhouette)


def loses_digits(centers: Float64s, deviations: Floats, clustering: Clustering) -> bool:
    """Tell whether float32 rounds centers (k, d) for raw features so much that rows are further from them.

    Distances are of features divided by `deviations` (d,).
    """
    moved = np.square((centers - centers.astype(np.float32)) / deviations).sum(axis=1)
    return bool(clustering.sizes @ moved > LEAST_LOSS * clustering.distortion.ssd)


def build_model(plan: Plan, clustering: Clustering, columns: Columns) -> CentroidModel:
    """Return the model of a clustering, for raw features."""
    scaler = plan.train.scaler
    raw = clustering.centers * scaler.deviation.astype(np.float64)
    if not isinstance(plan.train.head_rows, SparseRows):
        raw += scaler.mean.astype(np.float64)
    shift = columns.shift if columns.shift is not None and columns.shift.any() else None
    centers: Floats = raw if shift is None else raw + shift
    if shift is None and not loses_digits(raw, scaler.deviation, clustering):
        centers = raw.astype(np.float32)
    facts = {
        "rows": clustering.distortion.rows,
        "msd": clustering.distortion.msd,
        "silhouette": clustering.silhouette,
        "sizes": [round(float(size)) for size in clustering.sizes],
    }
    known = len(columns.features) == centers.shape[1]
    return CentroidModel(
        centers,
        scaler.deviation if plan.hp.normalize_data else None,
        facts,
        columns.features if known else (),
        columns.recipe if known else None,
    )
