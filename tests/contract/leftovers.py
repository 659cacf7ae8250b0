"""The containers that a test may leave behind, told from those of whoever else uses the engine."""

import subprocess
from pathlib import Path


def remove_containers(folder: Path) -> None:
    """Remove those, running or not, that have something below `folder` mounted."""
    listing = ["docker", "ps", "--all", "--no-trunc", "--format={{.ID}} {{.Mounts}}"]
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    if left := [line.split()[0] for line in found if f"{folder}/" in line]:
        subprocess.run(["docker", "rm", "--force", *left], check=True, capture_output=True)
