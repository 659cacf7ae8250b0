"""Convert the hyperparameters that a user sends as texts to typed values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from open_algorithms.learning.columns.wishes import check_column_types, parse_kinds
from open_algorithms.learning.options.declaration import Declaration, load_declarations
from open_algorithms.learning.options.parsing import Faults, parse_texts

DECLARED = Path(__file__).parents[1] / "hyperparameters.yaml"
METRICS = ("msd", "ssd")
MOST_RUNS = 1000  # numbers of clusters in k_range
USUAL_CENTER_FACTOR = USUAL_TRIALS = 10  # as in every log of the original


@dataclass(frozen=True)
class LloydSettings:
    """How centers are clustered: `trials` attempts of Lloyd's algorithm with `max_iter` iterations at most.

    Each starts as `init_method` says and ends once the squared distances decrease by no more than their part `tol`.
    """

    max_iter: int
    tol: float
    init_method: str
    trials: int


@dataclass(frozen=True)
class Hyperparameters:
    """Typed hyperparameters; None stands for auto. Names, ranges and defaults are declared in hyperparameters.yaml.

    `ks` are the numbers of clusters that are tried, ascending, `k` the one that the user wants the model of. `kinds`
    maps names of columns to what the user says that they are.
    """

    k: int | None
    ks: tuple[int, ...]
    feature_dim: int | None
    mini_batch_size: int
    epochs: int
    init_method: str
    extra_center_factor: int
    half_life_time_size: int
    local_lloyd: LloydSettings
    exact_passes: int | None
    normalize_data: bool | None
    eval_metrics: tuple[str, ...]
    kinds: Mapping[str, str]
    seed: int

    @property
    def start_centers(self) -> int:
        """The number of centers that mini-batches move."""
        return self.ks[-1] * self.extra_center_factor


def declarations() -> Mapping[str, Declaration]:
    """Return the declared hyperparameters by name."""
    return load_declarations(DECLARED)


def parse_hyperparameters(texts: Mapping[str, str]) -> Hyperparameters:
    """Parse, validate and complete the hyperparameters that the user sent.

    Raises InputError that lists every fault, one a line.
    """
    rules = (check_cluster_counts, check_metrics, check_column_types)
    values = parse_texts(texts, declarations(), rules)
    k = values["k"]
    return Hyperparameters(
        k=k,
        ks=tuple(sorted({*parse_range(values["k_range"]), *([] if k is None else [k])})),
        feature_dim=values["feature_dim"],
        mini_batch_size=values["mini_batch_size"],
        epochs=values["epochs"],
        init_method=values["init_method"],
        extra_center_factor=values["extra_center_factor"] or USUAL_CENTER_FACTOR,
        half_life_time_size=values["half_life_time_size"],
        local_lloyd=LloydSettings(
            values["local_lloyd_max_iter"],
            values["local_lloyd_tol"],
            values["local_lloyd_init_method"],
            values["local_lloyd_num_trials"] or USUAL_TRIALS,
        ),
        exact_passes=values["exact_passes"],
        normalize_data=values["normalize_data"],
        eval_metrics=tuple(parse_metrics(values["eval_metrics"])),
        kinds=parse_kinds(values["ignore"], values["column_types"]),
        seed=values["seed"],
    )


def parse_range(text: str) -> list[int]:
    """Return the numbers of a text such as `2-12` or `3,5,8-10`; raises ValueError for any other.

    >>> parse_range("3,5,8-10")
    [3, 5, 8, 9, 10]
    """
    found: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not 0 < low <= high or high - low >= MOST_RUNS:
            raise ValueError(part)
        found.update(range(low, high + 1))
    return sorted(found)


def parse_metrics(text: str) -> list[str]:
    """Return the names in a list, whatever their quotes: clients write `["msd"]`, `['msd']` and `[msd]`."""
    return [name for name in re.split(r"[\s,\[\]'\"]+", text.lower()) if name]


def check_cluster_counts(values: Mapping[str, Any]) -> Faults:
    """Yield a fault where there is no number of clusters, or a range that is none."""
    try:
        several = parse_range(values.get("k_range", ""))
    except ValueError:
        yield "k_range", f"k_range: expected numbers such as 2-12 or 3,5,8, found {values['k_range'][:80]!r}"
        return
    if len(several) > MOST_RUNS:
        yield "k_range", f"k_range: expected at most {MOST_RUNS} numbers, found {len(several)}"
    if values.get("k", 0) is None and not several:
        yield "k", "k: it is required; expected the number of clusters, or k_range=2-12 to compare several"


def check_metrics(values: Mapping[str, Any]) -> Faults:
    """Yield a fault where a metric is not known, or there is none."""
    text = values.get("eval_metrics", "msd")
    names = parse_metrics(text)
    if not names or {*names} - {*METRICS}:
        yield (
            "eval_metrics",
            f'eval_metrics: expected a list of msd and ssd, such as ["msd", "ssd"], found {text[:80]!r}',
        )
