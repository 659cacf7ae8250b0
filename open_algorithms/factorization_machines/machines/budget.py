"""The memory that a bank takes beside its data."""

from dataclasses import replace

from open_algorithms.factorization_machines.machines.layout import columns_needed
from open_algorithms.factorization_machines.options.candidates import USUAL_MODELS, build_candidates
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters

TABLES = 5  # numbers of each column: weights, two moments, sums, and the best so far
FEATURE_BYTES = 12  # the update that a feature has had, its slot in two threads
SHARE = 0.5  # of the memory, that candidates which nobody asked for may take
LARGEST_GRADIENT = 2**22  # features of a mini-batch, about
FEWEST_MODELS = 2  # of a bank: the original's, and one of ours


def bank_bytes(hp: Hyperparameters, models: int, features: int, rows: int) -> int:
    """Return about how many bytes so many candidates take, with mini-batches of so many rows."""
    candidates = build_candidates(replace(hp, num_models=models), float("inf"))
    columns = columns_needed(candidates)
    batch = min(candidates[0].mini_batch_size, rows)
    touched = min(features, LARGEST_GRADIENT, 64 * batch)
    return features * (4 * TABLES * columns + FEATURE_BYTES) + 4 * columns * (batch + 2 * touched)


def affordable_models(hp: Hyperparameters, features: int, free: int, wanted: int = USUAL_MODELS) -> int:
    """Return how many candidates to train where the user does not say: as many as take half of the memory."""
    if hp.num_models is not None:
        return hp.num_models
    fitting = (n for n in range(wanted, FEWEST_MODELS, -1) if bank_bytes(hp, n, features, 1000) <= SHARE * free)
    return next(fitting, min(wanted, FEWEST_MODELS))
