"""Fuzz a decoder, for as long as it holds: `python -m tests.fuzz csv -max_total_time=300`; the options are libFuzzer's.

What leads to new code stays in `.fuzz`, for the next run to start from. What fails is written there too, and its path
printed: put into the corpus, it is a test.
"""

import random
import resource
import sys
import warnings
from functools import partial
from pathlib import Path

import atheris  # type: ignore[import-untyped]
from atheris.import_hook import HookManager  # type: ignore[import-untyped]

# as atheris.instrument_imports, but comparisons are not traced: atheris 3.0.0 leaks what they give, arrays here
with HookManager({"container", "open_algorithms"}, set(), enable_loader_override=True, trace_dataflow=False):
    from tests.fuzz.decoders import REQUESTS, TABLES, TRAINING, check_input

HERE = Path(__file__).resolve().parent
MOST_BYTES = 1 << 16
MOST_MEMORY = 512 << 20  # a Parquet page may claim more, and pyarrow tries to get it before it looks
MOST_SECONDS = 1.0


def main(codec: str, *options: str) -> None:
    """Feed a codec until the time is over or an input fails."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    found = Path(".fuzz") / codec
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_len={MOST_BYTES}", "-len_control=10", "-keep_seed=1", "-timeout=20"]
    places = [f"-artifact_prefix={found}-", f"-dict={HERE / 'tokens'}"]
    inputs = [str(found), str(HERE / "corpus" / codec)]
    arguments = [sys.argv[0], *limits, *places, *options, *inputs]
    atheris.Setup(arguments, partial(feed, codec), custom_mutator=mutate)
    atheris.Fuzz()


def feed(codec: str, data: bytes) -> None:
    """Check one input, and that reading it takes no longer than it may."""
    seconds = check_input(codec, data)
    assert seconds < MOST_SECONDS, f"{len(data)} bytes took {seconds:.1f} s"


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Change an input as libFuzzer does, or repeat a piece of it: what takes too long shows in long inputs only."""
    chance = random.Random(seed)
    if not data or chance.random() > 0.02:
        return bytes(atheris.Mutate(data, most))
    start = chance.randrange(len(data))
    stop = chance.randint(start + 1, len(data))
    times = chance.randint(1, max(1, (most - len(data)) // (stop - start)))
    return (data[:stop] + data[start:stop] * times + data[stop:])[:most]


if __name__ == "__main__":
    codecs = sorted({*TRAINING, *REQUESTS, *TABLES})
    if len(sys.argv) < 2 or sys.argv[1] not in codecs:
        sys.exit(f"usage: python -m tests.fuzz {{{','.join(codecs)}}} [libFuzzer's options]")
    main(*sys.argv[1:])
