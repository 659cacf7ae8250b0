"""Find components: read the channels, sum over their rows, solve, and measure."""

import time
from dataclasses import replace
from functools import partial

from open_algorithms.learning.work import Columns, Work
from open_algorithms.pca.options.hyperparameters import Hyperparameters
from open_algorithms.pca.solving.components import Solution
from open_algorithms.pca.solving.exact import solve_gram
from open_algorithms.pca.solving.iterating import Search, search_components
from open_algorithms.pca.solving.moments import Moments
from open_algorithms.pca.sums.passes import RowPasses
from open_algorithms.pca.training.conclusion import conclude
from open_algorithms.pca.training.log_lines import log_configuration, log_plan, log_result, log_times, show_progress
from open_algorithms.pca.training.plan import Plan, make_plan
from open_algorithms.pca.training.result import PcaResult


def find_components(work: Work, hp: Hyperparameters, columns: Columns) -> PcaResult:
    """Find the components of the channel `train`, and measure them on `test`, if there is one.

    All hosts return the same model. Once the job is asked to stop, it is that of the rows or passes so far. Raises
    InputError for errors that the user can correct, and KeyboardInterrupt where there is no model yet.
    """
    began = time.time()
    is_mixed = columns.recipe is not None and columns.recipe.is_mixed
    hp = replace(hp, normalize_data=is_mixed if hp.normalize_data is None else hp.normalize_data)
    log_configuration(work, hp)
    plan = make_plan(work, hp, columns.recipe)
    work.record_lap("read")
    log_plan(plan)
    ready = time.time()
    rows = RowPasses(plan.train, plan.parts, work.hosts, work.raise_if_stopped, partial(show_progress, plan))
    solution = sum_all_pairs(plan, rows) if plan.sums_all_pairs else search_by_passes(plan, rows)
    solved = time.time()
    work.record_lap("solve")
    result = conclude(plan, rows, solution, columns)
    work.record_lap("score")
    ended = time.time()
    log_result(work, result)
    seconds = {
        "initialize": ready - began,
        "setup": ready - began,
        "update": solved - ready,
        "finalize": ended - solved,
    }
    log_times(work, result, seconds, began, ended)
    return result


def sum_all_pairs(plan: Plan, rows: RowPasses) -> Solution:
    """Find components by one pass, in which the products of all pairs of features are summed."""
    hp, hosts = plan.hp, plan.work.hosts
    totals = rows.sum_gram()
    moments = Moments.from_totals(totals.columns, rows.shift, is_centred=hp.subtract_mean)
    components = solve_gram(totals.products, moments, plan.choose_scales(moments), hp.num_components)
    return Solution(components.share(hosts), moments)


def search_by_passes(plan: Plan, rows: RowPasses) -> Solution:
    """Find components by passes with a few directions, until they are exact or, if randomized, a few times."""
    hp, log = plan.hp, plan.work.log

    def listen(passes: int, residual: float) -> None:
        log.info(f"Pass {passes}: a part {residual:.2g} of a component's product is beyond its direction.")

    width = plan.room.search_width(plan.train.feature_dim)
    choose_scales = plan.choose_scales if hp.normalize_data else None
    search = Search(
        hp.num_components,
        width,
        plan.most_passes,
        hp.seed,
        choose_scales,
        hp.subtract_mean,
        is_patient=not hp.is_randomized,
    )
    return search_components(rows, search, listen)
