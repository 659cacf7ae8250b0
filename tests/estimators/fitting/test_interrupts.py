"""Control-C gives the best model so far once, and ends the fit the second time."""

import logging
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from linear_learner import LinearLearnerClassifier
from open_algorithms.estimators.fitting.interrupts import InterruptWatch
from open_algorithms.estimators.fitting.progress import LearningWarning
from tests.estimators.examples import NUMBERS, X

ENDLESS = {"epochs": 10**6, "early_stopping_patience": 10**6, "num_models": 2, "mini_batch_size": 50}


class Presser(logging.Handler):
    """Presses Control-C at each line of the log that has one of some words."""

    def __init__(self, *words: str) -> None:
        super().__init__(logging.DEBUG)
        self.words = words

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line."""
        if any(word in record.getMessage() for word in self.words):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def press() -> Iterator[Callable[..., None]]:
    """Press Control-C during fits, at lines of their log with these words."""
    logger, handlers = logging.getLogger("linear_learner"), []
    before, InterruptWatch.last_time = logger.level, -math.inf

    def add(*words: str) -> None:
        handlers.append(Presser(*words))
        logger.addHandler(handlers[-1])

    logger.setLevel(logging.DEBUG)
    yield add
    for handler in handlers:
        logger.removeHandler(handler)
    logger.setLevel(before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_first_gives_the_best_model_so_far_with_a_warning(press: Callable[..., None]) -> None:
    press("epoch 2:")
    with pytest.warns(LearningWarning, match="Told to stop: the model is the best of 3 epochs"):
        estimator = LinearLearnerClassifier(**ENDLESS).fit(X, NUMBERS)
    assert estimator.score(X, NUMBERS) > 0.9
    assert estimator.report_["stopped"] is True


def test_before_there_is_a_model_it_goes_on(press: Callable[..., None]) -> None:
    estimator = LinearLearnerClassifier(**{**ENDLESS, "epochs": 1}).fit(X, NUMBERS)
    press("Final configuration")
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, NUMBERS)
    assert not hasattr(estimator, "model_")


@pytest.mark.filterwarnings("ignore::open_algorithms.estimators.fitting.progress.LearningWarning")
def test_the_second_ends_the_fit_at_once(press: Callable[..., None]) -> None:
    press("epoch 2:", "of the channel 'train'")
    with pytest.raises(KeyboardInterrupt):
        LinearLearnerClassifier(**ENDLESS).fit(X, NUMBERS)


@pytest.mark.filterwarnings("ignore::open_algorithms.estimators.fitting.progress.LearningWarning")
def test_one_soon_after_that_of_another_fit_is_a_second(press: Callable[..., None]) -> None:
    press("epoch 2:")
    estimator = LinearLearnerClassifier(**ENDLESS).fit(X, NUMBERS)
    with pytest.raises(KeyboardInterrupt):  # or a search over many would go on to the next for ever
        estimator.fit(X, NUMBERS)


def test_handlers_of_others_are_left_alone_as_is_a_thread_that_is_not_the_main_one() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with InterruptWatch() as watch:
            os.kill(os.getpid(), signal.SIGINT)
            watch.raise_if_stopped()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]

    def watch_elsewhere() -> None:
        with InterruptWatch():
            seen.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)

    thread = threading.Thread(target=watch_elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.SIGINT, True]
