"""Jobs of PCA in this process, without their folders."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.dense import Block
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import Columns, Work
from open_algorithms.pca.options.hyperparameters import parse_hyperparameters
from open_algorithms.pca.training.fit import find_components
from open_algorithms.pca.training.result import PcaResult
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder
from tests.pca.data import cut_blocks


def find(
    texts: dict[str, str],
    X: Float32s | Iterable[Block],
    log: Recorder | None = None,
    columns: Columns | None = None,
    **more: Any,
) -> PcaResult:
    """Run a job on rows (n, d), or on blocks of them; `more` are further fields of the work."""
    blocks = cut_blocks(X, 7) if isinstance(X, np.ndarray) else X
    channels = {"train": blocks, **more.pop("channels", {})}
    work = Work(texts, channels, log or Recorder(), **more)
    return find_components(work, parse_hyperparameters(texts), columns or Columns())


def find_on_hosts(texts: dict[str, str], X: Float32s, count: int, **more: Any) -> list[PcaResult]:
    """Run a job on several hosts, of which each takes its share of the rows."""
    stops = more.pop("stops", [None] * count)

    def work(hosts: Hosts) -> PcaResult:
        stop = {} if stops[hosts.rank] is None else {"raise_if_stopped": stops[hosts.rank]}
        return find(texts, X, hosts=hosts, **stop, **more)

    return run_hosts(count, work)
