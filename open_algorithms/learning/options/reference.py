"""Generate the reference page of the hyperparameters from their declaration.

Tests: tests/publishing/test_reference.py.
"""

from collections.abc import Iterable

from open_algorithms.learning.options.declaration import Declaration

HEAD = """# Hyperparameters of {title}

Generated from `{source}` by `make docs`; change it there. Values arrive as text. `True`,
`"true"` and `1` are the same, and so are `10` and `10.0`; one layer of JSON quotes is removed, and `null` is as if
there were no value. An unknown name is refused, except those that the platform adds (`sagemaker_*`). What does not
apply to a job is ignored, with a warning.

| name | values | default | applies to | tuning range | |
|---|---|---|---|---|---|
"""

TAIL = """
Accepted for compatibility with the original, without effect: {internal}.
"""


def render_reference(title: str, known: Iterable[Declaration], source: str) -> str:
    """Return the page of the algorithm `title` as Markdown; `source` is the file of the declaration, as it is shown."""
    known = list(known)
    rows = [render_row(declaration) for declaration in known if not declaration.internal]
    internal = ", ".join(f"`{declaration.name}`" for declaration in known if declaration.internal)
    return HEAD.format(title=title, source=source) + "\n".join(rows) + "\n" + TAIL.format(internal=internal)


def render_row(declaration: Declaration) -> str:
    """Return one line of the table."""
    default = "required" if declaration.default is None else f"`{declaration.default}`" if declaration.default else ""
    applies = "; ".join(f"{name} {', '.join(map(str, allowed))}" for name, allowed in declaration.applies.items())
    bounds = [f"{bound:g}" if isinstance(bound, float | int) else bound for bound in declaration.tunable]
    tunable = (" or " if {*bounds} <= {*declaration.choices} else " to ").join(bounds)
    cells = (f"`{declaration.name}`", declaration.expected_values, default, applies, tunable, declaration.about)
    return "| " + " | ".join(cells) + " |"
