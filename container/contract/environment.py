"""What the platform provides to a container: folders, the JSON files of a job, and environment variables."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from container.contract.errors import ClientError
from container.contract.media import ANSWER_TYPES, parse_media_type
from container.machine.memory import memory_limit
from container.machine.processors import processor_count

PLATFORM_ROOT = "/opt/ml"
INPUT_MODES = ("File", "FastFile", "Pipe")
DISTRIBUTIONS = ("FullyReplicated", "ShardedByS3Key")
BATCH_STRATEGIES = (
    "MULTI_RECORD",
    "SINGLE_RECORD",
    "MultiRecord",
    "SingleRecord",
)  # the SDK's local mode writes the latter
_LEVELS = {"10": "debug", "20": "info", "30": "warning", "40": "error", "50": "critical"}
LOG_LEVELS = _LEVELS | {name: name for name in _LEVELS.values()}
ON_OFF = ("on", "off")
NOT_GIVEN = (None, "null")  # what clients make of a hyperparameter that is None
DISPLAY_NAMES_VARIABLE = "TRAIN_DISPLAY_NAMES"  # an object of JSON: places below the root, and what people call them
WORKER_BYTES = 256 << 20


@dataclass(frozen=True)
class Paths:
    """The folders of the contract below one root.

    If the root consists of links to the user's files, `display_names` maps paths below it to the names the user knows.
    """

    root: Path
    display_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The folder of the job's JSON files."""
        return self.root / "input" / "config"

    @property
    def model(self) -> Path:
        """The folder of the model, written by training and read by serving."""
        return self.root / "model"

    @property
    def output(self) -> Path:
        """The folder of a job's other results."""
        return self.root / "output"

    @property
    def output_data(self) -> Path:
        """The folder that becomes output.tar.gz."""
        return self.output / "data"

    @property
    def checkpoints(self) -> Path:
        """The default folder of checkpoints."""
        return self.root / "checkpoints"

    @property
    def failure_file(self) -> Path:
        """The file whose first 1024 characters become the job's FailureReason."""
        return self.output / "failure"

    def channel_folder(self, name: str) -> Path:
        """Return the folder of a channel's files."""
        return self.root / "input" / "data" / name

    def display_name(self, path: Path) -> str:
        """Return a path as the user knows it, for messages."""
        for known in (path, *path.parents):
            if known.is_relative_to(self.root) and (name := self.display_names.get(str(known.relative_to(self.root)))):
                return str(Path(name, path.relative_to(known)))
        return str(path)


@dataclass(frozen=True)
class ChannelConfig:
    """One entry of inputdataconfig.json; `content_type` is None if the user gave none.

    `mode` is one of INPUT_MODES. With `is_wrapped`, the platform wraps each object of a stream in a recordIO record.
    With `sharded`, each host has other objects. `labelled` tells whether its rows have labels, which no file says but
    the program that reads them.
    """

    name: str
    content_type: str | None = None
    mode: str = "File"
    is_wrapped: bool = False
    sharded: bool = False
    labelled: bool = True


@dataclass(frozen=True)
class Job:
    """A training job as the platform describes it.

    `checkpoints` is a folder, None if no checkpoints are wanted. `hosts` are sorted by name, so that algo-10 precedes
    algo-2; they reach each other through `interface`. `wants_report` tells whether a report is written.
    """

    paths: Paths
    hyperparameters: dict[str, str]
    channels: dict[str, ChannelConfig]
    current_host: str
    hosts: tuple[str, ...]
    on_platform: bool
    checkpoints: Path | None = None
    interface: str = "eth0"
    wants_report: bool = True

    @property
    def is_leader(self) -> bool:
        """Tell whether this host is the first one, which does what is done once per job."""
        return self.current_host == self.hosts[0]


@dataclass(frozen=True)
class ServerSettings:
    """The settings of the server; `timeout` is in seconds, `default_accept` is used if the client sends no Accept.

    `payload_mb` limits the size of a request; 0 means no limit, and bodies are then streamed. `max_concurrent` and
    `strategy` are those of a batch transform, if its user set them. `shows_page` tells whether there is a web page. In
    JSON, answers are a list under `answers_key`.
    """

    port: int = 8080
    workers: int = 1
    timeout: int = 75
    default_accept: str = "application/json"
    model: Path = Path("model")
    multi_model: bool = False
    payload_mb: int | None = None
    max_concurrent: int | None = None
    strategy: str = "MULTI_RECORD"
    log_level: str = "info"
    shows_page: bool = True
    answers_key: str = "predictions"


def read_paths(environ: Mapping[str, str]) -> Paths:
    """Return the paths below SAGEMAKER_BASE_DIR, by default /opt/ml, with the display names of the command line."""
    called = json.loads(environ.get(DISPLAY_NAMES_VARIABLE) or "{}")
    return Paths(Path(environ.get("SAGEMAKER_BASE_DIR") or PLATFORM_ROOT), called)


def read_job(environ: Mapping[str, str], report_switch: str = "") -> Job:
    """Read the JSON files of a job; raise ClientError for the first that violates the contract.

    `report_switch` is the name of the variable that turns the report off, if there is one.
    """
    paths = read_paths(environ)
    hyperparameters = _read_json_object(paths.config / "hyperparameters.json", default={})
    current_host, hosts, interface = _read_resources(paths.config / "resourceconfig.json")
    return Job(
        paths=paths,
        hyperparameters={name: _to_text(value) for name, value in hyperparameters.items() if value not in NOT_GIVEN},
        channels=_read_channels(paths.config / "inputdataconfig.json"),
        current_host=current_host,
        hosts=hosts,
        on_platform="TRAINING_JOB_ARN" in environ,
        checkpoints=_find_checkpoint_folder(paths),
        interface=interface,
        wants_report=_read_switch(environ, report_switch),
    )


def read_server_settings(environ: Mapping[str, str], page_switch: str = "") -> ServerSettings:
    """Read the settings of the server from the environment; raise ClientError that lists every fault.

    `page_switch` is the name of the variable that turns the page off, if there is one.
    """
    faults: list[str] = []

    def read_integer(name: str, lowest: int, highest: int) -> int | None:
        text = environ.get(name, "").strip()
        if not text or (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            return int(text) if text else None
        faults.append(f"{name}: expected a whole number from {lowest} to {highest}, found {text!r}")
        return None

    def read_choice(name: str, known: Iterable[str], default: str, text: str) -> str:
        if (text or default) in known:
            return text or default
        faults.append(f"{name}: expected one of {', '.join(known)}, found {text!r}")
        return default

    accept, strategy = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "SAGEMAKER_BATCH_STRATEGY"
    level = "SAGEMAKER_CONTAINER_LOG_LEVEL"
    settings = ServerSettings(
        port=read_integer("SAGEMAKER_BIND_TO_PORT", 1, 65535) or 8080,
        workers=read_integer("SAGEMAKER_MODEL_SERVER_WORKERS", 1, 1000) or _default_worker_count(),
        timeout=read_integer("SAGEMAKER_MODEL_SERVER_TIMEOUT", 1, 86400) or 75,
        default_accept=read_choice(
            accept, ANSWER_TYPES, "application/json", parse_media_type(environ.get(accept, "")).name
        ),
        model=read_paths(environ).model,
        multi_model=environ.get("SAGEMAKER_MULTI_MODEL", "").strip().lower() == "true",
        payload_mb=read_integer("SAGEMAKER_MAX_PAYLOAD_IN_MB", 0, 1 << 20),
        max_concurrent=read_integer("SAGEMAKER_MAX_CONCURRENT_TRANSFORMS", 1, 10000),
        strategy=read_choice(strategy, BATCH_STRATEGIES, BATCH_STRATEGIES[0], environ.get(strategy, "").strip()),
        shows_page=read_choice(page_switch, ON_OFF, "on", environ.get(page_switch, "").strip().lower()) == "on",
        log_level=LOG_LEVELS[read_choice(level, LOG_LEVELS, "20", environ.get(level, "").strip().lower())],
    )
    if faults:
        raise ClientError("; ".join(faults) + ".")
    return settings


def _read_switch(environ: Mapping[str, str], name: str) -> bool:
    """Return whether an on/off variable is on, which is the default."""
    text = environ.get(name, "").strip().lower() or "on"
    if text not in ON_OFF:
        raise ClientError(f"{name}: expected {' or '.join(ON_OFF)}, found {text!r}.")
    return text == "on"


def _default_worker_count() -> int:
    """Return one worker per processor, limited by memory."""
    return max(1, min(processor_count(), memory_limit() // WORKER_BYTES))


def _read_resources(file: Path) -> tuple[str, tuple[str, ...], str]:
    """Return the name of this host, all hosts sorted by name, and their network interface."""
    resources = _read_json_object(file, default={})
    current_host = resources.get("current_host", "algo-1")
    interface = resources.get("network_interface_name") or "eth0"
    hosts = resources.get("hosts", [current_host])
    if not isinstance(hosts, list) or not all(isinstance(name, str) for name in (current_host, interface, *hosts)):
        raise ClientError(
            f"{file}: expected current_host and network_interface_name to be texts and hosts a list of texts."
        )
    if current_host not in hosts:
        raise ClientError(f"{file}: expected current_host to be one of {', '.join(hosts)}, found {current_host!r}.")
    if twice := sorted({host for host in hosts if hosts.count(host) > 1}):
        raise ClientError(f"{file}: expected every host once, found {', '.join(map(repr, twice))} more than once.")
    return current_host, tuple(sorted(hosts)), interface


def _find_checkpoint_folder(paths: Paths) -> Path | None:
    """Return the folder of checkpoints as configured, or the default one if it exists; None if there is neither."""
    file = paths.config / "checkpointconfig.json"
    config = _read_json_object(file, default={})
    if not config and not file.exists():
        return paths.checkpoints if paths.checkpoints.is_dir() else None
    folder = config.get("LocalPath") or f"{PLATFORM_ROOT}/checkpoints"
    if not isinstance(folder, str) or not folder.startswith("/"):
        raise ClientError(f"{file}: expected an absolute path as LocalPath, found {json.dumps(folder)[:80]}.")
    place = Path(folder)
    inside = place.is_relative_to(PLATFORM_ROOT)
    return paths.root / place.relative_to(PLATFORM_ROOT) if inside else place


def _read_channels(file: Path) -> dict[str, ChannelConfig]:
    channels = {}
    for name, entry in _read_json_object(file).items():
        if not isinstance(entry, dict):
            raise ClientError(f"{file}: expected an object for channel {name!r}, found {json.dumps(entry)[:80]}.")
        mode, content_type = entry.get("TrainingInputMode", "File"), entry.get("ContentType")
        distribution = entry.get("S3DistributionType", "FullyReplicated")
        if mode not in INPUT_MODES:
            modes = ", ".join(INPUT_MODES)
            raise ClientError(f"{file}: expected a TrainingInputMode of {modes} for channel {name!r}, found {mode!r}.")
        if distribution not in DISTRIBUTIONS:
            raise ClientError(
                f"{file}: expected an S3DistributionType of {' or '.join(DISTRIBUTIONS)} for channel {name!r}, "
                f"found {distribution!r}."
            )
        if not isinstance(content_type, str | None):
            raise ClientError(f"{file}: expected a text as ContentType of channel {name!r}, found {content_type!r}.")
        wrapped, sharded = entry.get("RecordWrapperType") == "RecordIO", distribution == "ShardedByS3Key"
        channels[name] = ChannelConfig(name, content_type, mode, wrapped, sharded)
    return channels


def is_live_terminal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Tell whether a stream is a terminal on which a line can be redrawn."""
    return stream.isatty() and environ.get("TERM") not in ("dumb", "unknown")


def _read_json_object(file: Path, default: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        if default is not None:
            return default
        raise ClientError(
            f"{file} is missing. It names the channels, such as "
            '{"train": {"TrainingInputMode": "File", "ContentType": "text/csv"}}; '
            "the data of a channel lies in input/data/<channel>."
        ) from None
    except json.JSONDecodeError as error:
        raise ClientError(f"{file}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}.") from None
    except UnicodeDecodeError as error:
        raise ClientError(f"{file}, byte {error.start + 1}: not JSON: expected UTF-8 text.") from None
    if not isinstance(value, dict):
        raise ClientError(f"{file}: expected a JSON object, found {json.dumps(value)[:80]}.")
    return value


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
