"""Train on local files: lay out a job's folders, run the job, keep its output."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from container.channels.channel import Channel
from container.codecs.registry import parse_content_type
from container.contract.environment import DISPLAY_NAMES_VARIABLE, ChannelConfig, Paths
from container.job.writable import check_writable
from open_algorithms.commands.tables.choices import choose_from_data, choose_holdout, find_named_column
from open_algorithms.commands.tables.data import decide_content_type, find_data_files, link_channel_files
from open_algorithms.commands.tables.source import DataSource
from open_algorithms.commands.tables.splits import check_split
from open_algorithms.commands.tables.target import ask_for_label, check_has_names
from open_algorithms.commands.telling.doors import run_program
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.files import replace_file
from open_algorithms.commands.telling.say import print_message
from open_algorithms.commands.telling.summary import REPORT, REPORT_PAGE, summarize_job
from open_algorithms.doors.algorithms import Algorithm


def train_model(
    algorithm: Algorithm,
    data: Mapping[str, Path],
    out: Path,
    hyperparameters: dict[str, str],
    stated_type: str | None,
    target_first: bool,
    environ: Mapping[str, str],
) -> int:
    """Train on the channels in `data` and write the model and the job's output to `out`; return the job's exit status.

    Existing files in `out` are kept unless the job succeeds.
    """
    learned, *_ = cards = algorithm.card.channels
    labelled = {card.name: card.labelled for card in cards}
    files = {name: find_data_files([path]) for name, path in data.items()}
    check_split(data[learned.name], [name for name, _ in files[learned.name]], [card.name for card in cards])
    if hyperparameters.get("target") and target_first:
        raise UsageError("--target and --target-first say two things. Say one of them.")
    option, column = find_named_column(hyperparameters, learned.labelled)
    kinds = {name: decide_content_type(found, stated_type, column) for name, found in files.items()}
    for name, kind in kinds.items():
        found = [file for _, file in files[name]]
        if option:
            check_has_names(data[name], found, parse_content_type(kind), option)
        elif labelled[name] and not target_first:
            ask_for_label(data[name], found, parse_content_type(kind))
        if data[name].is_dir() and out.resolve().is_relative_to(data[name].resolve()):
            raise UsageError(
                f"{out} is among the data of {data[name]}: the model would be taken for data next time. Say another "
                "--out."
            )
    new = make_output_folder(out)
    try:
        with TemporaryDirectory(prefix=f"{algorithm.word}-") as root:
            paths = Paths(Path(root))
            for name, named_files in files.items():
                link_channel_files(named_files, paths.channel_folder(name))
            kind = kinds[learned.name]
            source = DataSource(data[learned.name], files[learned.name], parse_content_type(kind), learned.labelled)
            config = ChannelConfig(learned.name, kind, labelled=learned.labelled)
            channel = Channel(config, paths.channel_folder(learned.name))
            hyperparameters |= choose_from_data(algorithm, channel, source, hyperparameters)
            hyperparameters |= choose_holdout(algorithm, data, hyperparameters)
            paths.config.mkdir(parents=True)
            paths.model.symlink_to(out.resolve())
            channels = {name: {"ContentType": kind} for name, kind in kinds.items()}
            for name, content in (("hyperparameters", hyperparameters), ("inputdataconfig", channels)):
                (paths.config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
            status = run_program(
                "train", paths.root, {**environ, DISPLAY_NAMES_VARIABLE: display_names_json(data, out, paths)}
            )
            if status == 0:
                copy_outputs(paths.output_data, out)
                print_summary(summarize_job(algorithm, out, data.get("test", data[learned.name]), stated_type))
            return status
    finally:
        if new:
            with suppress(OSError):
                out.rmdir()  # which it is only where nothing came of it


def make_output_folder(out: Path) -> bool:
    """Ensure that `out` is a writable folder; return whether it was created."""
    check_writable([out])
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CommandError(f"{out} is a file; expected a folder for the model, or a name for a new one.") from None
    except OSError as error:
        raise CommandError(f"{out} cannot be made: {error.strerror}.") from None
    return new


def display_names_json(files: Mapping[str, Path], out: Path, paths: Paths) -> str:
    """Return the names to show for a job's paths, as JSON by path below its root."""
    places = {
        paths.config / "hyperparameters.json": "the command line",
        paths.model: str(out),
        paths.output_data: str(out),
        **{paths.channel_folder(name): str(path) for name, path in files.items()},
    }
    return json.dumps({str(place.relative_to(paths.root)): name for place, name in places.items()})


def copy_outputs(source: Path, out: Path) -> None:
    """Copy the job's output beside the model; reports of an earlier model are removed first."""
    for name in (REPORT, REPORT_PAGE):
        (out / name).unlink(missing_ok=True)
    for file in source.rglob("*"):
        if file.is_file():
            target = out / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.read_bytes(), target)


def print_summary(lines: Sequence[str]) -> None:
    """Print the summary where people look: on stdout below the log of a terminal, else on stderr."""
    for line in lines:
        if sys.stdout.isatty():
            print(line, flush=True)
        else:
            print_message(line)
