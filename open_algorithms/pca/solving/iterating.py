"""Components of rows with too many features for the sums of all their pairs: pass by pass over the rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.pca.solving.components import Solution, make_components
from open_algorithms.pca.solving.krylov import Krylov
from open_algorithms.pca.solving.moments import Moments
from open_algorithms.pca.sums.passes import RowPasses

TOLERANCE = 1e-6  # of an eigenvalue: what may be left of a product beyond its direction
BASIS_BLOCKS, BASIS_VECTORS = 12, 400  # that a basis holds: so many blocks, but no more vectors than that, or 3 blocks


@dataclass(frozen=True)
class Search:
    """How components are searched for: `count` of them, by products with `width` vectors, in at most `passes`.

    The first vectors are drawn by `seed`. Components are those of features divided by `choose_scales(moments)`, (d,),
    or of features as they are. Where `is_patient`, the search ends once components are exact.
    """

    count: int
    width: int
    passes: int
    seed: int
    choose_scales: Callable[[Moments], Float64s] | None
    is_centred: bool
    is_patient: bool


def basis_size(width: int) -> int:
    """Return how many vectors of d numbers a basis holds for products with `width` vectors."""
    return max(3 * width, min(BASIS_BLOCKS * width, BASIS_VECTORS))


def search_components(rows: RowPasses, search: Search, listen: Callable[[int, float], None]) -> Solution:
    """Search for components until they are found or the passes are over; where the job is stopped, return the best.

    `listen(passes, residual)` is called after each pass. Host 0 decides for all. Raises KeyboardInterrupt where the job
    is stopped in the first pass.
    """
    features, hosts = rows.data.feature_dim, rows.hosts
    start = np.random.default_rng(search.seed).standard_normal((features, search.width))
    moments, scales, product = multiply_start(rows, search, start)
    lead = Krylov(start, product, search.count, basis_size(search.width)) if hosts.rank == 0 else None
    passes, residual = 1, share_residual(lead, hosts)
    try:
        listen(passes, residual)
        while passes < search.passes and not (search.is_patient and residual <= TOLERANCE):
            block = share_block(lead, features, hosts)
            if not block.shape[1]:
                break
            V = block / scales[:, None]
            sums = rows.sum_products(V)
            if lead is not None:
                lead.add_product(moments.center_products(sums, V) / scales[:, None])
            passes, residual = passes + 1, share_residual(lead, hosts)
            listen(passes, residual)
    except KeyboardInterrupt:
        rows.was_stopped = True
    values, vectors = share_eigenvectors(lead, (features, search.count), hosts)
    total = float((moments.squares / scales**2).sum())
    return Solution(make_components(values, vectors, scales, total), moments, passes, residual)


def multiply_start(rows: RowPasses, search: Search, start: Float64s) -> tuple[Moments, Float64s, Float64s]:
    """Return the moments of rows, the scales (d,), and the product of the matrix with vectors (d, b).

    That takes a pass, or two where scales follow from the moments: vectors that were scaled later might depend on each
    other but for rounding.
    """
    if search.choose_scales is None:
        totals, sums = rows.sum_first_products(start)
        moments = Moments.from_totals(totals, rows.shift, is_centred=search.is_centred)
        return moments, np.ones(len(start)), moments.center_products(sums, start)
    moments = Moments.from_totals(rows.sum_columns(), rows.shift, is_centred=search.is_centred)
    scales = search.choose_scales(moments)
    V = start / scales[:, None]
    return moments, scales, moments.center_products(rows.sum_products(V), V) / scales[:, None]


def share_residual(lead: Krylov | None, hosts: Hosts) -> float:
    """Return host 0's residual on every host."""
    return float(hosts.broadcast(np.array([0.0 if lead is None else lead.measure_residual()]))[0])


def share_block(lead: Krylov | None, features: int, hosts: Hosts) -> Float64s:
    """Return the next block (d, b), which host 0 knows, on every host."""
    rows = np.zeros((0, features)) if lead is None else lead.block.T
    return np.asarray(hosts.all_gather(rows)[0].T, np.float64)


def share_eigenvectors(lead: Krylov | None, shape: tuple[int, int], hosts: Hosts) -> tuple[Float64s, Float64s]:
    """Return eigenvalues (k,) and eigenvectors (d, k), which host 0 knows, on every host."""
    values, vectors = (np.zeros(shape[1]), np.zeros(shape)) if lead is None else lead.find_eigenvectors()
    return np.asarray(hosts.broadcast(values), np.float64), np.asarray(hosts.broadcast(vectors), np.float64)
