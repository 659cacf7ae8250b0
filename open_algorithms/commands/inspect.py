"""Print the content of a model as tables."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from open_algorithms.commands.tables.models import LoadedModel, load_model
from open_algorithms.commands.telling.files import write_output
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.showing.text_table import TextTable

UNWRAPPED_WIDTH = 10_000  # columns of what is no terminal, so that nothing is cut or wrapped there


def inspect_model(algorithm: Algorithm, path: Path) -> None:
    """Print what is in the model at `path`: its facts, its files, and what else the algorithm shows of it."""
    model_facts = algorithm.require("model_facts", "describes no model")
    loaded = load_model(algorithm, path)
    parts = [("Model", facts_table(model_facts(loaded.model)))]
    if loaded.files:
        parts.append((f"Read from {escape_controls(loaded.place)}", files_table(loaded)))
    if model_tables := algorithm.offered("model_tables"):
        parts += [(table.title, draw_table(table)) for table in model_tables(loaded.model)]
    print_tables(parts)


def print_tables(parts: list[tuple[str, Table]]) -> None:
    """Print tables below their titles."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNWRAPPED_WIDTH
    with console.capture() as shown:
        for number, (title, table) in enumerate(parts):
            table.box = box.SIMPLE_HEAD if console.is_terminal else None
            if number:
                console.print()
            console.print(Text(title, style="bold"), table, sep="\n")
    text = "".join(f"{line.rstrip()}\n" for line in shown.get().splitlines())
    write_output(text.encode(console.encoding, "backslashreplace"), None)


def facts_table(facts: list[tuple[str, str]]) -> Table:
    """Tabulate the facts of a model."""
    made = make_table("", "")
    made.show_header = False
    made.columns[1].justify = "left"
    for name, value in facts:
        made.add_row(escape_controls(name), escape_controls(value))
    return made


def files_table(loaded: LoadedModel) -> Table:
    """Show the files that the model was read from."""
    made = make_table("file", "bytes")
    for name in sorted(loaded.files):
        made.add_row(name, f"{len(loaded.files[name]):,}")
    return made


def draw_table(table: TextTable) -> Table:
    """Draw a table of the algorithm."""
    made = make_table(*table.heads)
    for row in table.rows:
        made.add_row(*map(escape_controls, row))
    return made


def make_table(first: str, *others: str) -> Table:
    """Make a table whose first column is of names and whose others are of numbers."""
    made = Table(pad_edge=False)
    made.add_column(first, overflow="fold")
    for other in others:
        made.add_column(other, justify="right", overflow="fold")
    return made


def escape_controls(text: str) -> str:
    """Escape characters of foreign text that could control the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
