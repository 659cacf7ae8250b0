"""Learn from a job's channels: what a training job asks of this algorithm.

Tests: tests/k_means/training/test_fit.py.
"""

from pathlib import Path

from open_algorithms.k_means.options.hyperparameters import parse_hyperparameters
from open_algorithms.k_means.training.fit import cluster_rows
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.work import ColumnRequest, Work


def fit(work: Work) -> ClusteringResult:
    """Cluster the rows of the channel `train`, and measure the clusters on `test`, if there is one.

    All hosts of a job return the same model. Raises InputError for errors that the user can correct.
    """
    hp = parse_hyperparameters(work.hyperparameters)
    columns = work.read_columns(ColumnRequest(True, ColumnWishes(types=hp.kinds, has_target=False)))
    return cluster_rows(work, hp, columns)


def save_model(result: ClusteringResult, folder: Path) -> None:
    """Write the artifact into `folder`, which exists and is empty."""
    from open_algorithms.k_means.artifact.write import write_artifact

    write_artifact(result.model, folder)


def write_report(result: ClusteringResult, work: Work) -> dict[str, str]:
    """Return the report as files by name: JSON for programs, HTML for people."""
    from open_algorithms.k_means.report.build import build_report  # only now: a job that begins does not wait for these
    from open_algorithms.k_means.report.page import render_report
    from open_algorithms.learning.showing.report_json import encode_report

    report = build_report(result, work)
    return {"report.json": encode_report(report), "report.html": render_report(report)}
