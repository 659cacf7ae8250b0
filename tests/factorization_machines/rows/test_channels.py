"""Channels are read within the memory, and rows are held out where there are no others to select on."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.rows import compact
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr
from tests.factorization_machines.jobs import CLASSIFIER, REGRESSOR, cut_blocks, draw_classes, learn
from tests.learning.job.recorder import Recorder

X, y = draw_classes(1000)
FEW = {**CLASSIFIER, "epochs": "2", "num_models": "2"}


def test_300_rows_are_held_out_or_a_tenth_of_many_unless_there_is_a_channel_for_that() -> None:
    assert learn(FEW, cut_blocks(X, y)).held_out == pytest.approx(300, abs=2)
    assert learn(FEW, cut_blocks(*draw_classes(5000))).held_out == pytest.approx(500, abs=2)
    log = Recorder()
    given = learn({**FEW, "holdout": "0.2"}, cut_blocks(X, y), log, channels={"validation": cut_blocks(X, y)})
    assert (given.held_out, given.deciding_channel, given.is_refitted) == (0, "validation", False)
    assert log.has_said("holdout has no effect on this job: the channel 'validation' is there to select on.")


def test_one_candidate_alone_learns_from_all_rows() -> None:
    result = learn({**FEW, "num_models": "1"}, cut_blocks(X, y))
    assert (result.held_out, result.deciding_channel) == (0, "train")
    assert result.measurements["train"].rows == 1000


def test_what_cannot_be_read_twice_has_no_rows_held_out_and_few_candidates() -> None:
    result = learn({**CLASSIFIER, "epochs": "2"}, cut_blocks(X, y), piped_channels={"train"})
    assert result.held_out == 0
    assert [course.settings.number for course in result.courses] == [0, 1]
    with pytest.raises(InputError, match="holdout: expected 0 or auto with the channel 'train' in Pipe mode"):
        learn({**FEW, "holdout": "0.1"}, cut_blocks(X, y), piped_channels={"train"})


def test_under_tuning_candidate_0_trains_one_epoch_alone_as_the_original() -> None:
    result = learn({**CLASSIFIER, "_tuning_objective_metric": "test:rmse"}, cut_blocks(X, y))
    assert [course.settings.number for course in result.courses] == [0]
    assert (result.epochs, result.held_out, result.model.threshold) == (1, 0, 0.5)


def test_fewer_candidates_are_trained_where_the_memory_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "FEWEST_FEATURES", 10**9)
    wide = X._replace(shape=(X.shape[0], 200_000))
    texts = {**CLASSIFIER, "epochs": "1"}
    many, few = (learn(texts, cut_blocks(wide, y), free_memory=lambda size=size: size << 20) for size in (4000, 400))
    assert len(many.courses) == 15
    assert 2 <= len(few.courses) < 15


def test_more_features_than_fit_the_memory_are_refused_with_advice() -> None:
    wide = Csr(X.data, X.indices, X.indptr, (X.shape[0], 50_000_000))
    with pytest.raises(InputError, match="lower num_factors, num_models or mini_batch_size, or use a larger instance"):
        learn(CLASSIFIER, cut_blocks(wide, y), free_memory=lambda: 1 << 30)


def test_a_regressor_may_have_labels_that_are_all_equal() -> None:
    result = learn({**REGRESSOR, "epochs": "3"}, cut_blocks(X, np.full_like(y, 7)))
    np.testing.assert_allclose(result.model.predict(X)["score"], 7, atol=0.5)


def test_validation_rows_of_one_class_are_warned_of() -> None:
    log = Recorder()
    learn(FEW, cut_blocks(X, y), log, channels={"validation": cut_blocks(X, np.ones_like(y))})
    assert "channel 'validation': all labels are 1, so its figures say little." in log.warnings
