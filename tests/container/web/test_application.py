"""HTTP as clients speak it, with a model of three lines."""

import gzip
import json
import struct
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records, encode_sparse_records
from container.codecs.registry import ANSWER_ENCODINGS
from container.contract.environment import ServerSettings
from container.rows.blocks import Features, Matrix
from container.web.application import create_app, is_quick
from open_algorithms.learning.rows.csr import Csr

SETTINGS = ServerSettings(workers=2)
ANSWER = {"predictions": [{"score": 0.75, "predicted_label": 1}]}
SPARSE = b'{"data": {"features": {"keys": [1, 0], "shape": [2], "values": [0.25, 0.5]}}}'
ONE = np.array([[0.5, 0.25]], np.float32)


class Sum:
    """Scores a record by the sum of its two features."""

    feature_dim = 2
    outputs = 1

    def predict(self, X: Features) -> dict[str, Any]:
        """Score records."""
        score = sums(X)
        return {"score": score, "predicted_label": (score > 0).astype(np.int64)}


def sums(X: Features) -> Matrix:
    if not isinstance(X, Csr):
        return np.asarray(X.sum(axis=1))
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    return np.bincount(rows, X.data, X.shape[0]).astype(np.float32)


def make(load: Callable[[Path, int | None], Any], **settings: Any) -> FlaskClient:
    return create_app(load, ServerSettings(workers=2, **settings)).test_client()


@pytest.fixture
def client() -> FlaskClient:
    return make(lambda path, room: Sum())


def as_parquet(**columns: list[Any]) -> bytes:
    file = BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def error(answer: Any) -> str:
    assert answer.content_type == "application/json"
    text = json.loads(answer.data)["error"]
    prefix = "unable to evaluate payload provided: "
    assert text.startswith(prefix)
    return str(text[len(prefix) :])


def test_ping_is_200_and_empty_once_the_model_is_loaded(client: FlaskClient) -> None:
    answer = client.get("/ping")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_model_that_cannot_be_loaded_makes_ping_500_with_the_reason_in_the_log_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load(path: Path, room: int | None) -> Sum:
        raise ValueError("mx-mod-symbol.json is missing")

    client = create_app(load, SETTINGS, (ValueError,)).test_client()
    assert (client.get("/ping").status_code, client.get("/ping").data) == (500, b"")
    answer = client.post("/invocations", data=b"1,2", content_type="text/csv")
    assert answer.status_code == 500
    assert error(answer) == "the model could not be loaded; the log says why"
    assert "The model in model cannot be loaded: mx-mod-symbol.json is missing" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_model_that_cannot_score_makes_ping_500(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Sum):
        def predict(self, X: Features) -> dict[str, Any]:
            raise ValueError("shapes (1,2) and (3,1) not aligned")

    assert make(lambda path, room: Broken()).get("/ping").status_code == 500
    assert "shapes (1,2) and (3,1) not aligned" in caplog.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"instances": [{"features": [0.5, 0.25]}]}'),
        ("application/json; charset=utf-8", b'{"instances": [{"data": {"features": {"values": [0.5, 0.25]}}}]}'),
        ("application/JSONLINES", b'{"features": [0.5, 0.25]}\n'),
        ("application/json", b'{"instances": [%b]}' % SPARSE),
        ("application/jsonlines", SPARSE),
        ("text/libsvm", b"1:0.5 2:0.25"),
        ("text/x-libsvm; charset=utf-8", b"7 2:0.25 1:0.5\r\n"),
        (None, b"0 1:0.5 2:0.25\n"),
        ("text/csv", b"0.5,0.25"),
        ("text/CSV; label_size=0", b"0.5,0.25\r\n"),
        ("application/x-recordio-protobuf", encode_records(ONE)),
        ("application/x-recordio-protobuf", encode_records(ONE)[8:]),
        ("application/x-parquet", as_parquet(a=[0.5], b=[0.25])),
        (None, as_parquet(b=[0.5], a=[0.25])),
        (None, b'{"instances": [{"features": [0.5, 0.25]}]}'),
        (None, b"0.5,0.25\n"),
        (None, b'{"features": [0.5, 0.25]}\n'),
        (None, b'\xef\xbb\xbf {"instances": [{"features": [0.5, 0.25]}]}'),
        ("application/jsonlines", b'\n \n{"features": [0.5, 0.25]}'),
        ("application/jsonlines", b'\xef\xbb\xbf{"features": [0.5, 0.25]}'),
        (None, encode_records(ONE)),
    ],
)
def test_every_format_gets_the_same_answer(client: FlaskClient, content_type: str | None, body: bytes) -> None:
    answer = client.post("/invocations", data=body, content_type=content_type)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.data == json.dumps(ANSWER).encode()


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        (None, "application/json", json.dumps(ANSWER).encode()),
        ("*/*", "application/json", json.dumps(ANSWER).encode()),
        ("application/jsonlines", "application/jsonlines", b'{"predicted_label":1,"score":0.75}\n'),
        ("text/csv, */*;q=0.1", "text/csv", b"0.75,1\n"),
    ],
)
def test_accept_chooses_the_answer(client: FlaskClient, accept: str | None, content_type: str, body: bytes) -> None:
    answer = client.post("/invocations", data=b"0.5,0.25", content_type="text/csv", headers={"Accept": accept or ""})
    assert (answer.status_code, answer.content_type, answer.data) == (200, content_type, body)


def load_as_it_is(model: Sum, path: Path, room: int | None) -> Sum:
    return model


class Several(Sum):
    """Scores a record for each of two classes."""

    def predict(self, X: Features) -> dict[str, Any]:
        """Score records."""
        score = sums(X)
        return {"score": np.column_stack([score, -score]), "predicted_label": (score > 0).astype(np.int64)}


def test_csv_is_answered_with_a_header_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.web.answering.VALUES_AT_ONCE", 2)
    for model, header in ((Sum(), b"score,predicted_label\n"), (Several(), b"score_0,score_1,predicted_label\n")):
        client = create_app(partial(load_as_it_is, model), SETTINGS).test_client()
        body = {"data": b"0.5,0.25\n" * 3, "content_type": "text/csv"}
        plain = client.post("/invocations", **body, headers={"Accept": "text/csv"})
        for accept in (
            "text/csv;header=present",
            "image/png, text/csv; Header=PRESENT; q=0.5",
            "text/csv,text/csv;header=present",
        ):
            answer = client.post("/invocations", **body, headers={"Accept": accept})
            assert (answer.content_type, answer.data) == ("text/csv;header=present", header + plain.data)
        for accept in ("text/csv;header=absent", "text/csv; charset=utf-8", "text/*;header=present"):
            assert client.post("/invocations", **body, headers={"Accept": accept}).data == plain.data
        other = client.post("/invocations", **body, headers={"Accept": "application/jsonlines;header=present"})
        assert other.content_type == "application/jsonlines"


def test_classes_are_answered_by_their_names() -> None:
    class Called(Several):
        classes = ("no", "yes")

    client = make(lambda path, room: Called())
    answer = client.post("/invocations", data=b"0.5,0.25", content_type="text/csv")
    assert json.loads(answer.data)["predictions"] == [{"score": [0.75, -0.75], "predicted_label": "yes"}]


def test_a_table_of_numbers_is_taken_by_the_names_that_the_model_knows(caplog: pytest.LogCaptureFixture) -> None:
    class Named(Sum):
        names = ("x", "z")
        exact = True

        def predict(self, X: Features) -> dict[str, Any]:
            assert not isinstance(X, Csr)
            return {"score": np.asarray(X[:, 0] - X[:, 1], np.float32)}

    client = make(lambda path, room: Named())
    body = as_parquet(z=[1, 2**40], id=["a", "b"], x=[3, 2**40 + 1])
    answer = client.post("/invocations", data=body, content_type="application/x-parquet")
    assert [one["score"] for one in answer.get_json()["predictions"]] == [2, 1]
    assert "Requests name columns that the model does not know; they are left out: 'id'" in caplog.text
    answer = client.post("/invocations", data=as_parquet(x=[1]), content_type="application/x-parquet")
    assert error(answer) == "expected the features of the model: 'z' is missing"


def test_recordio_answers_are_framed(client: FlaskClient) -> None:
    accept = "application/x-recordio-protobuf"
    answer = client.post("/invocations", data=b"0.5,0.25", content_type="text/csv", headers={"Accept": accept})
    assert answer.content_type == accept
    assert struct.unpack_from("<I", answer.data) == (0xCED7230A,)


def test_the_default_of_the_settings_holds_where_the_client_names_none() -> None:
    client = make(lambda path, room: Sum(), default_accept="text/csv")
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "text/*"}):
        assert client.post("/invocations", data=b"1,2", content_type="text/csv", headers=headers).data == b"3.0,1\n"
    answer = client.post("/invocations", data=b"1,2", content_type="text/csv", headers={"Accept": "application/*"})
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "message"),
    [
        ("text/csv", b"", 400, "the body is empty; expected one or more records"),
        ("text/csv", b"\n", 400, "no record in the body; expected one or more"),
        ("application/json", b'{"instances": []}', 400, "no record in the body; expected one or more"),
        ("text/csv", b"1,2\n1,2,3\n", 400, "record 2: expected 2 columns, found 3. Does it still hold the label?"),
        ("application/json", b'{"instances": [{"features": [1]}]}', 400, "record 1: expected 2 features, found 1"),
        ("application/json", b"1,2", 400, "expected application/json, but the data looks like text/csv: if it"),
        ("application/x-recordio-protobuf", encode_records(ONE[:, :1]), 400, "record 1, byte 0: expected 2 features"),
        ("text/libsvm", b"# none\n", 400, "no record in the body; expected one or more"),
        ("text/libsvm", b"1:1\n3:1\n", 400, "record 2, column 1: .* whose index is beyond the 2 features of the model"),
        ("text/csv", b"1 1:0.5\n", 400, "expected text/csv, but the data looks like text/libsvm: if it is, set"),
        (
            "text/csv",
            b"\x1f\x8b\x08",
            400,
            "expected text/csv, found gzip-compressed data. Set the Content-Encoding to gzip, or",
        ),
        ("text/csv", b"1,2\nnan,3\n", 400, "record 2, column 1: expected a number, found 'nan': a missing value"),
        ("text/csv", b"3e38,3e38\n", 400, "record 1: its score is not finite; are its features too large?"),
        ("application/json", b'{"instances":[' + b"[" * 1000 + b"]" * 1000 + b"]}", 400, "record 1: expected {"),
        (
            "application/json",
            b'{"instances":[{"features":[1,' + b"[" * 1000 + b"]" * 1000 + b"]}]}",
            400,
            "record 1, feat",
        ),
        ("application/jsonlines", b"[" * 1000 + b"]" * 1000, 400, "record 1: expected {.*, found what is nested too"),
        ("text/csv; a*=x; a*0=y", b"1,2", 415, "expected a Content-Type of .*, found 'text/csv; a"),
        (f"text/csv; a*{'1' * 4400}=x", b"1,2", 415, "expected a Content-Type of"),
        ("text/csv;label_size=2", b"1,2", 400, "expected label_size=0 or label_size=1 in the content type, found '2'"),
        ("text/csv;charset=utf-16", b"1,2", 400, "charset 'utf-16' in the content type is not supported"),
        (None, b"1,2,3", 415, "no Content-Type, .*; as CSV, record 1: expected 2 columns, found 3"),
        ("image/png", b"\x89PNG", 415, "expected a Content-Type of application/json, .*, found 'image/png'"),
        (
            "application/x-www-form-urlencoded",
            b"1,2",
            415,
            "found 'application/x-www-form-urlencoded', curl's own. Say -H 'Content-Type: text/csv', or what it is, "
            "and --data-binary, as -d drops line breaks",
        ),
        (
            "application/jsonlines",
            b'{"features":[1,2]}{"features":[1,2]}',
            400,
            "Extra data. Every record is a whole line, and curl keeps line breaks by --data-binary only",
        ),
        (
            "text/csv;decimal=,",
            b"1;2",
            400,
            "the content type says decimal, which is not read. Write decimals with a point",
        ),
        ("text/csv", b"1.5,21.5,21.5,2", 400, "record 1: .* found 4. Were line breaks lost, as by curl -d"),
        (None, b"\x89PNG\x00", 415, "no Content-Type, .*; as CSV, expected text/csv, found a PNG image"),
        ("application/x-parquet", b"PAR1", 400, "the file cannot be read .*: it is cut short or corrupt"),
        ("application/x-parquet", b"1,2", 400, "expected application/x-parquet, but the data looks like text/csv"),
        ("application/x-parquet", as_parquet(a=[1, 2], b=[1, 2], c=[1, 2]), 400, "expected 2 columns, found 3"),
        (
            "application/x-parquet",
            as_parquet(a=["x"], b=[1]),
            400,
            "column 'a': expected numbers, found the type string",
        ),
        ("application/x-parquet", as_parquet(a=[1, 1], b=[1, None]), 400, "record 2, column 'b': a missing value"),
        (None, b"hello", 415, "no Content-Type, expected one of application/json"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in reduce")
def test_what_cannot_be_scored_says_why(
    client: FlaskClient, content_type: str | None, body: bytes, status: int, message: str
) -> None:
    answer = client.post("/invocations", data=body, content_type=content_type)
    assert answer.status_code == status
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(error(answer))


def test_a_refusal_shows_the_text_of_the_request_as_it_is(client: FlaskClient) -> None:
    answer = client.post("/invocations", data="\N{MINUS SIGN}1.5,größe".encode(), content_type="text/csv")
    assert answer.data.decode() == (
        '{"error": "unable to evaluate payload provided: record 1, column 1: expected a number, found '
        "'\N{MINUS SIGN}1.5', "
        'with U+2212 (MINUS SIGN) in it. Write -1.5"}'
    )
    half = client.post("/invocations", data=b'[{"\\ud800": 1}]', content_type="application/json")
    assert 'found [{"\\ud800": 1}]' in error(half)


def test_an_accept_that_makes_no_sense_is_406(client: FlaskClient) -> None:
    for accept in ("text/csv; a*=x; a*0=y", ";;;", "q=1"):
        assert client.post("/invocations", data=b"1,2", headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize(
    ("outputs", "body", "quick"),
    [
        (1, b"PAR1" + bytes(100), False),
        (1, b'{"instances": [' + b"[]," * 1100 + b"[]]}", False),
        (1, b"1," * 8000 + b"1", True),
        (1, b"1," * 8200, False),
        (1, b"1\n" * 1000, True),
        (1, b"1\n" * 1100, False),
        (10, b"1\r" * 110, False),
        (1000, b"1\n", False),
        (1, b'{"instances": [' + b"{}," * 1100 + b"{}]}", False),
        (100, encode_records(np.ones((11, 1), np.float32)), False),
    ],
)
def test_what_is_quick_holds_little_and_few_records(outputs: int, body: bytes, quick: bool) -> None:
    assert is_quick(outputs, body) is quick


def test_labels_of_a_request_are_left_out_whatever_they_are(client: FlaskClient) -> None:
    X = Csr(np.ones(2, np.float32), np.zeros(2, np.int32), np.arange(3), (2, 2))
    body = encode_sparse_records(X, np.array([0, np.nan], np.float32))
    answer = client.post("/invocations", data=body, content_type="application/x-recordio-protobuf")
    assert answer.status_code == 200


def test_a_large_json_body_is_read_in_pieces_and_its_records_are_counted_on(client: FlaskClient) -> None:
    records = [{"features": [i, 0]} for i in range(10_000)]
    body = json.dumps({"instances": records}).encode()
    answer = client.post("/invocations", data=body, content_type="application/json")
    assert [row["score"] for row in json.loads(answer.data)["predictions"]] == list(range(10_000))
    sparse = [{"data": {"features": {"keys": [0], "shape": [2], "values": [i]}}} for i in range(9_000)]
    body = json.dumps({"instances": [*sparse, {"features": [1]}]}).encode()
    answer = client.post("/invocations", data=body, content_type="application/json")
    assert error(answer) == "record 9001: expected 2 features, found 1"


def test_an_answer_that_cannot_be_given_is_refused_before_the_body_is_parsed(client: FlaskClient) -> None:
    answer = client.post("/invocations", data=b"no csv", content_type="text/csv", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert error(answer) == (
        "expected an Accept of application/json, application/jsonlines, text/csv, application/x-recordio-protobuf, "
        "found 'image/png'"
    )


@pytest.mark.parametrize("accept", ["text/libsvm", "application/x-parquet"])
def test_what_is_only_read_is_not_answered_with(client: FlaskClient, accept: str) -> None:
    answer = client.post("/invocations", data=b"1,2", content_type="text/csv", headers={"Accept": accept})
    assert answer.status_code == 406


def test_a_sparse_record_of_a_wide_model_is_never_written_out() -> None:
    class Wide(Sum):
        feature_dim = 10**6

        def predict(self, X: Features) -> dict[str, Any]:
            assert isinstance(X, Csr) or len(X) == 1
            return super().predict(X)

    body = b"1000000:2\n" * 5000
    answer = make(lambda path, room: Wide()).post("/invocations", data=body, content_type="text/libsvm")
    assert answer.status_code == 200
    assert len(json.loads(answer.data)["predictions"]) == 5000


def test_a_body_over_the_limit_is_413(client: FlaskClient) -> None:
    length = {"CONTENT_LENGTH": str(101 << 20)}
    answer = client.post("/invocations", data=b"1,2", content_type="text/csv", environ_overrides=length)
    assert answer.status_code == 413
    assert error(answer) == "the body is larger than the limit of 100 MB"


@pytest.mark.parametrize("kind", ["application/json", "application/x-parquet"])
def test_without_a_limit_what_is_read_whole_has_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.web.bodies.WHOLE_BODY_BYTES", 1 << 20)
    client = make(lambda path, room: Sum(), payload_mb=0)
    answer = client.post("/invocations", data=b" " * (1 << 21), content_type=kind)
    assert (answer.status_code, error(answer)) == (413, "the body is larger than the limit of 1 MB")
    assert client.post("/invocations", data=b"1,2\n" * (1 << 18), content_type="text/csv").status_code == 200


def test_an_unexpected_error_shows_no_internals(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Sum):
        def predict(self, X: Features) -> dict[str, Any]:
            if sums(X).any():
                raise RuntimeError("secret")
            return super().predict(X)

    answer = make(lambda path, room: Broken()).post("/invocations", data=b"1,2", content_type="text/csv")
    assert answer.status_code == 500
    assert error(answer) == "an unexpected error; the log says more"
    assert "RuntimeError: secret" in caplog.text


def test_unknown_routes_answer_json(client: FlaskClient) -> None:
    assert client.get("/").status_code == 404
    assert client.get("/invocations").status_code == 405
    assert error(client.get("/")) == "GET /: Not Found"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (2, "MULTI_RECORD", 6)),
        ({"payload_mb": 100}, (1, "MULTI_RECORD", 100)),
        ({"payload_mb": 0, "strategy": "SingleRecord", "max_concurrent": 7}, (7, "SingleRecord", 0)),
    ],
)
def test_execution_parameters_are_the_documented_ones_and_the_users_own(
    settings: dict[str, Any], expected: tuple[int, str, int]
) -> None:
    names = ("MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB")
    found = make(lambda path, room: Sum(), **settings).get("/execution-parameters").get_json()
    assert found == dict(zip(names, expected, strict=True))


@pytest.mark.parametrize("members", [1, 3])
def test_gzip_bodies_are_unpacked(client: FlaskClient, members: int) -> None:
    rows = b"0.5,0.25\n"
    body = gzip.compress(rows) * members
    answer = client.post("/invocations", data=body, content_type="text/csv", headers={"Content-Encoding": "gzip"})
    assert json.loads(answer.data)["predictions"] == ANSWER["predictions"] * members


@pytest.mark.parametrize(
    ("body", "encoding", "status", "message"),
    [
        (gzip.compress(b"1,2\n")[:-9], "gzip", 400, "the gzip data of the body is cut short"),
        (b"1,2\n", "gzip", 400, "the gzip data of the body is corrupt"),
        (gzip.compress(b"1,2\n") + b"1,2", "gzip", 400, "the gzip data of the body is corrupt"),
        (gzip.compress(b""), "GZIP", 400, "the body is empty"),
        (b"1,2", "br", 415, "expected a Content-Encoding of gzip or none, found 'br'"),
        (gzip.compress(b"1,2\n" * (1 << 20)), "gzip", 413, "the body is larger than the limit of 2 MB"),
    ],
)
def test_gzip_bodies_that_cannot_be_taken_say_why(body: bytes, encoding: str, status: int, message: str) -> None:
    client = make(lambda path, room: Sum(), payload_mb=2)
    headers = {"Content-Encoding": encoding}
    answer = client.post("/invocations", data=body, content_type="text/csv", headers=headers)
    assert (answer.status_code, message in error(answer)) == (status, True)


@pytest.mark.parametrize(
    "kind", ["text/csv", "application/jsonlines", "text/libsvm", "application/x-recordio-protobuf"]
)
@pytest.mark.parametrize("accept", list(ANSWER_ENCODINGS))
def test_an_answer_made_in_many_parts_is_the_same(monkeypatch: pytest.MonkeyPatch, kind: str, accept: str) -> None:
    X = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    body = {
        "text/csv": "\n".join(f"{a},{b}" for a, b in X.tolist()).encode(),
        "application/jsonlines": "\n".join(json.dumps({"features": row}) for row in X.tolist()).encode(),
        "text/libsvm": "\n".join(f"1:{a} 2:{b}" for a, b in X.tolist()).encode(),
        "application/x-recordio-protobuf": encode_records(X),
    }[kind]
    answers = set()
    for values in (1 << 18, 2, 14):
        monkeypatch.setattr("container.web.answering.VALUES_AT_ONCE", values)
        client = make(lambda path, room: Sum())
        answers.add(client.post("/invocations", data=body, content_type=kind, headers={"Accept": accept}).data)
    assert len(answers) == 1


def test_the_record_that_cannot_be_scored_is_named_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.web.answering.VALUES_AT_ONCE", 6)
    body = b"1,2\n" * 10 + b"3e38,3e38\n"
    with np.errstate(over="ignore"):
        answer = make(lambda path, room: Sum()).post("/invocations", data=body, content_type="text/csv")
    assert error(answer) == "record 11: its score is not finite; are its features too large?"


def test_an_answer_that_would_be_enormous_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("container.web.answering.ANSWER_BYTES", 1 << 20)
    answer = make(lambda path, room: Sum()).post("/invocations", data=b"1,2\n" * 100_000, content_type="text/csv")
    assert answer.status_code == 413
    assert error(answer) == "the answer is larger than 1 MB; send fewer records at once"


def test_when_memory_runs_out_the_client_is_asked_to_come_again(caplog: pytest.LogCaptureFixture) -> None:
    class Greedy(Sum):
        def predict(self, X: Features) -> dict[str, Any]:
            if sums(X).any():
                raise MemoryError
            return super().predict(X)

    answer = make(lambda path, room: Greedy()).post("/invocations", data=b"1,2", content_type="text/csv")
    assert answer.status_code == 503
    assert error(answer).startswith("no memory is left")


def test_there_are_no_models_unless_there_may_be_many(client: FlaskClient) -> None:
    assert client.get("/models").status_code == 404
