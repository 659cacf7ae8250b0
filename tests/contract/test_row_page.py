"""The page of a model of a table asks for each column, scores that row as requests do, and tells why."""

import csv
import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from container.contract.environment import ServerSettings
from container.web.application import create_app
from container.web.page import FIELD_MARK
from open_algorithms.doors.algorithms import find_algorithm
from open_algorithms.doors.serving import describe_page
from tests.container.forms import fill_form, read_reason, read_table
from tests.contract.table_models import CLASSES, ModelWithRows, draw_table_model
from tests.linear_learner.artifacts import draw_model


@pytest.fixture(scope="module", params=CLASSES)
def served(request: pytest.FixtureRequest) -> ModelWithRows:
    """A model of a table of every predictor type."""
    return draw_table_model(request.param)


@pytest.fixture
def client(served: ModelWithRows) -> FlaskClient:
    """The application that serves it, with its page."""
    content = describe_page(find_algorithm({}))
    return create_app(lambda path, room: served.model, ServerSettings(), content=content).test_client()


def send_row(client: FlaskClient, row: dict[str, str | None]) -> Any:
    fields: dict[str, Any] = {f"{FIELD_MARK}{name}": value or "" for name, value in row.items()}
    body, kind = fill_form(**fields, answer="row")
    return client.post("/", data=body, content_type=kind)


def test_there_is_a_field_for_each_column_that_counts(served: ModelWithRows, client: FlaskClient) -> None:
    assert served.model.recipe is not None
    page = unescape(client.get("/").text)
    for column in served.model.recipe.columns:
        asked = f'name="{FIELD_MARK}{column.name}"' in page
        assert asked == (column.name in served.model.recipe.needed_names)


def test_a_row_is_scored_as_by_a_request_and_its_shares_are_told(served: ModelWithRows, client: FlaskClient) -> None:
    assert served.model.recipe is not None
    for row in served.rows[:5]:
        needed = {name: row[name] for name in served.model.recipe.needed_names}
        shown = send_row(client, needed)
        assert shown.status_code == 200
        (answer,) = client.post("/invocations", json={"instances": [needed]}).get_json()["predictions"]
        head, cells = read_table(shown.text)
        said = dict(zip(head, cells, strict=True))
        if "predicted_label" in answer:
            assert said["predicted_label"] == str(answer["predicted_label"])
        if not isinstance(answer["score"], list):
            assert float(said["score"]) == pytest.approx(answer["score"], rel=1e-5)
        assert "What each column adds to" in shown.text


def test_what_was_typed_stays_and_what_cannot_be_is_told(served: ModelWithRows, client: FlaskClient) -> None:
    assert served.model.recipe is not None
    needed = {name: served.rows[0][name] for name in served.model.recipe.needed_names}
    shown = send_row(client, needed | {"Age": "abc"})
    assert shown.status_code == 400
    assert "expected a number, found 'abc'" in read_reason(shown.text)
    assert 'value="abc"' in shown.text


def send_text(client: FlaskClient, text: str) -> str:
    body, kind = fill_form(text)
    return client.post("/", data=body, content_type=kind).text


def test_rows_that_are_sent_as_text_are_explained_too(served: ModelWithRows, client: FlaskClient) -> None:
    assert served.model.recipe is not None
    names = served.model.recipe.needed_names
    text = StringIO()
    rows = [[row[name] for name in names] for row in served.rows[:3]]
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    shown = send_text(client, text.getvalue())
    assert shown.count("<figcaption>What each column adds to") == 3
    assert shown.count("<summary>What adds to the score of record") == 3


@pytest.mark.parametrize("predictor", CLASSES)
@pytest.mark.parametrize(("text", "drawn"), [("0.5,0,2,-1,3\n", "01234"), ("0 1:0.5 3:2\n", "02")])
def test_a_row_of_a_model_without_a_table_is_explained_by_its_features(predictor: str, text: str, drawn: str) -> None:
    content, model = describe_page(find_algorithm({})), draw_model(predictor)
    client = create_app(lambda path, room: model, ServerSettings(), content=content).test_client()
    figures = re.findall("<figcaption>What each feature adds to.*?</figure>", send_text(client, text), re.DOTALL)
    assert len(figures) == 1
    assert {*re.findall(r"\bf(\d)", figures[0])} == {*drawn}
    assert send_text(client, text * 2).count("<figcaption>What each feature adds to") == 2
