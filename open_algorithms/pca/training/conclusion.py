"""The end of a job: make components a model, and measure it.

Tests: tests/pca/training/test_fit.py.
"""

import numpy as np

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Floats
from open_algorithms.learning.work import Columns
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.measuring.metrics import Reconstruction
from open_algorithms.pca.measuring.reconstruction import measure_blocks
from open_algorithms.pca.solving.components import Solution
from open_algorithms.pca.solving.iterating import TOLERANCE
from open_algorithms.pca.sums.passes import RowPasses
from open_algorithms.pca.training.plan import Plan
from open_algorithms.pca.training.result import PcaResult

SAMPLE_ROWS = 1000  # whose projections are shown


def conclude(plan: Plan, rows: RowPasses, solution: Solution, columns: Columns) -> PcaResult:
    """Make a model of components, and measure it on all channels, as far as the job is not asked to stop."""
    components, work = solution.components, plan.work
    model = build_model(solution, columns)
    kept = float((components.singular_values[: components.count] ** 2).sum())
    features = plan.train.feature_dim
    measured = {"train": Reconstruction(solution.moments.rows, features, components.total, kept)}
    shifted = model if columns.shift is None else build_model(solution, Columns())
    try:
        for name in plan.data.keys() - {"train"} if not rows.was_stopped else ():
            blocks = plan.data[name].raw_blocks()
            measured[name] = measure_blocks(shifted, blocks, work.hosts, work.raise_if_stopped)
    except KeyboardInterrupt:
        rows.was_stopped = True
    return PcaResult(
        model,
        plan.hp,
        solution,
        measured,
        project_sample(plan, shifted),
        is_sparse=isinstance(plan.train.head_rows, SparseRows),
        sums_all_pairs=plan.sums_all_pairs,
        is_exact=plan.sums_all_pairs or solution.residual <= TOLERANCE,
        was_stopped=rows.was_stopped,
        host_count=work.hosts.count,
    )


def build_model(solution: Solution, columns: Columns) -> ComponentModel:
    """Return the model of components, in the original's order; raise InputError where float32 does not hold it."""
    components, moments = solution.components, solution.moments
    is_known = len(columns.features) == len(moments.center)
    return ComponentModel(
        narrow(components.loadings[:, ::-1]),
        add_shift(moments.center, columns.shift),
        narrow(components.singular_values[: components.count][::-1]),
        None if (components.scales == 1).all() else components.scales,
        {
            "rows": round(moments.rows),
            "total_variance": components.total / max(moments.rows - 1, 1),
            "singular_values": components.singular_values.tolist(),
            "explained_variance_ratios": components.explained_ratios.tolist(),
        },
        columns.features if is_known else (),
        columns.recipe if is_known else None,
    )


def add_shift(center: Float64s, shift: Float64s | None) -> Floats:
    """Return the center (d,) in the units of the data: in float64 where something was subtracted from these."""
    return narrow(center) if shift is None or not shift.any() else center + shift


def narrow(values: Float64s) -> Float32s:
    """Return values in float32; raise InputError where it does not hold them."""
    with np.errstate(over="ignore"):
        narrowed: Float32s = values.astype(np.float32)
    if np.isfinite(narrowed).all():
        return narrowed
    raise InputError(
        "channel 'train': the values are so large, or so small, that float32 does not hold their components. Multiply "
        "the features by a power of 10."
    )


def project_sample(plan: Plan, model: ComponentModel) -> Float64s:
    """Return the projections of the first rows on the two largest components, (n, 2), the largest first."""
    head = plan.train.head_rows
    rows = head.slice_rows(0, min(SAMPLE_ROWS, len(head)))
    parts = [model.project(X)[:, ::-1][:, :2] for X, _ in rows.raw_blocks(plan.train.scaler)]
    return np.concatenate([np.zeros((0, min(2, model.outputs))), *parts])
