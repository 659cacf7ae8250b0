"""TCP ports for servers of tests: no two tests are given the same one, on whichever worker of pytest-xdist they run."""

import os
import socket
from collections.abc import Iterator

HERE = "127.0.0.1"
BELOW_EPHEMERAL = range(10_000, 32_000)  # what Linux gives to outgoing connections begins at 32768

_claims: list[socket.socket] = []  # held until this process ends


def claim_port() -> int:
    """Return a port that nobody listens on, and that no other test process of this machine is given until this ends.

    The claim is a socket in Linux's abstract namespace, which carries the port in its name: it goes with its process.
    """
    for port in _ports_from(os.getpid() * 97):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0port {port} of a test")
            with socket.socket() as probe:
                probe.bind((HERE, port))
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return port
    raise AssertionError("no port is free")


def _ports_from(start: int) -> Iterator[int]:
    first = start % len(BELOW_EPHEMERAL)
    yield from BELOW_EPHEMERAL[first:]
    yield from BELOW_EPHEMERAL[:first]
