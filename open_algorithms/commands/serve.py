"""Serve a model from any path."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from open_algorithms.commands.tables.models import load_model
from open_algorithms.commands.telling.doors import run_program
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.artifact.archives import ORIGINAL_FILE, TAR_ARCHIVE


def serve_model(algorithm: Algorithm, path: Path, port: int | None, environ: Mapping[str, str]) -> int:
    """Run the server on the model at `path` until a signal, and give its exit status."""
    load_model(algorithm, path)  # which says what is wrong with it here instead of to every client
    settings = {"SAGEMAKER_MULTI_MODEL": ""}
    if port is not None:
        settings["SAGEMAKER_BIND_TO_PORT"] = str(port)
    with TemporaryDirectory(prefix=f"{algorithm.word}-") as root:
        model = Path(root, "model")
        if path.is_dir():
            model.symlink_to(path.resolve())
        else:
            model.mkdir()
            shutil.copyfile(path, model / (TAR_ARCHIVE if is_gzip(path) else ORIGINAL_FILE))
        return run_program("serve", Path(root), {**environ, **settings})


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzipped, as a tar of a model is and a zip is not."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"
