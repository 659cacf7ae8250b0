"""The state of a job from pass to pass, which a checkpoint holds and an interrupted job goes on from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from open_algorithms.k_means.clustering.batches import MovingCenters
from open_algorithms.k_means.clustering.lloyd import Lloyd
from open_algorithms.k_means.clustering.runs import Runs
from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import AnyArray, Float64s

COMMON = ("epochs", "rows", "centers", "counts", "sample_shape", "sample_data")
OF_SPARSE = ("sample_indices", "sample_indptr")
OF_SEARCHED = ("attempts", "centers_msd", "sizes", "runs", "inertias", "decreases", "active", "passes")


@dataclass
class ClusteringState:
    """Centers that mini-batches have moved, a sample of the rows, and the runs that exact passes move.

    `epochs` counts the finished passes in mini-batches, over `rows` rows of all hosts; after the first there is a
    sample. `attempts` are the mean squared distances of the attempts to cluster the centers, of the largest number of
    clusters, and `centers_msd` (ks,) the least of each number; `lloyd` is there once all have been searched.
    """

    moving: MovingCenters
    epochs: int = 0
    rows: int = 0
    sample: AnyRows | None = None
    attempts: Float64s = field(default_factory=lambda: np.zeros(0))
    centers_msd: Float64s = field(default_factory=lambda: np.zeros(0))
    lloyd: Lloyd | None = None

    @property
    def epoch(self) -> int:
        """The number of finished passes of either kind."""
        return self.epochs + (0 if self.lloyd is None else self.lloyd.passes)

    def state_arrays(self) -> Iterator[tuple[str, AnyArray]]:
        """Yield name and value of each array that a later process goes on from."""
        assert self.sample is not None
        yield "epochs", np.array(self.epochs)
        yield "rows", np.array(self.rows)
        yield "centers", self.moving.centers
        yield "counts", self.moving.counts
        yield "sample_shape", np.array([len(self.sample), self.sample.feature_dim])
        if isinstance(self.sample, SparseRows):
            yield "sample_data", self.sample.X.data
            yield "sample_indices", self.sample.X.indices
            yield "sample_indptr", self.sample.X.indptr
        else:
            yield "sample_data", self.sample.X[:-1, :-1]
        if self.lloyd is not None:
            runs = Runs.join(self.lloyd.runs)
            yield "attempts", self.attempts
            yield "centers_msd", self.centers_msd
            yield "sizes", np.array(runs.sizes)
            yield "runs", runs.centers
            yield "inertias", self.lloyd.inertias
            yield "decreases", self.lloyd.decreases
            yield "active", np.array(self.lloyd.active, np.int64)
            yield "passes", np.array(self.lloyd.passes)

    def check_state(self, state: Mapping[str, AnyArray]) -> None:
        """Raise ValueError where an array is missing."""
        expected = [*COMMON]
        expected += OF_SPARSE if "sample_indices" in state else ()
        expected += OF_SEARCHED if "runs" in state else ()
        if missing := [name for name in expected if name not in state]:
            raise ValueError(f"{missing[0]} is missing")

    def load_state(self, state: Mapping[str, AnyArray]) -> None:
        """Load the state of a training of the same job."""
        self.epochs, self.rows = int(state["epochs"]), int(state["rows"])
        self.moving = MovingCenters(state["centers"], state["counts"])
        rows, features = (int(size) for size in state["sample_shape"])
        if "sample_indices" in state:
            X = Csr(state["sample_data"], state["sample_indices"], state["sample_indptr"], (rows, features))
            self.sample = hold_sparse(X)
        else:
            self.sample = hold_dense(state["sample_data"])
        if "runs" not in state:
            return
        self.attempts, self.centers_msd = state["attempts"], state["centers_msd"]
        sizes = tuple(int(size) for size in state["sizes"])
        self.lloyd = Lloyd(Runs(state["runs"], sizes).split())
        self.lloyd.inertias, self.lloyd.decreases = state["inertias"], state["decreases"]
        self.lloyd.active, self.lloyd.passes = [int(g) for g in state["active"]], int(state["passes"])

    def broadcast_state(self, hosts: Hosts) -> None:
        """Take over the state of host 0, which has gone on from a checkpoint."""
        own = dict(self.state_arrays()) if hosts.rank == 0 else {}
        shapes = hosts.broadcast_json({name: [array.shape, array.dtype.str] for name, array in own.items()})
        found: dict[str, AnyArray] = {}
        for name, (shape, kind) in shapes.items():
            mine = own[name] if hosts.rank == 0 else np.zeros(shape, kind)
            found[name] = np.asarray(hosts.broadcast(mine.astype(np.float64))).astype(kind).reshape(shape)
        if hosts.rank:
            self.load_state(found)
