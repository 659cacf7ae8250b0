"""Measure a model on rows, labelled ones if it learns from labels, and print the metrics that a job logs."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from open_algorithms.commands.measured_rows import open_rows
from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.files import write_output
from open_algorithms.doors.algorithms import Algorithm


def evaluate_model(
    algorithm: Algorithm, path: Path, data: Sequence[Path], stated_type: str | None, as_json: bool = False
) -> None:
    """Print name and value of each metric of the model at `path` on the data: a line each, or one JSON object."""
    if algorithm.evaluate is None:
        raise CommandError(f"{algorithm.card.title} measures no model.")
    model = load_model(algorithm, path).model
    with open_rows(algorithm, model, data, stated_type) as work:
        scores = algorithm.evaluate.measure_model(model, work)
    values = {name: float(value) for name, _, value in scores}
    write_output((write_json(values) if as_json else write_lines(values)).encode(), None)


def write_lines(values: Mapping[str, float]) -> str:
    """Write a line for each metric, the values below one another."""
    width = max(map(len, values))
    return "".join(f"{name:{width}}  {value}\n" for name, value in values.items())


def write_json(values: Mapping[str, float]) -> str:
    """Write metrics as a line of JSON; null for one that is no number."""
    return json.dumps({name: value if isfinite(value) else None for name, value in values.items()}) + "\n"
