"""The metric definitions by which the service reads a job's log: name, regular expression and predictor types."""

from dataclasses import dataclass

BINARY, MULTICLASS, REGRESSOR = EVERY = ("binary_classifier", "multiclass_classifier", "regressor")


@dataclass(frozen=True)
class MetricDefinition:
    """A metric name and the regular expression whose one group is the value; the service takes the last match in a log.

    `predictors` are the predictor types whose jobs log it. `direction` is how a tuning job optimises it; None where it
    cannot be a tuning objective.
    """

    name: str
    regex: str
    predictors: tuple[str, ...]
    direction: str | None = None


def _epoch_loss(split: str, direction: str | None) -> MetricDefinition:
    regex = rf"#quality_metric: host=\S+, epoch=\S+, {split} \S+_objective <loss>=(\S+)"
    return MetricDefinition(f"{split}:objective_loss", regex, EVERY, direction)


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
            predictors,
            None if split == "train" else direction,
        )
        for split in splits
    ]


_HELD_OUT = ("validation", "test")
_ALL = ("train", *_HELD_OUT)

# The 40 that a request may hold are those that the service defines for the original, by the same names and expressions,
# and those that only its tuning page names (roc_auc_score, validation:rmse).
METRICS = (
    MetricDefinition("train:progress", r"#progress_metric: host=\S+, completed (\S+) %", EVERY),
    MetricDefinition("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second", EVERY),
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
