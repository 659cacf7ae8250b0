"""The rooms of the house: who may import whom, and how large a room may grow."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.modules import ALGORITHMS, MODULES

LEARNING, DOORS, COMMANDS = (f"open_algorithms.{room}" for room in ("learning", "doors", "commands"))
ROOMS = ("container", *ALGORITHMS, LEARNING, DOORS, COMMANDS)
MAY_IMPORT: dict[str, set[str]] = {
    LEARNING: set(),
    "container": {LEARNING},
    **{algorithm: {LEARNING} for algorithm in ALGORITHMS},
    DOORS: {LEARNING, "container"},
    COMMANDS: {LEARNING, "container", DOORS},
}
SHARED_WITH_CONTAINER = {f"{LEARNING}.rows.csr"}  # the class that rows pass between the rooms in
MXNET = f"{LEARNING}.engine.mxnet"
WITH_MXNET = {f"{LEARNING}.engine", "linear_learner.bank", "linear_learner.artifact.write"}
WITH_WEB = {"container.web", "container.wire", "container.server"}
WITH_ENVIRONMENT = {"container.contract.environment", f"{COMMANDS}.main"}  # the latter is a door
FLOORS, LARGEST_FOLDER = 7, 12


def folder(module: str) -> str:
    return module.rpartition(".")[0]


def room(module: str) -> str:
    return next((room for room in ROOMS if module == room or module.startswith(room + ".")), "")


def lies_in(module: str, places: set[str]) -> bool:
    return any(module == place or module.startswith(place + ".") for place in places)


@cache
def imports(path: Path) -> frozenset[str]:
    def found() -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                yield node.module or ""
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    return frozenset(found())


GRAPH = {module: {i for i in imports(path) if i in MODULES and i != module} for module, path in MODULES.items()}


def find_circle(graph: dict[str, set[str]]) -> tuple[str, ...]:
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        if node in trail:
            return (*trail[trail.index(node) :], node)
        if node in done:
            return ()
        circle = next((found for other in sorted(graph[node]) if (found := visit(other, (*trail, node)))), ())
        done.add(node)
        return circle

    return next((found for node in sorted(graph) if (found := visit(node, ()))), ())


def sibling_graph(parent: str) -> dict[str, set[str]]:
    """Which of the folders of `parent`, and its own modules taken together as "", import which."""

    def place(module: str) -> str:
        inside = module.removeprefix(parent + ".")
        return inside.split(".")[0] if "." in inside else ""

    graph: dict[str, set[str]] = defaultdict(set)
    for module, imported in GRAPH.items():
        if module.startswith(parent + "."):
            graph[place(module)] |= {place(i) for i in imported if i.startswith(parent + ".")} - {place(module)}
    for places in list(graph.values()):
        for other in places:
            graph.setdefault(other, set())
    return dict(graph)


PARENTS = sorted(({folder(module) for module in MODULES} | set(ROOMS)) - {"", "open_algorithms"})


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_rooms_below_its_own(module: str) -> None:
    if not (here := room(module)):
        pytest.fail(f"{module} lies in no room of {', '.join(ROOMS)}")
    for imported in imports(MODULES[module]):
        there = room(imported)
        assert there in {"", here} | MAY_IMPORT[here], f"{here} must not know {imported}"
        if here == "container" and there == LEARNING:
            assert lies_in(imported, SHARED_WITH_CONTAINER), f"{imported} is not shared with container"


@pytest.mark.parametrize("parent", PARENTS)
def test_folders_import_downwards_and_modules_of_a_room_from_its_folders_never_the_reverse(parent: str) -> None:
    assert find_circle(sibling_graph(parent)) == ()


@pytest.mark.parametrize("parent", ROOMS)
def test_a_room_has_few_floors(parent: str) -> None:
    graph = sibling_graph(parent)

    @cache
    def floor(place: str) -> int:
        return 1 + max(map(floor, graph[place]), default=0)

    assert max(map(floor, graph), default=0) <= FLOORS


def test_no_import_runs_in_a_circle() -> None:
    assert find_circle(GRAPH) == ()


def test_no_folder_holds_more_modules_than_a_newcomer_reads_at_a_glance() -> None:
    assert {place: n for place, n in Counter(map(folder, MODULES)).items() if n > LARGEST_FOLDER} == {}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_the_modules_of_the_server_know_a_web_framework(module: str) -> None:
    packages = {imported.split(".")[0] for imported in imports(MODULES[module])}
    assert lies_in(module, WITH_WEB) or not packages & {"flask", "gunicorn", "werkzeug"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_mxnet_is_imported_in_one_module_and_that_by_few(module: str) -> None:
    found = imports(MODULES[module])
    assert module == MXNET or "mxnet" not in {imported.split(".")[0] for imported in found}
    assert lies_in(module, WITH_MXNET) or MXNET not in found


@pytest.mark.parametrize("module", sorted(set(MODULES) - WITH_ENVIRONMENT))
def test_only_the_environment_module_knows_the_environment_and_the_root(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    attributes = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not attributes & {"os.environ", "os.getenv"}
    assert not {"os.environ", "os.getenv"} & imports(MODULES[module])
    assert not [text for text in texts if text.startswith("/opt/ml")]


@pytest.mark.parametrize(
    "doors",
    [
        ("linear_learner.answer", f"{DOORS}.serving"),
        ("linear_learner.card", f"{COMMANDS}.parser"),
        (f"{COMMANDS}.export", f"{COMMANDS}.inspect"),
    ],
)
def test_neither_serving_nor_looking_at_a_model_imports_mxnet(doors: tuple[str, ...]) -> None:
    seen: set[str] = set()
    queue = list(doors)
    while queue:
        if (module := queue.pop()) not in seen:
            seen.add(module)
            queue += GRAPH[module]
    assert f"{DOORS}.algorithms" in seen
    assert MXNET not in seen


@pytest.mark.parametrize("module", sorted(set(MODULES) - {f"{DOORS}.algorithms"}))
def test_nothing_but_an_algorithm_names_it(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8").lower().replace(" ", "_")
    assert room(module) in ALGORITHMS or not [name for name in ALGORITHMS if name in text]
