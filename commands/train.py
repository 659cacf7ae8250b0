"""Train on files that lie anywhere: lay out a job's folders, run the job, keep what it leaves."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commands.data import CSV, content_type, lay_out, list_files
from commands.doors import run_door
from commands.faults import Fault, UsageFault
from commands.files import replace
from commands.say import say
from container.channels import Channel
from container.codecs.media import parse
from container.environment import ChannelConfig, Paths

CLASSES = frozenset(range(100))  # that labels are taken for; larger whole numbers are counts or amounts


def train(
    data: Mapping[str, Path],
    out: Path,
    hyperparameters: dict[str, str],
    said: str | None,
    target_first: bool,
    environ: Mapping[str, str],
) -> int:
    """Train on the channels `data`, leave the model and what else the job has to show in `out`; give its exit status.

    What lies in `out` stays as it is unless the job succeeds.
    """
    files = {name: list_files([path]) for name, path in data.items()}
    kinds = {name: content_type(found, said) for name, found in files.items()}
    for name, kind in kinds.items():
        if parse(kind).name == CSV and not target_first:
            raise UsageFault(
                f"{data[name]} is CSV, whose first column must be the label: say --target-first if it is, and put it "
                "there if it is not."
            )
        if data[name].resolve() == out.resolve():
            raise UsageFault(f"{out} holds the data: the model would be taken for data next time. Say another --out.")
    new = make_folder(out)
    try:
        with TemporaryDirectory(prefix="linear_learner-") as root:
            paths = Paths(Path(root))
            for name, found in files.items():
                lay_out(found, paths.channel(name))
            if "predictor_type" not in hyperparameters:
                hyperparameters |= guess(Channel(ChannelConfig("train", kinds["train"]), paths.channel("train")))
            paths.config.mkdir(parents=True)
            paths.model.symlink_to(out.resolve())
            channels = {name: {"ContentType": kind} for name, kind in kinds.items()}
            for name, content in (("hyperparameters", hyperparameters), ("inputdataconfig", channels)):
                (paths.config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
            status = run_door("train", paths.root, environ)
            if status == 0:
                keep(paths.output_data, out)
                say(f"the model and its report are in {out}.")
            return status
    finally:
        if new:
            with suppress(OSError):
                out.rmdir()  # which it is only where nothing came of it


def make_folder(out: Path) -> bool:
    """See that `out` is a folder to write into; tell whether it was made for that."""
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Fault(f"{out} is a file; expected a folder for the model, or a name for a new one.") from None
    except OSError as error:
        raise Fault(f"{out} cannot be made: {error.strerror}.") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise Fault(f"{out} cannot be written into.")
    return new


def keep(source: Path, out: Path) -> None:
    """Copy what the job left beside the model, file by file."""
    for file in source.rglob("*"):
        if file.is_file():
            target = out / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(file.read_bytes(), target)


def guess(channel: Channel) -> dict[str, str]:
    """Choose what to train by the labels, and say so."""
    with closing(iter(channel)) as blocks:
        seen = classes(y for _, y in blocks)
    if seen is None:
        found, why = {"predictor_type": "regressor"}, "the labels are no classes numbered from 0"
    elif seen <= 2:
        found, why = {"predictor_type": "binary_classifier"}, "all labels are 0 or 1"
    else:
        found = {"predictor_type": "multiclass_classifier", "num_classes": f"{seen}"}
        why = f"the labels are the integers 0 to {seen - 1}"
    say(f"{why}, so this trains a {found['predictor_type']}; say --set predictor_type=... for another.")
    return found


def classes(labels: Iterable[NDArray[Any]]) -> int | None:
    """Count the classes where the labels are the integers from 0 and each occurs; 0 and 1 need not both."""
    seen: set[float] = set()
    for y in labels:
        seen.update(np.unique(y).tolist())
        if not seen <= CLASSES:
            return None
    count = max(len(seen), 2)
    return count if seen <= set(range(count)) else None
