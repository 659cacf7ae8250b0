"""The service finds each metric of the original in a job's log, by the original's expressions."""

import io
import re

import pytest

from container.job.log import JobLog
from open_algorithms.factorization_machines.card import CARD
from open_algorithms.factorization_machines.learn import fit
from open_algorithms.learning.work import Work
from tests.factorization_machines.jobs import CLASSIFIER, REGRESSOR, cut_blocks, draw_classes, draw_pairs

OF_REGRESSORS = ("rmse", "mse", "absolute_loss")


@pytest.mark.parametrize("texts", [CLASSIFIER, REGRESSOR])
def test_every_metric_of_the_card_is_in_the_log(texts: dict[str, str]) -> None:
    draw = draw_classes if texts is CLASSIFIER else draw_pairs
    blocks = cut_blocks(*draw(1500))
    log = io.StringIO()
    channels = dict.fromkeys(("train", "validation", "test"), blocks)
    fit(Work({**texts, "epochs": "2", "num_models": "2"}, channels, JobLog("algo-1", "x", log)))
    for metric in CARD.metrics:
        is_own = any(f":{name}" in metric.name for name in OF_REGRESSORS) == (texts is REGRESSOR)
        if is_own or ("binary" not in metric.name and not any(name in metric.name for name in OF_REGRESSORS)):
            found = re.findall(metric.regex, log.getvalue())
            assert found, metric.name
            assert float(found[-1]) >= 0


def test_lines_are_written_as_the_original_writes_them() -> None:
    log = io.StringIO()
    texts = {**CLASSIFIER, "num_models": "1", "epochs": "1", "mini_batch_size": "500"}
    fit(Work(texts, {"train": cut_blocks(*draw_classes(1000))}, JobLog("algo-1", "x", log)))
    for line in (
        r"#quality_metric: host=algo-1, epoch=0, batch=0 train binary_classification_accuracy <score>=0\.\d+",
        r"#quality_metric: host=algo-1, epoch=0, batch=0 train binary_f_1\.000 <score>=0\.\d+",
        r"#quality_metric: host=algo-1, epoch=0, train binary_classification_cross_entropy <loss>=0\.\d+",
        r"#progress_metric: host=algo-1, completed 100\.0 % of epochs",
        r"#quality_metric: host=algo-1, train binary_classification_accuracy <score>=0\.\d+",
    ):
        assert re.search(line, log.getvalue()), line
