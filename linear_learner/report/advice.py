"""What to do next, after a job or with any model."""

from collections.abc import Iterator

from linear_learner.report.choice import is_solved
from linear_learner.report.schema import ModelReport, Report
from open_algorithms.learning.showing.quality.advice import Remedies, list_advice

REMEDIES = {
    "binary_classifier": Remedies(
        " To find more of the rarer class, at the price of accuracy, set "
        "binary_classifier_model_selection_criteria=f_beta, or take another threshold of those below.",
        ", or a stronger l1",
    ),
    "multiclass_classifier": Remedies(
        " So does balance_multiclass_weights=true, at the price of accuracy.", ", or a stronger l1"
    ),
    "regressor": Remedies(),
}
BY_ACCURACY = "accuracy"  # the criterion of those who have not chosen another
STILL_FALLING = 0.001  # by what part a loss falls in the last epoch, at least


def list_next_steps(report: ModelReport) -> Iterator[str]:
    """Yield what can be done now, the most important first."""
    if isinstance(report, Report):
        yield from advise_on_training(report)
    remedies = REMEDIES[report.predictor_type]
    if isinstance(report, Report) and report.training.maximise and report.training.criterion != BY_ACCURACY:
        remedies = remedies._replace(rare_classes="")
    yield from list_advice(report.judgement, remedies)
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
    if training.best_epoch != training.epochs_wanted - 1:
        return False
    return len(own) < 2 or own[-1] < (1 - STILL_FALLING) * own[-2]
