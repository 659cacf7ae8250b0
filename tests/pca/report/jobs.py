"""Reports of small jobs."""

from typing import Any

import numpy as np

from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Columns, Work
from open_algorithms.pca.report.build import build_report
from open_algorithms.pca.report.schema import Report
from tests.learning.job.recorder import Recorder
from tests.pca.data import cut_blocks, draw_rows
from tests.pca.jobs import find

ROWS, TEST_ROWS = np.split(draw_rows(340, 8), [300])


def make_report(
    texts: dict[str, str] | None = None, X: Float32s = ROWS, test: Float32s | None = None, **more: Any
) -> Report:
    """Run a job, of 3 components unless `texts` say more, and return its report."""
    texts = {"num_components": "3", **(texts or {})}
    channels = {} if test is None else {"test": cut_blocks(test, 2)}
    result = find(texts, X, channels=channels, columns=Columns(tuple(f"n{i}" for i in range(X.shape[1]))), **more)
    return build_report(result, Work(texts, {}, Recorder(), seconds_by_part={"read": 1.0, "solve": 0.5}))


def stretch(X: Float32s, feature: int) -> Float32s:
    """Return rows of which one feature varies far more than all others."""
    return np.where(np.arange(X.shape[1]) == feature, X * np.float32(1000), X)
