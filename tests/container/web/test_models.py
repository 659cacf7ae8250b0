"""The multi-model calls of the platform: seen by all workers at once, whole or not at all."""

import json
import os
import resource
import signal
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from container.contract.environment import ServerSettings
from container.contract.errors import NoMemoryForModel
from container.web import shelf
from container.web.application import create_app
from tests.container.serving import running_server, send_request, start_server, stop_server, wait_for_ping
from tests.ports import claim_port
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

Call = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of two workers that runs for all tests of this module."""
    with running_server(SAGEMAKER_MULTI_MODEL="True") as number:
        yield number


@pytest.fixture
def call(port: int) -> Iterator[Call]:
    """Call the server with JSON, and unload what is left afterwards."""

    def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, content = send_request(port, method, path, None if body is None else json.dumps(body))
        return status, json.loads(content)

    yield call
    for model in call("GET", "/models?limit=1000")[1]["models"]:
        call("DELETE", f"/models/{urllib.parse.quote(model['modelName'], safe='')}")


def write(folder: Path, add: float) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "add").write_text(str(add))
    return str(folder)


def invoke(port: int, name: str, body: bytes = b"1,2\n") -> tuple[int, bytes]:
    return send_request(port, "POST", f"/models/{name}/invoke", body, Content_Type="text/csv", Accept="text/csv")


def test_ping_is_200_and_the_list_empty_before_any_model_is_loaded(port: int, call: Call) -> None:
    assert send_request(port, "GET", "/ping") == (200, b"")
    assert call("GET", "/models") == (200, {"models": []})


def test_a_model_is_loaded_described_invoked_and_unloaded(port: int, call: Call, tmp_path: Path) -> None:
    url = write(tmp_path / "model", 0.5)
    assert call("POST", "/models", {"model_name": "x", "url": url}) == (200, {"status": "Workers scaled"})
    described = {"modelName": "x", "modelUrl": url}
    assert call("GET", "/models/x") == (200, described)
    assert call("GET", "/models") == (200, {"models": [described]})
    assert {invoke(port, "x") for _ in range(20)} == {(200, b"3.5\n")}
    assert call("POST", "/models", {"model_name": "x", "url": url}) == (
        409,
        {"message": "Model x is already registered."},
    )
    assert call("DELETE", "/models/x") == (200, {"status": 'Model "x" unregistered'})
    assert [call("GET", "/models/x")] * 2 == [(404, {"message": "Model not found: x"})] * 2
    assert call("DELETE", "/models/x")[0] == 404
    assert json.loads(invoke(port, "x")[1]) == {"message": "Model not found: x"}
    assert {invoke(port, "x")[0] for _ in range(20)} == {404}


def test_an_invocation_is_answered_and_refused_as_without_many_models(port: int, call: Call, tmp_path: Path) -> None:
    call("POST", "/models", {"model_name": "x", "url": write(tmp_path / "model", 0)})
    status, body = invoke(port, "x", b"1,2,3\n")
    assert status == 400
    assert json.loads(body)["error"].startswith("unable to evaluate payload provided: record 1: expected 2 columns")
    assert send_request(port, "POST", "/invocations", b"1,2", Content_Type="text/csv")[0] == 404


@pytest.mark.parametrize("name", ["a b", "a/b.tar.gz", "../../etc/passwd", "ü%2f", "x" * 300, ".", "model?"])
def test_any_name_will_do(port: int, call: Call, tmp_path: Path, name: str) -> None:
    assert call("POST", "/models", {"model_name": name, "url": write(tmp_path / "model", 1)})[0] == 200
    quoted = urllib.parse.quote(name, safe="")
    assert invoke(port, quoted) == (200, b"4.0\n")
    assert call("GET", f"/models/{quoted}")[1]["modelName"] == name
    assert call("DELETE", f"/models/{quoted}")[0] == 200


@pytest.mark.parametrize(
    ("order", "status", "message"),
    [
        ({"model_name": "x", "url": "/nowhere"}, 404, "no folder /nowhere"),
        ({"model_name": "x"}, 400, 'expected {"model_name": "...", "url": "/the/absolute/folder"}'),
        ({"model_name": "", "url": "/tmp"}, 400, "expected"),
        ({"model_name": 1, "url": "/tmp"}, 400, "expected"),
        ({"model_name": "x", "url": "relative"}, 400, "expected"),
        ({"model_name": "x", "url": "/\0"}, 400, "expected"),
        ([], 400, "expected"),
        ({"model_name": "/x", "url": "/tmp"}, 400, "expected a model_name that can stand in the path of a URL"),
        ({"model_name": "a\nb", "url": "/tmp"}, 400, "expected a model_name that can stand"),
    ],
)
def test_a_call_that_cannot_be_followed_says_why(call: Call, order: Any, status: int, message: str) -> None:
    found, body = call("POST", "/models", order)
    assert found == status
    assert message in body["message"]


def test_a_call_that_is_nested_too_deeply_is_refused(port: int) -> None:
    assert send_request(port, "POST", "/models", "[" * 100_000)[0] == 400


def test_a_model_that_cannot_be_read_leaves_nothing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, body = call("POST", "/models", {"model_name": "x", "url": str(tmp_path / "empty")})
    assert (status, body) == (400, {"message": "model x cannot be loaded: no file add"})
    assert call("GET", "/models") == (200, {"models": []})


def test_hundreds_of_models_are_listed_in_pages(port: int, call: Call, tmp_path: Path) -> None:
    url = write(tmp_path / "model", 0)
    names = [f"{i:03}" for i in range(250)]
    for name in names:
        assert call("POST", "/models", {"model_name": name, "url": url})[0] == 200
    found, token = [], "0"
    while token:
        page = call("GET", f"/models?next_page_token={token}")[1]
        found += [model["modelName"] for model in page["models"]]
        token = page.get("nextPageToken")
    assert found == names
    assert [invoke(port, name) for name in names] == [(200, b"3.0\n")] * 250
    assert call("GET", "/models?next_page_token=x")[0] == 400


def test_a_model_is_replaced_under_load_without_one_failed_request(port: int, call: Call, tmp_path: Path) -> None:
    urls = [write(tmp_path / str(i), i) for i in range(2)]
    call("POST", "/models", {"model_name": "x", "url": urls[0]})
    answers: list[tuple[int, bytes]] = []
    done = threading.Event()

    def ask_on() -> None:
        while not done.is_set():
            answers.append(invoke(port, "x", b"1,2\n" * 3))

    threads = [threading.Thread(target=ask_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(1, 40):
        assert call("POST", "/models", {"model_name": "x", "url": urls[i % 2]})[0] == 200
        time.sleep(0.02)
    done.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {(200, b"3.0\n" * 3), (200, b"4.0\n" * 3)}


def test_of_many_who_load_one_model_one_does(port: int, call: Call, tmp_path: Path) -> None:
    url = write(tmp_path / "model", 0)
    statuses: list[int] = []
    order = {"model_name": "x", "url": url}
    threads = [threading.Thread(target=lambda: statuses.append(call("POST", "/models", order)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 7


Loader: Any = shelf.Loader


def test_what_a_killed_worker_has_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    for pid in (os.getpid(), 1 << 30):
        (tmp_path / "shelf" / f".{pid}-abc").write_bytes(b"half a model")
    shelf.Shelf(tmp_path / "shelf", Loader(lambda path, room: path, lambda model: [b"x"], bytes)).load_model(
        "x", write(tmp_path / "model", 0)
    )
    left = sorted(file.name for file in (tmp_path / "shelf").iterdir())
    assert left[0] == f".{os.getpid()}-abc"
    assert len(left) == 2


def too_large(path: Path, room: int) -> bytes:
    raise MemoryError(f"more than {room}")


def test_a_model_that_there_is_no_memory_for_is_507(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader: Any = Loader(too_large, bytes, bytes)
    (tmp_path / "shelf").mkdir()
    url = write(tmp_path / "model", 0)
    monkeypatch.setattr("container.web.shelf.memory_available", lambda: 80 << 20)
    settings = ServerSettings(multi_model=True)
    app = create_app(loader.load_model, settings, shelf=shelf.Shelf(tmp_path / "shelf", loader))
    answer = app.test_client().post("/models", json={"model_name": "x", "url": url})
    assert answer.status_code == 507
    assert answer.get_json()["message"] == "no room for model x: 16 MB are left, and 4 times its size is needed"
    assert not list((tmp_path / "shelf").iterdir())


def test_a_full_disk_is_507_and_leaves_nothing(tmp_path: Path) -> None:
    loader: Any = Loader(lambda path, room: path, lambda model: [b"x" * (2 << 20)], bytes)
    (tmp_path / "shelf").mkdir()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, usual[1]))
    try:
        with pytest.raises(NoMemoryForModel, match="no room for model x: File too large"):
            shelf.Shelf(tmp_path / "shelf", loader).load_model("x", write(tmp_path / "model", 0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert not list((tmp_path / "shelf").iterdir())


def test_a_worker_that_ends_takes_no_model_with_it(tmp_path: Path) -> None:
    shelf, port = tmp_path / "shelf", claim_port()
    shelf.mkdir()
    process = start_server(port, SAGEMAKER_MULTI_MODEL="true", SHELF=str(shelf))
    assert wait_for_ping(port, process) == 200
    order = json.dumps({"model_name": "x", "url": write(tmp_path / "model", 0)})
    assert send_request(port, "POST", "/models", order)[0] == 200
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def are_gone(workers: list[str]) -> bool:
        return not set(workers) & set(children.read_text().split())

    for _ in range(2):
        workers = children.read_text().split()
        for pid in workers:
            os.kill(int(pid), signal.SIGTERM)
        wait_until(partial(are_gone, workers))
        assert invoke(port, "x") == (200, b"3.0\n")
    (folder,) = shelf.iterdir()
    assert len(list(folder.iterdir())) == 1
    stop_server(process)
    assert not folder.exists()


def test_a_master_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    shelf, port = tmp_path / "shelf", claim_port()
    shelf.mkdir()
    process = start_server(port, SAGEMAKER_MULTI_MODEL="true", SHELF=str(shelf))
    assert wait_for_ping(port, process) == 200
    assert list(shelf.iterdir())
    process.kill()
    process.read_output()
    wait_until(lambda: not list(shelf.iterdir()))
