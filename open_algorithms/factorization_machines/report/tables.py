"""The tables of the report page.

Tests: tests/factorization_machines/report/test_page.py.
"""

from open_algorithms.factorization_machines.report.schema import RecommendationSummary, Report
from open_algorithms.learning.showing.frame import Table
from open_algorithms.learning.showing.settings import format_setting
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_number, format_rounded

MAX_CANDIDATES = 100  # rows of a table
SHOWN_PAIRS = 15
LOSS_DIGITS = 4
SETTINGS = {  # of a candidate, by what a column is called that has them
    "factors": ("num_factors",),
    "shrinkage": ("linear_shrinkage", "factors_shrinkage"),
    "rates": ("bias_lr", "linear_lr", "factors_lr"),
    "decays": ("bias_wd", "linear_wd", "factors_wd"),
    "batch": ("mini_batch_size",),
}


def candidate_table(report: Report) -> Table:
    """Tabulate the candidates, those of the model first, with the settings in which they differ."""
    shown = report.candidates[:MAX_CANDIDATES]
    unseen = ["held-out loss" if report.training.held_out else "validation loss"] * ("validation" in report.losses)
    settings = {
        head: [join_settings([format_setting(entry.settings[name]) for name in names]) for entry in shown]
        for head, names in SETTINGS.items()
    }
    settings = {head: texts for head, texts in settings.items() if len(set(texts)) > 1}
    heads = ["candidate", "share", *unseen, "train loss", "best epoch", *settings]
    rows = [
        [
            entry.candidate,
            f"{entry.share:.0%}" if entry.share else NO_VALUE,
            *(format_rounded(entry.validation_loss, LOSS_DIGITS) for _ in unseen),
            format_rounded(entry.train_loss, LOSS_DIGITS),
            f"{NO_VALUE if entry.best_epoch is None else entry.best_epoch + 1} of {entry.epochs}",
            *texts,
        ]
        for entry, *texts in zip(shown, *settings.values(), strict=True)
    ]
    return Table(heads, rows, chosen=0)


def join_settings(texts: list[str]) -> str:
    """Join texts of settings, where all are the same as one.

    >>> join_settings(["0.1", "0.001", "0.001"]), join_settings(["0", "0"])
    ('0.1 / 0.001 / 0.001', '0')
    """
    return texts[0] if len(set(texts)) == 1 else " / ".join(texts)


def weight_table(report: Report) -> Table:
    """Tabulate the largest linear weights."""
    rows = [
        [entry.feature, format_rounded(entry.standardised, 4), format_rounded(entry.raw, 4)] for entry in report.weights
    ]
    return Table(["feature", "in units of training", "original units"], rows)


def pair_table(report: Report, most: int | None = None) -> Table:
    """Tabulate the pairs of features with the largest weights; with `most` so many, in the units of training alone."""
    names = [" \N{MULTIPLICATION SIGN} ".join(entry.features) for entry in report.pairs[:most]]
    if most is not None:
        rows = [[name, format_rounded(entry.standardised)] for name, entry in zip(names, report.pairs, strict=False)]
        return Table(["What pairs of features add", ""], rows)
    every = [
        [name, format_rounded(entry.standardised, 4), format_rounded(entry.raw, 4)]
        for name, entry in zip(names, report.pairs, strict=True)
    ]
    return Table(["pair of features", "in units of training", "original units"], every)


def item_table(found: RecommendationSummary) -> Table:
    """Tabulate the items that are popular or recommended much, the most popular first."""
    entries = {entry.item: entry for entry in (*found.popular, *found.recommended)}
    shown = sorted(entries.values(), key=lambda entry: (-entry.users, -entry.recommended))
    rows = [[entry.item, format_count(entry.users), format_count(entry.recommended)] for entry in shown]
    return Table([found.item_column, "seen with users", "recommended to users"], rows)


def reliability_table(report: Report) -> Table | None:
    """Tabulate how far probabilities are off on each channel; None of numbers."""
    if not report.reliability:
        return None
    rows = [
        [f"{name} rows", format_number(found.error, 3), format_number(found.by_chance, 3)]
        for name, found in report.reliability.items()
    ]
    return Table(["probabilities of", "are off by", "by chance alone"], rows)


def describe_features(report: Report) -> str:
    """Say how many features there are, and of which kind."""
    return f"{format_count(report.data.features)} {'sparse' if report.data.sparse else 'dense'} features"
