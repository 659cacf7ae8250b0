"""What report.json says of a job in a few lines, for a terminal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from open_algorithms.learning.showing.quality.schema import FOLDS

Scores = Mapping[str, float | None]  # None where a score is not finite

MAIN_SCORES = {  # scores, by predictor type and their names in the report, and what people call them
    "binary_classifier": {"binary_classification_accuracy": "accuracy"},
    "multiclass_classifier": {"multiclass_accuracy": "accuracy"},
    "regressor": {"r2": "R2", "mae": "mean absolute error"},
}
F_SCORE_NAMES = {"binary_classifier": "F", "multiclass_classifier": "macro F"}
LONGEST_NUMBER = 1e4  # from which on a number has thousands separators
MAIN_SETTINGS = ("optimizer", "learning_rate", "wd", "l1")


@dataclass(frozen=True)
class JobSummary:
    """The scores of a model on each channel, its threshold, and the candidate that won among `candidates`."""

    predictor_type: str
    scores: Mapping[str, Scores]
    threshold: float | None
    candidates: int
    winner: int
    settings: Mapping[str, str | float]
    best_epoch: int | None
    criterion: str
    deciding: str
    value: float | None = None
    folds: int = 0
    positive: str = "1"


def describe_report(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about scores, threshold and the winning candidate, from the content of report.json."""
    yield from outcome_lines(read_outcome(report))


def read_outcome(report: Mapping[str, Any]) -> JobSummary:
    """Return the outcome from the content of report.json."""
    training = report["training"]
    winner = next(entry for entry in report["bank"] if entry["candidate"] == report["winner"])
    return JobSummary(
        predictor_type=report["predictor_type"],
        scores={name: channel["scores"] for name, channel in report["channels"].items()},
        threshold=report["threshold"],
        candidates=len(report["bank"]),
        winner=report["winner"],
        settings=winner["settings"],
        best_epoch=training["best_epoch"],
        criterion=training["criterion"],
        deciding=training["deciding"],
        value=winner["value"],
        folds=training.get("folds", 0),
        positive=(report.get("classes") or ["0", "1"])[-1],
    )


def outcome_lines(outcome: JobSummary) -> Iterator[str]:
    """Yield lines about scores, threshold and the winning candidate."""
    yield "scores: " + "; ".join(
        f"{'in folds' if name == FOLDS else name} {', '.join(main_scores(outcome.predictor_type, found))}"
        for name, found in outcome.scores.items()
    )
    if outcome.threshold is not None:
        yield f"threshold: {outcome.threshold:.4g}; a score from there on is called {outcome.positive}"
    settings = ", ".join(
        f"{name} {value if isinstance(value, str) else f'{value:.4g}'}"
        for name, value in outcome.settings.items()
        if name in MAIN_SETTINGS
    )
    when = f"best in epoch {outcome.best_epoch}" if "learning_rate" in outcome.settings else "solved"
    rows = f"{outcome.folds} folds of the rows" if outcome.folds else f"the {outcome.deciding} rows"
    is_known = outcome.value is not None and outcome.value >= 0  # below 0 it is by how much a target is missed
    value = f" {outcome.value:.4g}" if is_known else ""
    yield (
        f"winner: candidate {outcome.winner} of {outcome.candidates} ({settings}), {when}, "
        f"by {outcome.criterion}{value} on {rows}"
    )


def main_scores(predictor_type: str, scores: Scores) -> Iterator[str]:
    """Yield the main scores of a channel as texts; unknown ones are left out, and those that are not finite."""
    words = dict(MAIN_SCORES[predictor_type])
    if predictor_type in F_SCORE_NAMES:
        f_scores = [name for name in scores if "_f_" in name]
        words |= {name: f"{F_SCORE_NAMES[predictor_type]}{float(name.rpartition('_')[2]):g}" for name in f_scores}
    for name, word in words.items():
        if (value := scores.get(name)) is not None:
            yield f"{word} {value:.4g}" if abs(value) < LONGEST_NUMBER else f"{word} {value:,.0f}"
