"""The exchange of sparse gradients between hosts: only what some host has.

Tests: tests/linear_learner/training/test_hosts.py.
"""

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import Float32s, Int64s


def all_reduce_gradient(
    hosts: Hosts, columns: Int64s, gradient: Float32s, total: Float32s, *, all_columns: bool, has_rows: bool
) -> tuple[Int64s, Float32s, Float32s] | None:
    """All-reduce the gradients of some columns, (u, M * K), and of the biases, (1, M * K).

    Returns the union of all hosts' columns with the sums, or None where no host has rows. With `all_columns` every host
    sends every column. Otherwise only columns that some host has are sent: first their number, then their indices, then
    their gradients.
    """
    if not all_columns:
        counts = np.zeros((hosts.count, 2), np.uint32)
        counts[hosts.rank] = len(columns), has_rows
        counts = hosts.combine_disjoint(counts)
        if not counts[:, 1].any():
            return None
        ends = np.cumsum(counts[:, 0].astype(int))
        theirs = np.zeros(ends[-1], np.uint32)
        theirs[ends[hosts.rank] - len(columns) : ends[hosts.rank]] = columns
        union = np.unique(hosts.combine_disjoint(theirs)).astype(np.int64)
        spread = np.zeros((len(union), gradient.shape[1]), np.float32)
        spread[np.searchsorted(union, columns)] = gradient
        columns, gradient = union, spread
    message = np.concatenate([gradient, total, np.full_like(total, has_rows)])
    message = hosts.all_reduce(message)
    return (columns, message[:-2], message[-2:-1]) if message[-1, 0] else None
