"""Every log line in the original's format, and found by the regular expressions that the service sends."""

import io
import json
import os
import re
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from container.job.log import JobLog

PREFIX = r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] "


@dataclass(frozen=True)
class Times:
    """A summary as an algorithm may define its own."""

    sum: float
    count: int
    min: float
    max: float


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> JobLog:
    return JobLog("algo-1", "Linear Learner", stream)


def test_lines_have_the_originals_format(log: JobLog, stream: io.StringIO) -> None:
    log.info("Early stop condition met. Stopping training.")
    log.log_quality("binary_classification_cross_entropy_objective", 0.55, split="train", kind="loss", epoch=9)
    log.log_quality("binary_f_1.000", 0.75, split="validation", kind="score")
    log.log_score("train", "mse_objective", 1.67)
    log.log_criterion(14, "mse_objective", 4.8e-07)
    log.log_progress(1400 / 15)
    log.log_progress(60.0, stopped_early=True)
    log.log_throughput(330.7)
    expected = [
        "Early stop condition met. Stopping training.",
        "#quality_metric: host=algo-1, epoch=9, train binary_classification_cross_entropy_objective <loss>=0.55",
        "#quality_metric: host=algo-1, validation binary_f_1.000 <score>=0.75",
        "#train_score (algo-1) : ('mse_objective', 1.67)",
        "#early_stopping_criteria_metric: host=algo-1, epoch=14, criteria=mse_objective, value=4.8e-07",
        "#progress_metric: host=algo-1, completed 93.33333333333333 % of epochs",
        "#progress_metric: host=algo-1, completed 100 % epochs",
        "#throughput_metric: host=algo-1, train throughput=330.7 records/second",
    ]
    lines = stream.getvalue().splitlines()
    assert len(lines) == len(expected)
    for line, text in zip(lines, expected, strict=True):
        assert re.fullmatch(PREFIX + re.escape(text), line)


def test_without_figures_there_are_only_lines_for_people(stream: io.StringIO) -> None:
    log = JobLog("algo-2", "Linear Learner", stream, emits_metrics=False)
    log.log_quality("mse_objective", 0.55, split="train", kind="loss")
    log.log_score("train", "mse_objective", 1.67)
    log.log_criterion(14, "mse_objective", 4.8e-07)
    log.log_progress(50)
    log.log_throughput(330.7)
    log.log_metrics({"epochs": 1}, start=0, end=1)
    assert stream.getvalue() == ""
    log.warning("Mind the gap.")
    assert "WARNING" in stream.getvalue()


@pytest.mark.parametrize(
    ("regex", "value"),
    [
        (r"#progress_metric: host=\S+, completed (\S+) %", "40.0"),
        (r"#throughput_metric: host=\S+, train throughput=(\S+) records/second", "2.5"),
        (r"#quality_metric: host=\S+, epoch=\S+, train \S+_objective <loss>=(\S+)", "0.5"),
        (r"#quality_metric: host=\S+, validation \S+_objective <loss>=(\S+)", "0.25"),
    ],
)
def test_the_services_metric_definitions_find_their_lines(
    log: JobLog, stream: io.StringIO, regex: str, value: str
) -> None:
    log.log_progress(40)
    log.log_throughput(2.5)
    log.log_quality("mse_objective", 0.5, split="train", kind="loss", epoch=0)
    log.log_quality("mse_objective", 0.25, split="validation", kind="loss")
    assert re.findall(regex, stream.getvalue()) == [value]


def test_warnings_and_errors_carry_their_level(log: JobLog, stream: io.StringIO) -> None:
    log.warning("careful")
    log.error("wrong")
    assert re.fullmatch(r"\[.* WARNING \d+\] careful\n\[.* ERROR \d+\] wrong\n", stream.getvalue())


def test_a_log_that_cannot_be_written_is_given_up_once(capfd: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        for log in (JobLog("algo-1", "Linear Learner", stream), JobLog("algo-2", "Linear Learner", stream)):
            for _ in range(3):
                log.info("nobody reads this")
    assert capfd.readouterr().err == "train: the log cannot be written: Broken pipe. The job goes on without it.\n"


def test_metrics_are_one_line_of_json_in_the_originals_shape(log: JobLog, stream: io.StringIO) -> None:
    log.log_metrics({"train_mse_objective": 0.5}, start=10.5, end=11.0, epoch=0, model=3)
    log.log_metrics({"update.time": Times(6.0, 3, 1.0, 3.0), "n": 7158}, start=1.0, end=2.0, meta="training_data_iter")
    first, second = stream.getvalue().splitlines()
    assert first == (
        '#metrics {"StartTime": 10.5, "EndTime": 11.0, "Dimensions": {"Algorithm": "Linear Learner", '
        '"Host": "algo-1", "Operation": "training", "epoch": 0, "model": 3}, "Metrics": '
        '{"train_mse_objective": {"sum": 0.5, "count": 1, "min": 0.5, "max": 0.5}}}'
    )
    content = json.loads(second.removeprefix("#metrics "))
    assert content["Dimensions"]["Meta"] == "training_data_iter"
    assert content["Metrics"]["update.time"] == {"sum": 6.0, "count": 3, "min": 1.0, "max": 3.0}
    log.log_metrics({"loss": cast(float, np.float32(0.5))}, start=1.0, end=2.0)
    assert stream.getvalue().endswith('"Metrics": {"loss": {"sum": 0.5, "count": 1, "min": 0.5, "max": 0.5}}}\n')
    assert '"n": {"sum": 7158.0, "count": 1, "min": 7158, "max": 7158}' in second


def test_metrics_that_are_not_finite_stay_valid_json(log: JobLog, stream: io.StringIO) -> None:
    log.log_metrics({"a": float("nan"), "b": Times(1.0, 1, float("-inf"), 1.0)}, start=0.0, end=1.0)
    content = json.loads(stream.getvalue().removeprefix("#metrics "), parse_constant=pytest.fail)
    assert content["Metrics"]["a"]["sum"] is None
    assert content["Metrics"]["b"]["min"] is None
