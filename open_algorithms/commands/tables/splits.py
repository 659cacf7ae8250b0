"""Refuse a folder that holds several parts of a split: training on all of it would train on the test rows.

Tests: tests/commands/tables/test_source.py.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from open_algorithms.commands.telling.faults import UsageError
from open_algorithms.commands.telling.say import program_name

SPLIT_WORDS = {
    "train": {"train", "training"},
    "validation": {"validation", "valid", "val", "dev"},
    "test": {"test", "testing", "holdout"},
}


def check_split(folder: Path, names: Iterable[str], channels: Sequence[str]) -> None:
    """Raise UsageError where files or folders in a folder are named after more than one part of a split.

    `channels` are those that can be given, the one to train on first.
    """
    found: dict[str, list[Path]] = {}
    for name in dict.fromkeys(name.partition("/")[0] for name in names):
        words = set(re.split(r"[^a-z]+", name.lower()))
        if parts := [part for part, called in SPLIT_WORDS.items() if words & called]:
            found.setdefault(parts[0], []).append(folder / name)
    if len(found) < 2:
        return
    one, other, *_ = (paths[0].name for paths in found.values())
    problem = f"{folder} holds {one} and {other}, and would be trained on as a whole"
    others = channels[1:]
    if "train" in found and all(len(paths) == 1 for paths in found.values()):
        paths = {part: shlex.quote(str(paths[0])) for part, paths in found.items()}
        named = "".join(f" --{part} {paths[part]}" for part in others if part in paths)
        raise UsageError(f"{problem}. Name the parts: {program_name()} train {paths['train']}{named} ...")
    places = ", ".join(["DATA", *(f"--{part}" for part in others)])
    raise UsageError(f"{problem}. Put each part into a folder of its own, and name these: {places}.")
