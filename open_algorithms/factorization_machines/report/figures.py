"""The charts of the report page.

Tests: tests/factorization_machines/report/test_page.py.
"""

import math
from collections.abc import Sequence

from open_algorithms.factorization_machines.report.schema import CandidateEntry, RecommendationSummary, Report
from open_algorithms.factorization_machines.report.words import is_trained_as_original, name_rows
from open_algorithms.learning.showing.axes import Scale
from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.frame import Figure, Key
from open_algorithms.learning.showing.learning_curves import epoch_scale, finite_values, loss_range
from open_algorithms.learning.showing.plots import Curve, draw_curves
from open_algorithms.learning.showing.quality.scores import name_score
from open_algorithms.learning.showing.words import format_count

WEIGHT_BARS, ITEM_BARS = 15, 10
NOT_FAR = 1.5  # times the top of a chart
ORIGINAL, CHOSEN, OTHER, BEST = "--third", "--accent", "--faint", "--minus"


def learning_figures(report: Report) -> list[Figure]:
    """Draw the losses of all candidates by epoch, on the train rows and on those that chose."""
    return [loss_figure(report, channel) for channel, curves in report.losses.items() if any(curves)]


def loss_figure(report: Report, channel: str) -> Figure:
    """Draw the losses of all candidates on some rows: the chosen ones on top, with their best epochs."""
    losses = report.losses[channel]
    where = name_rows(report) if channel == "validation" else "the train rows"
    drawn = sorted(report.candidates, key=lambda entry: (entry.share, is_trained_as_original(entry)))
    curves = [draw_losses(entry, losses[entry.candidate]) for entry in drawn if losses[entry.candidate]]
    curves += [mark_best(entry, losses[entry.candidate]) for entry in drawn if entry.share]
    scale, ends = epoch_scale(max(map(len, losses))), shown_range(report, losses)
    picture = draw_curves(
        curves,
        f"Loss of every candidate on {where} by epoch",
        scale,
        Scale(name_score(report.objective), ends, logarithmic=True, floor=0),
    )
    return Figure(
        f"Loss on {where}", picture, list_key(report, [min(curve, default=math.inf) <= ends[1] for curve in losses])
    )


def shown_range(report: Report, losses: Sequence[list[float]]) -> tuple[float, float]:
    """Return the range of losses to show, with the lowest of candidate 0 where that is not far above the others."""
    curves = [curve for curve in losses if curve]
    own = [value for entry in report.chosen for value in losses[entry.candidate]]
    low, high = loss_range(curves, own)
    original = min(finite_values(losses[0]), default=math.inf)
    return low, max(high, original) if original <= NOT_FAR * high else high


def draw_losses(entry: CandidateEntry, losses: list[float]) -> Curve:
    """Return the curve of a candidate."""
    title = f"candidate {entry.candidate}"
    if entry.share:
        title += f", a share of {entry.share:.0%}"
    colour = CHOSEN if entry.share else ORIGINAL if is_trained_as_original(entry) else OTHER
    epochs = [float(epoch) for epoch in range(1, len(losses) + 1)]
    return Curve(epochs, losses, title, colour, 1 + 1.5 * (entry.share > 0))


def mark_best(entry: CandidateEntry, losses: list[float]) -> Curve:
    """Return a dot at the best epoch of a candidate; none where no epoch ended."""
    if entry.best_epoch is None:
        return Curve([], [], "", BEST)
    epoch = entry.best_epoch + 1
    return Curve([epoch], [losses[entry.best_epoch]], f"epoch {epoch}, the best of candidate {entry.candidate}", BEST)


def list_key(report: Report, in_sight: Sequence[bool]) -> list[Key]:
    """Say what the colours of the curves stand for of the candidates that are `in_sight`, by their numbers."""
    key = [Key(CHOSEN, "chosen"), Key(BEST, "best epoch", "dot")]
    left = [entry for entry in report.candidates if not entry.share and in_sight[entry.candidate]]
    if any(map(is_trained_as_original, left)):
        key.append(Key(ORIGINAL, "candidate 0, as the original"))
    return [*key, Key(OTHER, "others")] if any(not is_trained_as_original(entry) for entry in left) else key


def recommendation_figures(found: RecommendationSummary) -> list[Figure]:
    """Draw the items that were seen with the most users, and those that are recommended to the most."""
    seen = f"Seen with the most of {format_count(found.users)} users"
    best = f"Recommended to the most of {format_count(found.asked_users)} users"
    popular = {entry.item: entry.users for entry in found.popular[:ITEM_BARS]}
    recommended = {entry.item: entry.recommended for entry in found.recommended[:ITEM_BARS]}
    return [
        Figure(caption, draw_bars(list(counts), list(counts.values()), caption, write_count))
        for caption, counts in ((seen, popular), (best, recommended))
    ]


def write_count(value: float) -> str:
    """Write a number of users."""
    return format_count(round(value))


def weight_figure(report: Report) -> Figure:
    """Draw the largest linear weights."""
    shown = report.weights[:WEIGHT_BARS]
    caption = "What single features add"
    values = [entry.standardised for entry in shown]
    return Figure(caption, draw_bars([entry.feature for entry in shown], values, caption))
