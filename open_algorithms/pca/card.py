"""What PCA says of itself to the doors, the commands and publishing.

Tests: tests/publishing/test_algorithm.py.
"""

from pathlib import Path

from open_algorithms.learning.job.card import Card, ChannelCard, MetricCard
from open_algorithms.pca.measuring.metrics import ERROR, RATIO


def _quality(split: str, metric: str, kind: str, direction: str | None) -> MetricCard:
    regex = rf"#quality_metric: host=\S+, {split} {metric} <{kind}>=(\S+)"
    return MetricCard(f"{split}:{metric}", regex, direction)


CARD = Card(
    title="PCA",
    about="Principal components, exact and in one pass over the rows; a drop-in for the built-in PCA.",
    declaration=Path(__file__).with_name("hyperparameters.yaml"),
    channels=(
        ChannelCard("train", "The rows to find components of.", required=True, labelled=False),
        ChannelCard("test", "Rows that the components are measured on.", labelled=False),
    ),
    metrics=(
        MetricCard("train:progress", r"#progress_metric: host=\S+, completed (\S+) %"),
        MetricCard(
            "train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second", "Maximize"
        ),
        _quality("train", RATIO, "score", None),
        _quality("train", ERROR, "loss", None),
        _quality("test", RATIO, "score", "Maximize"),
        _quality("test", ERROR, "loss", "Minimize"),
    ),
    answers="projections",
    asked=("num_components",),
    trial={"num_components": "2", "mini_batch_size": "20"},
)
