"""What K-Means says of itself to the doors, the commands and publishing.

Tests: tests/publishing/test_algorithm.py.
"""

from pathlib import Path

from open_algorithms.learning.job.card import Card, ChannelCard, MetricCard


def _quality(split: str, metric: str, direction: str | None) -> MetricCard:
    return MetricCard(f"{split}:{metric}", rf"#quality_metric: host=\S+, {split} {metric} <loss>=(\S+)", direction)


CARD = Card(
    title="K-Means",
    about="Clusters of rows, for several numbers of clusters at once; a drop-in for the built-in K-Means.",
    declaration=Path(__file__).with_name("hyperparameters.yaml"),
    channels=(
        ChannelCard("train", "The rows to cluster.", required=True, labelled=False),
        ChannelCard("test", "Rows that the clusters are measured on.", labelled=False),
    ),
    metrics=(
        MetricCard("train:progress", r"#progress_metric: host=\S+, completed (\S+) %"),
        MetricCard("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second"),
        _quality("train", "msd", None),
        _quality("train", "ssd", None),
        _quality("test", "msd", "Minimize"),
        _quality("test", "ssd", "Minimize"),
    ),
    name_in_metrics="AWS/KMeansWebscale",
    has_own_threads=True,
    trial={"k": "2", "mini_batch_size": "20"},
    asked=("k", "k_range"),
)
