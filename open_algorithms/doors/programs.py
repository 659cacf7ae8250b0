"""The programs `train` and `serve`, which the platform starts by these words: what each does before it imports much.

Tests: tests/commands/test_train.py, tests/commands/test_serve.py, tests/contract/test_interruption.py.
"""

import os
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import NoReturn

from open_algorithms.learning.job.errors import InputError


def train() -> NoReturn:
    """Run a training job of the platform with the algorithm that ALGORITHM names, and end the process."""
    from container.job.stop import StopRequest

    stop = StopRequest()
    stop.install_handlers()  # before anything that takes time is imported

    from container.job.guard import fork_guarded_child
    from container.job.log import replace_closed_stdout

    replace_closed_stdout()
    fork_guarded_child(os.environ, stop)

    limit_numpy_threads(os.environ)

    from container.job.timeline import Timeline, process_start_time
    from open_algorithms.doors.training import run_training

    timeline = Timeline(process_start_time(os.getppid()))  # the guard's process, which the job began as
    status = run_training(os.environ, stop, timeline)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that is closed is None
        with suppress(OSError):  # what cannot be written has cost nothing so far
            stream.flush()
    os._exit(status)  # without MXNet's own end, which aborts the process if an operator has failed


def limit_numpy_threads(environ: MutableMapping[str, str]) -> None:
    """Have numpy multiply in one thread where the algorithm shares its work among threads itself.

    Threads of numpy's products wait for each other without giving up their processors, so that small products take
    many times as long beside a busy process. Must be called before numpy is imported.
    """
    from open_algorithms.doors.algorithms import find_algorithm

    with suppress(InputError):  # the job says that there is no such algorithm
        if find_algorithm(environ).card.has_own_threads:
            environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def serve() -> NoReturn:
    """Serve a model of the algorithm that ALGORITHM names until SIGTERM, and end the process."""
    # Products of one request are small, and gunicorn's workers already use every core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from open_algorithms.doors.serving import run_serving

    sys.exit(run_serving(os.environ))
