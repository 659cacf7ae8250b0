"""Build a wheel that carries MXNet, the package that is installed where the wheel is built, and the native library.

MXNet's last release asks for numpy 1, so that no package can ask for it beside today's numpy, with which it works as
`open_algorithms.learning.engine.mxnet` imports it. An installation that can be edited takes the package that is there.
"""

import sys
from email import message_from_string
from importlib.metadata import Distribution, distribution
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))  # whatever builds, it builds this checkout
from open_algorithms.learning.engine.native.build import build, describe_lack

CARRIED = "open_algorithms/learning/engine/carried"
NATIVE = "open_algorithms/learning/engine/native"
NEVER_OPENED = ("__pycache__", "gluon", "include", "onnx", "src", "tools")


def carry_mxnet(mxnet: Distribution, folder: Path) -> None:
    """Copy what is opened of MXNet to a folder, with what it says of itself."""
    ignored = ignore_patterns(*NEVER_OPENED)
    copytree(str(mxnet.locate_file("mxnet")), folder / "mxnet", ignore=ignored, dirs_exist_ok=True)
    described = folder / f"mxnet-{mxnet.version}.dist-info"
    described.mkdir(exist_ok=True)
    (described / "METADATA").write_text(mxnet.read_text("METADATA") or "", encoding="utf-8")


def carry_licences(numpy: Distribution, folder: Path) -> None:
    """Copy numpy's licences to a folder: they are those of OpenBLAS and of GCC's libraries too, which both carry."""
    (text,) = (file for file in numpy.files or [] if file.name == "LICENSE.txt" and ".dist-info" in str(file.parent))
    copy(str(numpy.locate_file(text)), folder / "LICENCES-OF-LIBRARIES.txt")


def read_tag(mxnet: Distribution) -> tuple[str, str, str]:
    """Return for which Python, ABI and platform the wheel of MXNet is."""
    python, abi, platform = str(message_from_string(mxnet.read_text("WHEEL") or "")["Tag"]).split("-")
    return python, abi, platform


class BuildWithMxnet(build_py):
    """Copies the modules of the packages, and MXNet and the native library unless they stay where they are."""

    def run(self) -> None:
        """Copy."""
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib, CARRIED)
            carry_mxnet(distribution("mxnet"), folder)
            carry_licences(distribution("numpy"), folder)
            print(describe_lack(build(Path(self.build_lib, NATIVE))))


class WheelWithMxnet(bdist_wheel):
    """Says that the wheel is for the platform that MXNet's is for."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return MXNet's tag."""
        return read_tag(distribution("mxnet"))


setup(cmdclass={"build_py": BuildWithMxnet, "bdist_wheel": WheelWithMxnet})
