"""The small changes of a module that a test should notice: one operator, one constant, one condition, one statement."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

OTHER_OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
}
OTHER_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LEFT_ALONE = {"annotation", "returns", "decorator_list", "format_spec"}
SHOWN = 150  # characters of a line


@dataclass(frozen=True)
class Change:
    """What to do to a tree, in place: `apply` it and compile.

    `line` is where, `lines` are those of the statement, of which one runs wherever the change has an effect. They are
    empty where the statement runs when the module is imported.
    """

    line: int
    lines: range
    words: str
    apply: Callable[[], None]


@dataclass(frozen=True)
class _Slot:
    """A place in a tree that holds a node: a field of the parent, or an element of a field that is a list."""

    parent: ast.AST
    field: str
    index: int | None

    def replace(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True)
class _Scope:
    """Where the walk is: the lines of the statement, and how often the function around it binds each name."""

    lines: range
    bindings: Counter[str] | None


def list_changes(tree: ast.Module) -> list[Change]:
    """Return every change of a module, in the order of its lines."""
    return sorted(_walk_tree(tree, _Scope(range(0), None)), key=lambda change: change.line)


def _walk_tree(parent: ast.AST, scope: _Scope) -> Iterator[Change]:
    for slot, node in _children(parent):
        here = _enter_statement(node, scope) if isinstance(node, ast.stmt) else scope
        for other in _alternatives(node, slot, here):
            yield _describe_change(slot, node, other, here)
        yield from _walk_tree(node, _enter_function(node) if isinstance(node, FUNCTIONS) else here)


def _children(parent: ast.AST) -> Iterator[tuple[_Slot, ast.AST]]:
    for field, value in ast.iter_fields(parent):
        if field in LEFT_ALONE:
            continue
        if isinstance(value, ast.AST):
            yield _Slot(parent, field, None), value
        elif isinstance(value, list):
            yield from ((_Slot(parent, field, i), node) for i, node in enumerate(value) if not _is_check(node))


def _is_check(node: object) -> bool:
    """Tell whether a node only checks what is always so, or is none."""
    return isinstance(node, ast.Assert) or not isinstance(node, ast.AST) or getattr(node, "arg", None) == "strict"


def _enter_statement(node: ast.stmt, scope: _Scope) -> _Scope:
    """Return the scope of a statement; of one with a body its lines are those before the body."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    last = (node.end_lineno or node.lineno) if body is None else max(node.lineno, _first_line(body[0]) - 1)
    at_import = scope.bindings is None
    return _Scope(range(0) if at_import else range(node.lineno, last + 1), scope.bindings)


def _first_line(node: ast.stmt | ast.match_case) -> int:
    return node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno


def _enter_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> _Scope:
    stored = (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return _Scope(range(0), Counter(chain(stored, (n.arg for n in ast.walk(node) if isinstance(n, ast.arg)))))


def _describe_change(slot: _Slot, node: ast.AST, other: ast.AST, scope: _Scope) -> Change:
    line = getattr(node, "lineno", None) or getattr(slot.parent, "lineno", None) or scope.lines.start
    whole = isinstance(node, ast.stmt) or isinstance(slot.parent, ast.Module)
    before = _first_words(node if whole else slot.parent)
    if len(before) == SHOWN and isinstance(node, ast.expr):
        whole, before = True, _first_words(node)
    slot.replace(other)
    after = _first_words(other if whole else slot.parent)
    slot.replace(node)
    return Change(line, scope.lines, f"{before}  ->  {after}", lambda: slot.replace(other))


def _first_words(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node)).splitlines()[0][:SHOWN]


def _alternatives(node: ast.AST, slot: _Slot, scope: _Scope) -> Iterator[ast.AST]:
    """Yield what may stand in a slot instead of its node."""
    yield from (kind() for kind in OTHER_OPERATORS.get(type(node), ()))
    if slot.field in ("test", "ifs", "guard") and not isinstance(node, ast.Constant):
        yield from (
            ast.Constant(value) for value in (True, False) if not (value and isinstance(slot.parent, ast.While))
        )
    match node:
        case ast.Constant():
            yield from map(ast.Constant, _other_values(node.value, slot))
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Call():
            yield from _other_calls(node)
        case ast.Slice():
            yield from _other_slices(node)
        case ast.Return(value=value) if value and not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
            yield ast.Pass()
        case ast.Expr() if not isinstance(node.value, ast.Constant):
            yield ast.Pass()
        case ast.Assign() if scope.bindings and all(_is_bound_elsewhere(target, scope) for target in node.targets):
            yield ast.Pass()


def _is_bound_elsewhere(target: ast.expr, scope: _Scope) -> bool:
    """Tell whether a target has a value without this assignment, so that leaving it out is not just a NameError."""
    if isinstance(target, ast.Tuple):
        return all(_is_bound_elsewhere(element, scope) for element in target.elts)
    return not isinstance(target, ast.Name) or (scope.bindings or Counter())[target.id] > 1


def _other_values(value: Any, slot: _Slot) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        if value:
            yield 0
    elif isinstance(value, str) and not isinstance(slot.parent, ast.Expr | ast.JoinedStr) and " " not in value:
        yield "mutant"
    elif isinstance(value, bytes):
        yield b"mutant"


def _other_calls(node: ast.Call) -> Iterator[ast.Call]:
    if isinstance(node.func, ast.Name) and node.func.id in OTHER_FUNCTIONS:
        yield ast.Call(ast.Name(OTHER_FUNCTIONS[node.func.id], ast.Load()), node.args, node.keywords)
    for index, keyword in enumerate(node.keywords):
        if keyword.arg and not _is_check(keyword):
            yield ast.Call(node.func, node.args, node.keywords[:index] + node.keywords[index + 1 :])


def _other_slices(node: ast.Slice) -> Iterator[ast.Slice]:
    if node.lower:
        yield ast.Slice(None, node.upper, node.step)
        if not isinstance(node.lower, ast.Constant):
            yield ast.Slice(_one_more(node.lower), node.upper, node.step)
    if node.upper:
        yield ast.Slice(node.lower, None, node.step)
        if not isinstance(node.upper, ast.Constant):
            yield ast.Slice(node.lower, _one_more(node.upper), node.step)


def _one_more(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Add(), ast.Constant(1))
