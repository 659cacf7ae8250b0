"""What the scores of a binary classifier are worth as probabilities: a reliability diagram, and a histogram.

Tests: tests/learning/showing/quality/test_build.py.
"""

import numpy as np

from open_algorithms.learning.measuring.intervals import NORMAL_QUANTILE
from open_algorithms.learning.measuring.reliability import measure_calibration
from open_algorithms.learning.showing.quality.schema import CalibrationCurve, ScoreHistogram
from open_algorithms.learning.types.arrays import Float32s, Int64s

CALIBRATION_BINS, BIN_ROWS = 10, 20  # bins at most, of at least so many rows
SCORE_BINS = 20


def calibration_curve(scores: Float32s, counts: Int64s) -> CalibrationCurve:
    """Return mean score and share of positives in bins of equal numbers of rows; equal scores share a bin.

    `scores` (u,) are distinct scores, ascending, and `counts` (u, 2) their rows of either label. The interval of a
    share is that of Wilson 1927.
    """
    error = measure_calibration(scores, counts)
    known = np.isfinite(scores)
    scores, counts = scores[known].astype(np.float64), counts[known]
    total = counts.sum(axis=1)
    wanted = max(1, min(CALIBRATION_BINS, int(total.sum()) // BIN_ROWS))
    places = (np.cumsum(total) - total / 2) * (wanted / max(1, total.sum()))
    _, bins = np.unique(places.astype(np.int64), return_inverse=True)
    rows = np.bincount(bins, total)
    mean, share = np.bincount(bins, total * scores) / rows, np.bincount(bins, counts[:, 1]) / rows
    noise = NORMAL_QUANTILE**2 / rows
    middle, half = share + noise / 2, NORMAL_QUANTILE * np.sqrt(share * (1 - share) / rows + (noise / rows) / 4)
    low, high = (middle - half) / (1 + noise), (middle + half) / (1 + noise)
    return CalibrationCurve(
        rows.astype(np.int64).tolist(),
        mean.tolist(),
        share.tolist(),
        low.tolist(),
        high.tolist(),
        error.value,
        error.by_chance,
    )


def score_histogram(scores: Float32s, counts: Int64s) -> ScoreHistogram:
    """Return the rows of either label in SCORE_BINS equal ranges of the score, from 0 to 1.

    `scores` (u,) are distinct scores and `counts` (u, 2) their rows.
    """
    known = np.isfinite(scores)
    bins = np.clip(scores[known] * SCORE_BINS, 0, SCORE_BINS - 1).astype(np.int64)
    negatives, positives = (np.bincount(bins, column, SCORE_BINS).astype(np.int64) for column in counts[known].T)
    return ScoreHistogram(np.linspace(0, 1, SCORE_BINS + 1).tolist(), negatives.tolist(), positives.tolist())
