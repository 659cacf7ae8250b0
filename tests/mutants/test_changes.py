"""What is changed in a module, and what is left alone."""

import ast

import pytest

from tests.mutants.changes import list_changes

CHANGES = [
    ("a < b", {"a <= b", "a >= b"}),
    ("a == b", {"a != b"}),
    ("a and b", {"a or b"}),
    ("not a", {"a"}),
    ("a + 2", {"a - 2", "a + 3", "a + 0"}),
    ("f(a, key=True)", {"f(a)", "f(a, key=False)"}),
    ("min(a, b)", {"max(a, b)"}),
    ("a[b:]", {"a[:]", "a[b + 1:]"}),
    ("b'x'", {"b'mutant'"}),
    ("'x'", {"'mutant'"}),
    ("'words of a message'", set()),
    ("f'row {n + 1}'", {"f'row {n - 1}'", "f'row {n + 2}'", "f'row {n + 0}'"}),
    ("a if b else c", {"a if True else c", "a if False else c"}),
]


def changed(source: str) -> set[str]:
    """Return the source after each of its changes."""
    count = len(list_changes(ast.parse(source)))
    found = set()
    for place in range(count):
        tree = ast.parse(source)
        list_changes(tree)[place].apply()
        found.add(ast.unparse(ast.fix_missing_locations(tree)))
    return found


@pytest.mark.parametrize(("expression", "others"), CHANGES)
def test_an_expression_is_changed_in_one_place_at_a_time(expression: str, others: set[str]) -> None:
    assert changed(f"x = {expression}") == {f"x = {other}" for other in others}


def test_statements_are_left_out_where_what_follows_still_runs() -> None:
    source = "def f(a):\n    b = 1\n    a = b\n    g(a)\n    return a"
    assert {text.replace("def f(a):\n", "") for text in changed(source)} == {
        "    b = 2\n    a = b\n    g(a)\n    return a",
        "    b = 0\n    a = b\n    g(a)\n    return a",
        "    b = 1\n    pass\n    g(a)\n    return a",
        "    b = 1\n    a = b\n    pass\n    return a",
        "    b = 1\n    a = b\n    g(a)\n    return None",
    }


def test_a_change_knows_the_lines_that_run_where_it_has_an_effect() -> None:
    source = "A = 5\ndef f(a=7):\n    if (a <\n            b):\n        return a + 6\n"
    lines = {(change.line, *change.lines) for change in list_changes(ast.parse(source))}
    assert lines == {(1,), (2,), (3, 3, 4), (5, 5)}


def test_docstrings_types_and_decorators_are_left_alone() -> None:
    source = '"""Words."""\n@once(limit=16)\ndef f(a: "T" = x) -> Literal["b"]:\n    """word"""\n    return None'
    assert list_changes(ast.parse(source)) == []
