"""Frames of pandas, polars and others as columns of arrow."""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from container.codecs.tabular.values import read_values
from container.rows.columns import show_names
from open_algorithms.learning.job.errors import InputError

NUMBERS = ("int", "uint", "float", "double")


def is_frame(X: Any) -> bool:
    """Tell whether X is a table with named columns: of pandas, polars, pyarrow, or what gives itself to arrow."""
    is_known = hasattr(X, "iloc") or hasattr(X, "__arrow_c_stream__")
    return is_known and len(getattr(X, "shape", ())) == 2


def as_arrow(X: Any) -> Any:
    """Return a frame as an arrow table, without an index and blanks around names, which files do not have either.

    Raises InputError for one without rows or columns.
    """
    if not all(X.shape):
        what = "row" if X.shape[1] else "column"
        raise InputError(f"X has the shape {tuple(X.shape)}; expected at least one {what}.")
    table = convert_frame(X)
    return table.rename_columns([name.strip() for name in table.column_names])


def convert_frame(X: Any) -> Any:
    """Return a frame as an arrow table as it is."""
    import pyarrow

    if hasattr(X, "iloc"):
        names = [str(name) for name in X.columns]
        return pyarrow.table([convert_column(X.iloc[:, place]) for place in range(len(names))], names)
    if hasattr(X, "to_arrow"):
        return X.to_arrow()
    if isinstance(X, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([X])
    return X if isinstance(X, pyarrow.Table) else pyarrow.table(X)


def unify_frame(X: Any) -> Any:
    """Return X as scikit-learn knows it: any frame that is not of pandas as a table of pyarrow."""
    return as_arrow(X) if is_frame(X) and not hasattr(X, "iloc") else X


def convert_column(values: Any) -> Any:
    """Return a column of pandas or numpy as an arrow array; what is of mixed kinds becomes texts, as in a file."""
    import pyarrow

    try:
        found = pyarrow.array(values, from_pandas=True)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        found = None
    if found is None or isinstance(found.type, pyarrow.BaseExtensionType):
        texts = [None if is_missing(value) else str(value) for value in values]
        return pyarrow.array(texts, pyarrow.string())
    if isinstance(found, pyarrow.DictionaryArray) and isinstance(found.type.value_type, pyarrow.BaseExtensionType):
        names = [str(category) for category in values.cat.categories]
        return pyarrow.DictionaryArray.from_arrays(found.indices, pyarrow.array(names, pyarrow.string()))
    return found


def is_missing(value: Any) -> bool:
    """Tell whether a value is None, or one of those that equal nothing: NaN, NaT, NA."""
    return value is None or value is getattr(sys.modules.get("pandas"), "NA", None) or bool(value != value)


def name_columns(X: Any, names: Sequence[str]) -> Any:
    """Return a matrix (n, d) as an arrow table whose columns have names."""
    import pyarrow

    return pyarrow.table([convert_column(X[:, place]) for place in range(len(names))], names)


def is_matrix(table: Any) -> bool:
    """Tell whether all columns of an arrow table are numbers without gaps."""
    from pyarrow import compute

    for column in table.columns:
        if not str(column.type).startswith(NUMBERS) or column.null_count:
            return False
        if str(column.type) in ("float", "double") and compute.any(compute.is_nan(column)).as_py():
            return False
    return True


def find_categories(table: Any) -> list[str]:
    """Return the names of the columns that their owner has declared to be categories, which truth values are anyway."""
    from pyarrow import types

    kinds = {field.name: field.type for field in table.schema if types.is_dictionary(field.type)}
    return [name for name, kind in kinds.items() if not types.is_boolean(kind.value_type)]


def read_columns(table: Any, text_names: Collection[str], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return columns of an arrow table, all or those of `names`, as float64 or texts, those in `text_names` as texts.

    Raises InputError where one is missing, or not the only one of its name.
    """
    there = Counter(table.schema.names)
    wanted = [*there] if names is None else [*names]
    if missing := [name for name in wanted if name not in there]:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(f"X lacks columns that the model was trained on: {show_names(missing)} {verb} missing.")
    if twice := [name for name in wanted if there[name] > 1]:
        raise InputError(f"X has {there[twice[0]]} columns called {twice[0]!r}; give each a name of its own.")
    return {
        name: read_values(table.column(name).unify_dictionaries().combine_chunks(), name in text_names)
        for name in wanted
    }
