"""What report.json says of a job in a few lines, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

SCORES = {  # of the report, and what people call them
    "binary_classification_accuracy": "accuracy",
    "binary_classification_cross_entropy": "cross entropy",
    "roc_auc_score": "AUC",
    "rmse": "rmse",
    "r2": "R2",
}


def describe_report(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about scores, threshold and the chosen candidates, from the content of report.json."""
    yield "scores: " + "; ".join(
        f"{name} {', '.join(name_scores(channel['scores']))}" for name, channel in report["channels"].items()
    )
    if report["threshold"] is not None:
        positive = (report.get("classes") or ["0", "1"])[-1]
        yield f"threshold: {report['threshold']:.4g}; a score from there on is called {positive}"
    training, candidates = report["training"], report["candidates"]
    chosen = [entry for entry in candidates if entry["share"]]
    names = ", ".join(f"{entry['candidate']} ({entry['share']:.0%})" for entry in chosen)
    rows = f"{training['held_out']:,} rows held out" if training["held_out"] else f"the {training['deciding']} rows"
    model = f"the mean of candidates {names}" if len(chosen) > 1 else f"candidate {names.partition(' ')[0]}"
    count = report["num_factors"]
    yield (
        f"model: {model} of {len(candidates)}, by {report['objective']} on {rows}; "
        f"{count:,} factor{'' if count == 1 else 's'}"
    )


def name_scores(scores: Mapping[str, float | None]) -> Iterator[str]:
    """Yield the main scores of a channel as texts; those that are not finite are left out."""
    for name, words in SCORES.items():
        if (value := scores.get(name)) is not None:
            yield f"{words} {value:.4g}"
