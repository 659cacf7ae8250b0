"""A server of a model of users and items recommends, and predicts as before."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from open_algorithms.factorization_machines.artifact.write import write_artifact
from open_algorithms.factorization_machines.recommending.questions import recommend_items
from tests.contract.formats import CSV, JSON, JSONLINES
from tests.contract.launch import Process
from tests.contract.servers import RunningServer, serve_model
from tests.factorization_machines.pairs import SEEN, WITH_PLACE, draw_model

pytestmark = pytest.mark.processes

MODEL = draw_model(seen=SEEN)
QUESTIONS = [{"user": "u3", "top": 3}, {"user": "nobody", "exclude": ["m1"]}]
ANSWERS = list(recommend_items(MODEL, QUESTIONS))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of a model that knows what was seen."""
    root = tmp_path_factory.mktemp("served")
    (root / "model").mkdir()
    write_artifact(MODEL, root / "model")
    with serve_model(root, Process, ALGORITHM="factorization_machines") as running:
        yield running


def test_questions_are_answered(server: RunningServer) -> None:
    status, answer = server.post(json.dumps({"recommend": QUESTIONS}).encode(), JSON)
    assert (status, json.loads(answer)) == (200, ANSWERS)
    status, answer = server.post(json.dumps({"recommend": QUESTIONS[0]}).encode(), JSON)
    assert (status, json.loads(answer)) == (200, ANSWERS[0])
    lines = "".join(json.dumps({"recommend": one}) + "\n" for one in QUESTIONS)
    status, answer = server.post(lines.encode(), JSONLINES, JSONLINES)
    assert (status, list(map(json.loads, answer.splitlines()))) == (200, ANSWERS)


def test_a_question_that_cannot_be_understood_is_refused_in_a_sentence(server: RunningServer) -> None:
    status, answer = server.post(b'{"recommend": {"top": 3}}', JSON)
    assert status == 400
    reason = "recommend: expected a user, a text or a number, found None."
    assert json.loads(answer)["error"] == f"unable to evaluate payload provided: {reason}"


def test_rows_are_predicted_as_their_recommendations_say(server: RunningServer) -> None:
    best = ANSWERS[0]["recommendations"][0]
    status, answer = server.post(f"u3,{best['item']}\n".encode(), CSV, CSV)
    assert status == 200
    assert float(answer) == pytest.approx(best["score"], rel=1e-5)
    row = json.dumps({"instances": [{"user": "u3", "movie": best["item"]}]}).encode()
    assert json.loads(server.post(row, JSON)[1])["predictions"][0]["score"] == pytest.approx(best["score"], rel=1e-5)


def test_each_model_of_many_recommends_by_itself(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    models = {"pair": MODEL, "place": draw_model(WITH_PLACE, predictor_type="binary_classifier")}
    for name, model in models.items():
        (tmp_path / name).mkdir()
        write_artifact(model, tmp_path / name)
    many = {"ALGORITHM": "factorization_machines", "SAGEMAKER_MULTI_MODEL": "true"}
    with serve_model(tmp_path, Process, **many) as server:
        for name in models:
            order = json.dumps({"model_name": name, "url": str(tmp_path / name)}).encode()
            assert server.post(order, JSON, path="/models")[0] == 200
        body = json.dumps({"recommend": QUESTIONS}).encode()
        assert json.loads(server.post(body, JSON, path="/models/pair/invoke")[1]) == ANSWERS
        refused = server.post(body, JSON, path="/models/place/invoke")
        assert refused[0] == 400
        assert b"Say which of them holds users" in refused[1]
