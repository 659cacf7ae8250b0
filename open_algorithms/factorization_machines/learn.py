"""Learn from a job's channels: what a training job asks of this algorithm.

Tests: tests/factorization_machines/training/test_fit.py.
"""

from dataclasses import replace
from pathlib import Path

from open_algorithms.factorization_machines.measuring.folding import warn_of_folding
from open_algorithms.factorization_machines.options.hyperparameters import Hyperparameters, parse_hyperparameters
from open_algorithms.factorization_machines.rows.things import THINGS
from open_algorithms.factorization_machines.training.fit import train_machines
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.work import ColumnRequest, Columns, Work


def fit(work: Work) -> TrainingResult:
    """Train on the channel `train`, select on `validation` or on rows held out, and score on every channel.

    All hosts of a job return the same model. Once the job is asked to stop, the best model so far is returned, or
    KeyboardInterrupt is raised where there is none yet. Raises InputError for errors that the user can correct.
    """
    hp = parse_hyperparameters(work.hyperparameters)
    columns = read_columns(work, hp)
    work = replace(work, row_weights={**work.row_weights, **columns.row_weights})
    result = train_machines(work, hp, columns)
    if columns.shift is not None:
        result = replace(result, model=result.model.absorb_shift(-columns.shift))
    if warning := warn_of_folding(result.model, result.units.sizes):
        work.log.warning(warning)
    return result


def read_columns(work: Work, hp: Hyperparameters) -> Columns:
    """Read the columns of the train channel; of a table, numbers that name things, such as users, are categories."""
    wishes = ColumnWishes(
        hp.target,
        hp.kinds,
        2 if hp.is_classifier else None,
        hp.positive_label,
        may_have_many_classes=False,
        things=THINGS,
    )
    return work.read_columns(ColumnRequest(True, wishes))


def save_model(result: TrainingResult, folder: Path) -> None:
    """Write the artifact into `folder`, which exists and is empty."""
    from open_algorithms.factorization_machines.artifact.write import write_artifact

    write_artifact(result.model, folder)


def write_report(result: TrainingResult, work: Work) -> dict[str, str]:
    """Return the report as files by name: JSON for programs, HTML for people."""
    from open_algorithms.factorization_machines.report.build import build_report  # only now: a job does not wait for it
    from open_algorithms.factorization_machines.report.page import render_report
    from open_algorithms.learning.showing.report_json import encode_report

    report = build_report(result, work)
    return {"report.json": encode_report(report), "report.html": render_report(report)}
