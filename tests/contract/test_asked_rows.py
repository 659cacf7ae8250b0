"""Rows as people write them, sent to a model of a table: the same answer in whatever form they come."""

import csv
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from container.codecs.recordio import encode_records
from container.contract.environment import ServerSettings
from container.rows.asked import TableModel
from container.web.application import create_app
from examples.demo import decode_answer
from linear_learner.artifact.packing import pack_model, unpack_model
from linear_learner.objective.model import LinearModel
from tests.contract.formats import CSV, JSON, JSONLINES, PARQUET, RECORDIO
from tests.contract.table_models import (
    CLASSES,
    TARGET,
    ModelWithRows,
    Rows,
    draw_table_model,
    with_header,
    write_csv,
)
from tests.waiting import HANG_SECONDS

HEADER = "text/csv;header=present"
BINARY = draw_table_model()
SENT = BINARY.rows[:40]


def serve(of: ModelWithRows, **settings: Any) -> FlaskClient:
    return create_app(lambda folder, room: of.model, ServerSettings(**settings)).test_client()


CLIENT = serve(BINARY)


def typed(name: str, text: str | None) -> Any:
    """What a program has where people write text."""
    if text is not None and name in ("Age", "Größe, in cm", "Color") and re.fullmatch(r"[\d.]+", text):
        return float(text) if "." in text else int(text)
    return {"yes": True, "no": False}[text] if name == "Alone" and text else text


def typed_rows(rows: Rows) -> list[dict[str, Any]]:
    return [{name: typed(name, text) for name, text in row.items()} for row in rows]


def as_documents(rows: list[Any]) -> bytes:
    return json.dumps({"instances": rows}, ensure_ascii=False).encode()


def as_lines(rows: list[Any]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def write_parquet(rows: Rows) -> bytes:
    table = {name: [typed(name, row[name]) for row in rows] for name in reversed(rows[0])}
    table["Color"] = [None if value is None else str(value) for value in table["Color"]]
    columns = {name: pa.array(values) for name, values in table.items()}
    columns["Sex"] = columns["Sex"].dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    columns["Day"] = columns["Day"].cast(pa.date32())
    columns["Seen"] = pa.array([f"{text}:00" for text in table["Seen"]]).cast(pa.timestamp("ms"))
    file = BytesIO()
    pq.write_table(pa.table(columns | {"other": pa.array([[1]] * len(rows))}), file)
    return file.getvalue()


SHUFFLED = [*reversed(BINARY.names), "unknown", TARGET]
FORMS: dict[str, tuple[str, Callable[[Rows], bytes]]] = {
    "a header": (HEADER, lambda rows: with_header(rows, BINARY.names)),
    "a header in another order, with other columns": (HEADER, lambda rows: with_header(rows, SHUFFLED)),
    "a header without what is left out": (HEADER, lambda rows: with_header(rows, BINARY.names[1:])),
    "a header that is not declared": (CSV, lambda rows: with_header(rows, SHUFFLED)),
    "a byte order mark and CRLF": (HEADER, lambda rows: b"\xef\xbb\xbf" + with_header(rows, SHUFFLED, "\r\n")),
    "lone carriage returns": (HEADER, lambda rows: with_header(rows, SHUFFLED, "\r")),
    "blank lines": (HEADER, lambda rows: b"\n \n" + with_header(rows, SHUFFLED, "\n\n  \n")),
    "another charset": (
        f"{HEADER};charset=latin-1",
        lambda rows: with_header(rows, SHUFFLED).decode().encode("latin-1"),
    ),
    "semicolons": (HEADER, lambda rows: with_header(rows, SHUFFLED, delimiter=";")),
    "tabs, and no word of them": (CSV, lambda rows: with_header(rows, SHUFFLED, delimiter="\t")),
    "semicolons without a header": (
        f'{CSV};delimiter=";"',
        lambda rows: write_csv([list(row.values()) for row in rows], delimiter=";"),
    ),
    "the index of a frame": (HEADER, lambda rows: with_header(rows, ["", *SHUFFLED, "Unnamed: 7"])),
    "no header": (CSV, lambda rows: write_csv([list(row.values()) for row in rows])),
    "a label first": (
        "text/csv;label_size=1",
        lambda rows: write_csv([["a, label", *row.values()] for row in rows]),
    ),
    "a label first and a header": (f"{HEADER};label_size=1", lambda rows: with_header(rows, ["x", *SHUFFLED])),
    "no content type": ("", lambda rows: with_header(rows, SHUFFLED)),
    "objects": (JSON, as_documents),
    "objects of numbers and truth values": (JSON, lambda rows: as_documents(typed_rows(rows))),
    "objects under features": (JSON, lambda rows: as_documents([{"features": row, "id": 7} for row in rows])),
    "lists": (JSON, lambda rows: as_documents([list(row.values()) for row in typed_rows(rows)])),
    "lists under features": (JSON, lambda rows: as_documents([{"features": list(row.values())} for row in rows])),
    "lists under data": (
        JSON,
        lambda rows: as_documents([{"data": {"features": {"values": list(row.values())}}} for row in rows]),
    ),
    "no content type, a document": ("", as_documents),
    "lines": (JSONLINES, lambda rows: as_lines(typed_rows(rows))),
    "lines of lists": (JSONLINES, lambda rows: as_lines([list(row.values()) for row in rows])),
    "no content type, lines": ("", as_lines),
    "a table": (PARQUET, write_parquet),
    "no content type, a table": ("", write_parquet),
    "encoded rows": (RECORDIO, lambda rows: encode_records(BINARY.encode(rows))),
    "sparse encoded rows among lists": (
        JSON,
        lambda rows: as_documents(
            [as_sparse(row) if i % 3 else list(row.values()) for i, row in enumerate(rows)],
        ),
    ),
}


def as_sparse(row: dict[str, str | None]) -> dict[str, Any]:
    X = BINARY.encode([row])[0]
    keys = np.flatnonzero(X).tolist()
    return {"data": {"features": {"keys": keys, "shape": [len(X)], "values": X[keys].tolist()}}}


def post(body: bytes, kind: str, accept: str = JSON, client: FlaskClient = CLIENT) -> tuple[int, bytes]:
    answer = client.post("/invocations", data=body, content_type=kind or None, headers={"Accept": accept})
    return answer.status_code, answer.data


def refuse(body: bytes, kind: str, client: FlaskClient = CLIENT) -> str:
    status, content = post(body, kind, client=client)
    text = str(json.loads(content)["error"])
    assert status == 400, text
    return text.removeprefix("unable to evaluate payload provided: ")


def test_a_linear_model_is_the_model_of_a_table() -> None:
    model: TableModel = BINARY.model
    assert isinstance(model, TableModel)


@pytest.mark.parametrize("form", FORMS)
def test_a_row_is_scored_alike_in_whatever_form_it_comes(form: str) -> None:
    kind, write = FORMS[form]
    status, content = post(write(SENT), kind)
    assert status == 200, content
    found, expected = json.loads(content)["predictions"], BINARY.score(SENT)
    np.testing.assert_allclose([one["score"] for one in found], expected["score"], rtol=0, atol=1e-6)
    labels = [CLASSES["binary_classifier"][label] for label in expected["predicted_label"]]
    assert [one["predicted_label"] for one in found] == labels
    assert {*labels} == {"no, never", "yes"}


@pytest.mark.parametrize("form", FORMS)
def test_a_single_row_and_a_gzipped_body_are_read_in_every_form(form: str) -> None:
    kind, write = FORMS[form]
    answer = CLIENT.post(
        "/invocations", data=gzip.compress(write(SENT[:1])), content_type=kind, headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 200, answer.data
    assert answer.get_json()["predictions"][0]["score"] == pytest.approx(float(BINARY.score(SENT[:1])["score"][0]))


def test_an_answer_names_the_classes_in_each_format_that_has_texts() -> None:
    body = with_header(SENT[:2], BINARY.names)
    first, second = (float(score) for score in BINARY.score(SENT[:2])["score"])
    assert post(body, HEADER, CSV)[1].decode() == f'{first!r},"no, never"\n{second!r},yes\n'
    assert [json.loads(line)["predicted_label"] for line in post(body, HEADER, JSONLINES)[1].splitlines()] == [
        "no, never",
        "yes",
    ]
    records = list(decode_answer(post(body, HEADER, RECORDIO)[1]))
    assert [record["predicted_label"] for record in records] == [0, 1]


def test_classes_that_are_numbers_are_answered_as_numbers() -> None:
    recipe = BINARY.model.recipe
    assert recipe is not None
    assert recipe.target is not None
    numbered = replace(recipe, target=replace(recipe.target, classes=(3.0, 4.5)))
    client = serve(ModelWithRows(replace(BINARY.model, recipe=numbered), BINARY.rows))
    found = json.loads(post(as_documents(list(SENT[:2])), JSON, client=client)[1])["predictions"]
    assert [repr(one["predicted_label"]) for one in found] == ["3", "4.5"]
    assert [line.split(b",")[1] for line in post(as_lines(list(SENT[:2])), JSONLINES, CSV, client)[1].splitlines()] == [
        b"3",
        b"4.5",
    ]


def test_a_header_of_the_answer_names_the_classes_of_the_scores() -> None:
    many, number = draw_table_model("multiclass_classifier"), draw_table_model("regressor")
    body = with_header(many.rows[:2], many.names)
    lines = post(body, HEADER, HEADER, serve(many))[1].decode().splitlines()
    assert lines[0] == 'score_a,"score_b ""quoted""",score_c,predicted_label'
    assert [row[3] for row in csv.reader(lines[1:])] == ["c", 'b "quoted"']
    assert post(body, HEADER, HEADER, serve(number))[1].decode().splitlines()[0] == "score"


def test_a_packed_model_answers_as_the_model_does() -> None:
    packed = unpack_model(b"".join(pack_model(BINARY.model)))
    client = serve(ModelWithRows(packed, BINARY.rows))
    body = with_header(SENT, SHUFFLED)
    assert post(body, HEADER, client=client) == post(body, HEADER)


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        (HEADER, b"Age,Sex\n22,male\n", r"^expected the columns of the model: 'Größe, in cm', 'Fare', .* are missing$"),
        (HEADER, b"Sex,age\nmale,22\n", r"'Age', .* are missing, 'age' is not known$"),
        (
            HEADER,
            with_header(SENT[:1], [*BINARY.names, "Age"]),
            "^the column 'Age' is there more than once; leave one$",
        ),
        (
            HEADER,
            with_header(SENT[:2], BINARY.names) + b"1,2\n",
            "^record 3: expected 9 columns, as the header has, fo",
        ),
        (
            CSV,
            write_csv([["x", *SENT[0].values()]]),
            r"^record 1: expected 9 columns, 'id', 'Age', .*, 'Seen', in this order, found 10\. Is the target 'answer' "
            r"among them\? Leave it out, or say 'text/csv;label_size=1' if it comes first$",
        ),
        (
            CSV,
            write_csv([list(SENT[0].values())[1:]]),
            r"found 8\. Where columns are not named, those that the model leaves out are there too$",
        ),
        (JSON, as_documents([[*SENT[0].values(), 1]]), r"expected 9 values, .*, found 10\. .*\? Leave it out$"),
        (
            JSON,
            as_documents([SENT[0], {**SENT[1], "Age": "abc"}]),
            r"^record 2, column 'Age': expected a number, found",
        ),
        (JSON, as_documents([{**SENT[0], "Alone": "maybe"}]), "^record 1, column 'Alone': .*, found 'maybe'"),
        (
            JSON,
            as_documents([{**SENT[0], "Day": "2018-02-30"}]),
            "^record 1, column 'Day': expected a date or time, fou",
        ),
        (
            JSON,
            as_documents([{**SENT[0], "Age": [1]}]),
            r"^record 1, column 'Age': expected a number, .*, found \[1\]$",
        ),
        (JSON, as_documents([{**SENT[0], "Age": 10**400}]), "^record 1, column 'Age': expected a number that a 32-bit"),
        (JSON, as_documents([{**SENT[0], "Age": True}]), "^record 1, column 'Age': expected a number, found 'true'"),
        (JSON, as_documents([{"Age": 22}, {"Age": 23, "x": 1}]), r"'Alone' and 2 more are missing, 'x' is not known\."),
        (JSON, as_documents([{}]), "^record 1: expected the columns of the model, 'Age', .*, found {}$"),
        (
            JSON,
            as_documents([SENT[0], {"id": 1}]),
            '^record 2: expected the columns of the model, .*, found {"id": 1}$',
        ),
        (
            JSON,
            as_documents([SENT[0], "male"]),
            "^record 2: expected an object of columns, or a list of 9 values, found",
        ),
        (JSON, b'{"Age": 22}', r'^expected \{"instances": \[\.\.\.\]\}, found'),
        (JSONLINES, as_lines([SENT[0]]) + b"\n\n{", "^record 2, column 2: not JSON"),
        (
            JSONLINES,
            as_lines([SENT[0], {**SENT[1], "Fare": "3 m"}]),
            "^record 2, column 'Fare': expected a number, foun",
        ),
        (CSV, with_header(SENT, BINARY.names) + b'1,"2\n3,4\n', "^record 41: a quote that is not closed: '\"2"),
        (CSV, b"{}", "^expected text/csv, found other JSON than is read"),
        (CSV, b"\n \n", "^no record in the body; expected one or more$"),
        (HEADER, with_header([], BINARY.names), "^no record in the body; expected one or more$"),
        (HEADER, b"", "^the body is empty; expected one or more records$"),
        (
            CSV,
            with_header(SENT[:1], BINARY.names).replace(b"male", b"m\xff"),
            "^record 1, column 'Sex': expected text in",
        ),
        (
            f"{CSV};charset=shift_jis",
            b"\xff",
            "text that is not written as shift_jis. Write the data as UTF-8$",
        ),
        (f"{CSV};sep=;", b"1;2", "^record 1: expected 9 columns, .*, found 2"),
        (f"{CSV};decimal=,", b"1;2", "^the content type says decimal, which is not read"),
        (f"{CSV};delimiter=x", b"1;2", "^expected a delimiter among comma, .* in the content type, found 'x'$"),
        (RECORDIO, encode_records(np.ones((1, 9), np.float32)), "^record 1, byte 0: expected 60 features"),
        (PARQUET, b"PAR1", "^the file cannot be read"),
    ],
)
def test_what_cannot_be_scored_names_record_and_column_and_what_was_expected(
    kind: str, body: bytes, message: str
) -> None:
    assert re.search(message, refuse(body, kind))


def test_a_header_is_a_row_where_the_content_type_says_that_there_is_none() -> None:
    assert refuse(with_header(SENT, BINARY.names), f"{CSV};header=absent").startswith(
        "record 1, column 'Age': expected a number, found 'Age'"
    )


@pytest.mark.parametrize("gap", [None, "", " ", "NaN", "n/a", "?"])
def test_a_value_may_be_missing_in_many_words_and_a_key_in_some_records(gap: str | None) -> None:
    whole = {**SENT[0], "Age": None}
    expected = post(as_documents([SENT[0], whole]), JSON)
    assert post(as_documents([SENT[0], {**whole, "Age": gap}]), JSON) == expected
    assert post(with_header([SENT[0], {**whole, "Age": gap}], BINARY.names), HEADER) == expected
    assert (
        post(as_documents([SENT[0], {name: text for name, text in whole.items() if name != "Age"}]), JSON) == expected
    )


def test_a_level_is_the_same_as_a_number_and_as_a_text() -> None:
    answers = {post(as_documents([{**SENT[0], "Color": level}]), JSON) for level in (1, 1.0, "1", "1.0", " 1 ")}
    assert len(answers) == 1
    assert answers != {post(as_documents([{**SENT[0], "Color": 2}]), JSON)}


def test_a_number_may_be_written_as_it_was_in_training_or_plainly() -> None:
    answers = {post(as_documents([{**SENT[0], "Fare": fare}]), JSON) for fare in ("$1,151.50", "1151.5", 1151.5)}
    assert len(answers) == 1


def test_fields_may_hold_commas_quotes_and_line_breaks() -> None:
    odd = [{**row, "Sex": 'a "b",\r\nc\n'} for row in SENT]
    unknown = post(as_documents([{**row, "Sex": "unheard of"} for row in SENT]), JSON)
    assert post(with_header(odd, SHUFFLED), HEADER) == unknown
    assert post(as_documents(list(odd)), JSON) == unknown


def test_a_body_that_comes_in_pieces_is_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [{**row, "Sex": 'a "b",\r\nc\n'} if i % 3 else row for i, row in enumerate(SENT)]
    expected = {}
    for kind, body in ((HEADER, with_header(odd, SHUFFLED)), (JSONLINES, as_lines(list(odd)))):
        expected[kind] = post(body, kind, HEADER)
        for size in (1, 7, 64, 1000):
            monkeypatch.setattr("container.codecs.lines._REQUEST_BYTES", size)
            assert post(body, kind, HEADER) == expected[kind]
    assert expected[HEADER] == expected[JSONLINES]
    monkeypatch.setattr("container.rows.asked._VALUES_AT_ONCE", 100)
    assert post(body, kind, HEADER) == expected[kind]
    assert expected[kind][1].count(b"score") == 1


def test_a_fault_in_a_later_piece_is_of_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*SENT, {**SENT[0], "Age": "abc"}]
    for name, value in (("container.codecs.lines._REQUEST_BYTES", 64), ("container.rows.asked._VALUES_AT_ONCE", 100)):
        monkeypatch.setattr(name, value)
        for form in ("a header", "no header", "objects", "lines", "lists"):
            kind, write = FORMS[form]
            assert refuse(write(rows), kind).startswith("record 41, column 'Age': expected a number, found 'abc'")


def test_what_is_odd_is_counted_by_column_and_unknown_columns_by_request() -> None:
    client = serve(BINARY)
    rows = [
        {**SENT[0], "Age": None, "Sex": "unheard of"},
        {**SENT[0], "Age": None, "Color": None, "x": "1"},
        {**SENT[0], "Age": "1", "Color": "1", "Alone": "no", "y": "1"},
    ]
    assert post(as_documents(rows), JSON, client=client)[0] == 200
    assert post(with_header([SENT[1]], [*BINARY.names, "x"]), HEADER, client=client)[0] == 200
    metrics = client.get("/metrics").text
    gaps = {name: text for name, text in SENT[1].items() if text is None}
    assert f'serve_missing_values_total{{column="Age"}} {2 + ("Age" in gaps)}.0' in metrics
    assert f'serve_missing_values_total{{column="Color"}} {1 + ("Color" in gaps)}.0' in metrics
    assert 'serve_unknown_levels_total{column="Sex"} 1.0' in metrics
    assert 'column="id"' not in metrics
    assert "serve_requests_with_extra_columns_total 2.0" in metrics


def test_a_table_that_cannot_be_encoded_makes_ping_500(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(LinearModel):
        def encode_rows(self, arrays: Any) -> Any:
            raise ValueError("no recipe of this kind")

    of = BINARY.model
    model = Broken(of.predictor_type, of.loss_type, of.weight, of.bias, names=of.names, recipe=of.recipe)
    client = serve(ModelWithRows(model, BINARY.rows))
    assert client.get("/ping").status_code == 500
    assert "no recipe of this kind" in caplog.text


def test_an_empty_row_that_is_tried_at_the_start_is_not_counted() -> None:
    metrics = serve(BINARY).get("/metrics").text
    assert "# HELP serve_missing_values" in metrics
    assert "serve_missing_values_total{" not in metrics


def test_the_server_of_numbers_does_without_arrow() -> None:
    program = """
import sys
import numpy as np
from container.contract.environment import ServerSettings
from container.web.application import create_app
from linear_learner.objective.model import LinearModel

model = LinearModel("regressor", "squared_loss", np.ones((2, 1), np.float32), np.zeros(1, np.float32), names=("a", "b"))
client = create_app(lambda folder, room: model, ServerSettings()).test_client()
for kind, body in (("text/csv", "1,2"), ("application/json", '{"instances": [{"features": [1, 2]}]}')):
    assert client.post("/invocations", data=body, content_type=kind).status_code == 200
assert "pyarrow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=HANG_SECONDS)


def test_unknown_columns_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    client = serve(BINARY)
    for _ in range(2):
        post(with_header(SENT, [*BINARY.names, TARGET, "cabin"]), HEADER, client=client)
        post(as_documents([{**SENT[0], "cabin": 1}]), JSON, client=client)
    assert caplog.messages == ["Requests name columns that the model does not know; they are left out: 'cabin'"]


texts = st.text(max_size=12) | st.sampled_from(
    ["$1,1", "-", "1e400", "(3)", "31.02.2018", "12:61", "\0", '"', "٣", "١٢"]
)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(texts, st.integers(), max_size=2)
)
names = st.sampled_from([*BINARY.names, TARGET, "features", "data", ""]) | texts
records = (
    st.dictionaries(names, values, max_size=12)
    | st.lists(values, min_size=8, max_size=10)
    | st.fixed_dictionaries(dict.fromkeys(BINARY.names, values))
    | values
)


def check_answer(body: bytes, kind: str) -> None:
    for accept in (JSON, HEADER):
        status, content = post(body, kind, accept)
        assert status in (200, 400, 415), content


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@given(rows=st.lists(records | st.dictionaries(st.just("features"), records, min_size=1), max_size=3))
def test_no_json_is_a_fault_of_ours(rows: list[Any]) -> None:
    for kind in (JSON, ""):
        check_answer(json.dumps({"instances": rows}).encode(), kind)
    for kind in (JSONLINES, ""):
        check_answer("\n".join(map(json.dumps, rows)).encode(), kind)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@given(
    rows=st.lists(st.lists(texts, min_size=9, max_size=9) | st.lists(texts, max_size=10), max_size=4),
    header=st.lists(names, max_size=12) | st.permutations(BINARY.names),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_no_table_is_a_fault_of_ours(rows: list[list[str]], header: list[str], ending: str) -> None:
    for kind in (HEADER, CSV, f"{CSV};label_size=1", f"{CSV};charset=utf-16", ""):
        check_answer(write_csv([header, *rows], ending), kind)
        check_answer(write_csv(rows, ending), kind)


@given(body=st.binary(max_size=60) | st.text('a1,"\r\n \0é', max_size=60).map(str.encode))
def test_no_bytes_are_a_fault_of_ours(body: bytes) -> None:
    head = with_header(SENT[:1], BINARY.names)
    for kind in (HEADER, CSV, JSON, JSONLINES, PARQUET, f"{HEADER};charset=shift_jis"):
        check_answer(body, kind)
        check_answer(head + body, kind)
