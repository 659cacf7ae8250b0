"""What MXNet and its threads read from the environment, to be set before MXNet is imported."""

from collections.abc import Mapping

ONLY_THREAD = {"OMP_NUM_THREADS": "1"}  # where a bank asks for no more: what several are worth it finds out by itself
ALWAYS = {
    # MXNet times its operators for that, and the bits of results follow from what it finds.
    "MXNET_USE_OPERATOR_TUNING": "0",
    # A step changes arrays in place, which goes wrong unless its operators are queued as one.
    "MXNET_EXEC_BULK_EXEC_INFERENCE": "1",
    # What travels between hosts is cut in equal parts, one for each server.
    "MXNET_KVSTORE_BIGARRAY_BOUND": "1024",
}
# A thread that waits for another gives up its processor after some 30 microseconds: until the bank makes room for
# others who want it too, and where it cannot, less of the time goes into waiting.
UNLESS_GIVEN = {"GOMP_SPINCOUNT": "10000"}


def engine_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set for MXNet, given those that are set."""
    return ONLY_THREAD | ALWAYS | {name: environ.get(name, value) for name, value in UNLESS_GIVEN.items()}


def processor_limit(environ: Mapping[str, str], available: int) -> int:
    """Return how many processors large products may use: OMP_NUM_THREADS where it is a number, or all available."""
    threads = environ.get("OMP_NUM_THREADS", "")
    return int(threads) if threads.isdecimal() and int(threads) else available
