"""`train` as SageMaker starts it."""

import json
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from gzip import compress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linear_learner.artifact.read import load_model
from tests.container.pipes import serve_fifos
from tests.contract.example import DATA, read_example
from tests.contract.formats import CSV, LIBSVM, PARQUET, RECORDIO
from tests.contract.jobs import TrainingJob, lay_out_example_job
from tests.contract.launch import Running
from tests.contract.models import ARTIFACT, assert_same_model

pytestmark = pytest.mark.processes


def test_a_job_leaves_the_documented_artifact_and_its_package(trained: TrainingJob) -> None:
    assert sorted(path.name for path in (trained.root / "model").iterdir()) == ARTIFACT
    with tarfile.open(trained.root / "output" / "model.tar.gz") as package:
        assert sorted(package.getnames()) == ARTIFACT
    assert not (trained.root / "output" / "failure").exists()


def test_the_model_is_right_on_rows_it_never_saw(trained: TrainingJob) -> None:
    X, y = read_example("test")
    assert (load_model(trained.root / "model").predict(X)["predicted_label"] == y).mean() >= 0.96


@pytest.mark.parametrize("content_type", [CSV, RECORDIO, PARQUET, None])
def test_every_dense_format_gives_the_same_model_to_the_last_bit(
    trained: TrainingJob, tmp_path: Path, content_type: str | None
) -> None:
    assert lay_out_example_job(tmp_path, trained.launch, content_type).train().status == 0
    assert_same_model(tmp_path, trained.root)


def test_a_model_knows_the_names_in_a_declared_header_and_is_the_same_otherwise(
    trained: TrainingJob, tmp_path: Path
) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    kinds = {"train": f"{CSV}; header=present", "validation": CSV, "test": CSV}
    job.write_config("inputdataconfig", {name: {"ContentType": kind} for name, kind in kinds.items()})
    names = [f"größe, {i}" for i in range(len(read_example("test")[0][0]))]
    header = ",".join(["diagnosis", *(f'"{name}"' for name in names)])
    job.write_channel_file("train", "part.csv", f"{header}\r\n".encode() + (DATA / "train.csv").read_bytes())
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)
    assert load_model(tmp_path / "model").names == tuple(names)
    assert load_model(trained.root / "model").names == ()


def test_sparse_rows_give_the_model_of_their_dense_form(trained: TrainingJob, tmp_path: Path) -> None:
    status, log = lay_out_example_job(tmp_path, trained.launch, LIBSVM).train()
    assert status == 0, log
    ours, dense = load_model(tmp_path / "model"), load_model(trained.root / "model")
    X, _ = read_example("test")
    np.testing.assert_allclose(ours.predict(X)["score"], dense.predict(X)["score"], atol=1e-4)


def test_on_the_platform_sagemaker_packs_the_model(tmp_path: Path, launch: type[Running]) -> None:
    job = lay_out_example_job(tmp_path, launch, epochs="1", num_models="1")
    job.environment["TRAINING_JOB_ARN"] = "arn:aws:sagemaker:eu-west-1:000000000000:training-job/x"
    assert job.train().status == 0
    assert (tmp_path / "model" / "mx-mod-0000.params").is_file()
    assert not (tmp_path / "output" / "model.tar.gz").exists()


# What real jobs were seen to get: https://github.com/shiftan/simple_sagemaker, and listings of other users.
S3 = {
    "s3DataSource": {"s3DataType": "S3_PREFIX", "s3Uri": "s3://bucket/x/", "s3DataDistributionType": "FULLY_REPLICATED"}
}
PLATFORM_FILES: dict[str, Any] = {
    "checkpointconfig": {"LocalPath": "/opt/ml/checkpoints"},
    "debughookconfig": {"S3OutputPath": "s3://bucket/debug", "LocalPath": "/opt/ml/output/tensors"},
    "init-config": {
        "inputMode": "FILE",
        "channels": {"train": {**S3, "compressionType": "NONE", "recordWrapper": "NONE", "shuffleConfig": None}},
        "hostConfig": {"clusterSize": 1, "hostNumber": 0},
        "jobRunInfo": {"jobRunNumber": 1},
    },
    "metric-definition-regex": [],
    "profilerconfig": {"S3OutputPath": "s3://bucket/profile", "LocalPath": "/opt/ml/output/profiler"},
    "resourceconfig": {
        "current_host": "algo-1-x7k2p",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1-x7k2p"],
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1-x7k2p"]}
        ],
        "network_interface_name": "eth0",
    },
    "tensorboardoutputconfig": {"S3OutputPath": "s3://bucket/board", "LocalPath": "/opt/ml/output/tensorboard"},
    "trainingjobconfig": {"TrainingJobName": "x", "HyperParameters": {}, "EnableManagedSpotTraining": True},
    "upstreamoutputdataconfig": [],
}
PLATFORM_ENVIRONMENT = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x",
    "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    "AWS_REGION": "eu-west-1",
    "CURRENT_HOST": "algo-1",
    "DMLC_INTERFACE": "eth0",
    "ECS_CONTAINER_METADATA_URI": "http://169.254.170.2/v3/x",
    "MY_OWN": 'a "value" = with, everything\n',
    "NVIDIA_VISIBLE_DEVICES": "void",
    "TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-west-1:000000000000:training-job/x",
    "TRAINING_JOB_NAME": "X",
}


def test_everything_else_that_the_platform_gives_leaves_the_model_as_it_is(
    trained: TrainingJob, tmp_path: Path
) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    for name, content in PLATFORM_FILES.items():
        job.write_config(name, content)
    channel = {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        "ContentType": CSV,
    }
    job.write_config("inputdataconfig", {"train": channel, "validation": channel, "test": channel})
    data = tmp_path / "input" / "data"
    for manifest in ("train-manifest", "validation-manifest", "checkpoints-manifest"):
        (data / manifest).write_text("s3://bucket/x/\ns3://bucket/x/part.csv\n")
    for folder in ("checkpoints", "model", "output/data", "output/metrics/sagemaker", "output/tensors"):
        (tmp_path / folder).mkdir(parents=True)
    job.environment |= PLATFORM_ENVIRONMENT
    status, log = job.train()
    assert status == 0, log
    assert not list((tmp_path / "checkpoints").iterdir())
    assert "#quality_metric: host=algo-1-x7k2p, epoch=0, train " in log
    assert_same_model(tmp_path, trained.root)


def test_what_the_environment_says_to_mxnet_leaves_the_model_as_it_is(trained: TrainingJob, tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    job.environment |= {"MXNET_EXEC_BULK_EXEC_INFERENCE": "0", "MXNET_USE_OPERATOR_TUNING": "1"}
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)


def test_the_least_that_a_platform_gives_is_enough(trained: TrainingJob, tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    job.write_config("inputdataconfig", {name: {"ContentType": CSV} for name in ("train", "validation", "test")})
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)


def test_files_below_folders_and_hidden_ones_are_told_apart(trained: TrainingJob, tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    rows = (DATA / "train.csv").read_bytes().splitlines(keepends=True)
    (tmp_path / "input" / "data" / "train" / "part.csv").unlink()
    job.write_channel_file("train", "2026/11/part-0.csv", b"".join(rows[:100]))
    job.write_channel_file("train", "2026/11/part-1.csv", b"".join(rows[100:]))
    job.write_channel_file("train", "2026/_SUCCESS", b"")
    job.write_channel_file("train", ".hidden", b"\x00")
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)


def test_gzip_files_are_unpacked(trained: TrainingJob, tmp_path: Path) -> None:
    job = lay_out_example_job(tmp_path, trained.launch)
    job.write_channel_file("train", "part.csv", compress((DATA / "train.csv").read_bytes()))
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)


@pytest.mark.parametrize(("content_type", "mode"), [(CSV, "File"), (None, "FastFile"), (PARQUET, "File")])
def test_channels_that_are_one_file_each_are_read_as_these(
    trained: TrainingJob, tmp_path: Path, content_type: str | None, mode: str
) -> None:
    job = lay_out_example_job(tmp_path, trained.launch, content_type)
    for name in ("train", "validation", "test"):
        folder = (tmp_path / "input/data" / name).rename(tmp_path / name)
        (content,) = (file.read_bytes() for file in folder.iterdir())
        packed = compress(content) if content_type == CSV and name == "train" else content
        (tmp_path / "input/data" / name).write_bytes(packed)
    entry = {"TrainingInputMode": mode} | ({"ContentType": content_type} if content_type else {})
    job.write_config("inputdataconfig", dict.fromkeys(("train", "validation", "test"), entry))
    status, log = job.train()
    assert status == 0, log
    assert_same_model(tmp_path, trained.root)


def test_a_model_to_start_from_may_be_a_package_in_the_place_of_the_folder(
    trained: TrainingJob, tmp_path: Path
) -> None:
    for name, place in (("folder", "model/model.tar.gz"), ("file", "model")):
        job = lay_out_example_job(tmp_path / name, trained.launch, epochs="1", num_models="1")
        kind = {"ContentType": CSV}
        job.write_config("inputdataconfig", {"train": kind, "validation": kind, "model": {}})
        package = job.root / "input/data" / place
        package.parent.mkdir(exist_ok=True)
        shutil.copy(trained.root / "output/model.tar.gz", package)
        status, log = job.train()
        assert status == 0, log
    assert_same_model(tmp_path / "file", tmp_path / "folder")


def test_streams_give_the_model_that_files_give(tmp_path: Path, launch: type[Running]) -> None:
    few = {"shuffle": "false", "epochs": "3", "num_models": "2"}
    files = lay_out_example_job(tmp_path / "file", launch, **few)
    assert files.train().status == 0
    streams = TrainingJob(tmp_path / "pipe", launch)
    streams.configure({"predictor_type": "binary_classifier", "mini_batch_size": "20", **few}, CSV)
    streams.write_config(
        "inputdataconfig",
        {name: {"TrainingInputMode": "Pipe", "ContentType": CSV} for name in ("train", "validation", "test")},
    )
    data = streams.root / "input" / "data"
    with ExitStack() as platform:
        for name in ("train", "validation", "test"):
            platform.enter_context(serve_fifos(data / name, [(DATA / f"{name}.csv").read_bytes()]))
        status, log = streams.train()
    assert status == 0, log
    assert_same_model(streams.root, files.root)


def test_quoted_values_and_capital_booleans_are_understood(job: TrainingJob) -> None:
    job.write_config(
        "hyperparameters",
        {"predictor_type": '"binary_classifier"', "use_bias": "True", "epochs": "2.0", "num_models": 2},
    )
    status, log = job.train()
    assert status == 0, log
    assert '"epoch": 1, "model": 1}' in log


def test_every_bad_hyperparameter_is_named_at_once_without_a_trace(tmp_path: Path, launch: type[Running]) -> None:
    job = lay_out_example_job(tmp_path, launch, epoch="3", learning_rate="fast")
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert job.failure.splitlines() == [
        "ClientError: The hyperparameters have these faults:",
        "- epoch: there is no such hyperparameter; did you mean epochs?",
        "- learning_rate: expected auto or a number in (0, inf), found 'fast'",
    ]


def test_a_required_hyperparameter_that_is_null_is_told_to_be_missing(job: TrainingJob) -> None:
    job.write_config("hyperparameters", {"predictor_type": "null", "epochs": "null"})
    assert job.train().status == 1
    assert job.failure.startswith("ClientError: The hyperparameters have these faults:\n- predictor_type: ")
    assert "null" not in job.failure


def test_a_reason_longer_than_the_platform_shows_begins_with_what_matters(job: TrainingJob) -> None:
    names = {f"no_such_name_{number}": "1" for number in range(100)}
    job.write_config("hyperparameters", {"predictor_type": "binary_classifier", **names})
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert len(job.failure) > 1024
    shown = job.failure[:1024]
    assert shown.startswith("ClientError: The hyperparameters have these faults:\n- no_such_name_")
    assert shown.count("there is no such hyperparameter") > 10
    assert log.count("ClientError: ") == 1


def put_rows(job: TrainingJob, rows: bytes) -> None:
    job.write_channel_file("train", "part.csv", rows)


def drop_the_channel(job: TrainingJob) -> None:
    job.write_config("inputdataconfig", {"validation": {"ContentType": CSV}})


def drop_the_channels(job: TrainingJob) -> None:
    (job.root / "input" / "config" / "inputdataconfig.json").unlink()


def drop_the_data(job: TrainingJob) -> None:
    (job.root / "input" / "data" / "train" / "part.csv").unlink()


def cut_the_configuration(job: TrainingJob) -> None:
    (job.root / "input" / "config" / "hyperparameters.json").write_text('{"epochs": ')


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda job: put_rows(job, b"0,1,2\n1,3,4\n7,5,6\n"), "channel 'train', row 3: expected a label among"),
        (lambda job: put_rows(job, b"0,1,2\n1,red,4\n"), "channel 'train', file 'part.csv', row 2, column 2: exp"),
        (drop_the_channel, "no channel 'train' in "),
        (drop_the_channels, "inputdataconfig.json is missing. It names the channels"),
        (drop_the_data, "channel 'train': no files in "),
        (cut_the_configuration, "hyperparameters.json, line 1, column 12: not JSON"),
    ],
    ids=["label", "number", "channel", "channels", "data", "json"],
)
def test_a_users_mistake_is_one_line_with_its_place_and_no_trace(job: TrainingJob, spoil: Any, reason: str) -> None:
    spoil(job)
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert log.count("ERROR") == 1
    assert job.failure.startswith("ClientError: ")
    assert reason in job.failure.splitlines()[0]
    assert job.failure.splitlines()[0] in log
    assert not (job.root / "model" / "mx-mod-0000.params").exists()


def test_the_log_is_in_the_originals_format(tmp_path: Path, launch: type[Running]) -> None:
    log = lay_out_example_job(tmp_path, launch, epochs="2").train().log
    assert "#quality_metric: host=algo-1, epoch=0, train binary_classification_cross_entropy_objective <loss>=" in log
    assert "#progress_metric: host=algo-1, completed 50.0 % of epochs" in log
    assert "#validation_score (algo-1) : ('binary_classification_accuracy', " in log
    assert 'Best model found for hyperparameters: {"optimizer": ' in log
    for line in log.splitlines():
        if line.startswith("#metrics "):
            assert json.loads(line.removeprefix("#metrics "))["Dimensions"]["Algorithm"] == "Linear Learner"


def test_the_log_ends_with_a_time_line_of_the_whole_process(tmp_path: Path, launch: type[Running]) -> None:
    before = time.monotonic()
    log = lay_out_example_job(tmp_path, launch, epochs="2").train().log
    elapsed = time.monotonic() - before
    parts = dict(re.findall(r"(\w+) (\d+\.\d\d) s", log.splitlines()[-1].partition("Time line: ")[2]))
    names = ["start", "import", "read", "prepare", "train", "validate", "solve", "choose", "score", "save", "report"]
    assert list(parts) == [*names, "all"]
    assert 0 < float(parts["all"]) <= elapsed + 0.02  # as a process began at a whole hundredth


def test_inputs_may_be_read_only_and_stay_as_they_are(job: TrainingJob) -> None:
    def look() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in inputs.rglob("*")}

    inputs = job.root / "input"
    for path in inputs.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = look()
    status, log = job.train()
    assert status == 0, log
    assert look() == before


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Any]:
    """Mount a disk of a few pages of 4 KB on a folder below the root of the job."""
    mounted: list[Path] = []

    def mount(folder: str, pages: int) -> Path:
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={4 * pages}k", "tmpfs", str(path)]
        subprocess.run(command, check=True)
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", path], check=True)


@pytest.mark.root
@pytest.mark.parametrize(("folder", "pages"), [("model", 2), ("output", 0)])
def test_a_full_disk_is_one_clear_line_and_leaves_nothing_half_written(
    job: TrainingJob, disk: Any, folder: str, pages: int
) -> None:
    small = disk(folder, pages + 1)
    (small / "occupied").write_bytes(bytes(4096))
    status, log = job.train()
    assert status == 1
    assert "Traceback" not in log
    assert log.count("AlgorithmError: no space left on the disk") == 1
    assert [path.name for path in small.iterdir() if path.stat().st_size] == ["occupied"]
