"""Run one training job: read its configuration, fit, save the model whole or not at all, report why it fails."""

import errno
import gzip
import os
import shutil
import signal
import stat
import sys
import tarfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from container.channels.channel import Channel
from container.contract.environment import Job, Paths, is_live_terminal, read_job, read_paths
from container.contract.errors import ClientError
from container.job.checkpoint import CheckpointFile
from container.job.log import JobLog
from container.job.stop import StopRequest
from container.job.terminal import LiveLog
from container.job.timeline import Timeline
from container.job.writable import check_replaceable, check_writable
from container.rows.notices import Notices
from container.team.companions import start_companions
from container.team.rendezvous import JobOver, Outcome, Team

ALGORITHM = "Linear Learner"
CHANNELS = ("train", "validation", "test")
STOPPED_STATUS = 128 + signal.SIGTERM  # the exit status of a job that was stopped before there was a model
ARCHIVE_NAME = "model.tar.gz"
START_CHANNEL = "model"  # the channel of a model to start from


@dataclass
class Task:
    """Everything an algorithm gets to do its job.

    `raise_if_stopped()` raises KeyboardInterrupt once the job has been asked to stop; call it wherever the work can be
    abandoned. `timeline` records a lap at the end of each part of the work. `start_folder` holds the model to start
    from, `checkpoint_file` outlives the job; each is None where there is none. `team` is None on a single host. Of
    several hosts only rank 0 has the checkpoint file, logs metrics and saves the model.
    """

    log: JobLog
    raise_if_stopped: Callable[[], None]
    timeline: Timeline
    hyperparameters: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    start_folder: Path | None = None
    checkpoint_file: CheckpointFile | None = None
    team: Team | None = None


ModelT = TypeVar("ModelT")
FitModel = Callable[[Task], ModelT]
SaveModel = Callable[[ModelT, Path], None]
AssignRoles = Callable[[Team], dict[str, Callable[[], None]]]
MakeReport = Callable[[ModelT, Task], Mapping[str, str]]


def run_job(
    environ: Mapping[str, str],
    fit: FitModel[ModelT],
    save: SaveModel[ModelT],
    user_errors: tuple[type[Exception], ...] = (),
    stop: StopRequest | None = None,
    timeline: Timeline | None = None,
    roles: AssignRoles = lambda team: {},
    report: MakeReport[ModelT] | None = None,
) -> int:
    """Run the job described by `environ`, log where its time went, and return its exit status.

    `fit(work)` returns a model, `save(model, folder)` writes its files, and `report(model, work)` returns the text of
    each report by file name. Reports are written last; if that fails it is only a warning. A ClientError or one of
    `user_errors` is the user's fault and is reported as one message without a traceback. A stopped job returns 0 with
    the model that `fit` has by then, or 143 without a model if `fit` raises KeyboardInterrupt.

    With several hosts, `roles(team)` maps the name of each companion process to the function it runs, and all hosts
    return the same outcome.
    """
    stop = stop or StopRequest()
    paths = read_paths(environ)
    log = JobLog("algo-1", ALGORITHM, sys.stdout, on_warning=partial(_repeat_on_stderr, paths))
    task = Task(log, stop.raise_if_received, timeline or Timeline())
    outcome = _attempt_job(task, environ, fit, save, (ClientError, *user_errors), stop, roles, report)
    if outcome.status and task.team is not None:
        outcome = task.team.agree_on_outcome(outcome)
    return _finish_job(outcome, paths, task)


def _finish_job(outcome: Outcome, paths: Paths, task: Task) -> int:
    """Log how the job ended and its timeline, write output/failure if it failed, and return the exit status."""
    task.log.close()
    if outcome.status == STOPPED_STATUS:
        task.log.warning(outcome.reason)
        return STOPPED_STATUS
    if outcome.status:
        report_failure(paths, outcome.reason, task.log)
    if task.timeline.seconds_by_part:
        if outcome.status:
            task.timeline.record_lap("unfinished")
        task.log.info(f"Time line: {task.timeline}")
    return outcome.status


def _attempt_job(
    task: Task,
    environ: Mapping[str, str],
    fit: FitModel[ModelT],
    save: SaveModel[ModelT],
    user_errors: tuple[type[Exception], ...],
    stop: StopRequest,
    roles: AssignRoles,
    report: MakeReport[ModelT] | None,
) -> Outcome:
    paths = read_paths(environ)
    try:
        with suppress(OSError):
            paths.failure_file.unlink()
        job = read_job(environ)
        if job.is_leader:
            _remove_leftovers(paths)
        task.log = _create_log(job, is_live_terminal(environ, sys.stdout))
        if len(job.hosts) > 1:
            task.team = Team(job, task.log.info)
            _join_team(task.team, task, paths, roles)
        if job.is_leader:
            _check_outputs(job)
        _assign_inputs(job, task)
        task.raise_if_stopped()
        task.timeline.record_lap("start")
        model = fit(task)
        stopped = stop.is_honoured if task.team is None else task.team.announce_done(stop.is_honoured)
        if job.is_leader:
            _save_model(model, save, job)
        if task.checkpoint_file is not None and not stopped:
            task.checkpoint_file.remove_latest()
        if task.team is not None:
            task.team.end_successfully()
        task.timeline.record_lap("save")
        if report is not None and job.is_leader and job.wants_report:
            _write_report(model, report, task, job.paths)
    except JobOver as over:
        return over.outcome
    except KeyboardInterrupt:
        return Outcome(STOPPED_STATUS, "Stopped before there was a model; none is saved.")
    except user_errors as error:
        return Outcome(1, f"ClientError: {error}{_locate_fault(error, task.channels)}")
    except MemoryError as error:
        advice = "Use an instance with more memory, or less data"
        return Outcome(1, f"AlgorithmError: not enough memory ({str(error) or 'no details'}). {advice}.")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _log_crash(task.log, error)
        where = paths.display_name(Path(error.filename or paths.root))
        return Outcome(1, f"AlgorithmError: no space left on the disk ({where}). Give the job a larger volume.")
    except Exception as error:
        return _log_crash(task.log, error)
    return Outcome(0)


def _create_log(job: Job, with_bar: bool) -> JobLog:
    """Create the log of this host; with `with_bar` the leader's log shows a progress bar on the terminal."""
    if with_bar and job.is_leader:
        return LiveLog(job.current_host, ALGORITHM, sys.stdout)
    return JobLog(job.current_host, ALGORITHM, sys.stdout, job.is_leader, partial(_repeat_on_stderr, job.paths))


def _join_team(team: Team, task: Task, paths: Paths, roles: AssignRoles) -> None:
    """Wait for the other hosts, start the companion processes and watch all of them; exit this process if one fails."""
    hangs = f"AlgorithmError: the training process of host {team.host!r} hangs."

    def end_process(outcome: Outcome) -> None:
        _finish_job(outcome, paths, task)
        sys.stdout.flush()
        os._exit(outcome.status)  # our companions end with us

    team.wait_for_hosts(task.raise_if_stopped)
    team.watch_in_background(start_companions(roles(team), lambda: report_failure(paths, hangs, task.log)), end_process)


def _remove_leftovers(paths: Paths) -> None:
    """Remove the partial files of an earlier job and its report, which would pass for this job's."""
    shutil.rmtree(_partial_model_folder(paths), ignore_errors=True)
    reports = (*paths.output_data.glob("report.*"), *paths.output_data.glob(".report.*"))
    for file in (_partial_archive_path(paths), *reports):
        with suppress(OSError):
            file.unlink()


def _check_outputs(job: Job) -> None:
    """Check before training that every output of the job can be written; raise ClientError otherwise."""
    paths = job.paths
    reports = [paths.output_data] if job.wants_report else []
    checkpoints = [job.checkpoints] if job.checkpoints else []
    check_writable([paths.model, paths.output, *reports, *checkpoints], paths.display_name)
    if not job.on_platform:
        check_replaceable(paths.output / ARCHIVE_NAME, paths.display_name)


def _assign_inputs(job: Job, task: Task) -> None:
    """Fill `work` with hyperparameters, channels, the model to start from and the checkpoint file.

    Raises ClientError where there is no train channel or the start model is in Pipe mode.
    """
    task.hyperparameters = job.hyperparameters
    configuration = job.paths.config / "hyperparameters.json"
    task.log.info(f"Reading provided configuration from {job.paths.display_name(configuration)}: {job.hyperparameters}")
    for name, config in sorted(job.channels.items(), key=lambda item: item[0] != "train"):
        place = job.paths.channel_folder(name)
        if name in CHANNELS:
            task.channels[name] = Channel(
                config,
                place,
                Notices(task.log.info, task.log.warning),
                task.raise_if_stopped,
                may_be_empty=task.team is not None,
                like=task.channels.get("train"),
            )
            task.log.info(f"The channel {name!r} is in {config.mode} input mode under {job.paths.display_name(place)}.")
        elif name == START_CHANNEL and config.mode == "Pipe":
            raise ClientError(
                f"channel {name!r}: expected the input mode File for the model to start from, found Pipe."
            )
        elif name == START_CHANNEL:
            task.start_folder = place
        else:
            task.log.warning(f"The channel {name!r} is ignored: expected {', '.join((*CHANNELS, START_CHANNEL))}.")
    if "train" not in task.channels:
        raise ClientError(f"no channel 'train' in {job.paths.config / 'inputdataconfig.json'}: it is required.")
    if job.checkpoints is not None and job.is_leader:
        task.checkpoint_file = CheckpointFile(job.checkpoints, task.log.warning)


def _locate_fault(error: Exception, channels: dict[str, Channel]) -> str:
    """Return a sentence that names the file of the fault, if the error names a channel and a row; else ""."""
    channel, row = (getattr(error, name, None) for name in ("channel", "row"))
    return f" It is {channels[channel].locate_row(row)}." if channel in channels and row else ""


def _save_model(model: ModelT, save: SaveModel[ModelT], job: Job) -> None:
    """Save into a hidden folder, then rename file by file, so that each file of the model is whole or absent.

    The files of an earlier model are removed first, so that a kill never leaves files of two models side by side.
    """
    unfinished = _partial_model_folder(job.paths)
    try:
        unfinished.mkdir(parents=True)
        save(model, unfinished)
        files = sorted(file.relative_to(unfinished) for file in unfinished.rglob("*") if file.is_file())
        for file in files:
            (job.paths.model / file).unlink(missing_ok=True)
        for file in files:
            (job.paths.model / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(unfinished / file, job.paths.model / file)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if not job.on_platform:
        _pack_archive(job.paths, files)


def _write_report(model: ModelT, report: MakeReport[ModelT], task: Task, paths: Paths) -> None:
    """Write the reports. The model is already complete; any error here is logged as a warning."""
    try:
        texts = report(model, task)
        paths.output_data.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            partial = paths.output_data / f".{name}.saving"
            try:
                partial.write_text(text, encoding="utf-8", errors="backslashreplace")
                os.replace(partial, paths.output_data / name)
            finally:
                partial.unlink(missing_ok=True)
        task.log.info(f"The report is {' and '.join(paths.display_name(paths.output_data / name) for name in texts)}.")
    except OSError as error:
        where = paths.display_name(paths.output_data)
        task.log.warning(f"The report could not be written to {where}: {error.strerror or error}. The model is whole.")
    except Exception as error:
        task.log.warning("".join(traceback.format_exception(error)).rstrip())
        task.log.warning("The report could not be made; the model is whole.")
    task.timeline.record_lap("report")


def _partial_model_folder(paths: Paths) -> Path:
    return paths.model / ".saving"


def _partial_archive_path(paths: Paths) -> Path:
    return paths.output / f".{ARCHIVE_NAME}.saving"


def _pack_archive(paths: Paths, files: list[Path]) -> None:
    """Write output/model.tar.gz as SageMaker does; the same files give the same bytes."""
    paths.output.mkdir(parents=True, exist_ok=True)
    partial = _partial_archive_path(paths)
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
        os.replace(partial, paths.output / ARCHIVE_NAME)
    finally:
        partial.unlink(missing_ok=True)


def _log_crash(log: JobLog, error: Exception) -> Outcome:
    """Log the traceback of an unexpected error and return the outcome that names it."""
    log.error("".join(traceback.format_exception(error)).rstrip())
    return Outcome(1, f"AlgorithmError: {type(error).__name__}: {error}")


def report_failure(paths: Paths, reason: str, log: JobLog | None = None) -> int:
    """Log why the job failed and write it to output/failure, unless that file exists; return the exit status 1."""
    log = log or JobLog("algo-1", ALGORITHM, sys.stdout)
    log.error(reason)
    _repeat_on_stderr(paths, reason)
    try:
        paths.output.mkdir(parents=True, exist_ok=True)
        with paths.failure_file.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(reason)
    except OSError as error:
        log.error(f"{paths.display_name(paths.failure_file)} could not be written: {error.strerror}")
    return 1


def _repeat_on_stderr(paths: Paths, reason: str) -> None:
    """Repeat a message on stderr if stdout is not visible: a file, the null device, or read by another program.

    Nothing is repeated where both streams go to the same place, as on a terminal or in a container's log.
    """
    with suppress(AttributeError, OSError):  # there is no stream, or none that has a number
        log, here = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
        lost = os.path.samestat(log, os.stat(os.devnull))
        unseen = paths.display_names or lost or stat.S_ISREG(log.st_mode) or sys.stderr.isatty()
        if unseen and not os.path.samestat(log, here):
            print(f"train: {reason}", file=sys.stderr, flush=True)
