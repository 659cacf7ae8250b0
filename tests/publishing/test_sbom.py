"""The bill of materials: valid CycloneDX, and exactly what the image holds."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from publishing.sbom import LOCK, bill_of_materials, debian_licenses, locked_hashes, python_licenses
from tests.needs import IMAGE, TOP
from tests.page import read_blocks, run_script
from tests.waiting import HANG_SECONDS

LOCKED = """first-package==1.0 ; python_full_version >= '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via other
other==2 \\
    --hash=sha256:cc
"""
INSPECTED = {"Id": "sha256:1", "Created": "2026-01-02T03:04:05.678901234Z", "Config": {"Labels": None}}
SYSTEM = {"ID": "debian", "VERSION_ID": "12"}
BUILT_AGAIN = {
    "Package": "libc++1",
    "Version": "1:2-3+b1",
    "Architecture": "amd64",
    "source:Package": "c++",
    "source:Version": "1:2-3",
    "copyright": "License: GPL-2+\n",
}
OTHER = {"name": "Other", "version": "2", "expressions": ["MIT OR Apache-2.0"], "licenses": [], "classifiers": []}


def names(licenses: Any) -> list[str | None]:
    return sorted(getattr(one, "value", None) or one.id or one.name for one in licenses)


def small_bill() -> dict[str, Any]:
    stock = {"system": SYSTEM, "debian": [BUILT_AGAIN], "python": [OTHER]}
    found: dict[str, Any] = json.loads(bill_of_materials("it:1", INSPECTED, stock, LOCKED.replace("cc", "c" * 64)))
    return found


def test_the_locked_hashes_are_found_by_name_and_version() -> None:
    assert locked_hashes(LOCKED) == {("first-package", "1.0"): ["aa", "bb"], ("other", "2"): ["cc"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Files: *\nLicense: Expat\n text\n\nFiles: a\nLicense: GPL-2+ with X\n", ["Expat", "GPL-2+ with X"]),
        ("License: Apache-2.0\nLicense:\n text\nLicense: Apache-2.0\n", ["Apache-2.0"]),
        ("See /usr/share/common-licenses/LGPL-2.1. And /usr/share/common-licenses/GPL.", ["GPL", "LGPL-2.1"]),
        ("License: you may do with this what you like\n", []),
        ("", []),
    ],
)
def test_a_copyright_file_names_its_licenses(text: str, expected: list[str]) -> None:
    assert names(debian_licenses(text)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"expressions": ["MPL-2.0 AND (Apache-2.0 OR MIT)"], "licenses": ["x"]}, ["MPL-2.0 AND (Apache-2.0 OR MIT)"]),
        ({"licenses": ["MIT"], "classifiers": ["License :: OSI Approved :: BSD License"]}, ["MIT"]),
        (
            {"licenses": ["All of\nthe text"], "classifiers": ["License :: OSI Approved :: BSD License"]},
            ["BSD License"],
        ),
        ({"classifiers": ["Topic :: Internet"]}, []),
    ],
)
def test_a_distribution_names_its_license(said: dict[str, list[str]], expected: list[str]) -> None:
    assert names(python_licenses({"expressions": [], "licenses": [], "classifiers": []} | said)) == expected


def test_a_package_is_named_as_scanners_look_it_up() -> None:
    purls = {part["name"]: part.get("purl") for part in small_bill()["components"]}
    assert purls == {
        "debian": None,
        "libc++1": "pkg:deb/debian/libc%2B%2B1@1:2-3%2Bb1?arch=amd64&distro=debian-12&upstream=c%2B%2B%401:2-3",
        "Other": "pkg:pypi/other@2",
    }


def test_a_distribution_carries_the_hashes_that_it_was_admitted_by() -> None:
    (other,) = [part for part in small_bill()["components"] if part["name"] == "Other"]
    assert other["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert other["externalReferences"][0]["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]


def test_the_same_image_has_the_same_bill() -> None:
    assert small_bill() == small_bill()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The bill of the image, by the documented command."""
    folder = tmp_path_factory.mktemp("sbom")
    for name in ("Makefile", "requirements", ".venv", "publishing"):
        (folder / name).symlink_to(TOP / name)
    run_script(read_blocks("sh")["Bill of materials"], folder)
    return (folder / "open-linear-learner.cdx.json").read_text(encoding="utf-8")


def look(*command: str) -> str:
    """Run a command in the image."""
    line = ["docker", "run", "--rm", f"--entrypoint={command[0]}", IMAGE, *command[1:]]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=HANG_SECONDS).stdout


def versions(bill: str, kind: str) -> dict[str, str]:
    parts = json.loads(bill)["components"]
    return {part["name"]: part["version"] for part in parts if part.get("purl", "").startswith(f"pkg:{kind}/")}


@pytest.mark.image
def test_the_bill_of_the_image_is_valid(written: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # takes a second, which no other test is to wait for

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None


@pytest.mark.image
def test_it_lists_the_packages_of_debian_that_the_image_holds(written: str) -> None:
    paragraphs = look("cat", "/var/lib/dpkg/status").strip().split("\n\n")
    fields = [dict(re.findall(r"^(Package|Version|Status): (.+)$", text, re.MULTILINE)) for text in paragraphs]
    held = {f["Package"]: f["Version"] for f in fields if f["Status"] == "install ok installed"}
    assert versions(written, "deb") == held


@pytest.mark.image
def test_it_lists_the_packages_of_python_that_the_image_holds(written: str) -> None:
    folders = look("find", "/", "-xdev", "-name", "*.dist-info", "-o", "-xdev", "-name", "*.egg-info").split()
    held = dict(Path(folder).stem.split("-") for folder in folders)
    listed = versions(written, "pypi")
    assert {re.sub(r"[-.]", "_", name).lower(): version for name, version in listed.items()} == held


@pytest.mark.image
def test_every_package_of_python_in_the_image_is_a_locked_one(written: str) -> None:
    locked = locked_hashes(LOCK.read_text(encoding="utf-8"))
    parts = [part for part in json.loads(written)["components"] if part.get("purl", "").startswith("pkg:pypi/")]
    for part in parts:
        name, version = part["purl"].removeprefix("pkg:pypi/").split("@")
        assert [one["content"] for one in part["externalReferences"][0]["hashes"]] == sorted(locked[name, version])


@pytest.mark.image
def test_an_image_that_is_not_there_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "publishing.sbom", "no-such-image:1", str(tmp_path / "bill.json")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert result.returncode == 1
    assert result.stderr.startswith("make sbom: the image no-such-image:1 cannot be looked into: ")
    assert "Traceback" not in result.stderr
