"""What the platform does in Pipe mode: fill one FIFO after another, each epoch the same objects end to end."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path


@contextmanager
def serve_fifos(channel: Path, objects: Iterable[bytes], late: float = 0.0) -> Iterator[list[str]]:
    """Fill one FIFO of the channel after another from a thread, each `late` seconds after the last is done.

    Yields the list of how each FIFO ended so far: "read" to its end or "left" early.
    """
    ends: list[str] = []
    over = threading.Event()
    channel.parent.mkdir(parents=True, exist_ok=True)

    def fill_fifos() -> None:
        for number in count():
            over.wait(late)
            fifo = channel.with_name(f"{channel.name}_{number}")
            os.mkfifo(fifo)
            try:
                with fifo.open("wb", buffering=0) as stream:
                    if over.is_set():
                        return
                    for content in objects:
                        stream.write(content)
                ends.append("read")
            except BrokenPipeError:
                ends.append("left")
            finally:
                fifo.unlink()

    writer = threading.Thread(target=fill_fifos)
    writer.start()
    try:
        yield ends
    finally:
        over.set()
        while writer.is_alive():
            for fifo in channel.parent.glob(f"{channel.name}_*"):
                with suppress(FileNotFoundError):
                    os.close(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK))
            writer.join(0.01)
