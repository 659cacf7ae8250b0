"""Requests for recommendations reach what answers them, and all others go their way."""

import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from container.contract.environment import ServerSettings
from container.rows.blocks import Features
from container.web import questions
from container.web.application import create_app, is_quick
from container.web.questions import asks_question

JSON, LINES = "application/json", "application/jsonlines"


class Sum:
    """Scores a record by the sum of its two features."""

    feature_dim = 2
    outputs = 1

    def predict(self, X: Features) -> dict[str, Any]:
        """Score records."""
        assert isinstance(X, np.ndarray)
        return {"score": X.sum(axis=1)}


def repeat(model: Any, asked: Sequence[Any]) -> Iterator[Any]:
    """Answer with the question, and how many there are."""
    assert isinstance(model, Sum)
    for one in asked:
        if one == "bad":
            raise ValueError("expected a good question")
        yield {"of": one, "all": len(asked)}


def serve(recommend: Any = repeat, **settings: Any) -> FlaskClient:
    return create_app(
        lambda path, room: Sum(), ServerSettings(**settings), (ValueError,), recommend=recommend
    ).test_client()


@pytest.fixture
def client() -> FlaskClient:
    return serve()


def ask(client: FlaskClient, body: bytes, kind: str | None = JSON, **headers: str) -> Any:
    return client.post("/invocations", data=body, content_type=kind, headers=headers)


def reason(answer: Any) -> str:
    return str(json.loads(answer.data)["error"]).removeprefix("unable to evaluate payload provided: ")


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", None])
def test_a_question_is_answered_as_it_is_and_a_list_by_a_list(client: FlaskClient, kind: str | None) -> None:
    single = ask(client, b'\n{ "recommend" :\n{"user": "\xc3\xa4"}}', kind)
    assert (single.status_code, single.content_type) == (200, JSON)
    assert single.data == '{"of": {"user": "ä"}, "all": 1}'.encode()
    several = ask(client, b'{"recommend": [{"user": 1}, {"user": 2}]}', kind)
    assert json.loads(several.data) == [{"of": {"user": 1}, "all": 2}, {"of": {"user": 2}, "all": 2}]
    assert ask(client, b'{"recommend": []}', kind).data == b"[]"


@pytest.mark.parametrize("kind", [LINES, None])
def test_each_line_of_json_lines_is_a_request(client: FlaskClient, kind: str | None) -> None:
    answer = ask(client, b'{"recommend": {"user": 1}}\n\n{"recommend": [{"user": 2}]}\n', kind)
    assert (answer.status_code, answer.content_type) == (200, LINES)
    assert answer.data == b'{"of": {"user": 1}, "all": 2}\n[{"of": {"user": 2}, "all": 2}]\n'


def test_a_body_may_be_compressed(client: FlaskClient) -> None:
    packed = gzip.compress(b'{"recommend": {"user": 1}}')
    assert json.loads(ask(client, packed, **{"Content-Encoding": "gzip"}).data)["all"] == 1
    packed = gzip.compress(b'{"instances": [{"features": [1, 2]}]}')
    assert json.loads(ask(client, packed, **{"Content-Encoding": "gzip"}).data) == {"predictions": [{"score": 3.0}]}


@pytest.mark.parametrize(
    ("body", "kind", "answer"),
    [
        (b'{"instances": [{"features": [1, 2]}, {"features": [1, 4]}]}', JSON, [3.0, 5.0]),
        (b'{"instances": [{"features": [1, 2]}], "recommend": {"user": 1}}', JSON, [3.0]),
        (b'{"features": [1, 2]}\n{"features": [1, 4]}\n', LINES, [3.0, 5.0]),
        (b"1,2\n1,4\n", "text/csv", [3.0, 5.0]),
        (b"1,2\n1,4\n" * 600, None, [3.0, 5.0] * 600),
    ],
)
def test_other_requests_are_predicted_as_without_questions(
    client: FlaskClient, body: bytes, kind: str | None, answer: list[float]
) -> None:
    found, plain = (ask(one, body, kind, Accept=JSON) for one in (client, serve(None)))
    assert json.loads(found.data) == {"predictions": [{"score": score} for score in answer]}
    assert found.data == plain.data


def test_where_nothing_answers_them_there_are_no_questions() -> None:
    assert ask(serve(None), b'{"recommend": {"user": 1}}').status_code == 400


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (
            b'{"recommend": {"user": 1}',
            JSON,
            'expected {"recommend": ...} with a question or a list of questions, found',
        ),
        (b'{"recommend": {"user": 1}, "top": 3}', JSON, "and nothing else, found 'recommend', 'top'"),
        (b'{"recommend": {"user": 1}}\n{"instances": 1}', LINES, "line 2: expected"),
        (b'{"recommend": {"user": 1}}\n[1]', LINES, "and nothing else, found list"),
        (b'{"recommend": ["bad"]}', JSON, "expected a good question"),
        (b'{"recommend": ' + b"[" * 100_000, JSON, "found what is no JSON"),
    ],
)
def test_what_cannot_be_answered_is_said(client: FlaskClient, body: bytes, kind: str, message: str) -> None:
    answer = ask(client, body, kind)
    assert answer.status_code == 400
    assert message in reason(answer)


def test_a_client_may_take_only_lines_or_only_a_list(client: FlaskClient) -> None:
    body = b'{"recommend": [{"user": 1}, {"user": 2}]}'
    lines = b'{"of": {"user": 1}, "all": 2}\n{"of": {"user": 2}, "all": 2}\n'
    assert ask(client, body, Accept=LINES).data == lines
    assert ask(client, b'{"recommend": {"user": 1}}', Accept=LINES).data == b'{"of": {"user": 1}, "all": 1}\n'
    asked = b'{"recommend": {"user": 1}}\n{"recommend": {"user": 2}}\n'
    answer = ask(client, asked, LINES, Accept=JSON)
    assert (answer.content_type, json.loads(answer.data)) == (JSON, [json.loads(line) for line in lines.splitlines()])
    assert ask(client, asked, LINES, Accept="application/jsonlines, application/json").data == lines


def test_the_answer_is_of_the_type_of_the_request_or_refused() -> None:
    csv = serve(default_accept="text/csv")
    question = b'{"recommend": {"user": 1}}'
    for accept in ("", "*/*", "application/*", "application/json, text/csv"):
        assert ask(csv, question, Accept=accept).content_type == JSON
    refused = ask(csv, question, Accept="text/csv")
    assert refused.status_code == 406
    assert (
        reason(refused)
        == "recommendations are application/json or application/jsonlines; found an Accept of 'text/csv'"
    )


def test_a_body_and_an_answer_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"recommend": [' + b", ".join([b'{"user": "%s"}' % (b"x" * 1000)] * 1200) + b"]}"
    small = serve(payload_mb=1)
    assert ask(small, body).status_code == 413
    assert ask(small, gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 413
    assert ask(serve(), body).status_code == 200
    monkeypatch.setattr(questions, "ANSWER_BYTES", 1 << 20)
    refused = ask(serve(), body)
    assert refused.status_code == 413
    assert reason(refused) == "the answer is larger than 1 MB; ask for fewer items at once"


def test_questions_count_as_records(client: FlaskClient) -> None:
    body = b'{"recommend": [1, 2, 3]}'
    environ = EnvironBuilder("/invocations", method="POST", data=body, content_type=JSON).get_environ()
    client.application.wsgi_app(environ, lambda *answer: print)
    assert environ["rows"] == 3


def test_a_question_does_not_hold_up_quick_requests() -> None:
    question = b' {"recommend": {"user": 1}}'
    assert asks_question(question)
    assert is_quick(1, question)
    assert not is_quick(1, question, recommends=True)
    assert is_quick(1, b'{"instances": [{"features": [1, 2]}]}', recommends=True)
    assert not asks_question(b'{"recommend": "yes", "age": 3}')
