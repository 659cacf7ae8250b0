"""What Factorization Machines says of itself to the doors, the commands and publishing.

Tests: tests/publishing/test_algorithm.py.
"""

from pathlib import Path

from open_algorithms.factorization_machines.measuring.log_metrics import METRICS
from open_algorithms.learning.job.card import Card, ChannelCard

CARD = Card(
    title="Factorization Machines",
    about="Classifiers and regressors of sparse rows that learn what pairs of features do, trained as a bank of "
    "candidates; a drop-in for the built-in Factorization Machines.",
    declaration=Path(__file__).with_name("hyperparameters.yaml"),
    channels=(
        ChannelCard("train", "The rows to train on.", required=True),
        ChannelCard("validation", "The rows that choose among the candidates."),
        ChannelCard("test", "Rows that the final model is measured on."),
    ),
    metrics=METRICS,
    name_in_metrics="factorization-machines",
    has_own_threads=True,
    exports={
        "vectors": "vectors of features (Parquet)",
        "item-vectors": "vectors of items (Parquet)",
        "user-vectors": "vectors of users (Parquet)",
    },
    binary_exports=("vectors", "item-vectors", "user-vectors"),
    recommends=True,
    holds_out=True,
    trial={"predictor_type": "binary_classifier", "num_factors": "2", "mini_batch_size": "20", "epochs": "2"},
)
