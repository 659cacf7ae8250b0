"""What the platform, the SDK's local mode and a person's own folder tell a container."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from container.contract.environment import (
    DISPLAY_NAMES_VARIABLE,
    ChannelConfig,
    read_job,
    read_paths,
    read_server_settings,
)
from container.contract.errors import ClientError

Configure = Callable[[str, Any], None]


def test_the_root_is_opt_ml_unless_moved(tmp_path: Path) -> None:
    assert str(read_paths({}).model) == "/opt/ml/model"
    assert read_paths({"SAGEMAKER_BASE_DIR": str(tmp_path)}).failure_file == tmp_path / "output" / "failure"


def test_a_platform_job_is_read_as_captured(root: Path, configure: Configure) -> None:
    configure("hyperparameters", {"predictor_type": "regressor", "epochs": "15"})
    configure("resourceconfig", {"current_host": "algo-7", "hosts": ["algo-7"], "network_interface_name": "eth0"})
    entry = {"TrainingInputMode": "FastFile", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    piped = {**entry, "TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO"}
    labelled = {**entry, "ContentType": "text/csv;label_size=1", "S3DistributionType": "ShardedByS3Key"}
    configure("inputdataconfig", {"train": entry, "validation": piped, "test": labelled})
    job = read_job({"SAGEMAKER_BASE_DIR": str(root), "TRAINING_JOB_ARN": "arn:aws:sagemaker:::training-job/x"})
    assert job.hyperparameters == {"predictor_type": "regressor", "epochs": "15"}
    assert (job.current_host, job.hosts, job.on_platform) == ("algo-7", ("algo-7",), True)
    assert job.channels == {
        "train": ChannelConfig("train", None, "FastFile"),
        "validation": ChannelConfig("validation", None, "Pipe", is_wrapped=True),
        "test": ChannelConfig("test", "text/csv;label_size=1", "FastFile", sharded=True),
    }


def test_only_inputdataconfig_is_needed(root: Path, configure: Configure) -> None:
    configure("inputdataconfig", {"train": {}})
    job = read_job({"SAGEMAKER_BASE_DIR": str(root)})
    assert (job.hyperparameters, job.hosts, job.current_host, job.on_platform) == ({}, ("algo-1",), "algo-1", False)
    assert job.channels == {"train": ChannelConfig("train")}


def test_hosts_are_in_the_order_of_their_names(root: Path, configure: Configure) -> None:
    configure("inputdataconfig", {})
    hosts = [f"algo-{number}" for number in (1, 2, 10)]
    configure("resourceconfig", {"current_host": "algo-2", "hosts": hosts, "network_interface_name": "ethwe"})
    job = read_job({"SAGEMAKER_BASE_DIR": str(root)})
    assert (job.hosts, job.interface, job.is_leader) == (("algo-1", "algo-10", "algo-2"), "ethwe", False)
    configure("resourceconfig", {"current_host": "algo-1", "hosts": hosts})
    job = read_job({"SAGEMAKER_BASE_DIR": str(root)})
    assert (job.interface, job.is_leader) == ("eth0", True)


def test_hyperparameters_that_are_no_texts_become_texts(root: Path, configure: Configure) -> None:
    configure("inputdataconfig", {})
    configure("hyperparameters", {"epochs": 3, "wd": 0.1, "use_bias": True, "loss": "auto"})
    job = read_job({"SAGEMAKER_BASE_DIR": str(root)})
    assert job.hyperparameters == {"epochs": "3", "wd": "0.1", "use_bias": "true", "loss": "auto"}


@pytest.mark.parametrize("nothing", [None, "null"])
def test_a_hyperparameter_that_is_null_is_as_if_none_were_given(
    root: Path, configure: Configure, nothing: str | None
) -> None:
    configure("inputdataconfig", {})
    configure("hyperparameters", {"epochs": "3", "loss": nothing, "_tuning_objective_metric": nothing})
    assert read_job({"SAGEMAKER_BASE_DIR": str(root)}).hyperparameters == {"epochs": "3"}


def test_a_missing_inputdataconfig_says_what_to_put_there(root: Path) -> None:
    with pytest.raises(ClientError, match=r'input/config/inputdataconfig.json is missing.*"ContentType": "text/csv"'):
        read_job({"SAGEMAKER_BASE_DIR": str(root)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"epochs": 3,\n "wd": }', r"hyperparameters.json, line 2, column 8: not JSON: Expecting value"),
        (b'{"epochs": "\xff"}', r"hyperparameters.json, byte 13: not JSON: expected UTF-8 text"),
        (b"[1]", r"hyperparameters.json: expected a JSON object, found \[1\]"),
    ],
)
def test_a_broken_file_is_named_with_the_place(root: Path, content: bytes, message: str) -> None:
    (root / "input/config/hyperparameters.json").write_bytes(content)
    with pytest.raises(ClientError, match=message):
        read_job({"SAGEMAKER_BASE_DIR": str(root)})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "resourceconfig",
            {"current_host": "algo-3", "hosts": ["algo-1", "algo-2"]},
            "resourceconfig.json: expected current_host to be one of algo-1, algo-2, found 'algo-3'",
        ),
        (
            "resourceconfig",
            {"current_host": "b", "hosts": ["b", "a", "b"]},
            "expected every host once, found 'b' more than once",
        ),
        ("resourceconfig", {"current_host": 1}, "expected current_host and network_interface_name to be texts"),
        ("resourceconfig", {"current_host": "a", "hosts": ["a", 2]}, "hosts a list of texts"),
        ("resourceconfig", {"network_interface_name": 7}, "network_interface_name to be texts"),
        (
            "inputdataconfig",
            {"train": {"S3DistributionType": "Sharded"}},
            "S3DistributionType of FullyReplicated or ShardedByS3Key for channel 'train', found 'Sharded'",
        ),
        (
            "inputdataconfig",
            {"train": {"TrainingInputMode": "Stream"}},
            "expected a TrainingInputMode of File, FastFile, Pipe for channel 'train', found 'Stream'",
        ),
        ("inputdataconfig", {"train": []}, r"expected an object for channel 'train', found \[\]"),
        ("inputdataconfig", {"train": {"ContentType": 1}}, "expected a text as ContentType of channel 'train'"),
    ],
)
def test_what_is_not_supported_is_said(root: Path, configure: Configure, name: str, content: Any, message: str) -> None:
    configure("inputdataconfig", {"train": {}})
    configure(name, content)
    with pytest.raises(ClientError, match=message):
        read_job({"SAGEMAKER_BASE_DIR": str(root)})


def test_server_settings_have_defaults() -> None:
    settings = read_server_settings({})
    assert (settings.port, settings.default_accept, str(settings.model)) == (8080, "application/json", "/opt/ml/model")
    assert settings.workers >= 1
    assert settings.timeout > 60


def test_server_settings_are_read_from_the_names_that_users_know() -> None:
    settings = read_server_settings(
        {
            "SAGEMAKER_BIND_TO_PORT": "9000",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "3",
            "SAGEMAKER_MODEL_SERVER_TIMEOUT": "90",
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/CSV",
        }
    )
    assert (settings.port, settings.workers, settings.timeout, settings.default_accept) == (9000, 3, 90, "text/csv")


def test_all_bad_server_settings_are_named_at_once() -> None:
    message = (
        "SAGEMAKER_BIND_TO_PORT: expected a whole number from 1 to 65535, found 'http'; "
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: expected one of application/json.*found 'text/html'; "
        "SAGEMAKER_BATCH_STRATEGY: expected one of MULTI_RECORD, .*found 'ALL'; "
        "SAGEMAKER_CONTAINER_LOG_LEVEL: expected one of 10, .*found 'loud'"
    )
    faults = {
        "SAGEMAKER_BIND_TO_PORT": "http",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/html",
        "SAGEMAKER_BATCH_STRATEGY": "ALL",
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "loud",
    }
    with pytest.raises(ClientError, match=message):
        read_server_settings(faults)


def test_a_batch_transform_is_told_what_its_user_set() -> None:
    settings = read_server_settings(
        {
            "SAGEMAKER_BATCH": "True",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0",
            "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "3",
        }
    )
    assert (settings.payload_mb, settings.strategy, settings.max_concurrent) == (0, "SINGLE_RECORD", 3)


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("True", True), ("", False), ("false", False)])
def test_many_models_are_served_where_the_platform_says_so(text: str, expected: bool) -> None:
    assert read_server_settings({"SAGEMAKER_MULTI_MODEL": text}).multi_model is expected


@pytest.mark.parametrize(("text", "expected"), [("", True), ("on", True), ("Off ", False)])
def test_people_have_a_page_unless_it_is_off(text: str, expected: bool) -> None:
    assert read_server_settings({"ROWS_PAGE": text}, "ROWS_PAGE").shows_page is expected


def test_a_page_that_is_neither_on_nor_off_is_refused() -> None:
    with pytest.raises(ClientError, match="ROWS_PAGE: expected one of on, off, found 'maybe'"):
        read_server_settings({"ROWS_PAGE": "maybe"}, "ROWS_PAGE")


@pytest.mark.parametrize(("mb", "workers"), [(1 << 20, None), (700, 2), (100, 1)])
def test_there_are_no_more_workers_than_memory_for_them(
    monkeypatch: pytest.MonkeyPatch, mb: int, workers: int | None
) -> None:
    monkeypatch.setattr("container.contract.environment.memory_limit", lambda: mb << 20)
    monkeypatch.setattr("container.contract.environment.processor_count", lambda: 4)
    assert read_server_settings({}).workers == (workers or 4)


@pytest.mark.parametrize(
    ("config", "folder", "expected"),
    [
        (None, False, None),
        (None, True, "checkpoints"),
        ({}, False, "checkpoints"),
        ({"LocalPath": "/opt/ml/checkpoints"}, False, "checkpoints"),
        ({"LocalPath": "/opt/ml/other/place"}, True, "other/place"),
        ({"LocalPath": "/state"}, True, "/state"),
    ],
)
def test_checkpoints_are_wanted_where_configured_or_where_their_folder_is(
    root: Path, configure: Configure, config: Any, folder: bool, expected: str | None
) -> None:
    configure("inputdataconfig", {})
    if config is not None:
        configure("checkpointconfig", config)
    if folder:
        (root / "checkpoints").mkdir()
    job = read_job({"SAGEMAKER_BASE_DIR": str(root)})
    assert job.checkpoints == (None if expected is None else root / expected)


def test_a_place_of_checkpoints_that_is_no_path_is_refused(root: Path, configure: Configure) -> None:
    configure("inputdataconfig", {})
    configure("checkpointconfig", {"LocalPath": "state"})
    with pytest.raises(ClientError, match=r"checkpointconfig.json: expected an absolute path as LocalPath, found \"st"):
        read_job({"SAGEMAKER_BASE_DIR": str(root)})


def test_places_are_called_as_whoever_laid_them_out_says(tmp_path: Path) -> None:
    called = {"input/data/train": "my rows.csv", "model": "out", "input/config/x.json": "the command line"}
    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path), DISPLAY_NAMES_VARIABLE: json.dumps(called)}
    paths = read_paths(environ)
    assert paths.display_name(paths.channel_folder("train")) == "my rows.csv"
    assert paths.display_name(paths.model / ".saving" / "params") == "out/.saving/params"
    assert paths.display_name(paths.config / "x.json") == "the command line"
    assert paths.display_name(paths.channel_folder("train2")) == str(paths.channel_folder("train2"))
    assert paths.display_name(Path("/elsewhere/model")) == "/elsewhere/model"
    assert read_paths({}).display_name(Path("/opt/ml/model")) == "/opt/ml/model"
