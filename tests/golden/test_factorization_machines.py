"""The public job of the original on MovieLens repeated by the first candidate alone, and bettered by all.

What its log and its endpoint said is in Amazon's public notebook on Factorization Machines and MovieLens.
"""

import numpy as np
import pytest

from benchmarks.data import open_archive
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.rows.csr import Csr, slice_rows
from open_algorithms.learning.types.arrays import Float32s
from tests.factorization_machines.jobs import CLASSIFIER, learn
from tests.learning.job.recorder import Quality, Recorder

pytestmark = pytest.mark.shared

CROSS_ENTROPY, ACCURACY = "binary_classification_cross_entropy", "binary_classification_accuracy"
LIKED, FEATURES = 4, 2623
ORIGINAL = {
    **CLASSIFIER,
    "num_models": "1",
    "num_factors": "64",
    "mini_batch_size": "200",
    "epochs": "30",
    "shuffle": "false",
}
EPOCHS = np.array(
    [
        [0.6858020927, 0.6731621594, 0.6633392491, 0.6555191935, 0.6490889571, 0.6436392950],
        [0.6388996075, 0.6346878568, 0.6308788040, 0.6273843321, 0.6241411480, 0.6211028942],
        [0.6182350335, 0.6155113983, 0.6129118708, 0.6104207652, 0.6080256895, 0.6057167328],
        [0.6034858648, 0.6013265069, 0.5992331991, 0.5972013602, 0.5952270879, 0.5933070428],
        [0.5914383109, 0.5896183185, 0.5878447936, 0.5861156861, 0.5844291283, 0.5827834278],
    ]
).ravel()  # train cross entropy
ENDPOINT = [0.5895045399665833, 0.5774816870689392, 0.6433746814727783, 0.6484015583992004, 0.4518936276435852]


def load_split(split: str) -> tuple[Csr, Float32s]:
    """Return one-hot rows of users and films, and whether the film was liked."""
    arrays = open_archive("movielens_100k")
    pairs = arrays[split].astype(np.int32)
    ends = np.arange(0, pairs.size + 1, 2)
    rows = Csr(np.ones(pairs.size, np.float32), pairs.reshape(-1), ends, (len(pairs), FEATURES))
    return rows, (arrays[f"rating_{split}"] >= LIKED).astype(np.float32)


def train_on_ratings(texts: dict[str, str], log: Recorder | None = None) -> TrainingResult:
    return learn(texts, [load_split("train")], log or Recorder(), channels={"test": [load_split("test")]})


def scores_on_test(result: TrainingResult) -> dict[str, float]:
    return {name: value for name, _, value in result.measurements["test"].scores}


def test_the_first_candidate_alone_repeats_the_originals_job_epoch_by_epoch() -> None:
    log = Recorder()
    result = train_on_ratings(ORIGINAL, log)
    found = [
        quality.value
        for quality in log.select_events(Quality)
        if (quality.metric, quality.batch) == (CROSS_ENTROPY, None) and quality.epoch is not None
    ]
    np.testing.assert_allclose(found, EPOCHS, atol=1e-3)
    assert scores_on_test(result)[CROSS_ENTROPY] == pytest.approx(0.604, abs=0.003)
    assert scores_on_test(result)[ACCURACY] == pytest.approx(0.6935, abs=0.004)
    rows, _ = load_split("test")
    first = result.model.predict(slice_rows(rows, 0, len(ENDPOINT)))["score"]
    np.testing.assert_allclose(first, ENDPOINT, atol=0.03)  # the original drew other initial factors


def test_a_default_job_is_better_than_the_originals_and_than_an_hour_of_its_tuning() -> None:
    found = scores_on_test(train_on_ratings({**CLASSIFIER, "holdout": "0.1"}))
    assert found[CROSS_ENTROPY] <= 0.560
    assert found[ACCURACY] >= 0.707
