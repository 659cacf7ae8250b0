"""The page for people as HTTP, with a model of three lines."""

import gzip
import json
import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.test import TestResponse

from container.codecs.recordio import encode_records
from container.contract.environment import ServerSettings
from container.rows.blocks import Features
from container.web.application import create_app
from container.web.page import PageContent
from container.web.shelf import Loader, Shelf
from open_algorithms.learning.rows.csr import Csr
from tests.container.forms import fill_form, read_reason, read_table
from tests.container.serving import running_server, send_request
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes

TOLD = Markup("<h1>A sum</h1>")
CONTENT = PageContent(lambda _: TOLD)
HEAD = ["record", "score", "predicted_label"]
ROWS = np.array([[0.5, 0.25], [-1, 0]], np.float32)


class Sum:
    """Scores a record by the sum of its two features."""

    feature_dim = 2
    outputs = 1

    def predict(self, X: Features) -> dict[str, Any]:
        """Score records."""
        if isinstance(X, Csr):
            rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
            score = np.bincount(rows, X.data, X.shape[0]).astype(np.float32)
        else:
            score = X.sum(axis=1)
        return {"score": score, "predicted_label": (score > 0).astype(np.int64)}


def make(model: Any = Sum, content: PageContent = CONTENT, **settings: Any) -> FlaskClient:
    return create_app(lambda path, room: model(), ServerSettings(**settings), content=content).test_client()


def send(client: FlaskClient, *args: Any, **fields: Any) -> TestResponse:
    body, kind = fill_form(*args, **fields)
    return client.post("/", data=body, content_type=kind)


@pytest.fixture
def client() -> FlaskClient:
    return make()


def test_the_page_describes_the_model_and_says_what_it_takes(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert TOLD in answer.text
    assert "One record a line: 2 numbers, separated by commas" in answer.text
    assert read_table(answer.text) == []
    assert read_reason(answer.text) == ""


def test_head_is_the_page_without_its_body(client: FlaskClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(client.get("/").data)


@pytest.mark.parametrize(
    "body",
    [
        b"0.5,0.25\n-1,0\n",
        b"0.5,0.25\r\n-1,0",
        b'{"instances": [{"features": [0.5, 0.25]}, {"features": [-1, 0]}]}',
        b'{"features": [0.5, 0.25]}\n{"features": [-1, 0]}\n',
        b"0 1:0.5 2:0.25\n0 1:-1\n",
        encode_records(ROWS),
    ],
)
def test_what_invocations_reads_is_scored_typed_or_as_a_file_gzipped_or_not(client: FlaskClient, body: bytes) -> None:
    expected = [HEAD, ["1", "0.75", "1"], ["2", "-1", "0"]]
    if body.isascii():
        assert read_table(send(client, body.decode()).text) == expected
    assert read_table(send(client, file=body).text) == expected
    assert read_table(send(client, "not looked at", gzip.compress(body)).text) == expected


class Difference(Sum):
    """Knows the names of its features, and tells one from the other."""

    names = ("height", "width")
    exact = False

    def predict(self, X: Features) -> dict[str, Any]:
        """Score records."""
        assert not isinstance(X, Csr)
        return {"score": X[:, 0] - X[:, 1], "predicted_label": np.zeros(len(X), np.int64)}


def test_names_that_are_numbers_are_known_for_a_header_where_they_are_the_models() -> None:
    class Numbered(Difference):
        names = ("1", "2")

    assert read_table(send(make(Numbered), "2,1\n0.25,0.5\n").text) == [HEAD, ["1", "0.25", "0"]]
    assert read_table(send(make(Difference), "2,1\n").text) == [HEAD, ["1", "1", "0"]]


@pytest.mark.parametrize(
    "text", ["height,width\n0.5,0.25\n", "width,id,height\n0.25,n 1,0.5\n", '\ufeff"width","height"\r\n0.25,0.5\r\n']
)
def test_a_table_with_a_header_is_scored_by_its_names(text: str) -> None:
    client = make(Difference)
    expected = [HEAD, ["1", "0.25", "0"]]
    assert read_table(send(client, text).text) == expected
    assert read_table(send(client, file=text.encode()).text) == expected
    labelled = (
        text.replace("height", "height,label", 1).replace("0.5", "0.5,1", 1).replace('height,label"', 'height","label"')
    )
    assert read_table(send(client, labelled).text) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"1,2\n1,2,3\n",
        b"1,2\n<b>,3\n",
        b'{"instances": [{"features": [1]}]}',
        b'{"features": [1]}\n',
        b"\x89PNG\x00",
        b"1,2\n3e38,3e38\n",
        b"PAR1",
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in reduce")
def test_what_cannot_be_scored_has_the_status_and_the_words_of_invocations(client: FlaskClient, body: bytes) -> None:
    kind = "application/json" if body.startswith(b"{") else "text/csv"
    kind = "application/jsonlines" if body.startswith(b'{"features') else kind
    kind = "application/x-parquet" if body == b"PAR1" else kind
    refusal = client.post("/invocations", data=body, content_type=kind)
    answer = send(client, file=body)
    assert answer.status_code == refusal.status_code > 399
    assert json.loads(refusal.data)["error"].endswith(f": {read_reason(answer.text)}")


def test_a_text_is_kept_as_it_was_and_nothing_in_it_becomes_html(client: FlaskClient) -> None:
    text = "\n</textarea><script>alert(1)</script>&amp;,2\r\n"
    page = send(client, text).text
    kept = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert kept
    assert unescape(kept[1]) == text
    assert "<script" not in page
    assert "found '</textarea><script>alert(1)</script>&amp;'" in read_reason(page)


def test_of_many_records_the_first_hundred_are_shown_and_all_downloaded(client: FlaskClient) -> None:
    body = b"".join(b"%d,0\n" % i for i in range(250))
    page = send(client, file=body).text
    assert len(read_table(page)) == 101
    assert "The first 100 of 250 records" in page
    download = send(client, file=body, answer="file")
    plain = client.post("/invocations", data=body, content_type="text/csv", headers={"Accept": "text/csv"})
    assert (download.content_type, download.data) == ("text/csv", plain.data)
    assert download.headers["Content-Disposition"] == 'attachment; filename="scores.csv"'


def test_a_fault_in_a_record_that_would_not_be_shown_is_told_all_the_same(client: FlaskClient) -> None:
    assert read_reason(send(client, file=b"1,2\n" * 200 + b"1\n").text) == "record 201: expected 2 columns, found 1"


def test_the_label_is_left_out_of_csv_if_it_is_said_to_be_there(client: FlaskClient) -> None:
    page = send(client, "7,0.5,0.25", labelled="on").text
    assert read_table(page)[1] == ["1", "0.75", "1"]
    assert "checked" in page
    assert "Does it still hold the label?" in read_reason(send(client, "7,0.5,0.25").text)


def test_of_several_scores_the_largest_stands_out_behind_the_label() -> None:
    class Three(Sum):
        outputs = 3

        def predict(self, X: Features) -> dict[str, Any]:
            score = super().predict(X)["score"][:, None] * np.array([0.25, 2 / 3, 0.125], np.float32)
            return {"score": score, "predicted_label": score.argmax(axis=1)}

    page = send(make(Three), "1,0").text
    assert read_table(page) == [
        ["record", "predicted_label", "score_0", "score_1", "score_2"],
        ["1", "1", "0.25", "0.6667", "0.125"],
    ]
    assert page.count('class="largest"') == 1
    assert '<td class="largest">0.6667' in page


def test_the_page_of_a_model_without_labels_speaks_of_none_and_marks_no_value() -> None:
    class Place(Sum):
        outputs = 3

        def predict(self, X: Features) -> dict[str, Any]:
            return {"closest_cluster": super().predict(X)["score"], "projection": X}

    content = CONTENT._replace(labelled=False)
    client = create_app(lambda path, room: Place(), ServerSettings(), content=content).test_client()
    page = send(client, "2,1.5").text
    assert read_table(page) == [
        ["record", "closest_cluster", "projection_0", "projection_1"],
        ["1", "3.5", "2", "1.5"],
    ]
    shown = page.partition("</style>")[2]
    assert "largest" not in shown
    assert not re.search("score|label", re.sub("<[^>]*>", "", shown), re.IGNORECASE)
    download = send(client, "2,1.5", answer="file")
    assert download.headers["Content-Disposition"] == 'attachment; filename="answers.csv"'


def explain(model: Sum, X: Features) -> Markup:
    """Tell the sum of a row, which is its score."""
    assert X.shape == (1, 2)
    return Markup("<p>It is {}.</p>").format(f"{model.predict(X)['score'][0]:g}")


def test_below_the_score_of_one_record_stands_what_adds_to_it() -> None:
    client = make(content=CONTENT._replace(explain_row=explain))
    for body in ("0.5,0.25", "0 1:0.5 2:0.25", '{"features": [0.5, 0.25]}'):
        page = send(client, body).text
        assert page.count("<p>It is 0.75.</p>") == 1
        assert "<details>" not in page
    assert "It is" not in send(make(), "0.5,0.25").text
    assert "It is" not in send(client, "0.5").text


@pytest.mark.parametrize("records", [2, 10, 250])
@pytest.mark.parametrize("sparse", [False, True])
def test_each_of_the_first_ten_records_can_be_opened_to_see_what_adds_to_its_score(records: int, sparse: bool) -> None:
    client = make(content=CONTENT._replace(explain_row=explain))
    line = "0 1:%d" if sparse else "%d,0"
    page = send(client, file="".join(f"{line}\n" % i for i in range(1, records + 1)).encode()).text
    opened = re.findall(r"<details>\s*<summary>(.*?)</summary>\s*(.*?)\s*</details>", page)
    first = range(1, min(records, 10) + 1)
    assert opened == [(f"What adds to the score of record {i}", f"<p>It is {i}.</p>") for i in first]


def test_only_records_that_are_shown_are_explained_and_no_download_is() -> None:
    class Many(Sum):
        outputs = 3000

        def predict(self, X: Features) -> dict[str, Any]:
            return {"score": np.repeat(super().predict(X)["score"][:, None], 3000, axis=1)}

    def refuse(model: Sum, X: Features) -> Markup:
        raise AssertionError

    one = CONTENT._replace(explain_row=lambda model, X: Markup("<p>told</p>"))
    assert send(make(Many, content=one), "1,2\n" * 20).text.count("<p>told</p>") == 1
    download = send(make(content=CONTENT._replace(explain_row=refuse)), "1,2\n" * 20, answer="file")
    assert download.status_code == 200


def test_a_form_that_is_none_is_refused_in_words(client: FlaskClient) -> None:
    plain = client.post("/", data=b"1,2", content_type="text/csv")
    assert (plain.status_code, read_reason(plain.text)) == (
        415,
        "expected a Content-Type of multipart/form-data, found 'text/csv'",
    )
    for body, kind in ((b"--x\r\nContent-Disp", "multipart/form-data; boundary=x"), (b"x", "multipart/form-data")):
        broken = client.post("/", data=body, content_type=kind)
        assert (broken.status_code, read_reason(broken.text)) == (400, "the body is no whole multipart/form-data")


def test_what_is_too_large_is_refused(client: FlaskClient) -> None:
    text = send(client, "1,2\n" * (1 << 18) + "1")
    assert (text.status_code, read_reason(text.text)) == (413, "the text is larger than 1 MB; send it as a file")
    small = make(payload_mb=1)
    for file in (b"1,2\n" * (1 << 18), gzip.compress(b"1,2\n" * (1 << 19))):
        answer = send(small, file=file)
        assert (answer.status_code, read_reason(answer.text)) == (413, "the body is larger than the limit of 1 MB")


def test_nothing_on_the_page_comes_from_elsewhere_or_runs(client: FlaskClient) -> None:
    answer = client.get("/")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    for other in (send(client, "1,2"), send(client, "1"), send(client, "1,2", answer="file")):
        assert other.headers["Content-Security-Policy"] == policy
        assert (other.headers["X-Content-Type-Options"], other.headers["Cache-Control"]) == ("nosniff", "no-store")


def test_a_model_that_could_not_be_loaded_has_a_page_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def load(path: Path, room: int | None) -> Sum:
        raise ValueError("secret")

    client = create_app(load, ServerSettings(), (ValueError,), content=CONTENT).test_client()
    for answer in (client.get("/"), send(client, "1,2")):
        assert answer.status_code == 500
        assert read_reason(answer.text) == "The model could not be loaded; the log says why."
        assert "<form" not in answer.text


def test_there_is_no_page_if_it_is_off_or_many_models_are_served(tmp_path: Path) -> None:
    loader: Loader[Sum] = Loader(lambda path, room: Sum(), lambda model: [b""], lambda content: Sum())
    shelf = create_app(
        loader.load_model,
        ServerSettings(multi_model=True),
        shelf=Shelf(tmp_path, loader),
        content=CONTENT,
    )
    for client in (make(shows_page=False), shelf.test_client()):
        for answer in (client.get("/"), client.post("/")):
            assert (answer.status_code, answer.content_type) == (404, "application/json")


def test_the_server_counts_and_logs_what_the_page_is_asked() -> None:
    body, kind = fill_form(file=b"1,2\n3,4\n")
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="1") as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=HANG_SECONDS)
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        connection.request("GET", "/")
        assert b"<h1>Sum</h1>" in connection.getresponse().read()
        connection.close()
        status, page = send_request(port, "POST", "/", body, Content_Type=kind)
        assert (status, read_table(page.decode())[1:]) == (200, [["1", "3"], ["2", "7"]])
        status, page = send_request(port, "POST", "/", bytes(2 << 20), Content_Type=kind)
        assert (status, read_reason(page.decode())) == (413, "the body is larger than the limit of 1 MB")
        counts = send_request(port, "GET", "/metrics")[1].decode()
    assert 'serve_requests_total{route="/",status="200"} 3.0' in counts
    assert 'serve_requests_total{route="/",status="413"} 1.0' in counts
    assert "serve_records_total 2.0" in counts


def test_a_file_is_scored_where_bodies_have_no_limit_and_come_in_pieces() -> None:
    body, kind = fill_form(file=b"1,2\n" * 200_000)
    with running_server(SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as port:
        status, page = send_request(port, "POST", "/", body, Content_Type=kind)
    assert status == 200
    assert b"The first 100 of 200,000 records" in page
