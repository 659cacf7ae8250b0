"""The metric definitions by which the service reads a job's log: name, regular expression and predictor types."""

from dataclasses import dataclass

BINARY, MULTICLASS, REGRESSOR = EVERY = ("binary_classifier", "multiclass_classifier", "regressor")


@dataclass(frozen=True)
class Metric:
    """A metric name and the regular expression whose one group is the value; the service takes the last match in a log.

    `predictors` are the predictor types whose jobs log it. `direction` is how a tuning job optimises it; None where it
    cannot be a tuning objective.
    """

    name: str
    regex: str
    predictors: tuple[str, ...]
    direction: str | None = None


def _of_epochs(split: str, direction: str | None) -> Metric:
    regex = rf"#quality_metric: host=\S+, epoch=\S+, {split} \S+_objective <loss>=(\S+)"
    return Metric(f"{split}:objective_loss", regex, EVERY, direction)


def _final(
    name: str, metric: str, kind: str, predictors: tuple[str, ...], *splits: str, suffix: str = ""
) -> list[Metric]:
    """Return the definitions of a final metric on the given splits.

    Those on the training rows are no tuning objective.
    """
    direction = "Minimize" if kind == "loss" else "Maximize"
    return [
        Metric(
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
    Metric("train:progress", r"#progress_metric: host=\S+, completed (\S+) %", EVERY),
    Metric("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second", EVERY),
    _of_epochs("train", None),
    _of_epochs("validation", "Minimize"),
    *_final("objective_loss", r"\S+_objective", "loss", EVERY, "train", "validation", suffix=":final"),
    *_final("objective_loss", r"\S+_objective", "loss", EVERY, "test"),
    *_final("binary_classification_accuracy", "binary_classification_accuracy", "score", (BINARY,), *_ALL),
    *_final("binary_f_beta", r"binary_f_\S+", "score", (BINARY,), *_ALL),
    *_final("precision", "precision", "score", (BINARY,), *_ALL),
    *_final("recall", "recall", "score", (BINARY,), *_ALL),
    *_final("roc_auc_score", "roc_auc_score", "score", (BINARY,), *_HELD_OUT),
    *_final("multiclass_accuracy", "multiclass_accuracy", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("multiclass_top_k_accuracy", r"multiclass_top_k_accuracy_\S+", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("dcg", "dcg", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("macro_recall", "macro_recall", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("macro_precision", "macro_precision", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("macro_f_beta", r"macro_f_\S+", "score", (MULTICLASS,), *_HELD_OUT),
    *_final("mse", "mse", "loss", (REGRESSOR,), *_ALL),
    *_final("absolute_loss", "absolute_loss", "loss", (REGRESSOR,), *_ALL),
    *_final("rmse", "rmse", "loss", (REGRESSOR,), "validation"),
)
