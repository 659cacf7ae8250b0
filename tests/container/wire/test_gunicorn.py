"""What is used of gunicorn, most of it not documented, is there and as it was."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]

import container
from container.wire import gunicorn
from container.wire.gunicorn import USED, create, parse_head

ROOM = Path(container.__file__).parent


def imported(path: Path) -> Iterator[str]:
    """Give what a module imports of gunicorn, with the modules that it is in."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gunicorn":
            yield from (f"{node.module}.{alias.name}".removeprefix("gunicorn.") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "gunicorn")


def test_one_module_imports_gunicorn_and_lists_what_it_imports() -> None:
    found = {path.relative_to(ROOM).as_posix(): set(imported(path)) for path in ROOM.rglob("*.py")}
    made_by_others = {"http.message.Request", "http.wsgi.Response"}
    assert {path for path, names in found.items() if names} == {"wire/gunicorn.py"}
    assert found["wire/gunicorn.py"] | made_by_others == set(USED)


@pytest.mark.parametrize("name", USED)
def test_each_name_of_the_list_is_there_with_its_members(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    thing = getattr(import_module(f"gunicorn.{module}"), attribute)
    source = inspect.getsource(inspect.getmodule(thing))  # type: ignore[arg-type]
    for member in USED[name].split():
        assert hasattr(thing, member) or f"self.{member} =" in source, member


def test_a_response_writes_and_counts_as_we_expect() -> None:
    head = parse_head(Config(), ("127.0.0.1", 1), b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", 1)
    sink: Any = type("Sink", (), {})()
    sink.parts = []
    sink.sendall = sink.parts.append
    response, environ = create(head.request, sink, ("127.0.0.1", 1), ("127.0.0.1", 2), Config())
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/a", "b")
    response.start_response("200 OK", [("Content-Length", "2")])
    response.write(b"ab")
    response.close()
    assert (response.sent, response.status, response.should_close()) == (2, "200 OK", False)
    head.request.force_close()
    assert response.should_close()
    assert b"".join(sink.parts).endswith(b"\r\n\r\nab")


def test_the_list_is_all_that_the_rest_of_the_room_sees() -> None:
    assert set(gunicorn.__all__) == {
        "USED",
        "Arbiter",
        "BaseApplication",
        "BaseWorker",
        "Logger",
        "create",
        "parse_head",
    }
