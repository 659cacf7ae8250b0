"""Convert the hyperparameters that a user sends as texts to typed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from open_algorithms.learning.columns.wishes import check_column_types, parse_kinds
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.options.declaration import Declaration, load_declarations
from open_algorithms.learning.options.parsing import Faults, parse_texts, select_applied

DECLARED = Path(__file__).parents[1] / "hyperparameters.yaml"
FEWEST_EXTRA_COMPONENTS = 10  # where the user leaves their number to us
RANDOMIZED = "randomized"


@dataclass(frozen=True)
class Hyperparameters:
    """Typed hyperparameters; None stands for auto. Names, ranges and defaults are declared in hyperparameters.yaml.

    `kinds` maps names of columns to what the user says that they are.
    """

    num_components: int
    feature_dim: int | None
    mini_batch_size: int
    algorithm_mode: str
    extra_components: int
    subtract_mean: bool
    normalize_data: bool | None
    kinds: Mapping[str, str]
    seed: int

    @property
    def is_randomized(self) -> bool:
        """Whether components may be approximate."""
        return self.algorithm_mode == RANDOMIZED


def declarations() -> Mapping[str, Declaration]:
    """Return the declared hyperparameters by name."""
    return load_declarations(DECLARED)


def parse_hyperparameters(texts: Mapping[str, str]) -> Hyperparameters:
    """Parse, validate and complete the hyperparameters that the user sent.

    Raises InputError that lists every fault, one a line.
    """
    values = parse_texts(texts, declarations(), (check_component_count, check_column_types), names_without_effect)
    count, extra = values["num_components"], values["extra_components"]
    return Hyperparameters(
        num_components=count,
        feature_dim=values["feature_dim"],
        mini_batch_size=values["mini_batch_size"],
        algorithm_mode=values["algorithm_mode"],
        extra_components=max(FEWEST_EXTRA_COMPONENTS, count) if extra < 0 else extra,
        subtract_mean=values["subtract_mean"],
        normalize_data=values["normalize_data"],
        kinds=parse_kinds(values["ignore"], values["column_types"]),
        seed=values["seed"],
    )


def applied_configuration(texts: Mapping[str, str], hp: Hyperparameters) -> dict[str, str]:
    """Return the user's texts completed with the defaults, without those that have no effect on the job."""
    return select_applied(texts, declarations(), names_without_effect({"algorithm_mode": hp.algorithm_mode}))


def names_without_effect(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the hyperparameters that have no effect together with these values."""
    return [name for name, declaration in declarations().items() if not declaration.applies_to(values)]


def check_component_count(values: Mapping[str, Any]) -> Faults:
    """Yield a fault where there are more components than features."""
    count, features = values.get("num_components"), values.get("feature_dim")
    if count is not None and features is not None and count > features:
        yield "num_components", f"num_components: {describe_limit(features)}, found {count}"


def require_few_components(count: int, features: int) -> None:
    """Raise InputError where there are more components than features in the data."""
    if count > features:
        raise InputError(
            f"num_components: {describe_limit(features)} of the data, found {count}. Lower num_components."
        )


def describe_limit(features: int) -> str:
    """Say how many components there may be."""
    return f"expected at most as many components as the {features:,} features"
