"""A model that Amazon's own algorithm wrote, asked what Amazon's own server was asked."""

import json

import numpy as np
import pytest

from benchmarks.data import FOLDER
from linear_learner.artifact.read import load_model

RUN = FOLDER / "golden" / "adult"

pytestmark = pytest.mark.shared


def test_every_record_gets_the_originals_label_and_its_score_to_the_last_digits() -> None:
    requests = json.loads((RUN / "requests.json").read_text())["instances"]
    answers = json.loads((RUN / "answers.json").read_text())["predictions"]
    X, scores = np.array([record["features"] for record in requests]), np.array([record["score"] for record in answers])
    model = load_model(RUN)
    answer = model.predict(X.astype(np.float32))
    assert len(scores) == 334
    assert answer["predicted_label"].tolist() == [record["predicted_label"] for record in answers]
    difference = np.sort(np.abs(answer["score"] - scores))
    assert difference[-2] < 3e-7
    assert difference[-1] < 3.3e-7  # where the original, which sums in float32, is 3.3e-7 off what is exact

    exact = 1 / (1 + np.exp(-(X.astype(np.float64) @ model.weight + model.bias)[:, 0]))
    assert np.abs(answer["score"] - exact).max() < 1e-7
