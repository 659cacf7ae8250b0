"""What is used of MXNet that it does not document, and may change: each name of it, once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.modules import parse_module

TOP = Path(__file__).resolve().parents[3]
ENGINE = TOP / "open_algorithms" / "learning" / "engine"
ELSEWHERE = [
    path
    for package in ("container", "linear_learner", "open_algorithms", "publishing")
    for path in (TOP / package).rglob("*.py")
    if ENGINE not in path.parents
]
PRIVATE = {
    "mxnet.py": {"_init_op_module", "_init_np_op_module", "_init_api_prefix"},
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
    for node in ast.walk(parse_module(path)):
        if isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        ):
            yield node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (part for alias in node.names for part in alias.name.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def private_names(path: Path) -> set[str]:
    return {word for word in words(path) if word in UNDOCUMENTED or UNDERSCORED.fullmatch(word)}


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` of an attribute, or "" where it does not begin with a name."""
    if isinstance(node, ast.Attribute):
        return f"{before}.{node.attr}" if (before := dotted_name(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def private_operators(path: Path) -> set[str]:
    """What is reached from MXNet's modules, by the names that they have here, or named in a text, as one of its own."""
    nodes = list(ast.walk(parse_module(path)))
    reached = {dotted_name(node) for node in nodes if isinstance(node, ast.Attribute)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {name for name in reached if REACHED.fullmatch(name)} | {text for text in texts if OPERATOR.fullmatch(text)}


def c_functions(path: Path) -> set[str]:
    return {word for word in words(path) if C_FUNCTION.fullmatch(word)}


def test_every_private_name_of_mxnet_is_listed() -> None:
    modules = sorted(ENGINE.glob("*.py"))
    assert {path.name: names for path in modules if (names := private_names(path))} == PRIVATE
    assert {path.name: names for path in modules if (names := c_functions(path))} == OF_THE_C_LIBRARY


def test_no_other_folder_knows_one() -> None:
    known = set().union(*PRIVATE.values()) - {"base", "handle"}  # which others name other things by
    found = {path: known & set(words(path)) | c_functions(path) | private_operators(path) for path in ELSEWHERE}
    assert {path.name: names for path, names in found.items() if names} == {}


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
