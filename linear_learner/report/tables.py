"""The tables of the report page.

Tests: tests/linear_learner/report/test_page.py.
"""

from linear_learner.report.schema import CandidateEntry, Report
from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.quality.tables import name_class
from open_algorithms.learning.showing.settings import differing_settings, format_setting
from open_algorithms.learning.showing.words import NO_VALUE, format_number

MAX_CANDIDATES = 100  # rows of a table


def candidate_table(report: Report) -> Table:
    """Tabulate the candidates, the best first, with the settings in which they differ."""
    criterion = [report.training.criterion] if report.training.maximise else []
    settings = differing_settings([entry.settings for entry in report.bank])
    heads = ["candidate", *criterion, "loss", "train loss", "wins", *settings, ""]
    rows = [
        [
            entry.candidate,
            *(format_number(entry.value) for _ in criterion),
            format_number(entry.loss),
            format_number(entry.train_loss),
            NO_VALUE if entry.left_after_epoch else f"{entry.win_share:.0%}",
            *(format_setting(entry.settings.get(name)) for name in settings),
            "won" if entry.candidate == report.winner else fate_text(entry),
        ]
        for entry in report.bank[:MAX_CANDIDATES]
    ]
    return Table(
        heads,
        rows,
        chosen=report.bank.index(report.winning_entry),
        texts=[i for i, head in enumerate(heads) if head in ("optimizer", "")],
    )


def fate_text(entry: CandidateEntry) -> str:
    """Say what became of a candidate that did not win, where it did not simply train to the end."""
    if entry.left_after_epoch is not None:
        return f"left after epoch {entry.left_after_epoch}"
    return "diverged" if entry.diverged else ""


def weight_table(report: Report) -> Table:
    """Tabulate the largest weights; of a multiclass classifier that of the class with the largest, for each feature."""
    has_classes = report.predictor_type == "multiclass_classifier"
    normalized = report.data.normalized
    rows = []
    for entry in report.weights:
        i = max(range(len(entry.classes)), key=lambda i: abs(entry.standardised[i]))
        of_class = [name_class(report.classes, entry.classes[i])] if has_classes else []
        rows.append([entry.feature, *of_class, format_number(entry.standardised[i]), format_number(entry.raw[i])])
    standardised = "standardised" if normalized.features or normalized.label else "as trained"
    return Table(["feature", *(["class"] if has_classes else []), standardised, "original units"], rows)
