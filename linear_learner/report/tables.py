"""The tables of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

import math

from linear_learner.report.choice import format_criterion
from linear_learner.report.losses import shown_loss
from linear_learner.report.schema import CandidateEntry, ModelReport, Report
from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.settings import differing_settings, format_setting
from open_algorithms.learning.showing.words import NO_VALUE, format_rounded

SHOWN_CANDIDATES, MAX_CANDIDATES = 10, 100  # rows of the table in sight, and of both
WEIGHT_DIGITS = 4


def candidate_table(report: Report, first: int, last: int) -> Table:
    """Tabulate some of the candidates, the best first, with the settings in which they differ."""
    shown = shown_loss(report)
    best = "best " if report.threshold is not None else ""
    criterion = [f"{best}{report.training.criterion}"] if report.training.maximise else []
    settings = differing_settings([entry.settings for entry in report.bank])
    heads = ["candidate", *criterion, shown.words, "on train rows", "wins", *settings, ""]
    rows = [
        [
            entry.candidate,
            *(format_criterion(report, entry.value) for _ in criterion),
            shown.write(entry.loss),
            shown.write(entry.train_loss, "train"),
            NO_VALUE if entry.left_after_epoch else f"{entry.win_share:.0%}",
            *(format_setting(entry.settings.get(name)) for name in settings),
            "won" if entry.candidate == report.winner else fate_text(entry),
        ]
        for entry in report.bank[first:last]
    ]
    return Table(
        heads,
        rows,
        chosen=report.bank.index(report.winning_entry) - first,
        texts=[i for i, head in enumerate(heads) if head in ("optimizer", "")],
    )


def fate_text(entry: CandidateEntry) -> str:
    """Say what became of a candidate that did not win, where it did not simply train to the end."""
    if entry.left_after_epoch is not None:
        return f"left after epoch {entry.left_after_epoch}"
    return "diverged" if entry.diverged else ""


def weight_table(report: ModelReport) -> Table:
    """Tabulate the largest weights; of a multiclass classifier that of the class with the largest, for each feature."""
    has_classes = report.predictor_type == "multiclass_classifier"
    rows = []
    for entry in report.weights:
        values = entry.standardised if all(map(math.isfinite, entry.standardised)) else entry.raw
        i = max(range(len(entry.classes)), key=lambda i: abs(values[i]))
        of_class = [report.judgement.name_class(entry.classes[i])] if has_classes else []
        numbers = [format_rounded(part[i], WEIGHT_DIGITS) for part in (entry.standardised, entry.raw)]
        rows.append([entry.feature, *of_class, *numbers])
    heads = ["for one standard deviation", "for one unit"]
    return Table(["feature", *(["class"] if has_classes else []), *heads], rows)
