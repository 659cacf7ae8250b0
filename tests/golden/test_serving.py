"""Amazon's own models behind our routes, in every request and answer format."""

import json

import numpy as np
import pytest

from benchmarks.data import FOLDER
from container.codecs.registry import ANSWER_ENCODINGS, REQUEST_DECODERS
from container.contract.environment import ServerSettings
from container.web.application import create_app
from linear_learner.artifact.read import load_model
from tests.golden.bodies import read_answer, write_request

GOLDEN = FOLDER / "golden"
COLUMNS = ("score", "predicted_label")

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("accept", ANSWER_ENCODINGS)
@pytest.mark.parametrize("kind", REQUEST_DECODERS)
def test_all_334_requests_to_amazons_model_are_answered_as_amazon_did(kind: str, accept: str) -> None:
    records = json.loads((GOLDEN / "adult" / "requests.json").read_text())["instances"]
    answers = json.loads((GOLDEN / "adult" / "answers.json").read_text())["predictions"]
    client = create_app(load_model, ServerSettings(model=GOLDEN / "adult")).test_client()
    body = write_request(kind, [record["features"] for record in records])
    found = client.post("/invocations", data=body, content_type=kind, headers={"Accept": accept})
    scores, labels = zip(*read_answer(accept, found.data, COLUMNS), strict=True)
    assert list(labels) == [answer["predicted_label"] for answer in answers]
    difference = np.sort(np.abs(np.array(scores) - [answer["score"] for answer in answers]))
    assert len(difference) == 334
    assert difference[-2] < 3e-7
    assert difference[-1] < 3.3e-7  # of the one score that the original, summing in float32, has 3.3e-7 off


def test_the_model_of_the_attrition_run_scores_as_its_log_says() -> None:
    rows = np.loadtxt(GOLDEN / "attrition" / "train.csv", delimiter=",")
    y, body = rows[:, 0], "\n".join(",".join(map(repr, row)) for row in rows[:, 1:].tolist())
    client = create_app(load_model, ServerSettings(model=GOLDEN / "attrition")).test_client()
    found = client.post("/invocations", data=body, content_type="text/csv", headers={"Accept": "text/csv"})
    score, label = np.array(read_answer("text/csv", found.data, COLUMNS)).T
    assert (label == y).sum() == 4657
    assert -np.mean(np.where(y == 1, np.log(score), np.log1p(-score))) == pytest.approx(0.555100, abs=1e-6)
