"""The programs of docs/sdk_v3.md as printed there, run by version 3 of Amazon's SDK against the image."""

import ast
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.demo import lay_out_job
from linear_learner.artifact.read import load_model
from linear_learner.objective.model import LinearModel
from open_algorithms.factorization_machines.artifact.read import load_model as load_machine
from open_algorithms.k_means.artifact.read import load_model as load_centers
from open_algorithms.pca.artifact.read import load_model as load_components
from tests.contract.example import read_example
from tests.contract.leftovers import remove_containers
from tests.needs import IMAGE, SDK3
from tests.page import describe_algorithm, read_blocks
from tests.ports import claim_port
from tests.sdk.programs import prepare_sdk, run_failing
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.image, pytest.mark.sdk3]
Run = Callable[..., Any]

STRANGER = 1234
SETTINGS = '{"predictor_type": "binary_classifier", "mini_batch_size": 20}'


def lay_out(folder: Path) -> Iterator[Path]:
    """Give the folder with the example, and remove the containers that the SDK leaves."""
    lay_out_job(folder / "opt_ml")
    yield folder
    remove_containers(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the example."""
    yield from lay_out(tmp_path)


@pytest.fixture
def run(folder: Path) -> Run:
    """Run the programs under some headings, and more, as one and give an expression of its end."""
    return prepare_programs(folder)


def prepare_programs(folder: Path) -> Run:
    """Give a function that runs programs in a folder, and leaves what they print in its file `log`."""
    blocks = read_blocks("python", "sdk_v3.md")
    beginning, port = blocks.pop("On your machine"), str(claim_port())
    sdk = prepare_sdk(folder, SDK3)

    def run(*titles: str, more: str = "", expression: str = "package") -> Any:
        program = "".join([beginning, *(blocks[title] for title in titles), more])
        program = program.replace("8080", port).replace("open-linear-learner:dev", IMAGE)
        log = sdk(f"{program}\nPath('answer').write_text(repr({expression}))")
        (folder / "log").write_text(log)
        return ast.literal_eval((folder / "answer").read_text())

    return run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What is left of the programs that deploy and ask, run as one."""
    titles = ("A trainer", "Serve and ask", "Transform files", "PCA, then K-Means")
    names = ("as_csv", "as_json", "scores", "components", "clusters", "nearest")
    arrays = ("features", "projections")
    kept = [*(f"{name!r}: {name}" for name in names), *(f"{name!r}: {name}.tolist()" for name in arrays)]
    for folder in lay_out(tmp_path_factory.mktemp("served")):
        yield prepare_programs(folder)(*titles, expression=f"{{'package': package, {', '.join(kept)}}}")


def unpacked(package: str) -> LinearModel:
    """Read a packed model."""
    path = Path(package.removeprefix("file://"))
    with tarfile.open(path) as files:
        files.extractall(path.parent / "unpacked", filter="data")
    return load_model(path.parent / "unpacked")


def assert_good(package: str) -> None:
    """See that the model is right on rows that it did not see."""
    X, y = read_example("validation")
    assert np.mean(unpacked(package).predict(X)["predicted_label"] == y) >= 0.96


def test_a_model_that_is_deployed_answers_csv_and_json(served: dict[str, Any]) -> None:
    model = unpacked(served["package"]).predict(read_example("validation")[0])
    answer = {"score": model["score"][0], "predicted_label": model["predicted_label"][0]}
    assert served["as_json"] == {"predictions": [answer]}
    assert served["as_csv"] == {"predictions": [answer, answer]}


def test_a_transformer_gives_the_scores_of_a_file(served: dict[str, Any]) -> None:
    model = unpacked(served["package"]).predict(read_example("validation")[0])
    rows = [[float(text) for text in line.split(",")] for line in served["scores"]]
    np.testing.assert_allclose(rows, np.column_stack([model["score"], model["predicted_label"]]), atol=1e-7)


def test_the_calls_of_boto3_alone_train_deploy_and_ask(run: Run) -> None:
    model, predictions = run("By the calls of boto3 alone", expression="(model, predictions)")
    expected = unpacked(model).predict(read_example("validation")[0])
    assert [row["predicted_label"] for row in predictions] == expected["predicted_label"].tolist()
    np.testing.assert_allclose([row["score"] for row in predictions], expected["score"], atol=1e-7)


def test_pca_and_k_means_take_turns(served: dict[str, Any]) -> None:
    components, clusters = (Path(served[name].removeprefix("file://")) for name in ("components", "clusters"))
    X, projected = np.array(served["features"], np.float32), np.array(served["projections"])
    np.testing.assert_allclose(load_components(components).predict(X)["projection"], projected, atol=1e-5)
    nearest = load_centers(clusters).predict(projected.astype(np.float32))["closest_cluster"]
    assert nearest.tolist() == served["nearest"]
    assert (X.shape, projected.shape, len(set(served["nearest"]))) == ((342, 30), (342, 5), 4)


def test_factorization_machines_are_trained(run: Run) -> None:
    package = run("Factorization Machines by a trainer")
    X, y = read_example("train")
    model = load_machine(Path(package.removeprefix("file://")))
    assert np.mean(model.predict(X)["predicted_label"] == y) > 0.95


def test_a_loop_of_trainers_keeps_the_best(run: Run, folder: Path) -> None:
    describe_algorithm(folder)
    trials, best = run("Tuning by a loop", expression="(trials, package)")
    assert len({str(drawn) for _, drawn, _ in trials}) == 3
    assert best == min(trials, key=lambda trial: trial[0])[2]
    X, y = read_example("validation")
    for figure, _, package in trials:
        model = unpacked(package)
        margin = (X @ model.weight + model.bias)[:, 0] * (2 * y - 1)
        assert figure == pytest.approx(np.mean(np.logaddexp(0, -margin)), rel=1e-4)


# the SDK's own way to Amazon is noted instead of gone
ASK_ONLY = """
from sagemaker.core.telemetry import telemetry_logging

sent = []
telemetry_logging._send_telemetry_request = lambda *told: sent.append(told)
trainer = dict(training_image=IMAGE, training_mode=Mode.LOCAL_CONTAINER, local_container_root=str(WORK))
ModelTrainer(**trainer).train(dry_run=True)
told = len(sent)
del os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"]
ModelTrainer(**trainer).train(dry_run=True)
"""


def test_the_settings_opt_out_of_telemetry(run: Run) -> None:
    assert run(more=ASK_ONLY, expression="(told, len(sent))") == (0, 1)


def test_two_hosts_meet_through_the_interface_that_there_is(run: Run, folder: Path) -> None:
    assert_good(run("Two hosts of a trainer"))
    log = (folder / "log").read_text()
    assert log.count("The hosts meet through the network interface 'eth0' (") == 2
    assert log.count("resourceconfig.json names 'ethwe', which has no address here.") == 2


def test_a_job_that_fails_raises_and_leaves_its_reason(run: Run) -> None:
    assert run_failing(run, "A failing trainer") == (
        "ClientError: The hyperparameters have these faults:\n"
        "- epoch: there is no such hyperparameter; did you mean epochs?"
    )


def test_a_script_runs_beside_the_algorithm(run: Run, folder: Path) -> None:
    assert_good(run("A script beside the algorithm"))
    channels = ("train", "validation", "code", "sm_drivers")
    log = (folder / "log").read_text()
    assert any(all(f"/opt/ml/input/data/{name}" in line for name in channels) for line in log.splitlines())


def write_wheel(folder: Path) -> str:
    """Write a package of one module, `notes`, as a wheel; return its name."""
    described = "notes-1.0.dist-info"
    with zipfile.ZipFile(folder / "notes-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("notes.py", "TEXT = 'what was required is here'\n")
        wheel.writestr(f"{described}/METADATA", "Metadata-Version: 2.1\nName: notes\nVersion: 1.0\n")
        wheel.writestr(f"{described}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{described}/RECORD", "")
    return "notes-1.0-py3-none-any.whl"


REQUIRE = f"""
package = train(channels, hyperparameters={SETTINGS}, source_code=SourceCode(command="train"))
command = "python3 -c 'import notes; print(notes.TEXT)' && train"
source = SourceCode(source_dir="source", requirements="needs.txt", command=command)
again = train(channels, hyperparameters={SETTINGS}, source_code=source)
"""


def test_what_a_script_requires_is_installed_and_the_algorithm_stays_the_same(run: Run, folder: Path) -> None:
    (folder / "source").mkdir()
    (folder / "source/needs.txt").write_text(f"--no-index\n./{write_wheel(folder / 'source')}\n")
    package, again = run(more=REQUIRE, expression="(package, again)")
    assert "what was required is here" in (folder / "log").read_text()
    assert_good(package)
    np.testing.assert_array_equal(unpacked(package).weight, unpacked(again).weight)


GO_ON = f"""
files = [
    InputData(channel_name=name, data_source=str(DATA / name / f"{{name}}.csv"), content_type="text/csv")
    for name in ("train", "validation")
]
nothing = dict(epochs=None, feature_dim=None)
first = train(files, hyperparameters={{**{SETTINGS}, **nothing}})
model = InputData(channel_name="model", data_source=first.removeprefix("file://"))
package = train([*files, model], hyperparameters={{**{SETTINGS}, **nothing, "use_bias": True}})
"""


def test_channels_may_be_files_a_model_among_them_and_hyperparameters_none(run: Run, folder: Path) -> None:
    folders, first, package = run(
        "A trainer", more=f"folders = package\n{GO_ON}", expression="(folders, first, package)"
    )
    np.testing.assert_array_equal(unpacked(first).weight, unpacked(folders).weight)
    assert_good(package)


@pytest.mark.root
def test_a_user_who_is_not_root_gets_the_model_and_no_root_is_left(folder: Path) -> None:
    program = "".join(read_blocks("python", "sdk_v3.md")[title] for title in ("On your machine", "A trainer"))
    for path in (folder, *folder.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    printed = prepare_sdk(folder, SDK3, as_stranger())(program.replace("open-linear-learner:dev", IMAGE))
    package = printed.splitlines()[-1]
    assert_good(package)
    assert Path(package.removeprefix("file://")).stat().st_uid == STRANGER
    root = Path(package.removeprefix("file://")).parent.parent
    assert not [path for path in (root / "input", root / "shared", root / "algo-1") if path.exists()]


def as_stranger() -> list[str]:
    """Give the beginning of a command of a user of no rights but to read, and to ask the engine."""
    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    ids = [f"--reuid={STRANGER}", f"--regid={STRANGER}", f"--groups={os.stat(engine).st_gid}"]
    return ["setpriv", *ids, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def test_a_program_that_asks_for_amazons_image_gets_the_one_of_its_name(run: Run) -> None:
    title = "A program that asks for Amazon's image"
    command = read_blocks("bash", "sdk_v3.md")[title].replace("open-linear-learner:dev", IMAGE)
    subprocess.run(["bash", "-ec", command], check=True, timeout=HANG_SECONDS)
    try:
        assert_good(run(title))
    finally:
        subprocess.run(["docker", "rmi", "--no-prune", command.split()[-1]], check=True, capture_output=True)
