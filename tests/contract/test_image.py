"""What only an image has: its first process, its labels, its privileges and the commands of docs/sagemaker.md."""

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.demo import lay_out_job
from linear_learner.artifact.read import load_model
from tests.contract.example import DATA, read_example
from tests.contract.formats import CSV
from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Container, HardenedContainer, Running
from tests.contract.servers import RunningServer, wait_for_ping
from tests.needs import CHECKOUT, IMAGE, TOP
from tests.page import read_blocks
from tests.ports import claim_port
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.image, pytest.mark.processes]


def docker(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=HANG_SECONDS, **options)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return docker("run", "--rm", *arguments)


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    """What the image says of itself."""
    found: dict[str, Any] = json.loads(docker("image", "inspect", IMAGE).stdout)[0]["Config"]
    return found


def test_the_labels_tell_the_platform_what_it_may_do(configuration: dict[str, Any]) -> None:
    labels = configuration["Labels"]
    assert labels["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_the_image_sets_no_user_and_declares_no_volume(configuration: dict[str, Any]) -> None:
    assert configuration["User"] == ""
    assert not configuration.get("Volumes")


def test_nothing_lies_below_opt_ml() -> None:
    assert run("--entrypoint=ls", IMAGE, "/opt").stdout.split() == ["program"]


def test_without_a_word_a_job_is_trained(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, Container, epochs="1", num_models="1")
    result = run(f"--volume={job.root}:/opt/ml", IMAGE)
    assert result.returncode == 0, result.stdout
    assert (tmp_path / "model" / "mx-mod-0000.params").is_file()


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["chmod", "-R", "777", "/tmp"], ""),
        (["bash", "-c", "echo $0 $1", "it's", "a b"], "it's a b\n"),
        (["/bin/sh", "-ec", "echo $ALGORITHM"], "linear_learner\n"),
        (["python3", "-c", "import sys; print(sys.argv[1:])", "--help", ""], "['--help', '']\n"),
        (["echo", "hello"], "hello\n"),
    ],
)
def test_a_program_that_is_there_is_run_with_its_arguments(words: list[str], printed: str) -> None:
    result = run(IMAGE, *words)
    assert (result.returncode, result.stdout, result.stderr) == (0, printed, "")


def test_the_status_is_that_of_the_program() -> None:
    assert run(IMAGE, "sh", "-c", "exit 7").returncode == 7


# a word of none, a mistyped one, an option, a builtin of the shell, a folder, a file that is none to run
@pytest.mark.parametrize("word", ["transform", "Train", "--help", "", "cd", "/usr/bin", "/etc/passwd", "./train"])
def test_any_other_word_gets_the_usage(word: str) -> None:
    result = run(IMAGE, word)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: docker run IMAGE train ")


def test_no_word_gets_the_usage_where_there_is_no_job() -> None:
    result = run(IMAGE)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: docker run IMAGE train ")


@pytest.mark.parametrize(
    ("word", "complaint"), [("train", "inputdataconfig.json is missing"), ("serve", "SAGEMAKER_BIND_TO_PORT: expected")]
)
def test_the_words_are_executables_where_the_entry_point_is_replaced(word: str, complaint: str) -> None:
    result = run(f"--entrypoint={word}", "--env=SAGEMAKER_BIND_TO_PORT=none", IMAGE)
    assert result.returncode == 1
    assert complaint in result.stdout + result.stderr


def test_the_command_line_shows_and_exports_a_model(trained: TrainingJob) -> None:
    mount = f"--volume={trained.root / 'model'}:/my/model:ro"
    shown = run(mount, "--network=none", IMAGE, "linear_learner", "inspect", "/my/model")
    assert "binary_classifier" in shown.stdout, shown.stderr
    exported = run(mount, IMAGE, "linear_learner", "export", "/my/model", "--to", "onnx", "--out", "/tmp/model.onnx")
    assert exported.returncode == 0, exported.stderr
    assert run("--entrypoint=linear_learner", IMAGE, "--help").stdout.startswith("usage: linear_learner ")


def test_the_first_line_of_a_job_comes_before_what_trains_or_reads_tables_is_imported(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, Container)
    traced = ("--env=PYTHONPROFILEIMPORTTIME=1", "--env=PYTHONUNBUFFERED=1", "--entrypoint=sh")
    result = run(f"--volume={job.root}:/opt/ml", *traced, IMAGE, "-c", "train 2>&1")
    assert result.returncode == 0, result.stdout
    before, first_line, after = result.stdout.partition("Reading provided configuration")
    imported = [set(re.findall(r"^import time: .*\| +(\w+)", part, re.MULTILINE)) for part in (before, after)]
    assert first_line
    assert "numpy" in imported[0]
    assert "mxnet" in imported[1]
    assert not imported[0] & {"mxnet", "pyarrow", "flask", "gunicorn", "rich", "jinja2", "onnx"}


class SmallContainer(Container):
    """The image with little memory."""

    options = ("--memory=300m", "--memory-swap=300m")


# The kernel ends the process that offers itself first, here the one that trains, where another one takes the memory.
TAKE = """
import os

def parent(process):
    return int(open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1])

trainer = next(name for name in os.listdir("/proc") if name.isdecimal() and name != "1" and parent(name) == 1)
open(f"/proc/{trainer}/oom_score_adj", "w").write("1000")
taken = []
while os.path.exists(f"/proc/{trainer}/exe"):
    taken.append(b"x" * 2**20)
"""


def test_a_job_that_the_kernel_kills_for_its_memory_leaves_the_reason(tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, SmallContainer, epochs="1000000", early_stopping_patience="1000000")
    with job.running_process() as running:
        job.wait_for("#progress_metric")
        assert isinstance(running, Container)
        docker("exec", running.name, "python3", "-c", TAKE)
        assert running.popen.wait(timeout=HANG_SECONDS) == 1
    assert job.failure.startswith("AlgorithmError: the training process was killed by signal 9 (SIGKILL), as the ")
    assert "there are 300 MiB here" in job.failure
    assert job.failure in job.log.read_text()


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    """A job that a stranger may write to."""
    job = lay_out_example_job(tmp_path_factory.mktemp("hardened"), HardenedContainer)
    for folder in ("model", "output/data"):
        (job.root / folder).mkdir(parents=True)
    for path in (job.root, *job.root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o644)
    status, log = job.train()
    assert status == 0, log
    assert "The bank trains by the native library for " in log
    return job


def test_without_any_privilege_it_trains_the_same_model(hardened: TrainingJob, trained: TrainingJob) -> None:
    ours, theirs = load_model(hardened.root / "model"), load_model(trained.root / "model")
    np.testing.assert_array_equal(ours.weight, theirs.weight)
    assert (hardened.root / "model" / "mx-mod-0000.params").stat().st_uid == 1234


ASK = """
import sys, time, urllib.request
url = "http://127.0.0.1:8080/"
for _ in range(200):
    try:
        urllib.request.urlopen(url + "ping")
        break
    except OSError:
        time.sleep(0.05)
request = urllib.request.Request(url + "invocations", sys.stdin.buffer.read(), {"Content-Type": "text/csv"})
print(urllib.request.urlopen(request).read().decode())
"""


def test_without_any_privilege_it_serves(hardened: TrainingJob) -> None:
    X, _ = read_example("test")
    rows = "\n".join(",".join(map(str, row)) for row in X.tolist())
    with HardenedContainer("serve", hardened.root, {}) as running:
        while not docker("ps", "--quiet", f"--filter=name={running.name}").stdout:
            assert running.popen.poll() is None
        answer = docker("exec", "--interactive", running.name, "python3", "-c", ASK, input=rows)
        assert running.stop() == 0
    labels = [row["predicted_label"] for row in json.loads(answer.stdout)["predictions"]]
    assert labels == load_model(hardened.root / "model").predict(X)["predicted_label"].tolist()


def command_lines() -> list[str]:
    """Give what docs/sagemaker.md tells to type, but for `make`, each a job or a server of its own."""
    lines = "".join(read_blocks("sh")[title] for title in ("docker", "compose")).replace("\\\n", " ").splitlines()
    return [line.partition(" #")[0].strip() for line in lines if not line.startswith("make ")]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the compose file and the example, in the order of the page: trained, then served."""
    folder = tmp_path_factory.mktemp(f"example-{CHECKOUT}-")
    shutil.copy(TOP / "docker-compose.yml", folder)
    lay_out_job(folder / "opt_ml")
    yield folder
    command = "docker compose down" if docker("compose", "version").returncode == 0 else "docker-compose down"
    subprocess.run(command.split(), cwd=folder, check=True)


class Typed(Running):
    """A command line, in the current folder `root`."""

    def command_line(self, word: str, root: Path, environment: Mapping[str, str]) -> list[str]:
        compose_2 = word.startswith("docker-compose") and docker("compose", "version").returncode == 0
        line = word.replace("docker-compose", "docker compose") if compose_2 else word
        line = line.replace("open-linear-learner:dev", IMAGE).replace("--publish 8080", "--publish $PORT")
        return ["bash", "-c", f"cd '{root}' && exec {line}"]

    def ask_to_stop(self) -> None:
        self.popen.terminate()

    def kill(self) -> None:
        self.popen.kill()


@pytest.mark.parametrize("line", command_lines())
def test_the_documented_commands_work(example: Path, line: str) -> None:
    port = str(claim_port())
    environment = {"PORT": port, "IMAGE": IMAGE}
    if "train" in line:
        shutil.rmtree(example / "opt_ml" / "model", ignore_errors=True)
        (example / "opt_ml" / "model").mkdir()
        with Typed(line, example, environment, subprocess.PIPE) as training:
            log, _ = training.popen.communicate(timeout=HANG_SECONDS)
            assert training.popen.returncode == 0, log
        assert (example / "opt_ml" / "model" / "mx-mod-0000.params").is_file()
    else:
        with Typed(line, example, environment) as serving:
            server = RunningServer(f"http://127.0.0.1:{port}", serving)
            wait_for_ping(server)
            row = (DATA / "test.csv").read_bytes().splitlines()[0].partition(b",")[2]
            assert server.post(row, CSV)[0] == 200


def test_the_documented_calls_load_ask_and_unload_a_model(hardened: TrainingJob, tmp_path: Path) -> None:
    lay_out_job(tmp_path / "opt_ml")
    shutil.copytree(hardened.root / "model", tmp_path / "opt_ml" / "model")
    name, port = f"contract-{uuid.uuid4().hex[:12]}", claim_port()
    script = read_blocks("sh")["Many models"].replace("open-linear-learner:dev", IMAGE)
    for printed, here in (("localhost:8080", f"localhost:{port}"), ("8080:8080", f"{port}:8080")):
        script = script.replace(printed, here)
    for before in ("--name", "stop"):
        script = script.replace(f"{before} many", f"{before} {name}")
    try:
        typed = subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True, timeout=HANG_SECONDS
        )
    finally:
        docker("rm", "--force", name)
    assert typed.returncode == 0, typed.stderr
    rows = np.loadtxt(tmp_path / "opt_ml/input/data/validation/validation.csv", delimiter=",", dtype=np.float32)
    columns = load_model(hardened.root / "model").predict(rows[:, 1:])
    _, loaded, listed, *answers, unloaded, _ = typed.stdout.splitlines()
    assert loaded == '{"status":"Workers scaled"}'
    assert listed == '{"models":[{"modelName":"first","modelUrl":"/models/first"}]}'
    assert unloaded == '{"status":"Model \\"first\\" unregistered"}'
    found = [[float(text) for text in line.split(",")] for line in answers]
    np.testing.assert_allclose(found, np.column_stack([columns["score"], columns["predicted_label"]]), atol=1e-7)
