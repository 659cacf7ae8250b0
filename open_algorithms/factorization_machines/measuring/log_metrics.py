"""The metric definitions by which the service reads a job's log: those that it defines for the original.

Tests: tests/doors/test_quality_lines.py, tests/publishing/test_algorithm.py.
"""

from open_algorithms.learning.job.card import MetricCard

LOSSES = ("rmse", "mse", "absolute_loss", "binary_classification_cross_entropy")
KINDS = dict.fromkeys(LOSSES, "loss") | {"binary_classification_accuracy": "score", "binary_f_beta": "score"}
DIRECTIONS = {"loss": "Minimize", "score": "Maximize"}
OBJECTIVES = ("rmse", "binary_classification_accuracy", "binary_classification_cross_entropy", "binary_f_beta")


def define_metric(split: str, metric: str, when: str = "") -> MetricCard:
    """Return the definition of a metric of a channel: of an epoch, of a batch in it, or the final one."""
    at = {"batch": r"epoch=\S+, batch=\S+ ", "epoch": r"epoch=\S+, ", "": ""}[when]
    text = r"binary_f_\S+" if metric == "binary_f_beta" else metric
    regex = rf"#quality_metric: host=\S+, {at}{split} {text} <{KINDS[metric]}>=(\S+)"
    direction = DIRECTIONS[KINDS[metric]] if split != "train" and metric in OBJECTIVES else None
    return MetricCard(":".join(filter(None, (split, metric, when))), regex, direction)


METRICS = (
    MetricCard("train:progress", r"#progress_metric: host=\S+, completed (\S+) %"),
    MetricCard("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second"),
    *(define_metric("train", metric, when) for metric in KINDS for when in ("batch", "epoch", "")),
    *(define_metric("test", metric) for metric in KINDS),
    *(define_metric("validation", metric) for metric in KINDS),
)
