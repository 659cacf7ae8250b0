"""Turn the text that a user sends into typed hyperparameters, or name every fault at once."""

import difflib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from linear_learner.errors import InputError

AUTO = "auto"
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
LOSS_OF = {"binary_classifier": "logistic", "multiclass_classifier": "softmax_loss", "regressor": "squared_loss"}


@dataclass(frozen=True)
class Interval:
    """A range of numbers, each bound included or not."""

    low: float
    high: float
    closed_low: bool
    closed_high: bool
    text: str

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Read the notation of the declaration, `[0, 1)`."""
        low, high = text[1:-1].split(",")
        return cls(float(low), float(high), text[0] == "[", text[-1] == "]", text)

    def __contains__(self, value: float) -> bool:
        above = value >= self.low if self.closed_low else value > self.low
        below = value <= self.high if self.closed_high else value < self.high
        return above and below


@dataclass(frozen=True)
class Declaration:
    """One entry of hyperparameters.yaml."""

    name: str
    type: str
    about: str
    default: str | None = None
    auto: bool = False
    choices: tuple[str, ...] = ()
    range: Interval | None = None
    internal: bool = False

    @property
    def expected(self) -> str:
        """Say in words which values are valid."""
        what = {
            "text": " or ".join(self.choices) if self.choices else "text",
            "switch": "true or false",
            "integer": f"an integer in {self.range.text if self.range else ''}",
            "float": f"a number in {self.range.text if self.range else ''}",
        }[self.type]
        return f"auto or {what}" if self.auto else what

    def read(self, text: str) -> Any:
        """Return the value of `text`, None for auto; raise ValueError where it has none."""
        word = unquote(text)
        if self.auto and word.lower() == AUTO:
            return None
        match self.type:
            case "switch":
                if word.lower() not in BOOLEANS:
                    raise ValueError(word)
                return BOOLEANS[word.lower()]
            case "integer":
                return self.bounded(integer(word))
            case "float":
                return self.bounded(float(word))
            case _:
                if self.choices and word.lower() not in self.choices:
                    raise ValueError(word)
                return word.lower() if self.choices else word

    def bounded(self, number: float) -> float:
        """Return `number` if it lies in the range."""
        if not math.isfinite(number) or (self.range and number not in self.range):
            raise ValueError(number)
        return number


def unquote(text: str) -> str:
    """Strip blanks and the one layer of JSON quotes that some clients add."""
    word = text.strip()
    if len(word) >= 2 and word[0] == word[-1] == '"':
        try:
            return str(json.loads(word)).strip()
        except ValueError:
            return word
    return word


def integer(text: str) -> int:
    """Read an integer, also one written as `10.0`."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer():
            raise ValueError(text) from None
        return int(number)


@cache
def declarations() -> Mapping[str, Declaration]:
    """Read hyperparameters.yaml."""
    entries = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return {
        name: Declaration(
            name,
            **{
                **entry,
                "choices": tuple(entry.get("choices", ())),
                "range": Interval.parse(entry["range"]) if "range" in entry else None,
            },
        )
        for name, entry in entries.items()
    }


@dataclass(frozen=True)
class Hyperparameters:
    """The typed values; None stands for auto. Names, ranges and defaults are those of hyperparameters.yaml."""

    predictor_type: str
    num_classes: int | None
    feature_dim: int | None
    mini_batch_size: int
    epochs: int
    num_models: int | None
    loss: str
    optimizer: str | None
    learning_rate: float | None
    beta_1: float | None
    beta_2: float | None
    momentum: float | None
    bias_lr_mult: float | None
    bias_wd_mult: float | None
    wd: float | None
    l1: float | None
    use_lr_scheduler: bool
    lr_scheduler_step: int | None
    lr_scheduler_factor: float | None
    lr_scheduler_minimum_lr: float | None
    use_bias: bool
    init_method: str
    init_scale: float
    init_sigma: float
    init_bias: float
    normalize_data: bool
    normalize_label: bool
    unbias_data: bool
    unbias_label: bool
    num_point_for_scaler: int
    num_calibration_samples: int
    binary_classifier_model_selection_criteria: str
    f_beta: float
    accuracy_top_k: int
    early_stopping_patience: int
    early_stopping_tolerance: float
    shuffle: bool
    seed: int
    tuning: bool

    @property
    def outputs(self) -> int:
        """Count the scores of one model: the classes of a multiclass classifier, else one."""
        return self.num_classes if self.predictor_type == "multiclass_classifier" and self.num_classes else 1


def parse(texts: Mapping[str, str]) -> Hyperparameters:
    """Type, bound and complete what the user sent.

    Raises InputError with every fault, one a line.
    """
    known = declarations()
    given = {name: text for name, text in texts.items() if not name.startswith("sagemaker_")}
    faults = [unknown_name(name) for name in given if name not in known]
    values: dict[str, Any] = {}
    for name, declaration in known.items():
        text = given.get(name, declaration.default)
        if text is None:
            faults.append(f"{name}: it is required; expected {declaration.expected}")
            continue
        try:
            values[name] = declaration.read(text)
        except (ValueError, OverflowError):
            faults.append(f"{name}: expected {declaration.expected}, found {text[:80]!r}")
    for rule in (classes_go_with_multiclass, loss_fits_predictor):
        faults.extend(rule(values))
    if faults:
        raise InputError("\n".join(["The hyperparameters have these faults:", *(f"- {fault}" for fault in faults)]))
    return resolve({name: value for name, value in values.items() if not known[name].internal})


def resolve(values: dict[str, Any]) -> Hyperparameters:
    """Replace each auto that depends on nothing but other hyperparameters."""
    regression = values["predictor_type"] == "regressor"

    def either(name: str, otherwise: Any) -> Any:
        return otherwise if values[name] is None else values[name]

    return Hyperparameters(
        **{name: value for name, value in values.items() if name != "_tuning_objective_metric"}
        | {
            "tuning": bool(values["_tuning_objective_metric"]),
            "loss": either("loss", LOSS_OF[values["predictor_type"]]),
            "normalize_data": either("normalize_data", True),
            "unbias_data": either("unbias_data", values["use_bias"]),
            "normalize_label": regression and either("normalize_label", True),
            "unbias_label": regression and either("unbias_label", values["use_bias"]),
            "num_calibration_samples": either("num_calibration_samples", 10_000_000),
            "shuffle": either("shuffle", True),
        }
    )


def unknown_name(name: str) -> str:
    """Refuse a name and offer the nearest known one."""
    near = difflib.get_close_matches(name, [d.name for d in declarations().values() if not d.internal], n=1)
    return f"{name}: there is no such hyperparameter" + (f"; did you mean {near[0]}?" if near else "")


def classes_go_with_multiclass(values: Mapping[str, Any]) -> Iterator[str]:
    """Require num_classes of a multiclass classifier."""
    if values.get("predictor_type") == "multiclass_classifier" and values.get("num_classes", 0) is None:
        yield "num_classes: it is required with predictor_type=multiclass_classifier; expected the number of classes"


def loss_fits_predictor(values: Mapping[str, Any]) -> Iterator[str]:
    """Refuse a loss that belongs to another predictor type."""
    predictor, loss = values.get("predictor_type"), values.get("loss")
    if predictor and loss and loss != LOSS_OF[predictor]:
        yield f"loss: expected auto or {LOSS_OF[predictor]} with predictor_type={predictor}, found {loss!r}"
