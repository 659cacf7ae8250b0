"""Cluster: read channels, move centers in mini-batches, search on a sample, make exact passes, choose and measure."""

import math
import time
from dataclasses import replace

from open_algorithms.k_means.measuring.resolution import find_blurring, warn_of_blur
from open_algorithms.k_means.measuring.spread import find_dominant, measure_features, warn_of_dominance
from open_algorithms.k_means.options.hyperparameters import Hyperparameters, declarations
from open_algorithms.k_means.training.conclusion import conclude, conclude_stopped
from open_algorithms.k_means.training.passes import run_epochs, run_exact_passes, search_runs
from open_algorithms.k_means.training.plan import make_plan
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.k_means.training.start import start_clustering
from open_algorithms.learning.options.parsing import complete_texts
from open_algorithms.learning.work import Columns, Work


def cluster_rows(work: Work, hp: Hyperparameters, columns: Columns) -> ClusteringResult:
    """Cluster the rows of the channel `train`, and measure the model on `test`, if there is one.

    All hosts return the same model. Raises InputError for errors that the user can correct, and KeyboardInterrupt where
    the job is asked to stop before there are centers.
    """
    began = time.time()
    is_mixed = columns.recipe is not None and columns.recipe.is_mixed
    hp = replace(hp, normalize_data=is_mixed if hp.normalize_data is None else hp.normalize_data)
    log_configuration(work, hp)
    plan = make_plan(work, hp, keeps_flags=columns.recipe is not None)
    work.record_lap("read")
    read = time.time()
    state, write_checkpoint = start_clustering(plan)
    work.record_lap("prepare")
    ready = updated = shrunk = time.time()
    try:
        run_epochs(plan, state, write_checkpoint)
        updated = shrunk = time.time()
        if state.lloyd is None:
            state.lloyd = search_runs(plan, state)
        shrunk = time.time()
        run_exact_passes(plan, state, write_checkpoint)
        result = conclude(plan, state, columns)
    except KeyboardInterrupt:
        result = conclude_stopped(plan, state, columns)
    log_result(work, result)
    ended = time.time()
    seconds = {
        "initialize.time": ready - began,
        "setuptime": ready - read,
        "update.time": updated - ready,
        "_shrink.time": shrunk - updated,
        "finalize.time": ended - shrunk,
        "totaltime": ended - began,
    }
    milliseconds = {name: 1000 * spent for name, spent in seconds.items()}
    work.log.log_metrics({"epochs": state.epochs, **milliseconds}, start=began, end=ended)
    return result


def log_configuration(work: Work, hp: Hyperparameters) -> None:
    """Log the hyperparameters in effect."""
    texts = complete_texts(work.hyperparameters, declarations())
    work.log.info(f"Final configuration: {texts}")
    if texts["extra_center_factor"] == "auto":
        work.log.info(f"'extra_center_factor' was set to 'auto', evaluated to {hp.extra_center_factor}.")
    work.log.info("number of center slices 1")
    if texts["normalize_data"] == "auto" and hp.normalize_data:
        work.log.info("'normalize_data' was set to 'auto', evaluated to true: not all columns are numbers.")
    if hp.half_life_time_size and hp.exact_passes:
        work.log.warning("exact_passes has no effect on this job: half_life_time_size lets rows lose their weight.")


def log_result(work: Work, result: ClusteringResult) -> None:
    """Log how good the clusters are: of each number that was tried, and in full of the chosen one."""
    log, chosen = work.log, result.clustering
    for clustering in result.clusterings if len(result.clusterings) > 1 else ():
        log.info(f"k={clustering.k}: msd {clustering.distortion.msd:.6g}, silhouette {clustering.silhouette:.4f}")
    if result.hp.k is None:
        log.info(f"k={chosen.k} is chosen: its rows belong to their clusters most clearly, by the silhouette.")
    if empty := int((chosen.sizes == 0).sum()):
        log.warning(
            f"{empty} of {chosen.k} clusters have no rows: there are too few different ones. Lower k, or see whether "
            "rows repeat."
        )
    shares = measure_features(result.sample).shares
    if not result.hp.normalize_data and (dominant := find_dominant(shares)) is not None:
        log.warning(warn_of_dominance(result.model.feature_names[dominant], float(shares[dominant])))
    blurring = find_blurring(result.sample, chosen.centers, chosen.sizes)
    if blurring is not None:
        log.warning(warn_of_blur(result.model.feature_names[blurring]))
    for split, distortion in result.distortions.items():
        for name in result.hp.eval_metrics:
            log.log_quality(name, getattr(distortion, name), split=split, kind="loss")
    if not math.isnan(chosen.centers_msd):  # of a job that was stopped before it had clustered them
        log.log_quality("msd_of_centers", chosen.centers_msd, split="train", kind="loss")
    if "test" not in result.distortions:
        log.info("Test data is not provided.")
