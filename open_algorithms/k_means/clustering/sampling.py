"""A uniform sample of rows, drawn while they pass by, the same however they are divided among pieces and hosts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.job.hosts import SINGLE_HOST, Hosts
from open_algorithms.learning.rows.csr import Csr, slice_rows, stack_sparse, take_rows
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Int64s

Keys = NDArray[np.uint64]


class Sampler:
    """Keeps the `size` rows whose numbers have the smallest hashes, by a seed.

    Row i of the host of rank r is number i H + r of all H hosts, as rows are dealt to them. All hosts take the same
    sample.
    """

    def __init__(self, size: int, seed: int, hosts: Hosts = SINGLE_HOST) -> None:
        self.size, self.seed, self.hosts = size, seed, hosts
        self.keys: Keys = np.zeros(0, np.uint64)
        self.parts: list[AnyRows] = []
        self.seen = 0

    def add(self, rows: AnyRows) -> None:
        """See the next rows of this host."""
        numbers = (self.seen + np.arange(len(rows))) * self.hosts.count + self.hosts.rank
        self.seen += len(rows)
        keys = hash_numbers(numbers, self.seed)
        if len(self.keys) >= self.size:
            limit = np.partition(self.keys, self.size - 1)[self.size - 1]
            taken = np.flatnonzero(keys < limit)
        else:
            taken = np.arange(len(rows))
        if len(taken) > self.size:
            taken = taken[np.sort(np.argpartition(keys[taken], self.size - 1)[: self.size])]
        if not len(taken):
            return
        self.parts.append(copy_rows(rows, taken))
        self.keys = np.concatenate([self.keys, keys[taken]])
        if len(self.keys) > 2 * self.size:
            self._keep_smallest()

    def take(self) -> AnyRows:
        """Return the sample of all hosts, in the order of hashes; at least one host must have rows."""
        if len(self.keys):
            self._keep_smallest()
        if self.hosts.count == 1:
            return self.parts[0]
        return gather_rows(self.parts[0] if self.parts else None, self.keys, self.size, self.hosts)

    def _keep_smallest(self) -> None:
        order = np.argsort(self.keys, kind="stable")[: self.size]
        self.parts = [copy_rows(join_parts(self.parts), order)]
        self.keys = self.keys[order]


def hash_numbers(numbers: Int64s, seed: int) -> Keys:
    """Return a hash of each number; the finalizer of splitmix64 by Steele, Lea and Flood, 2014."""
    x = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64((seed + 1) * 0xD1342543DE82EF95 % 2**64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def stored_features(rows: AnyRows) -> Float32s:
    """Return the features that are in memory, of sparse rows (v,), of dense ones (n, d)."""
    return rows.X.data if isinstance(rows, SparseRows) else rows.X[: len(rows), :-1]


def copy_rows(rows: AnyRows, numbers: Int64s) -> AnyRows:
    """Copy the rows of these numbers, in this order."""
    if isinstance(rows, SparseRows):
        return rows.take_rows(numbers.astype(np.int32))
    return hold_dense(rows.X[numbers, :-1])


def hold_dense(X: Float32s, weights: Float32s | None = None) -> DenseRows:
    """Return rows (n, d) as they are held in memory, with weights (n,) or all alike."""
    design = np.zeros((len(X) + 1, X.shape[1] + 1), np.float32)
    design[:-1, :-1], design[:-1, -1] = X, 1
    rows = DenseRows(design, np.zeros((len(design), 1), np.float32))
    return rows if weights is None else rows.weigh_rows(weights)


def hold_sparse(X: Csr) -> SparseRows:
    """Return sparse rows as they are held in memory, without centring."""
    return SparseRows(X, np.zeros((X.shape[0], 1), np.float32), None, np.zeros(0, np.int64))


def join_parts(parts: Sequence[AnyRows]) -> AnyRows:
    """Return all rows of the parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], SparseRows):
        return hold_sparse(stack_sparse([part.X for part in parts if isinstance(part, SparseRows)]))
    return hold_dense(np.concatenate([part.X[:-1, :-1] for part in parts if isinstance(part, DenseRows)]))


def gather_rows(own: AnyRows | None, keys: Keys, size: int, hosts: Hosts) -> AnyRows:
    """Return on every host the `size` rows of all hosts with the smallest keys, in their order."""
    halves = np.stack([keys >> np.uint64(32), keys & np.uint64(2**32 - 1)], axis=1).astype(np.float64)
    every = np.concatenate(hosts.all_gather(halves)).astype(np.uint64)
    order = np.argsort((every[:, 0] << np.uint64(32)) | every[:, 1], kind="stable")[:size]
    width = int(hosts.all_reduce_max(0 if own is None else own.feature_dim))
    if hosts.all_reduce_max(isinstance(own, SparseRows)):
        X = own.X if isinstance(own, SparseRows) else empty_csr(width)
        data = np.concatenate(hosts.all_gather(X.data))
        indices = np.concatenate(hosts.all_gather(X.indices.astype(np.float64))).astype(np.int32)
        lengths = np.concatenate(hosts.all_gather(np.diff(X.indptr).astype(np.float64))).astype(np.int64)
        indptr = np.append(0, np.cumsum(lengths))
        joined = Csr(np.asarray(data, np.float32), indices, indptr, (len(lengths), width))
        return hold_sparse(take_rows(joined, order))
    X_own = own.X[:-1, :-1] if isinstance(own, DenseRows) else np.zeros((0, width), np.float32)
    return hold_dense(np.asarray(np.concatenate(hosts.all_gather(np.ascontiguousarray(X_own))), np.float32)[order])


def empty_csr(width: int) -> Csr:
    """Return no rows of this many features."""
    return Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64), (0, width))


def head_rows(rows: AnyRows, count: int) -> AnyRows:
    """Copy the first rows, as they are held in memory."""
    count = min(count, len(rows))
    if isinstance(rows, SparseRows):
        return hold_sparse(slice_rows(rows.X, 0, count))
    return hold_dense(rows.X[:count, :-1])


def gather_first_rows(rows: AnyRows, count: int, hosts: Hosts) -> AnyRows:
    """Return on every host the first `count` rows of all, dealt in turn, of each host's `rows`."""
    if hosts.count == 1:
        return head_rows(rows, count)
    own = head_rows(rows, -(-count // hosts.count))
    numbers = np.arange(len(own), dtype=np.uint64) * np.uint64(hosts.count) + np.uint64(hosts.rank)
    return gather_rows(own, numbers, count, hosts)
