"""The metric definitions by which the service reads a job's log: name, regular expression and predictor types.

Tests: tests/doors/test_log_lines.py, tests/publishing/test_algorithm.py.
"""

from dataclasses import dataclass

from open_algorithms.learning.job.card import MetricCard

BINARY, MULTICLASS, REGRESSOR = EVERY = ("binary_classifier", "multiclass_classifier", "regressor")


@dataclass(frozen=True)
class MetricDefinition(MetricCard):
    """A metric that the jobs of the predictor types in `predictors` log."""

    predictors: tuple[str, ...] = EVERY


def _epoch_loss(split: str, direction: str | None) -> MetricDefinition:
    regex = rf"#quality_metric: host=\S+, epoch=\S+, {split} \S+_objective <loss>=(\S+)"
    return MetricDefinition(f"{split}:objective_loss", regex, direction)


def _final_metrics(
    name: str, metric: str, kind: str, predictors: tuple[str, ...], *splits: str, suffix: str = ""
) -> list[MetricDefinition]:
    """Return the definitions of a final metric on the given splits.

    Those on the training rows are no tuning objective.
    """
    direction = "Minimize" if kind == "loss" else "Maximize"
    return [
        MetricDefinition(
            f"{split}:{name}{suffix}",
            rf"#quality_metric: host=\S+, {split} {metric} <{kind}>=(\S+)",
            None if split == "train" else direction,
            predictors,
        )
        for split in splits
    ]


_HELD_OUT = ("validation", "test")
_ALL = ("train", *_HELD_OUT)

# The 40 that a request may hold are those that the service defines for the original, by the same names and expressions,
# and those that only its tuning page names (roc_auc_score, validation:rmse).
METRICS = (
    MetricDefinition("train:progress", r"#progress_metric: host=\S+, completed (\S+) %"),
    MetricDefinition("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second"),
    _epoch_loss("train", None),
    _epoch_loss("validation", "Minimize"),
    *_final_metrics("objective_loss", r"\S+_objective", "loss", EVERY, "train", "validation", suffix=":final"),
    *_final_metrics("objective_loss", r"\S+_objective", "loss", EVERY, "test"),
    *_final_metrics("binary_classification_accuracy", "binary_classification_accuracy", "score", (BINARY,), *_ALL),
    *_final_metrics("binary_f_beta", r"binary_f_\S+", "score", (BINARY,), *_ALL),
    *_final_metrics("precision", "precision", "score", (BINARY,), *_ALL),
    *_final_metrics("recall", "recall", "score", (BINARY,), *_ALL),
    *_final_metrics("roc_auc_score", "roc_auc_score", "score", (BINARY,), *_HELD_OUT),
    *_final_metrics("multiclass_accuracy", "multiclass_accuracy", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("multiclass_top_k_accuracy", r"multiclass_top_k_accuracy_\S+", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("dcg", "dcg", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("macro_recall", "macro_recall", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("macro_precision", "macro_precision", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("macro_f_beta", r"macro_f_\S+", "score", (MULTICLASS,), *_HELD_OUT),
    *_final_metrics("mse", "mse", "loss", (REGRESSOR,), *_ALL),
    *_final_metrics("absolute_loss", "absolute_loss", "loss", (REGRESSOR,), *_ALL),
    *_final_metrics("rmse", "rmse", "loss", (REGRESSOR,), "validation"),
)
