"""Properties of tables: any file is encoded to finite numbers or refused, and any recipe is read or refused."""

import json
from io import BytesIO
from time import process_time
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow

from container.codecs import lines
from container.codecs.csv_table import decode_columns
from container.contract.errors import DecodeError
from container.rows.raw import RawRows, TableOptions
from open_algorithms.learning.columns.describe import describe_recipe
from open_algorithms.learning.columns.document import read_recipe, write_recipe
from open_algorithms.learning.columns.encode import encode_labels, encode_rows
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.infer import infer_recipe
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.columns.survey import survey_column
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.csr import Csr

PIECE_BYTES = 64
MOST_FEATURES = 10_000
WORDS = (
    "",
    "1",
    "-2.5",
    "yes",
    "2018-03-15",
    "12:30",
    "red",
    "$1,151",
    "12%",
    "1e39",
    "\u2212 3",
    "NA",
    "07",
    "x" * 40,
)


def check_table(data: bytes) -> float:
    """Read a table, the target first, as a whole and in pieces; return the seconds that the former took."""
    started = process_time()
    check_rows(read_rows(data))
    seconds = process_time() - started
    if len(data) < 4096:
        with patch.object(lines, "_TEXT_BYTES", PIECE_BYTES):
            check_rows(read_rows(data))
    return seconds


def read_rows(data: bytes) -> list[RawRows]:
    """Read the rows of a table; none where it is refused."""
    try:
        return list(decode_columns(BytesIO(data), {}, TableOptions()))
    except DecodeError:
        return []


def check_rows(rows: list[RawRows]) -> None:
    """Encode rows by what they say themselves, as a regressor's and as a classifier's."""
    if not rows:
        return
    names = list(rows[0].columns)
    assert all(list(part.columns) == names for part in rows)
    for class_count in (None, 2):
        try:
            surveys = [
                survey_column(name, [part.columns[name] for part in rows], class_count is not None and name == names[0])
                for name in names
            ]
            recipe = infer_recipe(surveys, ColumnWishes(class_count=class_count))
            assert read_recipe(json.loads(json.dumps(write_recipe(recipe))), "a file") == recipe
            for part in rows:
                check_encoding(recipe, dict(part.columns))
        except ColumnFault:
            continue


def check_encoding(recipe: Recipe, columns: dict[str, Any]) -> None:
    """Encode columns, which gives finite features of the right width or raises ColumnFault."""
    count = len(next(iter(columns.values())))
    X = encode_rows(recipe, columns).features
    assert X.shape == (count, len(recipe.feature_names))
    assert np.isfinite(X.data if isinstance(X, Csr) else X).all()
    assert not isinstance(X, Csr) or X.indices.min(initial=0) >= 0
    if recipe.target is not None:
        labels, labelled = encode_labels(recipe.target, columns[recipe.target.name])
        assert labels.shape == labelled.shape == (count,)
        assert np.isfinite(labels).all()


def check_recipe(data: bytes) -> float:
    """Read a recipe in JSON; where it is valid, describe it and encode odd rows by it."""
    started = process_time()
    try:
        recipe = read_recipe(json.loads(data), "a file")
    except (InputError, ValueError, RecursionError):
        return process_time() - started
    if len(recipe.feature_names) <= MOST_FEATURES:
        describe_recipe(recipe)
        names = [*recipe.column_names, *([] if recipe.target is None else [recipe.target.name])]
        for word in WORDS:
            try:
                check_encoding(recipe, {name: pyarrow.array([word], pyarrow.string()) for name in names or [""]})
            except ColumnFault:
                continue
    return process_time() - started
