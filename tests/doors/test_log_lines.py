"""The lines of a real job's log, and what each metric definition takes from them: the figure that it names."""

import io
import json
import re
from functools import cache

import pytest

from container.job.log import JobLog
from linear_learner.measuring.log_metrics import EVERY, METRICS, MetricDefinition
from tests.linear_learner.jobs import fit_model
from tests.linear_learner.training.examples import HYPERPARAMETERS, split_example

SPLITS = ("train", "validation", "test")
EPOCHS = 3
FINAL = {  # in the original's order, then ours, and what the log calls them
    "binary_classifier": {
        "binary_classification_cross_entropy_objective": "loss",
        "binary_classification_accuracy": "score",
        "binary_f_1.000": "score",
        "precision": "score",
        "recall": "score",
        "roc_auc_score": "score",
        "binary_balanced_accuracy": "score",
        "binary_log_loss": "score",
        "expected_calibration_error": "loss",
    },
    "multiclass_classifier": {
        "multiclass_cross_entropy_objective": "loss",
        "multiclass_accuracy": "score",
        "multiclass_top_k_accuracy_3": "score",
        "dcg": "score",
        "macro_recall": "score",
        "macro_precision": "score",
        "macro_f_1.000": "score",
        "multiclass_balanced_accuracy": "score",
        "multiclass_log_loss": "score",
        "expected_calibration_error": "loss",
    },
    "regressor": {
        "mse_objective": "loss",
        "mse": "loss",
        "absolute_loss": "loss",
        "rmse": "loss",
        "r2": "loss",
        "mae": "loss",
    },
}
IN_THE_LOG = {
    "binary_f_beta": "binary_f_1.000",
    "macro_f_beta": "macro_f_1.000",
    "multiclass_top_k_accuracy": "multiclass_top_k_accuracy_3",
}
JOBS = [pytest.param(metric, job, id=f"{metric.name}-{job}") for metric in METRICS for job in metric.predictors]
STRANGERS = [
    pytest.param(metric, job, id=f"{metric.name}-{job}")
    for metric in METRICS
    for job in EVERY
    if job not in metric.predictors
]


@cache
def log_of(predictor: str, epochs: int = EPOCHS) -> str:
    log = io.StringIO()
    hyperparameters = HYPERPARAMETERS[predictor] | {"epochs": str(epochs)}
    fit_model(hyperparameters, split_example(predictor), JobLog("algo-1", "Linear Learner", log))
    return log.getvalue()


def metrics_of(predictor: str) -> list[dict[str, dict[str, float]]]:
    """The figures of every #metrics line, with its dimensions."""
    lines = [json.loads(line[9:]) for line in log_of(predictor).splitlines() if line.startswith("#metrics ")]
    return [line["Metrics"] | {"in": line["Dimensions"]} for line in lines]


def scores_of(predictor: str, part: str) -> dict[str, float]:
    """The final scores, from the lines that no definition looks at."""
    return {
        name: float(text) for name, text in re.findall(rf"#{part}_score \(.+\) : \('(.+)', (.+)\)", log_of(predictor))
    }


def least_losses(predictor: str, part: str) -> list[float]:
    """The best candidate's loss after each epoch, from the lines of all candidates."""
    name = f"{part}_{next(iter(FINAL[predictor]))}"
    found = [(line["in"]["epoch"], line[name]["sum"]) for line in metrics_of(predictor) if name in line]
    return [min(loss for when, loss in found if when == epoch) for epoch in range(EPOCHS)]


def named(metric: MetricDefinition, predictor: str) -> list[float]:
    """What the metric's name stands for in that job, in the order of the log."""
    part, _, name = metric.name.partition(":")
    match name:
        case "progress":
            return [100 * (epoch + 1) / EPOCHS for epoch in range(EPOCHS)]
        case "objective_loss" if part != "test":
            return least_losses(predictor, part)
        case "objective_loss" | "objective_loss:final":
            return [scores_of(predictor, part)[next(iter(FINAL[predictor]))]]
    return [scores_of(predictor, part)[IN_THE_LOG.get(name, name)]]


@pytest.mark.parametrize(("metric", "predictor"), [job for job in JOBS if "throughput" not in str(job.id)])
def test_a_metric_definition_takes_the_figure_that_it_names(metric: MetricDefinition, predictor: str) -> None:
    found = [float(text) for text in re.findall(metric.regex, log_of(predictor))]
    assert found == pytest.approx(named(metric, predictor), rel=1e-12)


@pytest.mark.parametrize(("metric", "predictor"), [job for job in JOBS if "throughput" in str(job.id)])
def test_the_throughput_is_a_speed_for_each_epoch(metric: MetricDefinition, predictor: str) -> None:
    found = [float(text) for text in re.findall(metric.regex, log_of(predictor))]
    assert len(found) == EPOCHS
    assert min(found) > 0


@pytest.mark.parametrize(("metric", "predictor"), STRANGERS)
def test_a_metric_definition_finds_nothing_in_a_job_of_another_type(metric: MetricDefinition, predictor: str) -> None:
    assert re.search(metric.regex, log_of(predictor)) is None


@pytest.mark.parametrize("predictor", EVERY)
@pytest.mark.parametrize("part", SPLITS)
def test_final_scores_come_in_the_originals_order_twice(predictor: str, part: str) -> None:
    scores = scores_of(predictor, part)
    assert list(scores) == list(FINAL[predictor])
    found = re.findall(rf"#quality_metric: host=algo-1, {part} (\S+) <(\w+)>=(\S+)", log_of(predictor))
    assert {name: float(text) for name, _, text in found} == scores
    assert {name: kind for name, kind, _ in found} == FINAL[predictor]


@pytest.mark.parametrize("predictor", EVERY)
def test_every_metrics_line_is_json_with_the_originals_keys(predictor: str) -> None:
    lines = [json.loads(line[9:]) for line in log_of(predictor).splitlines() if line.startswith("#metrics ")]
    for line in lines:
        assert list(line) == ["StartTime", "EndTime", "Dimensions", "Metrics"]
        assert line["EndTime"] >= line["StartTime"]
        assert {"Algorithm", "Host", "Operation"} <= set(line["Dimensions"])
        for metric in line["Metrics"].values():
            assert list(metric) == ["sum", "count", "min", "max"]
    totals = lines[-1]["Metrics"]
    assert totals["epochs"]["sum"] == EPOCHS
    assert totals["update.time"]["count"] == EPOCHS
    assert {"initialize.time", "check_early_stopping.time", "finalize.time", "totaltime"} <= set(totals)


@pytest.mark.parametrize("predictor", EVERY)
def test_an_event_is_one_line_without_carriage_returns(predictor: str) -> None:
    log = log_of(predictor)
    assert "\r" not in log
    for line in log.splitlines():
        assert re.match(r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d (INFO|WARNING) \d+\] |#metrics \{", line)


def test_a_job_that_stops_early_ends_at_a_hundred_percent() -> None:
    log = log_of("regressor", 200)
    (progress,) = (metric for metric in METRICS if metric.name == "train:progress")
    assert "Early stop condition met" in log
    assert float(re.findall(progress.regex, log)[-1]) == 100
