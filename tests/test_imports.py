"""The rooms of the house: who may import whom, and how large a room may grow."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.modules import ALGORITHMS, MODULES, PACKAGES, TOP, algorithm_word, leave_out_tests, parse_module

LEARNING, DOORS, COMMANDS, ESTIMATORS = (
    f"open_algorithms.{room}" for room in ("learning", "doors", "commands", "estimators")
)
ROOMS = ("container", *ALGORITHMS, LEARNING, DOORS, COMMANDS, ESTIMATORS)
MAY_IMPORT: dict[str, set[str]] = {
    LEARNING: set(),
    "container": {LEARNING},
    **{algorithm: {LEARNING} for algorithm in ALGORITHMS},
    DOORS: {LEARNING, "container"},
    COMMANDS: {LEARNING, "container", DOORS},
    ESTIMATORS: {LEARNING, "container", DOORS, *ALGORITHMS},
}
FRONTS = {  # what the front of a package gives out from a room above
    "linear_learner": {f"{ESTIMATORS}.linear"},
    "open_algorithms.factorization_machines": {f"{ESTIMATORS}.factorization_machines"},
    "open_algorithms.k_means": {f"{ESTIMATORS}.k_means"},
    "open_algorithms.pca": {f"{ESTIMATORS}.pca"},
}
SHARED_WITH_CONTAINER = {
    f"{LEARNING}.rows.csr",  # the class that rows pass between the rooms in
    f"{LEARNING}.columns.faults",  # what is wrong with a value of a table
}
MXNET = f"{LEARNING}.engine.mxnet"
WITH_MXNET = {f"{LEARNING}.engine", "linear_learner.bank", "linear_learner.solving", "linear_learner.artifact.write"}
WITH_WEB = {"container.web", "container.wire", "container.server"}
WITH_ENVIRONMENT = {
    "container.contract.environment",
    f"{COMMANDS}.main",
    f"{DOORS}.programs",
    f"{ESTIMATORS}.fitting.engine",
}
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
        for node in ast.walk(parse_module(path)):
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


def test_every_module_lies_in_a_room() -> None:
    assert [module for module in MODULES if not room(module)] == []


def test_a_module_imports_only_from_rooms_below_its_own() -> None:
    upwards, not_shared = [], []
    for module, imported in ((module, imported) for module, path in MODULES.items() for imported in imports(path)):
        here, there = room(module), room(imported)
        if there not in {"", here} | MAY_IMPORT[here]:
            upwards.append((module, imported))
        if here == "container" and there == LEARNING and not lies_in(imported, SHARED_WITH_CONTAINER):
            not_shared.append((module, imported))
    assert (upwards, not_shared) == ([], [])


def test_only_the_front_of_an_algorithm_gives_out_what_lies_above_it() -> None:
    fronts = [path for top in PACKAGES for path in (TOP / top).rglob("__init__.py")]
    found = {
        ".".join(path.parent.relative_to(TOP).parts): {i for i in imports(path) if i in MODULES} for path in fronts
    }
    assert len(found) > 30
    assert {package: imported for package, imported in found.items() if imported} == FRONTS


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


def importers(*packages: str) -> list[str]:
    """Which modules import a package or something of it."""
    return [module for module, path in MODULES.items() if {i.split(".")[0] for i in imports(path)} & set(packages)]


def test_only_the_modules_of_the_server_know_a_web_framework() -> None:
    assert [module for module in importers("flask", "gunicorn", "werkzeug") if not lies_in(module, WITH_WEB)] == []


def test_mxnet_is_imported_in_one_module_and_that_by_few() -> None:
    assert importers("mxnet") == []  # but by the name that it has: a wheel carries it below one of ours
    assert [module for module in GRAPH if MXNET in GRAPH[module] and not lies_in(module, WITH_MXNET)] == []


def mentions_of_the_environment(path: Path) -> Iterator[str]:
    for node in ast.walk(parse_module(path)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/opt/ml"):
            yield node.value
    yield from {"os.environ", "os.getenv"} & imports(path)


def test_only_the_environment_module_knows_the_environment_and_the_root() -> None:
    found = {module: list(mentions_of_the_environment(path)) for module, path in MODULES.items()}
    assert {module: said for module, said in found.items() if said and module not in WITH_ENVIRONMENT} == {}


@pytest.mark.parametrize(
    "doors",
    [
        *((f"{algorithm}.answer", f"{DOORS}.serving") for algorithm in ALGORITHMS),
        *((f"{algorithm}.card", f"{COMMANDS}.parser") for algorithm in ALGORITHMS),
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


def test_nothing_but_an_algorithm_names_it() -> None:
    estimators = ("factorization_machines", "k_means", "linear", "pca")
    named_after = {f"{DOORS}.algorithms", *(f"{ESTIMATORS}.{name}" for name in estimators)}
    others = {module for module in MODULES if room(module) not in ALGORITHMS} - named_after
    whole = {module: leave_out_tests(MODULES[module].read_text(encoding="utf-8")) for module in others}
    texts = {module: re.sub("[ -]", "_", text.lower()) for module, text in whole.items()}
    words = {algorithm_word(package) for package in ALGORITHMS}
    name = re.compile("(?<![a-z])(" + "|".join(words | {word.replace("_", "") for word in words}) + ")")
    assert len(words) > 1
    assert {module: found[0] for module, text in texts.items() if (found := name.search(text))} == {}
