"""Stress a multi-model server and check that every well-formed request is answered correctly.

`python -m benchmarks.soak [SECONDS]` (600): requests in every format while workers are killed, clients send a byte a
second, uploads are aborted, bodies are mutated, and models are loaded and unloaded. Prints the counts of requests and
answers, and the memory over time. Every loop ends by itself; only the server started here is contacted.
"""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmarks.measure import CHECKOUT
from benchmarks.serving import KINDS, is_well, read_memory, write_bodies
from container.team.network import find_free_port
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel

FEATURES, ROWS = 14, 7
MODELS, SLOW_CLIENTS, MALFORMED = 20, 50, 10_000
TOLERANCE = 1e-6


class Attack:
    """The state shared by all threads: the server, the expected answers, and the counts."""

    def __init__(self, port: int, expected: list[float], bodies: dict[str, bytes], until: float) -> None:
        self.port = port
        self.expected = expected
        self.bodies = bodies
        self.until = until
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []

    def has_time_left(self) -> bool:
        """Tell whether there is time left."""
        return time.monotonic() < self.until

    def send_request(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes] | None:
        """Send one request; None where the connection broke, as it may when its worker is killed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def send_well_formed(self) -> None:
        """Ask a model that stays, in a random format, and look at the answer."""
        kind = random.choice(list(self.bodies))
        found = self.send_request("POST", "/models/stays/invoke", self.bodies[kind], Content_Type=KINDS[kind])
        if found is None:
            self.seen["broken connection"] += 1
            return
        status, body = found
        self.seen[f"well-formed {status}"] += 1
        if status != 200:
            self.wrong.append(f"{kind}: {status} {body[:200]!r}")
            return
        scores = [row["score"] for row in json.loads(body)["predictions"]]
        if not np.allclose(scores, self.expected, atol=TOLERANCE):
            self.wrong.append(f"{kind}: {body[:200]!r}")

    def send_large(self) -> None:
        """Send some megabytes."""
        found = self.send_request(
            "POST", "/models/stays/invoke", (self.bodies["CSV"] + b"\n") * 3000, Content_Type="text/csv"
        )
        self.seen[f"large {found and found[0]}"] += 1
        if found and found[0] not in (200, 503):
            self.wrong.append(f"large: {found[0]} {found[1][:200]!r}")
        time.sleep(0.2)

    def send_malformed(self) -> None:
        """Send a damaged body."""
        kind = random.choice(list(self.bodies))
        body = bytearray(self.bodies[kind])
        for _ in range(random.randint(1, 20)):
            place = random.randrange(len(body) or 1)
            match random.randrange(4):
                case 0:
                    body[place : place + 1] = bytes([random.randrange(256)])
                case 1:
                    del body[place : place + random.randint(1, 40)]
                case 2:
                    body[place:place] = random.choice([b"[", b"{", b'"', b"\0", b"1e999", b"NaN", b"," * 100, b"\r"])
                case _:
                    body[place:place] = body[place : place + random.randint(1, 200)]
        claimed = random.choice(list(KINDS.values()))
        headers = {"Content_Type": claimed, "Accept": random.choice(["*/*"] * 8 + ["text/csv", "image/png", ";;q=x"])}
        if random.random() < 0.1:
            headers["Content_Encoding"] = random.choice(["gzip", "br"])
        found = self.send_request("POST", "/models/stays/invoke", bytes(body), **headers)
        self.seen[f"malformed {found and found[0]}"] += 1
        if found and found[0] >= 500:
            self.wrong.append(f"malformed {claimed}: {found[0]} {found[1][:200]!r} {bytes(body)[:2000]!r}")

    def send_garbage(self) -> None:
        """Send bytes that are no request, or one that breaks off."""
        line = (
            f"POST /models/stays/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: {random.choice([5, -1, 10**9])}\r\n\r\n"
        )
        data = random.choice(
            [os.urandom(random.randint(1, 3000)), b"\r\n\r\n", line.encode(), b"GET / HTTP/9.9\r\n\r\n"]
        )
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(data)
                if random.random() < 0.5:
                    client.settimeout(0.2)
                    if (head := client.recv(100)).startswith(b"HTTP/1.1 5"):
                        self.wrong.append(f"no HTTP: {head!r} {data[:200]!r}")
        except OSError:
            pass
        self.seen["no HTTP or broken off"] += 1
        time.sleep(0.01)

    def send_slowly(self) -> None:
        """Send a byte a second until the server has had enough."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
                client.sendall(b"POST /models/stays/invoke HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(8):
                    time.sleep(1)
                    client.sendall(b"1")
                status = http.client.HTTPResponse(client)
                status.begin()
                self.seen[f"slow {status.status}"] += 1
        except (OSError, http.client.HTTPException):
            self.seen["slow, broken connection"] += 1

    def load_and_unload(self, folder: Path) -> None:
        """Load a model, ask it, unload it."""
        name = f"m{random.randrange(MODELS)}-{threading.get_ident()}"
        order = json.dumps({"model_name": name, "url": str(folder)}).encode()
        loaded = self.send_request("POST", "/models", order)
        asked = self.send_request("POST", f"/models/{name}/invoke", self.bodies["CSV"], Content_Type="text/csv")
        unloaded = self.send_request("DELETE", f"/models/{name}")
        if unloaded is None:  # of a killed worker, which may have left the model loaded
            self.send_request("DELETE", f"/models/{name}")
        statuses = [found and found[0] for found in (loaded, asked, unloaded)]
        self.seen[f"load, invoke, unload {statuses}"] += 1
        if any(status not in (200, None) for status in statuses) and None not in statuses:
            self.wrong.append(f"models: {statuses}")
        time.sleep(0.05)

    def time_ping(self) -> None:
        """Ping, and count those that take long."""
        began = time.monotonic()
        found = self.send_request("GET", "/ping")
        took = time.monotonic() - began
        self.seen["pings over 250 ms" if took > 0.25 else "pings"] += 1
        if found and found != (200, b""):
            self.wrong.append(f"ping: {found}")
        time.sleep(0.05)


def repeat_until_end(attack: Attack, work: Callable[[], None], most: int | None = None) -> None:
    """Do it over and over."""
    while attack.has_time_left() and most != 0:
        work()
        most = None if most is None else most - 1


def kill_workers(attack: Attack, master: int) -> None:
    """Kill a worker every ten seconds."""
    while attack.has_time_left():
        time.sleep(10)
        pids = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        if pids:
            os.kill(int(random.choice(pids)), signal.SIGKILL)
            attack.seen["workers killed"] += 1


def watch_memory(attack: Attack, master: int, sizes: list[int]) -> None:
    """Note what the server holds, every five seconds."""
    while attack.has_time_left():
        time.sleep(5)
        total = 0
        for pid in [master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]:
            with suppress(OSError, IndexError):
                total += read_memory(pid, "Pss")
        sizes.append(total)


def main(seconds: float) -> int:
    """Run everything and print what was seen."""
    random.seed(0)
    X = np.random.default_rng(0).normal(size=(ROWS, FEATURES)).astype(np.float32)
    weight = np.random.default_rng(1).normal(size=(FEATURES, 1)).astype(np.float32)
    model = LinearModel("binary_classifier", "logistic", weight, np.zeros(1, np.float32))
    bodies = write_bodies(np.array([[float(f"{value:.6f}") for value in row] for row in X.tolist()], np.float32))
    port = find_free_port("127.0.0.1")
    with tempfile.TemporaryDirectory() as name, (Path(name) / "log").open("w+") as log:
        folder = Path(name) / "model"
        folder.mkdir()
        write_artifact(model, folder)
        settings = {"SAGEMAKER_MULTI_MODEL": "true", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
        process = subprocess.Popen(
            [sys.executable, "serve"],
            cwd=CHECKOUT,
            env={**os.environ, "SAGEMAKER_BASE_DIR": name, "SAGEMAKER_BIND_TO_PORT": str(port), **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        while not is_well(port):
            time.sleep(0.05)
        attack = Attack(port, model.predict(X)["score"].tolist(), bodies, time.monotonic() + seconds)
        order = json.dumps({"model_name": "stays", "url": str(folder)}).encode()
        assert attack.send_request("POST", "/models", order) is not None
        sizes: list[int] = []
        works: list[tuple[Callable[[], None], int | None]] = [
            *[(attack.send_well_formed, None)] * 3,
            (attack.send_large, None),
            (attack.send_malformed, MALFORMED),
            (attack.send_garbage, None),
            *[(attack.send_slowly, None)] * SLOW_CLIENTS,
            *[(lambda: attack.load_and_unload(folder), None)] * 2,
            (attack.time_ping, None),
        ]
        threads = [threading.Thread(target=repeat_until_end, args=(attack, work, most)) for work, most in works]
        threads.append(threading.Thread(target=kill_workers, args=(attack, process.pid)))
        threads.append(threading.Thread(target=watch_memory, args=(attack, process.pid, sizes)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.terminate()
        status = process.wait()
        log.seek(0)
        text = log.read()
    for what, count in sorted(attack.seen.items()):
        print(f"{count:8} {what}")
    traces, errors = text.count("Traceback"), len(re.findall(r'HTTP/1\.1" 5(?!03)\d\d ', text))
    tenth = max(1, len(sizes) // 10)
    early, late = (sorted(part)[len(part) // 2] >> 20 for part in (sizes[tenth : 3 * tenth], sizes[-2 * tenth :]))
    print(f"exit status {status}; in the log {traces} traces and {errors} answers of 500")
    print(f"{len(attack.wrong)} wrong answers")
    print(f"memory: {early} MB early, {late} MB at the end, at most {max(sizes) >> 20} MB")
    for line in attack.wrong[:20]:
        print("WRONG", line)
    return int(bool(attack.wrong or traces or errors or status))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 600))
