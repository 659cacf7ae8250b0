"""A server of the model of a table as a process with two workers, which pyarrow was loaded before the fork of."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.container.forms import fill_form, read_table
from tests.container.serving import format_post, open_connection, read_answer, running_server, send_request
from tests.contract.table_models import draw_table_model, with_header, write_csv

pytestmark = pytest.mark.processes

SERVER = """
import os, sys
from container import server
from container.web.page import PageContent
from container.web.shelf import Loader
from linear_learner.answer import pack_model, render_portrait, unpack_model
from tests.contract.table_models import draw_table_model

loader = Loader(lambda path, room: draw_table_model().model, pack_model, unpack_model)
sys.exit(server.run_server(os.environ, loader, (), PageContent(render_portrait)))
"""
OF = draw_table_model()
SENT = OF.rows[:40]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running_server(SERVER) as found:
        yield found


def ask(port: int, body: bytes, kind: str, path: str = "/invocations", accept: str = "application/json") -> Any:
    status, content = send_request(port, "POST", path, body, Content_Type=kind, Accept=accept)
    assert status == 200, content
    return json.loads(content)["predictions"] if accept == "application/json" else content


def test_rows_are_scored_by_every_worker_and_counted_for_all(port: int) -> None:
    rows = json.dumps({"instances": [{**row, "Sex": "unheard of", "x": 1} for row in SENT]}).encode()
    expected = OF.score([{**row, "Sex": "unheard of"} for row in SENT])["score"]
    for _ in range(20):
        found = [one["score"] for one in ask(port, rows, "application/json")]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    metrics = send_request(port, "GET", "/metrics")[1].decode()
    gaps = sum(row["Fare"] is None for row in SENT)
    assert gaps
    assert f'serve_missing_values_total{{column="Fare"}} {20 * gaps}.0' in metrics
    assert 'serve_unknown_levels_total{column="Sex"} 800.0' in metrics
    assert "serve_requests_with_extra_columns_total 20.0" in metrics


def test_a_large_table_and_small_requests_go_through_their_threads(port: int) -> None:
    body = with_header(SENT[:3] * 20_000, OF.names)
    found = ask(port, body, "text/csv;header=present", accept="text/csv;header=present").decode().splitlines()
    assert found[0] == "score,predicted_label"
    assert len(found) == 60_001
    scores = [float(line.split(",")[0]) for line in found[1:]]
    np.testing.assert_allclose(scores, np.tile(OF.score(SENT[:3])["score"], 20_000), atol=1e-6)


def test_the_page_scores_a_table(port: int) -> None:
    body, kind = fill_form(with_header(SENT[:1], OF.names).decode())
    answer = send_request(port, "POST", "/", body, Content_Type=kind)[1].decode()
    assert read_table(answer)[0] == ["record", "score", "predicted_label"]
    assert read_table(answer)[1][2] == "no, never"


def test_a_connection_stays_open_after_a_row_that_cannot_be_read(port: int) -> None:
    with open_connection(port, format_post(b"1,2\n")) as client:
        assert read_answer(client)[0] == 400
        client.sendall(format_post(write_csv([list(SENT[0].values())])))
        assert read_answer(client)[0] == 200


def test_one_of_many_models_takes_tables_too_and_counts_nothing_by_column(tmp_path: Any) -> None:
    with running_server(SERVER, SAGEMAKER_MULTI_MODEL="true") as port:
        order = json.dumps({"model_name": "x", "url": str(tmp_path)}).encode()
        assert send_request(port, "POST", "/models", order)[0] == 200
        rows = json.dumps({"instances": SENT}).encode()
        found = [one["score"] for one in ask(port, rows, "application/json", "/models/x/invoke")]
        np.testing.assert_allclose(found, OF.score(SENT)["score"], atol=1e-6)
        assert b"column" not in send_request(port, "GET", "/metrics")[1]
