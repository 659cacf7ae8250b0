"""Convert the hyperparameters that a user sends as texts to typed values; report all faults at once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from open_algorithms.learning.columns.wishes import check_column_types, parse_kinds
from open_algorithms.learning.options.declaration import Declaration, load_declarations
from open_algorithms.learning.options.parsing import complete_texts, parse_texts, select_applied

DECLARED = Path(__file__).parents[1] / "hyperparameters.yaml"
CRITERION = "binary_classifier_model_selection_criteria"
USUAL_EPOCHS, TUNED_EPOCHS = 50, 1
USUAL_FACTORS = 16
ORIGINAL_BATCH = 1000
PARTS = ("bias", "linear", "factors")
USUAL_SPREADS = {"bias": 0.01, "linear": 0.01, "factors": 0.001}


@dataclass(frozen=True)
class Start:
    """The distribution that numbers start from: `spread` is its deviation, half its width, or the number itself."""

    method: str
    spread: float


@dataclass(frozen=True)
class StepSettings:
    """What candidate 0 steps by: rates and decays of bias, linear weights and factors, and what gradients undergo."""

    bias_lr: float
    linear_lr: float
    factors_lr: float
    bias_wd: float
    linear_wd: float
    factors_wd: float
    clip_gradient: float | None
    eps: float | None
    rescale_grad: float | None
    use_bias: bool
    use_linear: bool


@dataclass(frozen=True)
class SelectionSettings:
    """What thresholds are calibrated for, what share of the rows is held out, and when candidates are stopped."""

    criterion: str
    target_recall: float
    target_precision: float
    f_beta: float
    holdout: float | None
    early_stopping_patience: int | None


@dataclass(frozen=True)
class Hyperparameters:
    """Typed hyperparameters; None stands for auto. Names, ranges and defaults are declared in hyperparameters.yaml.

    Where the user does not say how many epochs there are, and it is no tuning job, `are_epochs_ours`.

    `starts` are those of bias, linear weights and factors, by name. `kinds` maps names of columns to what the user says
    that they are.
    """

    predictor_type: str
    num_factors: int
    feature_dim: int | None
    mini_batch_size: int | None
    epochs: int
    are_epochs_ours: bool
    num_models: int | None
    steps: StepSettings
    starts: Mapping[str, Start]
    selection: SelectionSettings
    shuffle: bool
    normalize_data: bool
    tuning: bool
    batch_metrics_publish_interval: int
    target: str
    positive_label: str
    kinds: Mapping[str, str]
    seed: int

    @property
    def is_classifier(self) -> bool:
        """Whether labels are 0 or 1."""
        return self.predictor_type == "binary_classifier"

    @property
    def objective(self) -> str:
        """The name of the loss that candidates are chosen by, in the label's own units."""
        return "binary_classification_cross_entropy" if self.is_classifier else "rmse"


def declarations() -> Mapping[str, Declaration]:
    """Return the declared hyperparameters by name."""
    return load_declarations(DECLARED)


def parse_hyperparameters(texts: Mapping[str, str]) -> Hyperparameters:
    """Parse, validate and complete the hyperparameters that the user sent.

    Raises InputError that lists every fault, one a line.
    """
    values = parse_texts(texts, declarations(), (check_column_types,), names_without_effect)
    tuning = bool(values["_tuning_objective_metric"])
    models = 1 if tuning else values["num_models"]
    selection = {field.name: values[field.name] for field in fields(SelectionSettings) if field.name != "criterion"}
    return Hyperparameters(
        predictor_type=values["predictor_type"],
        num_factors=USUAL_FACTORS if values["num_factors"] is None else values["num_factors"],
        feature_dim=values["feature_dim"],
        mini_batch_size=values["mini_batch_size"],
        epochs=values["epochs"] or (TUNED_EPOCHS if tuning else USUAL_EPOCHS),
        are_epochs_ours=values["epochs"] is None and not tuning,
        num_models=models,
        steps=StepSettings(**{field.name: values[field.name] for field in fields(StepSettings)}),
        starts={part: read_start(part, values) for part in PARTS},
        selection=SelectionSettings(values[CRITERION] or ("loss_function" if models == 1 else "accuracy"), **selection),
        shuffle=values["shuffle"] is not False,
        normalize_data=values["normalize_data"] is not False,
        tuning=tuning,
        batch_metrics_publish_interval=values["batch_metrics_publish_interval"],
        target=values["target"],
        positive_label=values["positive_label"],
        kinds=parse_kinds(values["ignore"], values["column_types"]),
        seed=values["seed"],
    )


def read_start(part: str, values: Mapping[str, Any]) -> Start:
    """Return what the numbers of a part, such as `factors`, start from."""
    match method := values[f"{part}_init_method"]:
        case "normal":
            return Start(method, values[f"{part}_init_sigma"])
        case "uniform":
            scale = values[f"{part}_init_scale"]
            return Start(method, USUAL_SPREADS[part] if scale is None else scale)
        case _:
            return Start(method, values[f"{part}_init_value"] or 0.0)


def final_configuration(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the user's texts completed with the defaults."""
    return complete_texts(texts, declarations())


def applied_configuration(texts: Mapping[str, str], hp: Hyperparameters) -> dict[str, str]:
    """Return the user's texts completed with the defaults, without those that have no effect on the job."""
    return select_applied(texts, declarations(), ignored_names(final_configuration(texts), hp))


def ignored_names(texts: Mapping[str, str], hp: Hyperparameters) -> list[str]:
    """Return the names of the hyperparameters that the user sent but that have no effect on the job."""
    used = {f"{part}_init_method": start.method for part, start in hp.starts.items()}
    names = {*names_without_effect({"predictor_type": hp.predictor_type, **used})}
    targets = {"target_recall": "precision_at_target_recall", "target_precision": "recall_at_target_precision"}
    names |= {name for name, use in targets.items() if hp.selection.criterion != use}
    names |= {"num_models"} if hp.tuning else set()
    return sorted(name for name in texts if name in names)


def names_without_effect(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the hyperparameters that have no effect together with these values."""
    return [name for name, declaration in declarations().items() if not declaration.applies_to(values)]
