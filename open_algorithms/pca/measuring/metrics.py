"""What components are measured by, and what it is called in logs and reports.

Tests: tests/pca/measuring/test_reconstruction.py.
"""

from dataclasses import dataclass

RATIO, ERROR = "explained_variance_ratio", "reconstruction_mse"
KINDS = {RATIO: "score", ERROR: "loss"}


@dataclass(frozen=True)
class Reconstruction:
    """How well n `rows` of d `features` are reconstructed from their projections.

    `total` is the sum of squares of the rows about the model's mean, of features divided by its scales, and `kept` that
    of their projections.
    """

    rows: float
    features: int
    total: float
    kept: float

    @property
    def ratio(self) -> float:
        """The share of the total that is kept; 0 where there is none to keep."""
        return min(self.kept / self.total, 1.0) if self.total > 0 else 0.0

    @property
    def error(self) -> float:
        """The mean squared error of a number that is reconstructed from the projections of its row."""
        return max(self.total - self.kept, 0.0) / max(self.rows * self.features, 1)

    @property
    def metrics(self) -> dict[str, float]:
        """Both by their names."""
        return {RATIO: self.ratio, ERROR: self.error}
