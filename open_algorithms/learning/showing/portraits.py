"""A model as a fragment of HTML: its facts, figures, and the names of its features."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

MAX_NAMES = 1000

_FACTS = Markup("<dl>\n{}\n</dl>")
_FACT = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
_FIGURE = Markup("<figure>\n<figcaption>{}</figcaption>\n{}\n</figure>")
_NAMES = Markup("<details>\n<summary>{}</summary>\n<ol>\n{}\n</ol>\n</details>")
_NAME = Markup("<li>{}</li>")


def list_facts(facts: Iterable[tuple[str, str]]) -> Markup:
    """List facts, pairs of a name and a text."""
    return _FACTS.format(join_lines(_FACT.format(name.replace("_", " ").capitalize(), text) for name, text in facts))


def frame_figure(caption: str, picture: Markup) -> Markup:
    """Put a picture below its caption."""
    return _FIGURE.format(caption, picture)


def list_names(names: Sequence[str], columns: Sequence[str] | None) -> Markup:
    """List the features in the order of a record, where their names are known, or the columns of a table."""
    what = "features, in the order of a record"
    if columns is not None:
        what, names = "columns, in the order of training", columns
    if not names:
        return Markup("")
    first = f"The first {MAX_NAMES:,} of " if len(names) > MAX_NAMES else ""
    return _NAMES.format(f"{first}{len(names):,} {what}", join_lines(map(_NAME.format, names[:MAX_NAMES])))


def join_lines(parts: Iterable[Markup]) -> Markup:
    """Join parts, a line each."""
    return Markup("\n").join(parts)
