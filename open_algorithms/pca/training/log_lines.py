"""The lines of a job's log, those of Amazon's algorithm among them.

Tests: tests/pca/training/test_fit.py.
"""

import math

from open_algorithms.learning.options.parsing import complete_texts
from open_algorithms.learning.rows.kept import HeldRows
from open_algorithms.learning.work import Work
from open_algorithms.pca.measuring.dominance import find_dominant, warn_of_dominance
from open_algorithms.pca.measuring.metrics import KINDS
from open_algorithms.pca.options.hyperparameters import Hyperparameters, declarations, names_without_effect
from open_algorithms.pca.training.plan import Plan
from open_algorithms.pca.training.result import PcaResult


def log_configuration(work: Work, hp: Hyperparameters) -> None:
    """Log the hyperparameters in effect, and those without effect."""
    texts = complete_texts(work.hyperparameters, declarations())
    work.log.info(f"Final configuration: {texts}")
    if texts["normalize_data"] == "auto" and hp.normalize_data:
        work.log.info("'normalize_data' was set to 'auto', evaluated to true: not all columns are numbers.")
    for name in names_without_effect({"algorithm_mode": hp.algorithm_mode}):
        if name in work.hyperparameters:
            work.log.warning(f"{name} has no effect on this job: it goes with other hyperparameters than these.")


def log_plan(plan: Plan) -> None:
    """Log what the data is, and how components are found."""
    log, features = plan.work.log, plan.train.feature_dim
    log.info(f"{features} feature(s) found in 'data'.")
    if plan.sums_all_pairs:
        log.info(f"Exact components in one pass: the products of all pairs of {features:,} features are summed.")
    else:
        log.info(
            f"Components pass by pass, with {plan.room.search_width(features)} directions: {features:,} features have "
            "too many pairs."
        )


def show_progress(plan: Plan, passes: int, rows: int) -> None:
    """Show how far a pass is, after so many `passes` that are over and so many rows of this host."""
    data = plan.train
    total = data.row_count if isinstance(data, HeldRows) or passes else math.inf
    plan.work.log.show_progress(passes, plan.most_passes, rows, total, "", math.nan)


def log_result(work: Work, result: PcaResult) -> None:
    """Log how much of the variance the components explain, and what is doubtful about them."""
    log, solution = work.log, result.solution
    components = solution.components
    if result.was_stopped:
        log.warning(f"The job is stopped: the components are those of {round(solution.moments.rows):,} rows so far.")
    elif not result.is_exact and not result.hp.is_randomized:
        log.warning(
            f"After {solution.passes} passes the last components are not exact: a part {solution.residual:.2g} of a "
            "product is beyond its direction. Their variances are close to those of others; fewer may be well defined."
        )
    shares = solution.variance_shares
    if (dominant := find_dominant(shares)) is not None and not result.hp.normalize_data:
        log.warning(warn_of_dominance(result.model.feature_names[dominant], float(shares[dominant])))
    if without := int((components.singular_values[: components.count] == 0).sum()):
        log.warning(f"{without} of {components.count} components explain nothing: the rows have fewer directions.")
    for split, found in result.measured.items():
        for metric, value in found.metrics.items():
            log.log_quality(metric, value, split=split, kind=KINDS[metric])
    if "test" not in result.measured:
        log.info("Test data is not provided.")


def log_times(work: Work, result: PcaResult, seconds: dict[str, float], began: float, ended: float) -> None:
    """Log the speed, and how long each part of the job took, under the names of Amazon's algorithm."""
    passes, rows = result.solution.passes, result.solution.moments.rows
    work.log.log_progress(100)
    work.log.log_throughput(passes * rows / max(seconds["update"], 1e-9))
    names = {"setup": "setuptime"}
    spent = {names.get(part, f"{part}.time"): 1000 * value for part, value in seconds.items()}
    work.log.log_metrics({"epochs": passes, **spent, "totaltime": 1000 * (ended - began)}, start=began, end=ended)
