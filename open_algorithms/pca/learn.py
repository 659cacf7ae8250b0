"""Learn from a job's channels: what a training job asks of this algorithm.

Tests: tests/pca/training/test_fit.py.
"""

from pathlib import Path

from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.work import ColumnRequest, Work
from open_algorithms.pca.options.hyperparameters import parse_hyperparameters
from open_algorithms.pca.training.fit import find_components
from open_algorithms.pca.training.result import PcaResult


def fit(work: Work) -> PcaResult:
    """Find the components of the channel `train`, and measure them on `test`, if there is one.

    All hosts of a job return the same model. Raises InputError for errors that the user can correct.
    """
    hp = parse_hyperparameters(work.hyperparameters)
    wishes = ColumnWishes(types=hp.kinds, has_target=False)
    return find_components(work, hp, work.read_columns(ColumnRequest(hp.subtract_mean, wishes)))


def save_model(result: PcaResult, folder: Path) -> None:
    """Write the artifact into `folder`, which exists and is empty."""
    from open_algorithms.pca.artifact.write import write_artifact

    write_artifact(result.model, folder)


def write_report(result: PcaResult, work: Work) -> dict[str, str]:
    """Return the report as files by name: JSON for programs, HTML for people."""
    from open_algorithms.learning.showing.report_json import encode_report
    from open_algorithms.pca.report.build import build_report  # only now: a job that begins does not wait for these
    from open_algorithms.pca.report.page import render_report

    report = build_report(result, work)
    return {"report.json": encode_report(report), "report.html": render_report(report)}
