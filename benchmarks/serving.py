"""Measure the server beside bare Flask applications in the same run: requests a second, large bodies, start, streams.

Needs wrk (Debian's package of that name).
"""

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import CHECKOUT, Figure, is_chosen, run_benchmark
from container.codecs.recordio import encode_records
from container.team.network import find_free_port
from linear_learner.artifact.write import write_artifact
from linear_learner.objective.model import LinearModel

FEATURES = 784
WORKERS, CONNECTIONS, SECONDS, ROUNDS = 2, 8, 3, 5
BODY_BYTES, LARGE_ROUNDS = 6_000_000, 25
STARTS = 7
STREAM_BYTES = 1 << 30
CROWD_SECONDS, SENDERS, SLOW_CLIENTS = 15, 4, 200
SCRIPT = """
wrk.method = "POST"
local file = io.open(os.getenv("BODY"), "rb")
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = os.getenv("KIND")
"""
KINDS = {"CSV": "text/csv", "JSON": "application/json", "recordIO": "application/x-recordio-protobuf"}
KINDS["JSON Lines"] = "application/jsonlines"
REFERENCES = {"same": "bare Flask in our server", "gthread": "bare Flask under gthread"}

Running = AbstractContextManager[subprocess.Popen[bytes]]


def write_bodies(X: NDArray[np.float32]) -> dict[str, bytes]:
    """Write records (n, d) with six digits in every format."""
    texts = [[f"{value:.6f}" for value in row] for row in X.tolist()]
    lists = [f"[{', '.join(row)}]" for row in texts]
    return {
        "CSV": "\n".join(map(",".join, texts)).encode(),
        "JSON": ('{"instances": [' + ", ".join(f'{{"features": {row}}}' for row in lists) + "]}").encode(),
        "JSON Lines": "".join(f'{{"features": {row}}}\n' for row in lists).encode(),
        "recordIO": encode_records(X),
    }


def save_model(folder: Path) -> None:
    """Lay a model out as a job does."""
    (folder / "model").mkdir()
    weight = np.random.default_rng(1).normal(size=(FEATURES, 1)).astype(np.float32) / FEATURES
    write_artifact(LinearModel("binary_classifier", "logistic", weight, np.zeros(1, np.float32)), folder / "model")


@contextmanager
def running_server(command: list[str], port: int, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block starts once /ping answers 200."""
    settings = {"SAGEMAKER_BIND_TO_PORT": str(port), **environ}
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not is_well(port):
            assert process.poll() is None, command
            time.sleep(0.002)
        yield process
    finally:
        process.terminate()
        process.wait()


def is_well(port: int) -> bool:
    """Tell whether /ping is answered with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def serve_ours(root: Path, port: int, workers: int, **environ: str) -> Running:
    """Run ours."""
    settings = {"SAGEMAKER_BASE_DIR": str(root), "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers), **environ}
    return running_server([sys.executable, "serve"], port, **settings)


def serve_reference(server: str, port: int, workers: int, parser: str, size: int) -> Running:
    """Run a reference."""
    words = [server, str(port), str(workers), parser, str(size)]
    return running_server([sys.executable, "-m", "benchmarks.bare", *words], port)


def load_with_wrk(port: int, body: Path, kind: str, script: Path) -> tuple[float, float]:
    """Return requests a second and the 99th percentile in milliseconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "--latency", "-s", str(script)]
    environ = {**os.environ, "BODY": str(body), "KIND": kind}
    url = f"http://127.0.0.1:{port}/invocations"
    out = subprocess.run([*command, url], env=environ, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", out)[0]
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", out)[0]), float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def measure_single_records(root: Path, folder: Path) -> Iterator[Figure]:
    """Measure what single records cost."""
    bodies = write_bodies(np.random.default_rng(0).normal(size=(1, FEATURES)).astype(np.float32))
    (script := folder / "post.lua").write_text(SCRIPT)
    ports = {name: find_free_port("127.0.0.1") for name in ("ours", "same", "gthread")}
    with (
        serve_ours(root, ports["ours"], WORKERS),
        serve_reference("ours", ports["same"], WORKERS, "none", 60),
        serve_reference("gthread", ports["gthread"], WORKERS, "none", 60),
    ):
        for name, body in bodies.items():
            (file := folder / "body").write_bytes(body)
            rounds = [
                {which: load_with_wrk(port, file, KINDS[name], script) for which, port in ports.items()}
                for _ in range(ROUNDS)
            ]
            rate = {which: median(r[which][0] for r in rounds) for which in ports}
            late = {which: median(r[which][1] for r in rounds) for which in ports}
            subject = f"one {name} record of {FEATURES}, {WORKERS} workers"
            yield Figure(subject, "requests", rate["ours"], "1/s")
            yield Figure(subject, "99th percentile", late["ours"], "ms")
            for which, reference in REFERENCES.items():
                yield Figure(subject, f"our requests of {reference}", rate["ours"] / rate[which])
                yield Figure(subject, f"our 99th percentile of {reference}", late["ours"] / late[which])


def post_body(connection: http.client.HTTPConnection, body: bytes, kind: str) -> bytes:
    """Send one body and give the answer."""
    connection.request("POST", "/invocations", body, {"Content-Type": kind, "Accept": "text/csv"})
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return content


def time_post(connection: http.client.HTTPConnection, body: bytes, kind: str) -> float:
    """Time one body."""
    began = time.perf_counter()
    post_body(connection, body, kind)
    return time.perf_counter() - began


def measure_large_bodies(root: Path) -> Iterator[Figure]:
    """Measure what bodies of 6 MB take."""
    X = np.random.default_rng(0).normal(size=(2000, FEATURES)).astype(np.float32)
    parsers = {"CSV": "pyarrow", "JSON Lines": "orjson", "recordIO": "frombuffer"}
    for name, parser in parsers.items():
        size = len(write_bodies(X[:1])[name])
        body, kind = write_bodies(X[: BODY_BYTES // size])[name], KINDS[name]
        references = {"same": ("ours", parser), "gthread": ("gthread", parser)}
        if name == "CSV":
            references["bare Flask"] = ("ours", "loadtxt")
        ports = {which: find_free_port("127.0.0.1") for which in ("ours", *references)}
        connections = {which: http.client.HTTPConnection("127.0.0.1", port) for which, port in ports.items()}
        with serve_ours(root, ports["ours"], 1):
            answer = len(post_body(connections["ours"], body, kind))
            times: dict[str, list[float]] = {which: [] for which in ports}
            for which, (server, parse) in references.items():
                with serve_reference(server, ports[which], 1, parse, answer):
                    for _ in range(LARGE_ROUNDS):
                        times["ours"].append(time_post(connections["ours"], body, kind))
                        times[which].append(time_post(connections[which], body, kind))
        took = {which: median(values) * 1e3 for which, values in times.items()}
        subject = f"6 MB of {name}, {FEATURES} columns, one worker"
        for which, value in took.items():
            parse = "" if which == "ours" else f" with {references[which][1]}"
            yield Figure(subject, REFERENCES.get(which, which) + parse, value, "ms")
        for connection in connections.values():
            connection.close()


def measure_start(root: Path) -> Iterator[Figure]:
    """Measure how soon the server answers and what four workers hold."""
    times = []
    for _ in range(STARTS):
        port = find_free_port("127.0.0.1")
        began = time.perf_counter()
        with serve_ours(root, port, 4) as process:
            times.append(time.perf_counter() - began)
            time.sleep(1)
            pids = [
                process.pid,
                *map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()),
            ]
            pss = sum(read_memory(pid, "Pss") for pid in pids)
            rss = sum(read_memory(pid, "Rss") for pid in pids)
    yield Figure("start", "to the first 200 of /ping", median(times), "s")
    yield Figure("start", "slowest", max(times), "s")
    yield Figure("start", "memory of master and 4 workers, what they share counted once", pss / 2**20, "MB")
    yield Figure("start", "the same as each sees it", rss / 2**20, "MB")


def read_memory(pid: int, name: str) -> int:
    """Return the bytes that a process holds, by a line of its smaps_rollup."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[0]) << 10


def post_until(port: int, body: bytes, kind: str, until: float) -> None:
    """Send one body after another."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.monotonic() < until:
        post_body(connection, body, kind)
    connection.close()


def measure_crowd(root: Path) -> Iterator[Figure]:
    """Measure the latency of /ping while large bodies are scored and slow clients hold connections."""
    X = np.random.default_rng(0).normal(size=(800, FEATURES)).astype(np.float32)
    bodies = {name: body for name, body in write_bodies(X).items() if name in ("CSV", "JSON")}
    port = find_free_port("127.0.0.1")
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\n"
    for name, body in bodies.items():
        with serve_ours(root, port, WORKERS), ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SLOW_CLIENTS)]
            for client in slow:
                client.sendall(head)
            until = time.monotonic() + CROWD_SECONDS
            senders = [
                threading.Thread(target=post_until, args=(port, body, KINDS[name], until)) for _ in range(SENDERS)
            ]
            for sender in senders:
                sender.start()
            times, dripped = [], time.monotonic()
            while time.monotonic() < until:
                if time.monotonic() - dripped > 1:
                    dripped = time.monotonic()
                    for client in slow:
                        client.sendall(b"1" * 1300)
                began = time.perf_counter()
                assert is_well(port)
                times.append((time.perf_counter() - began) * 1e3)
                time.sleep(0.01)
            for sender in senders:
                sender.join()
        late = sorted(times)[int(0.99 * len(times))]
        busy = f"{SENDERS} clients send {len(body) / 1e6:.1f} MB of {name} over and over"
        subject = f"/ping of {WORKERS} workers while {busy} and {SLOW_CLIENTS} hardly send"
        yield Figure(subject, "median", median(times), "ms")
        yield Figure(subject, "99th percentile", late, "ms")


def measure_stream(root: Path) -> Iterator[Figure]:
    """Measure memory, throughput and the first answer of a chunked body of 1 GB."""
    body = write_bodies(np.random.default_rng(0).normal(size=(128, FEATURES)).astype(np.float32))["CSV"] + b"\n"
    chunk = b"%x\r\n%b\r\n" % (len(body), body)
    port = find_free_port("127.0.0.1")
    with serve_ours(root, port, 1, SAGEMAKER_MAX_PAYLOAD_IN_MB="0") as process:
        (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        before = read_memory(int(worker), "Rss")
        most, first, sent = before, 0, 0
        client = socket.create_connection(("127.0.0.1", port))
        head = "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
        client.sendall(head.encode() + b"Accept: text/csv\r\n\r\n")
        answer = http.client.HTTPResponse(client)

        def send_chunks() -> None:
            nonlocal most, sent
            while sent < STREAM_BYTES:
                client.sendall(chunk)
                sent += len(body)
                most = max(most, read_memory(int(worker), "Rss"))
            client.sendall(b"0\r\n\r\n")

        began = time.perf_counter()
        sender = threading.Thread(target=send_chunks)
        sender.start()
        answer.begin()
        assert answer.status == 200
        rows = answer.read(1).count(b"\n")
        first = sent
        while part := answer.read(1 << 16):
            rows += part.count(b"\n")
        sender.join()
        took = time.perf_counter() - began
        assert rows == sent // len(body) * 128
    subject = f"chunked CSV body of {sent / 1e9:.2f} GB without limit"
    yield Figure(subject, "read and answered", sent / took / 1e6, "MB/s")
    yield Figure(subject, "growth of the worker's memory", (most - before) / 2**20, "MB")
    yield Figure(subject, "sent before the first answer", first / 1e6, "MB")


def figures() -> Iterator[Figure]:
    """Measure part after part."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(folder)
        if is_chosen("start"):
            yield from measure_start(folder)
        if is_chosen("single"):
            yield from measure_single_records(folder, folder)
        if is_chosen("large"):
            yield from measure_large_bodies(folder)
        if is_chosen("crowd"):
            yield from measure_crowd(folder)
        if is_chosen("stream"):
            yield from measure_stream(folder)


if __name__ == "__main__":
    run_benchmark("How fast does the server answer?", figures())
