"""While the model is loaded, requests are answered with 503, and a signal ends all."""

import subprocess
import sys

from tests.needs import TOP
from tests.waiting import HANG_SECONDS

TOLD_AT_ONCE = """
import os, signal, socket, sys
from threading import Thread
from container.web import waiting

class Interrupted(Thread):
    def start(self):
        super().start()
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("the signal came late")

signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
waiting.Thread = Interrupted
with waiting.refuse_while_loading(socket.create_server(("127.0.0.1", 0))):
    pass
"""


def test_a_stop_that_comes_as_the_first_answers_begin_ends_the_server() -> None:
    words = [sys.executable, "-c", TOLD_AT_ONCE]
    ended = subprocess.run(words, cwd=TOP, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert (ended.returncode, ended.stderr) == (0, "")
