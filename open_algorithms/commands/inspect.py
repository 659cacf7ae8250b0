"""Print the content of a model as tables."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from linear_learner.objective.model import LinearModel
from linear_learner.report.facts import FeatureWeights, largest_weights, model_facts
from open_algorithms.commands.tables.models import load_model_with_files
from open_algorithms.commands.telling.files import write_output
from open_algorithms.learning.artifact.archives import ModelFiles

SHOWN_WEIGHTS = 20  # weights that are shown
MAX_CLASS_COLUMNS = 10  # classes whose weights have a column each
UNWRAPPED_WIDTH = 10_000  # columns of what is no terminal, so that nothing is cut or wrapped there


def inspect_model(path: Path) -> None:
    """Print what is in the model at `path`."""
    print_model(*load_model_with_files(path))


def print_model(model: LinearModel, files: ModelFiles, where: str) -> None:
    """Print the facts of a model, its files and its largest weights."""
    largest = largest_weights(model, SHOWN_WEIGHTS)
    some = f"the {len(largest)} largest of {model.feature_dim:,}" if len(largest) < model.feature_dim else "all"
    parts = [
        ("Model", facts_table(model)),
        (f"Read from {escape_controls(where)}", files_table(files)),
        (f"Weights, {some}", weights_table(largest, model.outputs)),
    ]
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


def facts_table(model: LinearModel) -> Table:
    """Tabulate everything but files and weights."""
    made = make_table("", "")
    made.show_header = False
    made.columns[1].justify = "left"
    for name, value in model_facts(model):
        made.add_row(escape_controls(name), escape_controls(value))
    return made


def files_table(files: ModelFiles) -> Table:
    """Show the files that the model was read from."""
    made = make_table("file", "bytes")
    for name in sorted(files):
        made.add_row(name, f"{len(files[name]):,}")
    return made


def weights_table(largest: list[FeatureWeights], outputs: int) -> Table:
    """Tabulate features and weights; with many classes only each feature's largest weight."""
    if outputs == 1:
        made = make_table("feature", "weight")
    elif outputs <= MAX_CLASS_COLUMNS:
        made = make_table("feature", *(f"class {c}" for c in range(outputs)))
    else:
        made = make_table("feature", "weight", "class")
    for _, name, values in largest:
        shown = list(map(format_weight, values))
        if outputs > MAX_CLASS_COLUMNS:
            furthest = int(abs(values).argmax())
            shown = [shown[furthest], f"{furthest}"]
        made.add_row(escape_controls(name), *shown)
    return made


def make_table(first: str, *others: str) -> Table:
    """Make a table whose first column is of names and whose others are of numbers."""
    made = Table(pad_edge=False)
    made.add_column(first, overflow="fold")
    for other in others:
        made.add_column(other, justify="right", overflow="fold")
    return made


def format_weight(value: float) -> str:
    """Format a weight with six significant digits."""
    return f"{value:.6g}"


def escape_controls(text: str) -> str:
    """Escape characters of foreign text that could control the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
