"""The memory that a bank takes beside its data."""

from dataclasses import dataclass, replace

from open_algorithms.factorization_machines.machines.layout import columns_needed
from open_algorithms.factorization_machines.options.candidates import USUAL_MODELS, build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters

TABLES = 5  # numbers of each column: weights, two moments, means, and the best so far
FEATURE_BYTES = 12  # the update that a feature has had, its slot in two threads
SHARE = 0.5  # of the memory, that candidates which nobody asked for may take
LARGEST_GRADIENT = 2**22  # features of a mini-batch, about
FEWEST_MODELS = 2  # of a bank: the original's, and one of ours
USUAL_ROWS = 1000  # of a mini-batch


@dataclass(frozen=True)
class BankCost:
    """What a bank costs: the columns of its first 1, 2, ... candidates, and the rows of a mini-batch.

    `models` is the number of candidates that the user wants, None where that is left to us.
    """

    columns: tuple[int, ...]
    batch_rows: int
    models: int | None

    @classmethod
    def of(cls, hp: Hyperparameters) -> "BankCost":
        """Return the cost of the bank of a job."""
        most = USUAL_MODELS if hp.num_models is None else hp.num_models
        candidates = build_candidates(replace(hp, num_models=most), float("inf"))
        columns = tuple(columns_needed(candidates[:count]) for count in range(1, most + 1))
        return cls(columns, candidates[0].mini_batch_size, hp.num_models)

    def bank_bytes(self, models: int, features: int, rows: int) -> int:
        """Return about how many bytes so many candidates take, with mini-batches of so many rows at most."""
        columns, batch = self.columns[models - 1], min(self.batch_rows, rows)
        touched = min(features, LARGEST_GRADIENT, 64 * batch)
        return features * (4 * TABLES * columns + FEATURE_BYTES) + 4 * columns * (batch + 2 * touched)

    def affordable_models(self, features: int, free: int, wanted: int = USUAL_MODELS) -> int:
        """Return how many candidates to train where the user does not say: as many as take half of the memory."""
        if self.models is not None:
            return self.models
        counts = range(min(wanted, len(self.columns)), FEWEST_MODELS, -1)
        fitting = (n for n in counts if self.bank_bytes(n, features, USUAL_ROWS) <= SHARE * free)
        return next(fitting, min(wanted, FEWEST_MODELS))

    def bytes_needed(self, free: int, features: int, rows: int) -> int:
        """Return the bytes that the candidates take that are affordable."""
        return self.bank_bytes(self.affordable_models(features, free), features, rows)
