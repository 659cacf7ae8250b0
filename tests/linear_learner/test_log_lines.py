"""Every metric definition that the service and the tuning page know finds its figure in the log of a real job."""

import json
import re
from functools import cache

import pytest

from tests.linear_learner.test_training import HYPERPARAMETERS, run, split

SPLITS = ("train", "validation", "test")
EVERY_JOB = {
    "train:progress": r"#progress_metric: host=\S+, completed (\S+) %",
    "train:throughput": r"#throughput_metric: host=\S+, train throughput=(\S+) records/second",
    "train:objective_loss": r"#quality_metric: host=\S+, epoch=\S+, train \S+_objective <loss>=(\S+)",
    "validation:objective_loss": r"#quality_metric: host=\S+, epoch=\S+, validation \S+_objective <loss>=(\S+)",
    "train:objective_loss:final": r"#quality_metric: host=\S+, train \S+_objective <loss>=(\S+)",
    "validation:objective_loss:final": r"#quality_metric: host=\S+, validation \S+_objective <loss>=(\S+)",
    "test:objective_loss": r"#quality_metric: host=\S+, test \S+_objective <loss>=(\S+)",
}
FINAL = {
    "binary_classifier": {
        "binary_classification_accuracy": "score",
        r"binary_f_\S+": "score",
        "precision": "score",
        "recall": "score",
        "roc_auc_score": "score",
        "binary_balanced_accuracy": "score",
        "binary_log_loss": "score",
    },
    "multiclass_classifier": {
        "multiclass_accuracy": "score",
        r"multiclass_top_k_accuracy_\S+": "score",
        "dcg": "score",
        "macro_recall": "score",
        "macro_precision": "score",
        r"macro_f_\S+": "score",
        "multiclass_balanced_accuracy": "score",
        "multiclass_log_loss": "score",
    },
    "regressor": {"mse": "loss", "absolute_loss": "loss", "rmse": "loss", "r2": "loss", "mae": "loss"},
}
DEFINITIONS = [
    *((predictor, regex) for predictor in FINAL for regex in EVERY_JOB.values()),
    *(
        (predictor, rf"#quality_metric: host=\S+, {part} {metric} <{kind}>=(\S+)")
        for predictor, metrics in FINAL.items()
        for metric, kind in metrics.items()
        for part in SPLITS
    ),
]


@cache
def log_of(predictor: str) -> str:
    return run(split(predictor), HYPERPARAMETERS[predictor] | {"epochs": "3"})[1]


@pytest.mark.parametrize(("predictor", "regex"), DEFINITIONS)
def test_a_metric_definition_finds_a_number(predictor: str, regex: str) -> None:
    found = re.findall(regex, log_of(predictor))
    assert found
    for text in found:
        float(text)


@pytest.mark.parametrize("predictor", FINAL)
def test_final_scores_come_in_the_originals_order(predictor: str) -> None:
    names = [name for name, _ in re.findall(r"#test_score \(algo-1\) : \('([^']+)', (\S+)\)", log_of(predictor))]
    patterns = [r"\w+_objective", *FINAL[predictor]]
    assert len(names) == len(patterns)
    for name, pattern in zip(names, patterns, strict=True):
        assert re.fullmatch(pattern, name)


@pytest.mark.parametrize("predictor", FINAL)
def test_every_metrics_line_is_json_with_the_originals_keys(predictor: str) -> None:
    lines = [json.loads(line[9:]) for line in log_of(predictor).splitlines() if line.startswith("#metrics ")]
    for line in lines:
        assert list(line) == ["StartTime", "EndTime", "Dimensions", "Metrics"]
        assert line["EndTime"] >= line["StartTime"]
        assert {"Algorithm", "Host", "Operation"} <= set(line["Dimensions"])
        for metric in line["Metrics"].values():
            assert list(metric) == ["sum", "count", "min", "max"]
    totals = lines[-1]["Metrics"]
    assert totals["epochs"]["sum"] == 3
    assert totals["update.time"]["count"] == 3
    assert {"initialize.time", "check_early_stopping.time", "finalize.time", "totaltime"} <= set(totals)


@pytest.mark.parametrize("predictor", FINAL)
def test_an_event_is_one_line_without_carriage_returns(predictor: str) -> None:
    log = log_of(predictor)
    assert "\r" not in log
    for line in log.splitlines():
        assert re.match(r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d (INFO|WARNING) \d+\] |#metrics \{", line)


def test_progress_ends_at_a_hundred_percent() -> None:
    assert re.findall(EVERY_JOB["train:progress"], log_of("regressor"))[-1] in ("100", "100.0")
