"""Serve a model from any path."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from open_algorithms.commands.tables.models import open_model
from open_algorithms.commands.telling.doors import run_door
from open_algorithms.learning.artifact.archives import PACKED, ZIPPED


def serve(path: Path, port: int | None, environ: Mapping[str, str]) -> int:
    """Run the server on the model at `path` until a signal, and give its exit status."""
    open_model(path)  # which says what is wrong with it here instead of to every client
    settings = {"SAGEMAKER_MULTI_MODEL": ""}
    if port is not None:
        settings["SAGEMAKER_BIND_TO_PORT"] = str(port)
    with TemporaryDirectory(prefix="linear_learner-") as root:
        model = Path(root, "model")
        if path.is_dir():
            model.symlink_to(path.resolve())
        else:
            model.mkdir()
            shutil.copyfile(path, model / (PACKED if is_tar(path) else ZIPPED))
        return run_door("serve", Path(root), {**environ, **settings})


def is_tar(path: Path) -> bool:
    """Return whether a file is gzipped, as a tar of a model is and a zip is not."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"
