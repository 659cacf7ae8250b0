"""Learn from a job's channels: what a training job asks of this algorithm."""

from dataclasses import replace
from pathlib import Path

from linear_learner.objective.model import LinearModel
from linear_learner.options.budget import Budget
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from linear_learner.training.fit import train_candidates
from linear_learner.training.initial import abbreviate_names, align_to_features, load_earlier_model
from linear_learner.training.result import TrainingResult
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.work import ColumnRequest, Columns, Work

WEIGHED_CHANNELS = ("train", "validation")


def fit(work: Work) -> TrainingResult:
    """Train on the channel `train`, select on `validation` if there is one, and score on every channel.

    All hosts of a job return the same model. Once the job is asked to stop, the best model so far is returned, or
    KeyboardInterrupt is raised where there is none yet. Raises InputError for errors that the user can correct.
    """
    hp = parse_hyperparameters(work.hyperparameters)
    earlier = None if work.start_folder is None else load_earlier_model(work.start_folder)
    columns = work.read_columns(request_columns(hp, earlier))
    work = replace(work, row_weights={**work.row_weights, **columns.row_weights})
    budget = Budget(work.free_memory(), work.hosts.count)
    if earlier is not None:
        earlier = align_to_features(earlier, columns.features, columns.shift, work.log)
        columns = replace(columns, classes=columns.classes or earlier.label_classes)
    result = train_candidates(work, hp, budget, earlier, columns.recipe)
    model = label_columns(result.model, columns)
    if work.start_folder is None:
        warn_of_late_features(model, result.scaler, columns, work)
    for caveat in model.caveats:
        (work.log.info if model.exact else work.log.warning)(caveat)
    return replace(result, model=model)


def request_columns(hp: Hyperparameters, earlier: LinearModel | None) -> ColumnRequest:
    """Return what is asked of the columns: what the user says of them, and those of a model to start from."""
    class_count = None if hp.predictor_type == "regressor" else max(hp.outputs, 2)
    settings = hp.columns
    wishes = ColumnWishes(settings.target, settings.kinds, class_count, settings.positive_label, weight=settings.weight)
    return ColumnRequest(hp.scaling.unbias_data, wishes, None if earlier is None else earlier.recipe, WEIGHED_CHANNELS)


def label_columns(model: LinearModel, columns: Columns) -> LinearModel:
    """Return the model for raw features, with the names of the columns and the classes where they are known."""
    model = replace(model, label_classes=columns.classes)
    if columns.shift is not None:
        model = model.absorb_shift(-columns.shift)
    if len(columns.features) != model.feature_dim:
        return model
    return replace(model, names=columns.features, label_name=columns.label, recipe=columns.recipe)


def warn_of_late_features(model: LinearModel, scaler: Scaler, columns: Columns, work: Work) -> None:
    """Warn of features with a weight that did not vary in the rows that the scaler was fitted on."""
    usual = scaler.mean if columns.shift is None else scaler.mean + columns.shift  # 0 of a feature that is merely rare
    late = [model.feature_names[i] for i in scaler.constant_features if usual[i] and model.weight[i].any()]
    if late:
        work.log.warning(
            f"Features that vary, but not in the first rows, which the scaler sees: {abbreviate_names(late)}. They "
            "keep their unit, so that little may be learned of them: shuffle the rows, or raise num_point_for_scaler."
        )


def save_model(result: TrainingResult, folder: Path) -> None:
    """Write the artifact into `folder`, which exists and is empty."""
    from linear_learner.artifact.write import write_artifact

    write_artifact(result.model, folder)


def write_report(result: TrainingResult, work: Work) -> dict[str, str]:
    """Return the report as files by name: JSON for programs, HTML for people."""
    from linear_learner.report.build import build_report  # only now: a job that begins does not wait for these
    from linear_learner.report.page import render_report
    from open_algorithms.learning.showing.report_json import encode_report

    report = build_report(result, work)
    return {"report.json": encode_report(report), "report.html": render_report(report)}
