"""One training job from its files to its exit status: read, fit, save whole or not at all, say why if it fails."""

import errno
import gzip
import os
import shutil
import signal
import sys
import tarfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from container.channels import Channel
from container.environment import Job, Paths, read_job, read_paths
from container.errors import ClientError
from container.log import Log

ALGORITHM = "Linear Learner"
CHANNELS = ("train", "validation", "test")

M = TypeVar("M")
Fit = Callable[[dict[str, str], dict[str, Channel], Log], M]
Save = Callable[[M, Path], None]


class Stopped(BaseException):
    """The platform asked the job to stop."""


def run(environ: Mapping[str, str], fit: Fit[M], save: Save[M], user_errors: tuple[type[Exception], ...] = ()) -> int:
    """Run the job that `environ` points to and give its exit status.

    `fit(hyperparameters, channels, log)` gives a model, `save(model, directory)` writes its files. A ClientError or one
    of `user_errors` is the user's fault: one message without a trace. SIGTERM ends the job with 143 and no model.
    """
    paths = read_paths(environ)
    log = Log("algo-1", ALGORITHM, sys.stdout)
    mistakes: tuple[type[Exception], ...] = (ClientError, *user_errors)
    channels: dict[str, Channel] = {}
    try:
        with _stoppable():
            paths.failure.unlink(missing_ok=True)
            shutil.rmtree(_unfinished(paths), ignore_errors=True)
            _partial_archive(paths).unlink(missing_ok=True)
            job = read_job(environ)
            log = Log(job.current_host, ALGORITHM, sys.stdout)
            _train(job, fit, save, log, channels)
    except Stopped:
        log.warning("Stopped by SIGTERM before the end of training; no model is saved.")
        return 128 + signal.SIGTERM
    except mistakes as error:
        return _fail(paths, log, f"ClientError: {error}{_place(error, channels)}")
    except MemoryError as error:
        advice = "Use an instance with more memory, or less data"
        return _fail(paths, log, f"AlgorithmError: not enough memory ({str(error) or 'no details'}). {advice}.")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _crash(paths, log, error)
        where = error.filename or paths.root
        return _fail(paths, log, f"AlgorithmError: no space left on the disk ({where}). Give the job a larger volume.")
    except Exception as error:
        return _crash(paths, log, error)
    return 0


def _train(job: Job, fit: Fit[M], save: Save[M], log: Log, channels: dict[str, Channel]) -> None:
    configuration = job.paths.config / "hyperparameters.json"
    log.info(f"Reading provided configuration from {configuration}: {job.hyperparameters}")
    for name, config in job.channels.items():
        if name in CHANNELS:
            channels[name] = Channel(config, job.paths.channel(name), say=log.info)
            log.info(f"The channel {name!r} is in {config.mode} input mode under {job.paths.channel(name)}.")
        else:
            log.warning(f"The channel {name!r} is ignored: expected {', '.join(CHANNELS)}.")
    if "train" not in channels:
        raise ClientError(f"no channel 'train' in {job.paths.config / 'inputdataconfig.json'}: it is required.")
    model = fit(job.hyperparameters, channels, log)
    _save(model, save, job)


def _place(error: Exception, channels: dict[str, Channel]) -> str:
    """Name the file of a fault that names a channel and a row."""
    channel, row = (getattr(error, name, None) for name in ("channel", "row"))
    return f" It is {channels[channel].place(row)}." if channel in channels and row else ""


def _save(model: M, save: Save[M], job: Job) -> None:
    """Let `save` write into a hidden folder, then rename file by file: a file of the model is whole or absent.

    What an earlier job left is taken away first, so that no kill leaves files of two models side by side.
    """
    unfinished = _unfinished(job.paths)
    try:
        unfinished.mkdir(parents=True)
        save(model, unfinished)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is left takes a moment and must not be cut in half
        files = sorted(file.relative_to(unfinished) for file in unfinished.rglob("*") if file.is_file())
        for file in files:
            (job.paths.model / file).unlink(missing_ok=True)
        for file in files:
            (job.paths.model / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(unfinished / file, job.paths.model / file)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if not job.on_platform:
        _pack(job.paths, files)


def _unfinished(paths: Paths) -> Path:
    return paths.model / ".saving"


def _partial_archive(paths: Paths) -> Path:
    return paths.output / ".model.tar.gz.saving"


def _pack(paths: Paths, files: list[Path]) -> None:
    """Pack files as SageMaker does; the same files give the same bytes."""
    paths.output.mkdir(parents=True, exist_ok=True)
    partial = _partial_archive(paths)
    try:
        with (
            partial.open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for file in files:
                member = tarfile.TarInfo(file.as_posix())
                member.size = (paths.model / file).stat().st_size
                with (paths.model / file).open("rb") as content:
                    tar.addfile(member, content)
        os.replace(partial, paths.output / "model.tar.gz")
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _stoppable() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _crash(paths: Paths, log: Log, error: Exception) -> int:
    log.error("".join(traceback.format_exception(error)).rstrip())
    return _fail(paths, log, f"AlgorithmError: {type(error).__name__}: {error}")


def _fail(paths: Paths, log: Log, reason: str) -> int:
    log.error(reason)
    try:
        paths.output.mkdir(parents=True, exist_ok=True)
        with paths.failure.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(reason)
    except OSError as error:
        log.error(f"{paths.failure} could not be written: {error}")
    return 1
