"""What is used of MXNet that it does not document, and may change: each name of it, once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]
ENGINE = TOP / "open_algorithms" / "learning" / "engine"
ELSEWHERE = [
    path
    for package in ("container", "linear_learner", "open_algorithms", "publishing")
    for path in (TOP / package).rglob("*.py")
    if ENGINE not in path.parents
]
PRIVATE = {
    "mxnet.py": {"base", "_init_op_module", "_init_np_op_module"},
    "graph.py": {"CachedOp", "_backward_FullyConnected"},
    "threads.py": {"base", "_LIB", "check_call", "handle", "device_typeid"},
    "exchange.py": {"base", "_LIB", "check_call", "handle"},
}
OF_THE_C_LIBRARY = {
    "threads.py": {"MXEnginePushSyncND", "MXSetNumOMPThreads"},
    "exchange.py": {
        "MXInitPSEnv",
        "MXKVStoreCreate",
        "MXKVStoreInit",
        "MXKVStorePushPull",
        "MXKVStoreRunServer",
    },
}
UNDERSCORED = re.compile(r"_[A-Za-z]\w*")  # not one between two pairs, which is Python's
C_FUNCTION = re.compile(r"MX(?!NetError|NET_)[A-Z]\w*")
REACHED = re.compile(r"(mx|S|F)\.(\w+\.)*_[A-Za-z]\w*")
OPERATOR = re.compile(r"_(backward|contrib|np|npi|npx|image|linalg|random|sample|sparse)_\w+")
UNDOCUMENTED = {"base", "check_call", "CachedOp", "handle", "device_typeid"}  # without an underscore


def words(path: Path) -> Iterator[str]:
    """Every attribute that is not one of `self`, imported name and text of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            yield node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def private_names(path: Path) -> set[str]:
    return {word for word in words(path) if word in UNDOCUMENTED or UNDERSCORED.fullmatch(word)}


def private_operators(path: Path) -> set[str]:
    """What is reached from MXNet's modules, by the names that they have here, or named in a text, as one of its own."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    reached = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {name for name in reached if REACHED.fullmatch(name)} | {text for text in texts if OPERATOR.fullmatch(text)}


def c_functions(path: Path) -> set[str]:
    return {word for word in words(path) if C_FUNCTION.fullmatch(word)}


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_every_private_name_of_mxnet_is_listed(path: Path) -> None:
    assert private_names(path) == PRIVATE.get(path.name, set())
    assert c_functions(path) == OF_THE_C_LIBRARY.get(path.name, set())


@pytest.mark.parametrize("path", sorted(ELSEWHERE), ids=lambda path: str(path.relative_to(TOP)))
def test_no_other_folder_knows_one(path: Path) -> None:
    known = set().union(*PRIVATE.values()) - {"base", "handle"}  # which others name other things by
    assert not known & set(words(path))
    assert not c_functions(path)
    assert not private_operators(path)


def test_whatever_is_private_is_found_however_it_is_reached(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from mxnet import base, _ctypes\nmx.nd._internal._plus(1)\nself._own\n"
        "mx.nd.CachedOp(f.handle)\nmx.base.check_call(lib.MXRandomSeed(1))\nnode(F, '_backward_dot', '__name__')\n"
        "mx.MXNetError\n",
        encoding="utf-8",
    )
    assert private_names(program) == UNDOCUMENTED - {"device_typeid"} | {
        "_ctypes",
        "_internal",
        "_plus",
        "_backward_dot",
    }
    assert c_functions(program) == {"MXRandomSeed"}
    assert private_operators(program) == {"mx.nd._internal", "mx.nd._internal._plus", "_backward_dot"}
