"""Train on local files: lay out a job's folders, run the job, keep its output."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from container.channels.channel import Channel
from container.contract.environment import CALLED, ChannelConfig, Paths
from container.contract.media import parse
from container.job.writable import check_writable
from open_algorithms.commands.tables.data import content_type, lay_out, list_files
from open_algorithms.commands.tables.headers import CSV
from open_algorithms.commands.tables.predictors import choose_predictor
from open_algorithms.commands.tables.source import Source, describe_source
from open_algorithms.commands.tables.splits import check_split
from open_algorithms.commands.tables.target import ask_for_label
from open_algorithms.commands.telling.doors import run_door
from open_algorithms.commands.telling.faults import Fault, UsageFault
from open_algorithms.commands.telling.files import replace
from open_algorithms.commands.telling.say import say
from open_algorithms.commands.telling.summary import PAGE, REPORT, summarize


def train(
    data: Mapping[str, Path],
    out: Path,
    hyperparameters: dict[str, str],
    said: str | None,
    target_first: bool,
    environ: Mapping[str, str],
) -> int:
    """Train on the channels in `data` and write the model and the job's output to `out`; return the job's exit status.

    Existing files in `out` are kept unless the job succeeds.
    """
    files = {name: list_files([path]) for name, path in data.items()}
    check_split(data["train"], [name for name, _ in files["train"]])
    kinds = {name: content_type(found, said) for name, found in files.items()}
    for name, kind in kinds.items():
        if parse(kind).name == CSV and not target_first:
            ask_for_label(data[name], [file for _, file in files[name]], parse(kind))
        if data[name].is_dir() and out.resolve().is_relative_to(data[name].resolve()):
            raise UsageFault(
                f"{out} is among the data of {data[name]}: the model would be taken for data next time. Say another "
                "--out."
            )
    new = make_folder(out)
    try:
        with TemporaryDirectory(prefix="linear_learner-") as root:
            paths = Paths(Path(root))
            for name, found in files.items():
                lay_out(found, paths.channel(name))
            channel = Channel(ChannelConfig("train", kinds["train"]), paths.channel("train"))
            source = Source(data["train"], files["train"], parse(kinds["train"]))
            hyperparameters |= look_at(channel, source, hyperparameters)
            paths.config.mkdir(parents=True)
            paths.model.symlink_to(out.resolve())
            channels = {name: {"ContentType": kind} for name, kind in kinds.items()}
            for name, content in (("hyperparameters", hyperparameters), ("inputdataconfig", channels)):
                (paths.config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
            status = run_door("train", paths.root, {**environ, CALLED: call(data, out, paths)})
            if status == 0:
                keep(paths.output_data, out)
                close(summarize(out, data.get("test", data["train"]), said))
            return status
    finally:
        if new:
            with suppress(OSError):
                out.rmdir()  # which it is only where nothing came of it


def look_at(channel: Channel, source: Source, hyperparameters: Mapping[str, str]) -> dict[str, str]:
    """Print a description of the training data; return the hyperparameters that follow from its labels."""
    with closing(iter(channel)) as blocks:
        first = next(blocks)
        say(describe_source(source, channel.table, first))
        labels = (y for _, y in chain([first], blocks))
        return choose_predictor(hyperparameters, labels, source, channel.table)


def make_folder(out: Path) -> bool:
    """Ensure that `out` is a writable folder; return whether it was created."""
    check_writable([out])
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Fault(f"{out} is a file; expected a folder for the model, or a name for a new one.") from None
    except OSError as error:
        raise Fault(f"{out} cannot be made: {error.strerror}.") from None
    return new


def call(files: Mapping[str, Path], out: Path, paths: Paths) -> str:
    """Return the names to show for a job's paths, as JSON by path below its root."""
    places = {
        paths.config / "hyperparameters.json": "the command line",
        paths.model: str(out),
        paths.output_data: str(out),
        **{paths.channel(name): str(path) for name, path in files.items()},
    }
    return json.dumps({str(place.relative_to(paths.root)): name for place, name in places.items()})


def keep(source: Path, out: Path) -> None:
    """Copy the job's output beside the model; reports of an earlier model are removed first."""
    for name in (REPORT, PAGE):
        (out / name).unlink(missing_ok=True)
    for file in source.rglob("*"):
        if file.is_file():
            target = out / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace(file.read_bytes(), target)


def close(lines: Sequence[str]) -> None:
    """Print the summary where people look: on stdout below the log of a terminal, else on stderr."""
    for line in lines:
        if sys.stdout.isatty():
            print(line, flush=True)
        else:
            say(line)
