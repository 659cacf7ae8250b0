"""Train on the bundled data, serve the model, request predictions in three formats, and print the report's summary."""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOP = Path(__file__).resolve().parent.parent
DATA = TOP / "examples" / "breast-cancer"
sys.path.insert(0, str(TOP))

from container.codecs.recordio import encode_records  # noqa: E402
from container.codecs.records.record_pb2 import Record  # noqa: E402

RECORDIO = "application/x-recordio-protobuf"
START_SECONDS = 60
SHOWN = ("optimizer", "learning_rate", "wd", "l1")  # settings of a candidate
BEST = 3  # candidates that are shown


def main() -> None:
    """Run the demo; exit with 1 if anything is not as it should be."""
    root = TOP / "demo_ml"
    shutil.rmtree(root, ignore_errors=True)
    lay_out_job(root)
    train_and_show(root)
    with running_server(root) as url:
        compare_predictions(url)
    show_report(root / "output" / "data")


def lay_out_job(root: Path) -> None:
    """Make the folders of a SageMaker training job under `root`."""
    shutil.copytree(DATA / "config", root / "input" / "config")
    for channel in ("train", "validation"):
        folder = root / "input" / "data" / channel
        folder.mkdir(parents=True)
        shutil.copy(DATA / f"{channel}.csv", folder)
    hyperparameters = json.loads((DATA / "config" / "hyperparameters.json").read_text())
    print(f"A job in {root}: train.csv and validation.csv, {hyperparameters}")


def train_and_show(root: Path) -> None:
    """Run `train` and show from its log what matters."""
    began = time.monotonic()
    job = subprocess.Popen(
        [sys.executable, str(TOP / "train")],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    log = []
    for line in job.stdout:
        log.append(line)
        if found := re.search(r"epoch=(\d+), criteria=(\w+), value=(\S+)", line):
            print(f"  epoch {int(found[1]) + 1:2}: best {found[2]} {float(found[3]):.4f}", flush=True)
    if job.wait() != 0:
        sys.exit("".join(log) + "\ntrain failed")
    winner = next(line for line in log if "Best model found" in line)
    scores = [line.partition(" : ")[2].strip() for line in log if "#validation_score" in line]
    print(f"Trained in {time.monotonic() - began:.1f} s. The winner of the bank: {winner[winner.index('{') :].strip()}")
    print("On the validation channel: " + ", ".join(scores[:3]))


@contextmanager
def running_server(root: Path) -> Iterator[str]:
    """Serve the model on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(root), "SAGEMAKER_BIND_TO_PORT": str(port)}
    with (root / "serve.log").open("w+") as log:
        process = subprocess.Popen([sys.executable, str(TOP / "serve")], env=environment, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_ready(url, process)
            print(f"Serving on {url}")
            yield url
        except BaseException:
            log.seek(0)
            print(log.read(), file=sys.stderr)
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask /ping until it answers 200."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/ping", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    sys.exit("the server did not become ready")


def compare_predictions(url: str) -> None:
    """Send the test rows in three formats, compare the answers and print the confusion matrix."""
    rows = np.loadtxt(DATA / "test.csv", delimiter=",", dtype=np.float32)
    label, features = rows[:, 0].astype(int), rows[:, 1:]
    lines = (",".join(line.split(",")[1:]) for line in (DATA / "test.csv").read_text().splitlines())
    as_json = json.loads(
        post_rows(
            url,
            json.dumps({"instances": [{"features": row.tolist()} for row in features]}).encode(),
            "application/json",
        )
    )["predictions"]
    as_csv = np.loadtxt(
        post_rows(url, "\n".join(lines).encode(), "text/csv").decode().splitlines(), delimiter=",", ndmin=2
    )
    as_records = list(decode_answer(post_rows(url, encode_records(features), RECORDIO)))
    scores = np.array([[row["score"] for row in as_json], as_csv[:, 0], [row["score"] for row in as_records]])
    predicted = np.array([row["predicted_label"] for row in as_json])
    if not np.allclose(scores, scores[0], rtol=0, atol=1e-6):
        sys.exit("the three formats disagree")
    print(
        f"{len(label)} test rows sent as JSON, CSV and recordIO: the answers agree to {np.ptp(scores, axis=0).max():g}"
    )
    print(confusion_text(label, predicted))
    print(f"Test accuracy {np.mean(predicted == label):.4f}")


def post_rows(url: str, body: bytes, kind: str) -> bytes:
    """Post one body and take the answer in the same format."""
    request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": kind, "Accept": kind})
    try:
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code}: {error.read().decode()}")


def decode_answer(answer: bytes) -> Iterator[dict[str, float]]:
    """Read framed records: a magic number, a length, a protobuf record, padding to 4 bytes."""
    place = 0
    while place < len(answer):
        _, size = struct.unpack_from("<II", answer, place)
        record = Record.FromString(answer[place + 8 : place + 8 + size])
        yield {name: value.float32_tensor.values[0] for name, value in record.label.items()}
        place += 8 + (size + 3) // 4 * 4


def show_report(folder: Path) -> None:
    """Name the best candidates of the bank, and where the report is."""
    report = json.loads((folder / "report.json").read_text())
    criterion, deciding = report["training"]["criterion"], report["training"]["deciding"]
    print(f"The winner of {len(report['bank'])} candidates, and the next by {criterion} on the {deciding} rows:")
    for entry in report["bank"][:BEST]:
        settings = {name: value for name, value in entry["settings"].items() if name in SHOWN}
        told = ", ".join(
            f"{name} {value if name == 'optimizer' else f'{value:.3g}'}" for name, value in settings.items()
        )
        print(
            f"  candidate {entry['candidate']:2}: {criterion} {entry['value']:.4f}, loss {entry['loss']:.4f} ({told})"
        )
    print(f"The report: {folder / 'report.html'}")


def confusion_text(label: NDArray[Any], predicted: NDArray[Any]) -> str:
    """Draw the confusion matrix."""
    lines = ["                   said benign  said malignant"]
    for value, name in ((0, "benign"), (1, "malignant")):
        counts = [int(((label == value) & (predicted == said)).sum()) for said in (0, 1)]
        lines.append(f"  really {name:<9} {counts[0]:11}  {counts[1]:14}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
