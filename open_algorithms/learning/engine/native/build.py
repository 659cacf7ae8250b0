"""Compile the native library for each level of instructions that processors of this kind have.

`python -m open_algorithms.learning.engine.native.build` does so in place, and ends with 1 where it cannot. Without the
library jobs train by MXNet's operators.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

FOLDER = Path(__file__).parent
COMPILER = "gcc"
# Of each level, the best first: its name for the compiler, and what /proc/cpuinfo says of a processor that has it.
X86_LEVELS = {
    "x86-64-v4": frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "fma", "bmi2", "f16c"}),
    "x86-64-v3": frozenset({"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"}),
}
# Loops marked `omp simd` are vectorised; what is not a number stays so, but nobody is told of it.
OPTIONS = ("-std=gnu11", "-O3", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared")
LEVEL_OPTIONS = {"x86-64-v4": ("-mprefer-vector-width=512",)}


def levels() -> list[str]:
    """Return the levels for processors of this machine's kind, the best first; elsewhere one for all."""
    return [*X86_LEVELS] if platform.machine() == "x86_64" else [platform.machine()]


def sources() -> list[Path]:
    """Return the source files of the library."""
    return sorted(FOLDER.glob("*.[ch]"))


def library_name(level: str) -> str:
    """Return the name of the library's file for a level, in which a checksum of what it is built from is a part."""
    options = repr((OPTIONS, LEVEL_OPTIONS)).encode()
    checksum = zlib.crc32(b"".join([options, *(file.read_bytes() for file in sources())]))
    return f"native-{level}-{checksum:08x}.so"


def compile_library(level: str, folder: Path) -> None:
    """Compile the library into a folder; the file is there whole or not at all. Raises CalledProcessError."""
    architecture = [f"-march={level}"] if level in X86_LEVELS else []
    files = [str(file) for file in sources() if file.suffix == ".c"]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = Path(place, "made")
        command = [COMPILER, *OPTIONS, *architecture, *LEVEL_OPTIONS.get(level, ()), *files, "-o", made]
        subprocess.run(command, check=True)
        os.replace(made, folder / library_name(level))


def build(folder: Path = FOLDER) -> str:
    """Compile the library for every level into a folder, and remove older ones there; return why it cannot be."""
    if shutil.which(COMPILER) is None:
        return f"there is no {COMPILER}"
    try:
        for file in folder.glob("native-*.so"):
            if file.name not in map(library_name, levels()):
                file.unlink(missing_ok=True)
        for level in levels():
            if not (folder / library_name(level)).exists():
                compile_library(level, folder)
    except subprocess.CalledProcessError:
        return f"{COMPILER} cannot compile it, as above"
    except OSError as error:
        return str(error)
    return ""


def describe_lack(problem: str) -> str:
    """Say what it means that the library is not built; empty where it is."""
    return problem and f"The native library is not built: {problem}. Training will take several times as long."


if __name__ == "__main__":
    sys.exit(describe_lack(build()) or 0)
