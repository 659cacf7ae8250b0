"""A summary of a finished job in a few lines, from the report beside its model."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from open_algorithms.commands.telling.say import program_name

Plain = Mapping[str, Any]

REPORT, REPORT_PAGE = "report.json", "report.html"
MAIN_SCORES = {  # scores, by predictor type and their names in the report, and what people call them
    "binary_classifier": {"binary_classification_accuracy": "accuracy"},
    "multiclass_classifier": {"multiclass_accuracy": "accuracy"},
    "regressor": {"mse": "mse", "r2": "R2"},
}
F_SCORE_NAMES = {"binary_classifier": "F", "multiclass_classifier": "macro F"}
SETTINGS = ("optimizer", "learning_rate", "wd", "l1")


def summarize_job(out: Path, data: Path, stated_type: str | None) -> list[str]:
    """Return lines that tell the model's scores, the winner, the output files, and the next commands to run on `data`.

    Without a report, only the last two are known.
    """
    folder = shlex.quote(str(out))
    if (out / REPORT).exists():
        report = json.loads((out / REPORT).read_text(encoding="utf-8"))
        lines, where = list(describe_result(report)), f"model: {out}; report: {out / REPORT_PAGE}"
    else:
        lines, where = [], f"model: {out}; there is no report"
    rows = shlex.quote(str(data)) + (f" --content-type {shlex.quote(stated_type)}" if stated_type else "")
    following = f"{program_name()} evaluate {folder} {rows}, or {program_name()} serve {folder}"
    return [*lines, where, f"next: {following}"]


def describe_result(report: Plain) -> Iterator[str]:
    """Yield lines about scores, threshold and the winning candidate."""
    kind = report["predictor_type"]
    yield "scores: " + "; ".join(
        f"{name} {', '.join(main_scores(kind, found['scores']))}" for name, found in report["channels"].items()
    )
    training = report["training"]
    if report["threshold"] is not None:
        yield f"threshold: {report['threshold']:.4g}; a score from there on is called 1"
    winner = next(entry for entry in report["bank"] if entry["candidate"] == report["winner"])
    settings = [(name, value) for name, value in winner["settings"].items() if name in SETTINGS]
    told = ", ".join(f"{name} {value if isinstance(value, str) else f'{value:.4g}'}" for name, value in settings)
    yield (
        f"winner: candidate {report['winner']} of {len(report['bank'])} ({told}), best in epoch "
        f"{training['best_epoch']}, by {training['criterion']} on the {training['deciding']} rows"
    )


def main_scores(kind: str, found: Plain) -> Iterator[str]:
    """Yield the main scores of a channel as texts; unknown ones are left out."""
    for name, value in found.items():
        metric, f, beta = name.partition("_f_")
        word = f"{F_SCORE_NAMES[kind]}{float(beta):g}" if f else MAIN_SCORES[kind].get(metric)
        if word and value is not None:
            yield f"{word} {value:.4g}"
