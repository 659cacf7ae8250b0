"""The lines of a job of K-Means that clients of the original look for, with the figures that they name."""

import io
import json
import re

import pytest

from container.job.log import JobLog
from open_algorithms.doors.algorithms import find_algorithm
from open_algorithms.doors.training import make_program
from open_algorithms.k_means.learn import fit
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.work import Columns, Work
from tests.k_means.jobs import as_blocks, draw_rows

ROWS, TRIALS = 800, 10
HYPERPARAMETERS = {"k": "4", "feature_dim": "4", "epochs": "2", "eval_metrics": '["msd","ssd"]', "force_dense": "True"}
DOCUMENTED = {  # by Amazon's SDK and in its tests
    "train:progress": r"#progress_metric: host=\S+, completed (\S+) %",
    "train:throughput": r"#throughput_metric: host=\S+, train throughput=(\S+) records/second",
    "train:msd": r"#quality_metric: host=\S+, train msd <loss>=(\S+)",
    "train:ssd": r"#quality_metric: host=\S+, train ssd <loss>=(\S+)",
    "test:msd": r"#quality_metric: host=\S+, test msd <loss>=(\S+)",
    "test:ssd": r"#quality_metric: host=\S+, test ssd <loss>=(\S+)",
}
OBSERVED = (  # in public logs, in this order
    r"Final configuration: \{.*'k': '4'",
    r"'extra_center_factor' was set to 'auto', evaluated to 10\.",
    r"number of center slices 1",
    rf"Batch size 5000 is bigger than the first batch data\. Effective batch size used to initialize is {ROWS}",
    rf"processed a total of {ROWS} examples",
    r"#progress_metric: host=algo-1, completed 50\.0 % of epochs",
    r"#throughput_metric: host=algo-1, train throughput=\d+\.\d+ records/second",
    rf"processed a total of {ROWS} examples",
    r"#progress_metric: host=algo-1, completed 100\.0 % of epochs",
    r"shrinking 40 centers into 4",
    *(rf"local kmeans attempt #{i}\. Current mean square distance \d\.\d{{6}}$" for i in range(TRIALS)),
    r"finished shrinking process\. Mean Square Distance = \d",
    r"#quality_metric: host=algo-1, train msd <loss>=\d\.\d+",
    r'#metrics \{.*"Algorithm": "AWS/KMeansWebscale", "Host": "algo-1", "Operation": "training"',
)


@pytest.fixture(scope="module")
def job() -> tuple[ClusteringResult, str]:
    """A job, and its log."""
    name, log = make_program(find_algorithm({"ALGORITHM": "k_means"}), 1).title, io.StringIO()
    channels = {"train": as_blocks(draw_rows(ROWS)), "test": as_blocks(draw_rows(200, seed=1))}
    read = Columns()
    work = Work(HYPERPARAMETERS, channels, JobLog("algo-1", name, log), read_columns=lambda request: read)
    return fit(work), log.getvalue()


def test_every_documented_expression_finds_the_figure_that_it_names(job: tuple[ClusteringResult, str]) -> None:
    result, log = job
    found = {name: [float(text) for text in re.findall(regex, log)] for name, regex in DOCUMENTED.items()}
    assert found.pop("train:progress") == [50, 100]
    assert min(found.pop("train:throughput")) > 0
    train, test = result.distortions["train"], result.distortions["test"]
    assert found == {
        "train:msd": [train.msd],
        "train:ssd": [train.ssd],
        "test:msd": [test.msd],
        "test:ssd": [test.ssd],
    }


def test_the_lines_of_public_logs_come_in_their_order(job: tuple[ClusteringResult, str]) -> None:
    lines = iter(job[1].splitlines())
    missing = [expected for expected in OBSERVED if not any(re.search(expected, line) for line in lines)]
    assert missing == []


def test_the_attempts_are_those_of_the_centers_and_the_best_of_them_is_told(job: tuple[ClusteringResult, str]) -> None:
    result, log = job
    attempts = [float(text) for text in re.findall(r"attempt #\d+\. Current mean square distance (\S+)", log)]
    (best,) = re.findall(r"finished shrinking process\. Mean Square Distance = (\S+)", log)
    assert attempts == [round(msd, 6) for msd in result.attempts]
    assert float(best) == pytest.approx(min(attempts), rel=1e-4)


def test_metrics_are_json_with_the_originals_keys(job: tuple[ClusteringResult, str]) -> None:
    (line,) = (json.loads(text[9:]) for text in job[1].splitlines() if text.startswith("#metrics "))
    assert list(line) == ["StartTime", "EndTime", "Dimensions", "Metrics"]
    found = {name: entry["sum"] for name, entry in line["Metrics"].items()}
    assert found.pop("epochs") == 2
    assert list(found) == ["initialize.time", "setuptime", "update.time", "_shrink.time", "finalize.time", "totaltime"]
    assert all(0 <= spent <= found["totaltime"] for spent in found.values())
