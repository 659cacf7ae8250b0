"""What every bank offers, whatever rows it takes.

Tests: tests/linear_learner/training/test_checkpoints.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int32s, Numbers

Rows = TypeVar("Rows", contravariant=True)


class StateLayout(NamedTuple):
    """Of an array of a bank's state: what it is, the models it belongs to, and the axis along which these are."""

    kind: str
    models: Sequence[int]
    axis: int


class Bank(Protocol[Rows]):
    """M candidates of K outputs each, trained together on rows of one kind."""

    models: int
    updates: int

    def train(self, rows: Rows, order: Int32s, raise_if_stopped: StopCheck = never_stop) -> Float64s:
        """Train on the rows in this order (n,). Returns each model's loss before its updates, summed over rows, (M,).

        `raise_if_stopped` is called between updates and may raise; the bank then stands after the last complete one.
        The other hosts train on their own rows at the same time; a host that has run out of rows must call
        `join_updates`.
        """

    def join_updates(self) -> None:
        """Take part in the updates of other hosts until none of them has rows left or one is asked to stop."""

    def evaluate(
        self, rows: Rows, *, margin_rows: int = 0, raise_if_stopped: StopCheck = never_stop
    ) -> tuple[Float64s, Float32s]:
        """Return each model's summed loss, (M,), and the margins of the first `margin_rows` rows, (M, margin_rows).

        Margins are for models with a single output only. `raise_if_stopped` is called before each chunk of rows.
        """

    def take_snapshot(self) -> Float32s:
        """Return a copy of the weights to evaluate, (M, K, d + 1)."""

    def restore_snapshot(self, snapshot: Float32s) -> None:
        """Set the weights to evaluate to those of a snapshot."""

    def state_arrays(self) -> Iterator[tuple[str, Numbers]]:
        """Yield name and array of the state that training resumes from."""

    def load_state(self, state: Mapping[str, Numbers], prefix: str) -> None:
        """Load the state of an identical bank; its names in `state` start with `prefix`."""

    def state_layout(self, name: str, array: Numbers) -> StateLayout:
        """Return how an array of the state, of two dimensions, is divided among models."""
