"""What to do next, after a job or with any model."""

from collections.abc import Iterator

from linear_learner.report.choice import is_solved
from linear_learner.report.schema import ModelReport, Report
from open_algorithms.learning.showing.quality.advice import Remedies, list_advice

REMEDIES = {
    "binary_classifier": Remedies(
        ", and so do positive_example_weight_mult=balanced and, where finding them counts more than accuracy, "
        "binary_classifier_model_selection_criteria=f_beta",
        ", or a stronger l1",
    ),
    "multiclass_classifier": Remedies(", and so does balance_multiclass_weights=true", ", or a stronger l1"),
    "regressor": Remedies(),
}
STILL_FALLING = 0.001  # by what part a loss falls in the last epoch, at least


def list_next_steps(report: ModelReport) -> Iterator[str]:
    """Yield what can be done now, the most important first."""
    if isinstance(report, Report):
        yield from advise_on_training(report)
    yield from list_advice(report.judgement, REMEDIES[report.predictor_type])
    yield "Predict new rows by linear_learner predict, or serve the model by linear_learner serve."


def advise_on_training(report: Report) -> Iterator[str]:
    """Yield that training was too short, or that candidates were chosen on rows that they learned from."""
    training = report.training
    if report.stopped:
        yield "Let the job run to its end: it was stopped before."
    elif not is_solved(report) and is_still_falling(report):
        yield (
            f"Train longer, with epochs={2 * training.epochs_wanted}, say: the loss of the candidate that won was "
            "still falling in the last epoch."
        )
    if training.deciding == "train" and not training.folds:
        yield (
            "Give rows to choose on as the channel validation, or set folds=5: candidates were chosen on the rows that "
            "they learned from."
        )


def is_still_falling(report: Report) -> bool:
    """Tell whether the last epoch was the best one, and the winner's loss fell in it."""
    training, curves = report.training, report.curves
    own = curves.losses[list(curves.losses)[-1]][report.winner]
    return (
        training.best_epoch == training.epochs_wanted - 1 and len(own) > 1 and own[-1] < (1 - STILL_FALLING) * own[-2]
    )
