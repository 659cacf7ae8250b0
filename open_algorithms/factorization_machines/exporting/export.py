"""Export a model to a format of another program.

Tests: tests/factorization_machines/exporting/test_to_parquet.py.
"""

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.exporting.to_parquet import (
    features_to_parquet,
    items_to_parquet,
    users_to_parquet,
)

VECTORS = {"vectors": features_to_parquet, "item-vectors": items_to_parquet, "user-vectors": users_to_parquet}


def export_model(model: FactorModel, target_format: str) -> bytes:
    """Return the model as `vectors`, `item-vectors` or `user-vectors`."""
    return VECTORS[target_format](model)
