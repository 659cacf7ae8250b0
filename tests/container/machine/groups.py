"""The files by which a system tells of control groups."""

from pathlib import Path


def lay_out_system(top: Path, membership: str, limits: dict[str, str]) -> Path:
    """Write which groups this process is in, and their limits, below `top`."""
    for name, text in {"proc/self/cgroup": membership, **limits}.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return top
