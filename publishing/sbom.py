"""The bill of materials of an image: every Debian and Python package in it, as CycloneDX JSON.

It depends on the image and on requirements/runtime.txt only: the same image has the same bill, byte for byte.
"""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.spdx import fixup_id
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from publishing import inventory

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "runtime.txt"
LABEL = "org.opencontainers.image.licenses"
WORDS_OF_A_SENTENCE = 7  # some copyright files begin the text where its name should stand


def inspect_image(image: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return Docker's description of the image, and the inventory printed by the image's own Python.

    Raises subprocess.CalledProcessError, with the reason in stderr, where there is no Docker engine or no such image.
    """
    inspected = _run_docker("image", "inspect", image)
    program = Path(inventory.__file__).read_text(encoding="utf-8")
    options = ("--rm", "--interactive", "--network=none", "--entrypoint=python3")
    return json.loads(inspected)[0], json.loads(_run_docker("run", *options, image, "-", program=program))


def _run_docker(*arguments: str, program: str | None = None) -> str:
    command = ["docker", *arguments]
    return subprocess.run(command, input=program, capture_output=True, text=True, check=True).stdout


def locked_hashes(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the SHA-256 hashes of the locked distributions by normalised name and version."""
    packages = re.findall(r"^(\S+)==(\S+)(.*(?:\n +--hash=.*)*)", text, re.MULTILINE)
    return {(_normalised_name(name), version): re.findall(r"sha256:(\w+)", rest) for name, version, rest in packages}


def bill_of_materials(image: str, inspected: Mapping[str, Any], stock: Mapping[str, Any], lock: str) -> str:
    """Return the bill; raise ValueError where it is not valid CycloneDX."""
    labels = inspected["Config"].get("Labels") or {}
    root = Component(
        name=image,
        version=inspected["Id"],
        type=ComponentType.CONTAINER,
        bom_ref=image,
        licenses=_licenses_by_name(labels[name] for name in labels.keys() & {LABEL}),
    )
    hashes = locked_hashes(lock)
    parts = [
        _system_component(stock["system"]),
        *(_debian_component(package, stock["system"]) for package in stock["debian"]),
        *(_python_component(package, hashes) for package in stock["python"]),
    ]
    bom = Bom(components=parts, serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{image}@{inspected['Id']}"))
    bom.metadata.component = root
    bom.metadata.timestamp = datetime.fromisoformat(re.sub(r"\.\d+", "", inspected["Created"]))
    bom.register_dependency(root, parts)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(str(error))
    return text + "\n"


def _system_component(system: Mapping[str, str]) -> Component:
    name, version = system["ID"], system["VERSION_ID"]
    return Component(name=name, version=version, bom_ref=f"{name}-{version}", type=ComponentType.OPERATING_SYSTEM)


def _debian_component(package: Mapping[str, str], system: Mapping[str, str]) -> Component:
    name, version, source = package["Package"], package["Version"], package["source:Package"]
    built_from = source if package["source:Version"] == version else f"{source}@{package['source:Version']}"
    qualifiers = {
        "arch": package["Architecture"],
        "distro": f"{system['ID']}-{system['VERSION_ID']}",
        **({} if built_from == name else {"upstream": built_from}),
    }
    purl = PackageURL("deb", system["ID"], name, version, qualifiers)
    licenses = debian_licenses(package["copyright"])
    return Component(name=name, version=version, bom_ref=str(purl), purl=purl, licenses=licenses)


def _python_component(package: Mapping[str, Any], lock: Mapping[tuple[str, str], list[str]]) -> Component:
    name, version = package["name"], package["version"]
    purl = PackageURL("pypi", None, name, version)
    hashes = lock.get((_normalised_name(name), version), [])
    admitted = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(purl)),
        comment="the files that requirements/runtime.txt admits; one of them is installed",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in hashes],
    )
    return Component(
        name=name,
        version=version,
        bom_ref=str(purl),
        purl=purl,
        licenses=python_licenses(package),
        external_references=[admitted] if hashes else [],
    )


def debian_licenses(copyright: str) -> list[License]:
    """Return the licences that a copyright file names or, where it is prose, refers to in /common-licenses."""
    named = re.findall(r"^License:[ \t]*(\S.*?)\s*$", copyright, re.MULTILINE)
    short = {name for name in named if len(name.split()) < WORDS_OF_A_SENTENCE}
    return _licenses_by_name(short or set(re.findall(r"/common-licenses/([A-Za-z]+(?:-[\d.]*\d)?)", copyright)))


def python_licenses(package: Mapping[str, Any]) -> list[License]:
    """Return the licence of a distribution: its expression, else its licence line, else its classifiers."""
    if package["expressions"]:
        return [LicenseFactory().make_from_string(package["expressions"][0])]
    lines = [text for text in package["licenses"] if text and "\n" not in text]
    classifiers = (text.split(" :: ") for text in package["classifiers"])
    return _licenses_by_name(lines or {parts[-1] for parts in classifiers if parts[0] == "License"})


def _licenses_by_name(names: Iterable[str]) -> list[License]:
    """Return licences by SPDX identifier, or by name where there is none."""
    return [LicenseFactory().make_with_id(name) if fixup_id(name) else DisjunctiveLicense(name=name) for name in names]


def _normalised_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(image: str, path: str) -> None:
    """Write the bill of `image` to the file `path`."""
    try:
        inspected, stock = inspect_image(image)
    except FileNotFoundError:
        sys.exit("make sbom: docker is missing: install a Docker engine and its command line.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"make sbom: the image {image} cannot be looked into: {error.stderr.strip()}")
    Path(path).write_text(
        bill_of_materials(image, inspected, stock, LOCK.read_text(encoding="utf-8")), encoding="utf-8"
    )
    print(f"{path}: {len(stock['debian'])} packages of Debian and {len(stock['python'])} of Python in {image}")


if __name__ == "__main__":
    main(*sys.argv[1:])
