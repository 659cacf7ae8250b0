"""The rooms of the house: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
ROOMS = ("container", "linear_learner", "commands")
MODULES = [path for room in ROOMS for path in (TOP / room).rglob("*.py") if not path.stem.endswith("_pb2")]
WITH_MXNET = {"engine", "compiled", "threads", "sums", "step", "bank", "sparse_bank", "saving", "kvstore"}
WITH_WEB = {"access", "app", "multi_model", "page", "server", "worker", "connection"}

WITH_ENVIRONMENT = {"container.contract.environment", "open_algorithms.commands.main"}  # the latter is a door


def name(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_imports_only_what_its_place_allows(path: Path) -> None:
    found = {imported.split(".")[0] for imported in imports(path)}
    room = path.relative_to(TOP).parts[0]
    if room != "commands":
        assert not found & (set(ROOMS) - {room}), "the rooms never import each other, nor what joins them"
    if path.stem not in WITH_WEB:
        assert not found & {"flask", "gunicorn", "werkzeug"}
    if path.stem != "engine":
        assert "mxnet" not in found, "mxnet is imported in open_algorithms.learning.engine.mxnet"
    if path.stem not in WITH_MXNET:
        assert "open_algorithms.learning.engine.mxnet" not in set(imports(path))


@pytest.mark.parametrize("path", [p for p in MODULES if name(p) not in WITH_ENVIRONMENT], ids=name)
def test_only_the_environment_module_knows_the_environment_and_the_root(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not attributes & {"os.environ", "os.getenv"}
    assert not {"os.environ", "os.getenv"} & set(imports(path))
    assert not [text for text in texts if text.startswith("/opt/ml")]


def test_no_import_runs_in_a_circle() -> None:
    known = {name(path): path for path in MODULES}
    graph = {module: {i for i in imports(path) if i in known and i != module} for module, path in known.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for imported in graph[module]:
                visit(imported, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(
    "doors",
    [
        ("linear_learner.artifact.read", "container.server"),
        ("open_algorithms.commands.export", "open_algorithms.commands.inspect"),
    ],
)
def test_neither_serving_nor_looking_at_a_model_imports_mxnet(doors: tuple[str, ...]) -> None:
    known = {name(path): path for path in MODULES}
    seen: set[str] = set()
    queue = list(doors)
    while queue:
        module = queue.pop()
        if module in known and module not in seen:
            seen.add(module)
            queue += imports(known[module])
    assert "linear_learner.objective.model" in seen
    assert "open_algorithms.learning.engine.mxnet" not in seen
