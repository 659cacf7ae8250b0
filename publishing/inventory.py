"""The packages of an image, printed as JSON: the operating system, its packages and those of Python.

It is run by the image's own interpreter, so it imports the standard library only.

Tests: tests/publishing/test_sbom.py.
"""

import importlib.metadata
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version", "db:Status-Status")


def debian_packages() -> list[dict[str, str]]:
    """List the installed packages of Debian, each with the text of its copyright file."""
    line = "\t".join(f"${{{name}}}" for name in FIELDS)
    command = ["dpkg-query", "--show", "--showformat", f"{line}\n"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known = [dict(zip(FIELDS, text.split("\t"), strict=True)) for text in listed.splitlines()]
    packages = [package for package in known if package["db:Status-Status"] == "installed"]
    for package in packages:
        copyright = Path("/usr/share/doc", package["Package"], "copyright")
        package["copyright"] = copyright.read_text(errors="replace") if copyright.exists() else ""
    return packages


def python_packages() -> list[dict[str, Any]]:
    """List the distributions of Python, each with what it says of its licence."""
    return [
        {
            "name": distribution.metadata["Name"],
            "version": distribution.version,
            "expressions": distribution.metadata.get_all("License-Expression") or [],
            "licenses": distribution.metadata.get_all("License") or [],
            "classifiers": distribution.metadata.get_all("Classifier") or [],
        }
        for distribution in importlib.metadata.distributions()
    ]


if __name__ == "__main__":
    system = platform.freedesktop_os_release()
    print(json.dumps({"system": system, "debian": debian_packages(), "python": python_packages()}))
