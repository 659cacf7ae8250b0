"""What some tests need beyond `.venv`, by the marker that they carry, and why it is not here."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zipfile import ZipFile
from zlib import crc32

from benchmarks.data import FOLDER
from open_algorithms.learning.engine.native.library import find_library
from tests.modules import ALGORITHMS, algorithm_word

TOP = Path(__file__).resolve().parent.parent
CHECKOUT = f"{crc32(str(TOP).encode()):08x}"  # in the names of what the tests of other checkouts may make, too
IMAGE = os.environ.get("IMAGE", "open-linear-learner:dev")
BROWSER = ("chromium", "chromedriver")
PACKAGES = ("container", "linear_learner", "open_algorithms")
SHARED = (
    *("golden/adult", "golden/attrition", "golden/k_means", "golden/pca"),
    *("data/census.csv", "data/mnist.npz", "data/movielens_100k.npz"),
)
SDK = TOP / ".venv" / "sdk" / "bin" / "python"
SDK3 = TOP / ".venv" / "sdk3" / "bin" / "python"
SNIPPET = TOP / ".venv" / "snippet" / "bin" / "python"


def name_image(word: str) -> str:
    """Return the name of an algorithm's image."""
    return IMAGE if word == "linear_learner" else f"open-{word.replace('_', '-')}:dev"


def find_layers(image: str) -> list[str]:
    """Return the digests of an image's layers, none where there is no such image."""
    command = ["docker", "image", "inspect", "--format={{json .RootFS.Layers}}", image]
    found = subprocess.run(command, capture_output=True, text=True)
    layers: list[str] = [] if found.returncode else json.loads(found.stdout)
    return layers


@cache
def image_problem() -> str | None:
    """Say why containers of this checkout cannot be run here, or None."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode:
        return "no Docker engine answers"
    layers = {name: find_layers(name) for name in map(name_image, map(algorithm_word, ALGORITHMS))}
    if missing := [name for name, of_image in layers.items() if not of_image]:
        return f"there is no image {missing[0]}: make images"
    # images of the same sources differ by the last layer only
    if other := [name for name, of_image in layers.items() if of_image[:-1] != layers[IMAGE][:-1]]:
        return f"the image {other[0]} is not of the same sources as {IMAGE}: make images"
    compare = 'for name in "$@"; do diff -rqx __pycache__ -x "native-*.so" "/opt/program/$name" "/checkout/$name"; done'
    mount, shell = f"--volume={TOP}:/checkout:ro", ["--entrypoint=sh", IMAGE, "-c", compare, "sh"]
    sources = [*PACKAGES, "train", "serve", "entrypoint"]
    found = subprocess.run(["docker", "run", "--rm", mount, *shell, *sources], capture_output=True, text=True)
    return f"the image {IMAGE} is not of this checkout: make images" if found.returncode or found.stdout else None


def sdk_problem() -> str | None:
    """Say why Amazon's SDK is missing, or None."""
    return None if SDK.exists() else "make test-all builds .venv/sdk, where a Docker engine answers"


def sdk3_problem() -> str | None:
    """Say why version 3 of Amazon's SDK is missing, or None."""
    return None if SDK3.exists() else "make test-all builds .venv/sdk3, where a Docker engine answers"


def find_wheel() -> Path | None:
    """Return the wheel that `make wheel` has built, or None."""
    return next((TOP / "dist").glob("*.whl"), None)


def wheel_problem() -> str | None:
    """Say why there is no wheel of this checkout, or None."""
    wheel = find_wheel()
    if wheel is None:
        return "there is no wheel in dist: make wheel"
    with ZipFile(wheel) as packed:
        files = {file.filename: file.CRC for file in packed.infolist() if file.filename.endswith(".py")}
    ours = {str(path.relative_to(TOP)): path for package in PACKAGES for path in (TOP / package).rglob("*.py")}
    built = {name for name in files if "/carried/mxnet/" not in name}
    same = built == ours.keys() and all(crc32(path.read_bytes()) == files[name] for name, path in ours.items())
    return None if same else f"dist/{wheel.name} is not of this checkout: make wheel"


def snippet_problem() -> str | None:
    """Say why MXNet's own environment of its day is missing, or None."""
    return None if SNIPPET.exists() else "make test builds .venv/snippet, on Python 3.11"


def browser_problem() -> str | None:
    """Say what of the browser is missing, or None."""
    missing = [name for name in BROWSER if shutil.which(name) is None]
    return f"{' and '.join(missing)} missing; on Debian: apt-get install chromium chromium-driver" if missing else None


def curl_problem() -> str | None:
    """Say that curl is missing, or None."""
    return None if shutil.which("curl") else "curl missing; on Debian: apt-get install curl"


def root_problem() -> str | None:
    """Say that folders cannot be mounted or given away, or None."""
    is_root = os.getuid() == 0 and shutil.which("unshare") is not None
    can_mount = is_root and not subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode
    return None if can_mount else "only root can mount folders and give them away"


def native_problem() -> str | None:
    """Say that the native library is missing, or None."""
    return None if find_library() else "make setup builds the native library, where there is gcc"


def shared_problem() -> str | None:
    """Say what of the real data and public runs is missing, or None."""
    absent = [path for path in (FOLDER / name for name in SHARED) if not path.exists()]
    return f"{absent[0]} is absent; LINEAR_LEARNER_SHARED names the folder of the data" if absent else None


PROBLEMS: dict[str, Callable[[], str | None]] = {
    "image": image_problem,
    "sdk": sdk_problem,
    "sdk3": sdk3_problem,
    "wheel": wheel_problem,
    "browser": browser_problem,
    "snippet": snippet_problem,
    "curl": curl_problem,
    "root": root_problem,
    "native": native_problem,
    "shared": shared_problem,
}
NOT_REQUIRED = ("shared",)  # lies outside the project


def find_problems() -> dict[str, str]:
    """Return why what is missing is so, by marker."""
    found = {name: problem() for name, problem in PROBLEMS.items()}
    return {name: problem for name, problem in found.items() if problem}
