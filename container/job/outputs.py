"""What a job leaves: a model that is whole or absent, its archive, and a report.

Tests: tests/container/test_training.py.
"""

import gzip
import os
import shutil
import tarfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from container.contract.environment import Job, Paths
from container.job.log import JobLog
from container.job.writable import check_replaceable, check_writable

ARCHIVE_NAME = "model.tar.gz"


def remove_leftovers(paths: Paths) -> None:
    """Remove the partial files of an earlier job and its report, which would pass for this job's."""
    shutil.rmtree(_partial_model_folder(paths), ignore_errors=True)
    reports = (*paths.output_data.glob("report.*"), *paths.output_data.glob(".report.*"))
    for file in (_partial_archive_path(paths.output / ARCHIVE_NAME), *reports):
        with suppress(OSError):
            file.unlink()


def check_outputs(job: Job) -> None:
    """Check before training that every output of the job can be written; raise ClientError otherwise."""
    paths = job.paths
    reports = [paths.output_data] if job.wants_report else []
    checkpoints = [job.checkpoints] if job.checkpoints else []
    check_writable([paths.model, paths.output, *reports, *checkpoints], paths.display_name)
    if not job.on_platform:
        check_replaceable(paths.output / ARCHIVE_NAME, paths.display_name)


def write_model(save: Callable[[Path], None], job: Job) -> None:
    """Have `save(folder)` write into a hidden folder, then rename file by file, so that each is whole or absent.

    The files of an earlier model are removed first, so that a kill never leaves files of two models side by side. Off
    the platform, which does it itself, the files are also packed into an archive.
    """
    unfinished = _partial_model_folder(job.paths)
    try:
        unfinished.mkdir(parents=True)
        save(unfinished)
        files = sorted(file.relative_to(unfinished) for file in unfinished.rglob("*") if file.is_file())
        replace_files(unfinished, files, job.paths.model)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if not job.on_platform:
        job.paths.output.mkdir(parents=True, exist_ok=True)
        pack_archive(job.paths.model, files, job.paths.output / ARCHIVE_NAME)


def replace_files(source: Path, files: Sequence[Path], target: Path) -> None:
    """Move files from one folder to another; those that they replace are removed first, and never mix with them."""
    for file in files:
        (target / file).unlink(missing_ok=True)
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(source / file, target / file)


def write_report(make_report: Callable[[], Mapping[str, str]], paths: Paths, log: JobLog) -> None:
    """Write the reports. The model is already complete; any error here is logged as a warning."""
    try:
        texts = make_report()
        paths.output_data.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            partial = paths.output_data / f".{name}.saving"
            try:
                partial.write_text(text, encoding="utf-8", errors="backslashreplace")
                os.replace(partial, paths.output_data / name)
            finally:
                partial.unlink(missing_ok=True)
        log.info(f"The report is {' and '.join(paths.display_name(paths.output_data / name) for name in texts)}.")
    except OSError as error:
        where = paths.display_name(paths.output_data)
        log.warning(f"The report could not be written to {where}: {error.strerror or error}. The model is whole.")
    except Exception as error:
        log.warning("".join(traceback.format_exception(error)).rstrip())
        log.warning("The report could not be made; the model is whole.")


def _partial_model_folder(paths: Paths) -> Path:
    return paths.model / ".saving"


def _partial_archive_path(archive: Path) -> Path:
    return archive.with_name(f".{archive.name}.saving")


def pack_archive(folder: Path, files: Sequence[Path], archive: Path) -> None:
    """Write files of a folder to a tar.gz as SageMaker does; the same files give the same bytes."""
    partial = _partial_archive_path(archive)
    try:
        with (
            partial.open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for file in files:
                member = tarfile.TarInfo(file.as_posix())
                member.size = (folder / file).stat().st_size
                with (folder / file).open("rb") as content:
                    tar.addfile(member, content)
        os.replace(partial, archive)
    finally:
        partial.unlink(missing_ok=True)
