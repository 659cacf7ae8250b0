"""Convert the hyperparameters that a user sends as texts to typed values; report all faults at once."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from linear_learner.objective.losses import LOSSES_BY_PREDICTOR
from linear_learner.options.groups import (
    Batch,
    CandidateSettings,
    ColumnSettings,
    InitialSettings,
    ObjectiveSettings,
    ScheduleSettings,
    SelectionSettings,
)
from open_algorithms.learning.columns.wishes import check_column_types
from open_algorithms.learning.options.declaration import Declaration, load_declarations, strip_quotes
from open_algorithms.learning.options.parsing import complete_texts, parse_texts, select_applied
from open_algorithms.learning.rows.scaling import Scaling

DECLARED = Path(__file__).parents[1] / "hyperparameters.yaml"
SELECTION_CRITERION = "binary_classifier_model_selection_criteria"
TWO_CLASSES_HINT = "For two classes set predictor_type to binary_classifier, without num_classes"
UNGROUPED = ("predictor_type", "num_classes", "feature_dim", "num_models", "tuning", "seed", "num_point_for_scaler")
GROUPS = {
    "objective": ObjectiveSettings,
    "candidate": CandidateSettings,
    "initial": InitialSettings,
    "scaling": Scaling,
    "selection": SelectionSettings,
    "schedule": ScheduleSettings,
    "columns": ColumnSettings,
}
USED_BY_SOLVED = {"optimizer", "bias_wd_mult", "wd", "l1", "epochs"}  # of those that describe candidates and steps
TUNING = {"_tuning_objective_metric": "tuning"}  # whether it is set is all that counts
SOLVED = "lbfgs"  # the optimizer that solves
CRITERION_ALIASES = {"f1": "f_beta", "cross_entropy_loss": "loss_function"}


def declarations() -> Mapping[str, Declaration]:
    """Return the declared hyperparameters by name."""
    return load_declarations(DECLARED)


@dataclass(frozen=True)
class Hyperparameters:
    """Typed hyperparameters; None stands for auto. Names, ranges and defaults are declared in hyperparameters.yaml.

    Those that are used together form a group, whose fields have the declared names; `batch` is mini_batch_size.
    """

    predictor_type: str
    num_classes: int | None
    feature_dim: int | None
    num_models: int | None
    tuning: bool
    seed: int
    num_point_for_scaler: int
    batch: Batch
    objective: ObjectiveSettings
    candidate: CandidateSettings
    initial: InitialSettings
    scaling: Scaling
    selection: SelectionSettings
    schedule: ScheduleSettings
    columns: ColumnSettings

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Hyperparameters":
        """Group the values of all hyperparameters, given by name."""
        groups = {
            name: group(**{field.name: values[field.name] for field in fields(group)}) for name, group in GROUPS.items()
        }
        batch = Batch(values["mini_batch_size"], values["mini_batch_size"])
        return cls(**{name: values[name] for name in UNGROUPED}, batch=batch, **groups)

    def by_name(self) -> dict[str, Any]:
        """Return the values by name, in the order of their declaration; mini_batch_size is that of all hosts."""
        values = {"mini_batch_size": self.batch.everywhere, **{name: getattr(self, name) for name in UNGROUPED}}
        for name in GROUPS:
            values |= asdict(getattr(self, name))
        order = [TUNING.get(name, name) for name, declaration in declarations().items() if not declaration.internal]
        return {name: values[name] for name in order}

    def spread_over(self, hosts: int) -> "Hyperparameters":
        """Return these hyperparameters for a job of so many hosts, each of which takes a mini-batch as given."""
        return replace(self, batch=Batch(self.batch.here, hosts * self.batch.here))

    @property
    def outputs(self) -> int:
        """Return K, the margins of one model: num_classes of a multiclass classifier, else 1."""
        return self.num_classes if self.predictor_type == "multiclass_classifier" and self.num_classes else 1


def parse_hyperparameters(texts: Mapping[str, str]) -> Hyperparameters:
    """Parse, validate and complete the hyperparameters that the user sent.

    Raises InputError that lists every fault, one a line.
    """
    known = declarations()
    rules = (check_class_count, check_loss, check_folds, check_column_types)
    values = parse_texts(texts, known, rules, names_without_effect, value_hint)
    values["are_epochs_set"] = values["epochs"] != known["epochs"].parse_value(known["epochs"].default or "")
    return resolve_autos(
        {name: value for name, value in values.items() if name not in known or not known[name].internal}
    )


def final_configuration(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the user's texts completed with the defaults."""
    return complete_texts(texts, declarations())


def applied_configuration(texts: Mapping[str, str], hp: Hyperparameters) -> dict[str, str]:
    """Return the user's texts completed with the defaults, without those that have no effect on the job."""
    return select_applied(texts, declarations(), ignored_names(final_configuration(texts), hp))


def ignored_names(texts: Mapping[str, str], hp: Hyperparameters) -> list[str]:
    """Return the names of the hyperparameters that the user sent but that have no effect on the job."""
    names = {*names_without_effect(hp.by_name())}
    targets = {"target_recall": "precision_at_target_recall", "target_precision": "recall_at_target_precision"}
    names |= {name for name, use in targets.items() if hp.selection.criterion != use}
    names |= {"num_models"} if hp.tuning else set()
    names |= {"f_beta"} if strip_quotes(texts.get(SELECTION_CRITERION, "")).lower() == "f1" else set()
    return sorted(name for name in texts if name in names)


def stepping_names(texts: Mapping[str, str], hp: Hyperparameters) -> list[str]:
    """Return the names of the hyperparameters that the user set and that only candidates that step have a use for.

    Without those that `ignored_names` has.
    """
    groups = (CandidateSettings, InitialSettings, ScheduleSettings)
    names = {field.name for group in groups for field in fields(group)} - USED_BY_SOLVED - {*ignored_names(texts, hp)}
    defaults = {name: ("auto", declarations()[name].default) for name in names & {*texts}}
    return sorted(name for name, usual in defaults.items() if strip_quotes(texts[name]).lower() not in usual)


def names_without_effect(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the hyperparameters that have no effect together with these values."""
    loss = values.get("loss") or LOSSES_BY_PREDICTOR.get(values.get("predictor_type", ""), ("",))[0]
    return [name for name, d in declarations().items() if not d.applies_to({**values, "loss": loss})]


def resolve_autos(values: dict[str, Any]) -> Hyperparameters:
    """Replace each `auto` that depends on other hyperparameters only."""
    regression = values["predictor_type"] == "regressor"
    criterion = values[SELECTION_CRITERION]

    def value_or(name: str, otherwise: Any) -> Any:
        return otherwise if values[name] is None else values[name]

    return Hyperparameters.from_values(
        values
        | {
            "tuning": bool(values["_tuning_objective_metric"]),
            "loss": value_or("loss", LOSSES_BY_PREDICTOR[values["predictor_type"]][0]),
            SELECTION_CRITERION: CRITERION_ALIASES.get(criterion, criterion),
            "f_beta": 1.0 if criterion == "f1" else values["f_beta"],
            "normalize_data": value_or("normalize_data", True),
            "unbias_data": value_or("unbias_data", values["use_bias"]),
            "normalize_label": regression and value_or("normalize_label", True),
            "unbias_label": regression and value_or("unbias_label", values["use_bias"]),
            "num_calibration_samples": value_or("num_calibration_samples", 10_000_000),
            "shuffle": value_or("shuffle", True),
            "holdout": value_or("holdout", 0.0),
            "folds": value_or("folds", 0),
        }
    )


def check_class_count(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a fault where a multiclass classifier lacks num_classes."""
    if values.get("predictor_type") == "multiclass_classifier" and values.get("num_classes", 0) is None:
        what = "it is required with predictor_type=multiclass_classifier; expected the number of classes"
        yield "num_classes", f"num_classes: {what}, which is the largest label + 1. {TWO_CLASSES_HINT}"


def value_hint(name: str, text: str) -> str:
    """Return further advice on an invalid value; empty where there is none."""
    return f". {TWO_CLASSES_HINT}" if (name, strip_quotes(text)) == ("num_classes", "2") else ""


def check_loss(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a fault where the loss belongs to another predictor type."""
    predictor, loss = values.get("predictor_type"), values.get("loss")
    if predictor and loss and loss not in LOSSES_BY_PREDICTOR[predictor]:
        known = " or ".join(LOSSES_BY_PREDICTOR[predictor])
        yield "loss", f"loss: expected auto or {known} with predictor_type={predictor}, found {loss!r}"


def check_folds(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a fault where there is one fold, or folds are asked of what cannot be solved."""
    if values.get("folds") == 1:
        yield "folds", "folds: expected auto, 0 for none, or 2 or more, found 1"
