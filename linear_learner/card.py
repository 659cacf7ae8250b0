"""What Linear Learner says of itself to the doors, the commands and publishing.

Tests: tests/publishing/test_algorithm.py.
"""

from pathlib import Path

from linear_learner.measuring.log_metrics import METRICS
from open_algorithms.learning.job.card import Card, ChannelCard

CARD = Card(
    title="Linear Learner",
    about="Linear classifiers and regressors, trained as a bank of candidates; a drop-in for the built-in Linear "
    "Learner.",
    declaration=Path(__file__).with_name("hyperparameters.yaml"),
    channels=(
        ChannelCard("train", "The rows to train on.", required=True),
        ChannelCard("validation", "The rows that choose the best candidate and its threshold."),
        ChannelCard("test", "Rows that the final model is measured on."),
    ),
    metrics=METRICS,
    start_channel=ChannelCard("model", "The model of an earlier job, to go on from."),
    exports={"onnx": "ONNX", "sklearn": "coefficients for scikit-learn (JSON)", "sql": "a SELECT of SQL"},
    binary_exports=("onnx",),
    trial={"predictor_type": "binary_classifier", "mini_batch_size": "20"},
    reports=True,
)
