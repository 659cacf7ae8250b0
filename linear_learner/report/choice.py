"""Why a candidate won, in sentences.

Tests: tests/linear_learner/report/test_page.py.
"""

from linear_learner.report.losses import shown_loss
from linear_learner.report.schema import CandidateEntry, Report
from linear_learner.report.words import describe_settings
from open_algorithms.learning.showing.quality.schema import FOLDS
from open_algorithms.learning.showing.quality.scores import format_part
from open_algorithms.learning.showing.words import format_count, format_number


def is_solved(report: Report) -> bool:
    """Tell whether the winner was solved, and not trained step by step."""
    return "learning_rate" not in report.winning_entry.settings


def deciding_rows(report: Report) -> str:
    """Name the rows that candidates were chosen on."""
    folds = report.training.folds
    return f"the {report.training.deciding} rows" + (f" in {folds} folds" if folds else "")


def name_criterion(report: Report) -> str:
    """Return what people call what decides."""
    return report.training.criterion if report.training.maximise else shown_loss(report).words


def format_criterion(report: Report, value: float) -> str:
    """Write a value of the criterion; one below 0 is by how much a target is missed."""
    if not report.training.maximise:
        return shown_loss(report).write(value)
    rows = report.judgement.count_rows(FOLDS if report.training.folds else report.training.deciding).rows
    if value < 0:
        return f"missed by {format_number(-value, 3)}"
    return format_part(value, rows)


def describe_winner(report: Report) -> str:
    """Say which candidate won, and when."""
    training, winner = report.training, report.winning_entry
    then = "as far as its unfinished first epoch had come"
    if is_solved(report):
        then = f"solved in {format_count(training.passes)} passes over the rows"
    elif training.best_epoch is not None:
        then = f"with its weights after epoch {training.best_epoch + 1} of {training.epochs}"
    return (
        f"Of {format_count(len(report.bank))} candidates number {winner.candidate} won "
        f"({describe_settings(winner)}), {then}."
    )


def choice_note(report: Report) -> str:
    """Explain how the winner was chosen, and how sure that is."""
    training, winner, others = report.training, report.winning_entry, other_finalists(report)
    way, criterion = "highest" if training.maximise else "lowest", name_criterion(report)
    text = f"{describe_winner(report)} It has the {way} {criterion} on {deciding_rows(report)}: "
    text += format_criterion(report, winner.value)
    if others:
        text = text + compare_with_next(report, others[0]) if is_best(report, winner) else explain_noise(report)
    if training.folds:
        text += "; each row was judged by what was learned without its fold"
    text += ". The others are sorted by that, and among equals by the loss."
    if training.maximise and winner.value < 0:
        text += " None reaches the target."
    if others:
        text += f" Were the rows drawn anew, candidate {winner.candidate} would have the {way} {criterion} in "
        text += f"about {winner.win_share:.0%} of all cases; of equal ones that with the lower loss counts."
    if report.threshold is not None and training.maximise:
        text += (
            f" Each {criterion} here is that at the candidate's best threshold on these rows. The threshold that the "
            "model keeps is smoothed where rows are few, so that its own may be a little lower."
        )
    return text


def is_best(report: Report, entry: CandidateEntry) -> bool:
    """Tell whether no other finalist has a better value of the criterion."""
    values = [other.value for other in other_finalists(report)]
    return entry.value >= max(values) if report.training.maximise else entry.value <= min(values)


def explain_noise(report: Report) -> str:
    """Explain why the winner is not the candidate with the best value."""
    training, winner, best = report.training, report.winning_entry, other_finalists(report)[0]
    return (
        f"{describe_winner(report)} Candidate {best.candidate} has the {'highest' if training.maximise else 'lowest'} "
        f"{name_criterion(report)} on {deciding_rows(report)}: {format_criterion(report, best.value)}. But the "
        f"{format_criterion(report, winner.value)} of candidate {winner.candidate} is within three standard errors of "
        "that, and of all such candidates, or of those that were solved if there are some, its loss is the lowest"
    )


def compare_with_next(report: Report, second: CandidateEntry) -> str:
    """Compare the winner, which has the best value, with the next best."""
    winner = report.winning_entry
    text = f"; the next best, candidate {second.candidate}, has {format_criterion(report, second.value)}"
    if second.value == winner.value:
        text += " too, and the higher loss" if second.loss > winner.loss else " too, and the same loss"
    return text


def other_finalists(report: Report) -> list[CandidateEntry]:
    """Return the candidates beside the winner that trained to the end and did not diverge, the best value first."""
    others = [entry for entry in report.bank if entry.candidate != report.winner]
    return [entry for entry in others if entry.left_after_epoch is None and not entry.diverged]
