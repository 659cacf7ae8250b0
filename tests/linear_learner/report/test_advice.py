"""What a report advises after a job."""

from dataclasses import replace

from linear_learner.report.advice import list_next_steps
from linear_learner.report.schema import ModelReport, Report
from open_algorithms.learning.showing.quality.schema import BinaryQuality
from tests.linear_learner.report.jobs import job


def advise(report: ModelReport) -> str:
    return " ".join(list_next_steps(report))


def falling(losses: list[float]) -> Report:
    """Return the report of a job whose winner was trained by epochs, with these losses."""
    found = job("by loss")[1]
    steps = next(entry for entry in found.bank if "learning_rate" in entry.settings)
    curves = {name: [losses] * len(curve) for name, curve in found.curves.losses.items()}
    epochs = len(losses)
    return replace(
        found,
        winner=steps.candidate,
        training=replace(found.training, epochs=epochs, epochs_wanted=epochs, best_epoch=epochs - 1),
        curves=replace(found.curves, epochs=list(range(epochs)), losses=curves),
    )


def test_longer_training_is_advised_where_the_loss_was_still_falling() -> None:
    assert "Train longer, with epochs=6, say" in advise(falling([3.0, 2.0, 1.0]))
    assert "Train longer" not in advise(falling([3.0, 1.0, 0.9999]))
    early = falling([3.0, 2.0, 1.0])
    stopped = replace(early, training=replace(early.training, best_epoch=1))
    assert "Train longer" not in advise(stopped)


def test_one_epoch_is_not_enough() -> None:
    assert "Train longer, with epochs=2, say" in advise(falling([3.0]))


def test_who_chose_by_another_criterion_than_accuracy_is_not_told_to() -> None:
    found = job("binary_classifier")[1]
    test = found.channels["test"]
    assert isinstance(test, BinaryQuality)
    missed = replace(found, channels={"test": replace(test, confusion=[[500, 0], [400, 100]])})
    assert "binary_classifier_model_selection_criteria=f_beta" in advise(missed)
    by_recall = replace(missed, training=replace(missed.training, criterion="f_beta"))
    assert "binary_classifier_model_selection_criteria" not in advise(by_recall)


def test_a_winner_that_was_solved_needs_no_epochs() -> None:
    assert "Train longer" not in advise(job("solved")[1])


def test_a_job_that_was_stopped_is_to_run_again() -> None:
    assert "Let the job run to its end" in advise(replace(job("by loss")[1], stopped=True))


def test_rows_to_choose_on_are_asked_for_where_there_are_none() -> None:
    assert "as the channel validation, or set folds=5" in advise(job("unvalidated")[1])
    assert "as the channel validation" not in advise(job("folds")[1])
    assert "as the channel validation" not in advise(job("by loss")[1])


def test_the_next_command_is_named() -> None:
    assert advise(job("regressor")[1]).endswith("serve the model by linear_learner serve.")
