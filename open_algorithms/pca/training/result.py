"""The result of a finished job: the model, and everything that the report is made of.

Tests: tests/pca/training/test_fit.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.measuring.metrics import Reconstruction
from open_algorithms.pca.options.hyperparameters import Hyperparameters
from open_algorithms.pca.solving.components import Solution


@dataclass(frozen=True)
class PcaResult:
    """The result of a finished job.

    `measured` says by channel how well rows are reconstructed. `sample` (n, 1 or 2) are the projections of the first
    rows on the largest components, the largest first. `sums_all_pairs` tells of the way to them, `is_exact` whether the
    components are those of all rows, to the digits of float32.
    """

    model: ComponentModel
    hp: Hyperparameters
    solution: Solution
    measured: Mapping[str, Reconstruction]
    sample: Float64s
    is_sparse: bool
    sums_all_pairs: bool
    is_exact: bool
    was_stopped: bool
    host_count: int
