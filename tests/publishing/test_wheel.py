"""The wheel beside today's numpy, pandas, scikit-learn and polars, in an environment that has nothing else."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from linear_learner import __version__
from open_algorithms.learning.engine.native.build import levels, library_name
from tests.modules import ALGORITHMS, algorithm_word
from tests.needs import PACKAGES, TOP, find_wheel
from tests.page import README, run_script, split_page
from tests.typed import SHELL, type_block

pytestmark = [pytest.mark.wheel, pytest.mark.processes]

TODAY = ("numpy>=2", "pandas", "polars", "scikit-learn")
SUITE = ("tests/learning", "tests/container", *(f"tests/{algorithm_word(package)}" for package in ALGORITHMS))
ROWS, FEATURES, WIDE = 300, 6, 3000
PREDICTORS = {"binary_classifier": 2, "multiclass_classifier": 3, "regressor": 0}  # and their classes


@dataclass(frozen=True)
class Environment:
    """An environment, what was in it before the wheel, and a folder away from the checkout."""

    bin: Path
    before: set[str]
    folder: Path

    def run(self, *words: object) -> str:
        """Run one of its programs away from the checkout; return what it prints."""
        name, *others = map(str, words)
        ended = subprocess.run([self.bin / name, *others], cwd=self.folder, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr
        return ended.stdout


def read_report(file: Path) -> dict[str, Any]:
    """Read a report; of scores, which numpy sums in float64, without the last digits, in which its versions differ."""
    report: dict[str, Any] = json.loads(file.read_text(), parse_float=lambda text: float(f"{float(text):.12g}"))
    return report


@pytest.fixture(scope="module")
def wheel() -> Path:
    found = find_wheel()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the packages of requirements/today.txt, and then the wheel with its extras."""
    folder = tmp_path_factory.mktemp("away")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    bare = Environment(folder / "env" / "bin", set(), folder)
    bare.run("pip", "install", "--quiet", "--require-hashes", "-r", TOP / "requirements" / "today.txt")
    before = set(bare.run("pip", "freeze").split("\n"))
    bare.run("pip", "install", "--quiet", f"{wheel}[onnx,sklearn]")
    return Environment(bare.bin, before, folder)


def test_it_changes_nothing_that_was_there_and_lacks_nothing(environment: Environment) -> None:
    assert environment.before <= set(environment.run("pip", "freeze").split("\n"))
    assert environment.run("pip", "check") == "No broken requirements found.\n"


def test_the_first_model_of_the_readme_is_trained_measured_exported_and_served(environment: Environment) -> None:
    (text,) = (
        block.text for block in split_page(README) if block.heading == "A model of your own" and block.language == "sh"
    )
    folder = environment.folder / "readme"
    shutil.copytree(TOP / "examples", folder / "examples")
    script = type_block(text.replace(".venv/bin/", f"{environment.bin}/"))
    printed = run_script(SHELL + script, folder)
    assert "binary_classification_accuracy" in printed
    assert (folder / "model.onnx").exists()
    assert (folder / "predictions.csv").read_text().startswith("predicted_label,score\n1,")
    versions = json.loads((folder / "model" / "report.json").read_text())["versions"]
    assert (versions["open-linear-learner"], versions["mxnet"]) == (__version__, "1.9.1")
    assert int(versions["numpy"].split(".")[0]) >= 2


def write_rows(folder: Path, classes: int, sparse: bool) -> Path:
    """Write a table of numbers, or sparse rows, whose label depends on the first features."""
    random = np.random.default_rng(7)
    X = random.standard_normal((ROWS, FEATURES)).astype(np.float32)
    margin = X[:, 0] - X[:, 1]
    y = np.digitize(margin, [0.5] if classes == 2 else [-0.5, 0.5]) if classes else margin
    if not sparse:
        path = folder / f"{classes}.csv"
        np.savetxt(path, np.column_stack([y, X]), "%.6g", ",")
        return path
    path = folder / f"{classes}.libsvm"
    with path.open("w") as lines:
        for label, row in zip(y, X, strict=True):
            places = np.sort(random.choice(WIDE, FEATURES, replace=False))
            pairs = " ".join(f"{place + 1}:{value:.6g}" for place, value in zip(places, row, strict=True))
            lines.write(f"{label:.6g} {pairs}\n")
    return path


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("predictor", PREDICTORS)
def test_a_model_has_the_same_bits_by_either_numpy(
    environment: Environment, tmp_path: Path, predictor: str, sparse: bool
) -> None:
    rows = write_rows(tmp_path, PREDICTORS[predictor], sparse)
    words = ["train", str(rows), *([] if sparse else ["--target-first"])]
    # What is solved is computed in float64 by numpy, whose releases round differently.
    settings = [f"predictor_type={predictor}", "epochs=3", "mini_batch_size=50", "num_models=32"]
    settings += ["num_classes=3"] if predictor == "multiclass_classifier" else []
    words += [word for setting in settings for word in ("--set", setting)]
    environment.run("linear_learner", *words, "--out", tmp_path / "new")
    by_ours = [sys.executable, "-m", "open_algorithms.commands", *words, "--out", str(tmp_path / "old")]
    subprocess.run(by_ours, cwd=TOP, check=True, capture_output=True)
    new, old = ((tmp_path / name / "mx-mod-0000.params").read_bytes() for name in ("new", "old"))
    assert new == old
    reports = [read_report(tmp_path / name / "report.json") for name in ("new", "old")]
    assert {report["data"]["sparse"] for report in reports} == {sparse}
    for report in reports:
        del report["seconds"], report["versions"]
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("word", "option", "columns"),
    [
        (
            "factorization_machines",
            ("--target-first", "--set", "predictor_type=regressor", "--set", "epochs=2"),
            ["score"],
        ),
        ("k_means", ("--k", "3"), ["closest_cluster", "distance_to_cluster"]),
        ("pca", ("--num-components", "2"), ["projection_0", "projection_1"]),
    ],
)
def test_another_algorithm_trains_and_predicts_by_its_own_word(
    environment: Environment, tmp_path: Path, word: str, option: tuple[str, ...], columns: list[str]
) -> None:
    rows, model = write_rows(tmp_path, 0, sparse=False), tmp_path / "model"
    environment.run(word, "train", rows, *option, "--out", model)
    head, *answers = environment.run(word, "predict", model, rows).splitlines()
    assert (head.split(","), len(answers)) == (columns, ROWS)
    assert int(json.loads((model / "report.json").read_text())["versions"]["numpy"].split(".")[0]) >= 2
    assert (model / "report.html").exists()


def test_it_carries_all_that_lies_beside_the_modules(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        carried = set(packed.namelist())
    kinds = (".c", ".css", ".h", ".html", ".yaml", ".typed")
    beside = {path for package in PACKAGES for path in (TOP / package).rglob("*") if path.suffix in kinds}
    names = {str(path.relative_to(TOP)) for path in beside}
    assert {f"{package.replace('.', '/')}/hyperparameters.yaml" for package in ALGORITHMS} <= names
    assert names <= carried


def test_it_carries_types_licences_and_nothing_by_a_general_name(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        names = packed.namelist()
    own = f"open_linear_learner-{__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {*PACKAGES, own}
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    carried = "open_algorithms/learning/engine/carried"
    assert {f"{own}/licenses/LICENSE", f"{carried}/LICENCES-OF-LIBRARIES.txt"} <= set(names)
    assert f"{carried}/mxnet-1.9.1.dist-info/METADATA" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(f"{carried}/mxnet/include")]


def test_it_carries_the_native_library_for_every_level(wheel: Path, environment: Environment) -> None:
    with ZipFile(wheel) as packed:
        carried = {name.rpartition("/")[2] for name in packed.namelist() if name.endswith(".so") and "/native/" in name}
    assert carried == set(map(library_name, levels()))
    program = "from open_algorithms.learning.engine.native import library; print(library.find_library().level)"
    assert environment.run("python", "-c", program).strip() in levels()


def test_the_quick_tests_pass_with_its_modules_and_numpy_2(environment: Environment) -> None:
    (site,) = environment.bin.parent.glob("lib/python*/site-packages")
    (site / "tests.pth").write_text(f"{TOP}\n")  # the checkout comes last, where only its tests are found
    without = "not (image or sdk or wheel or kills or streams or browser or processes or whole_mxnet)"
    words = [
        "-q",
        "--numprocesses",
        "2",
        "-p",
        "no:cacheprovider",
        "-o",
        "pythonpath=",
        "--hypothesis-profile",
        "quick",
        "-m",
        without,
    ]
    suite = ["--ignore-glob", TOP / "*_in_browser.py", *(TOP / folder for folder in SUITE)]
    environment.run("python", "-P", "-m", "pytest", "-c", TOP / "pyproject.toml", *words, *suite)
    imported = "import numpy, open_algorithms; print(numpy.__version__, open_algorithms.__file__)"
    version, file = environment.run("python", "-P", "-c", imported).split()
    assert int(version.split(".")[0]) >= 2
    assert Path(file).is_relative_to(site)


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_all_that_it_requires_has_wheels(wheel: Path, tmp_path: Path, version: str) -> None:
    where = ["--dry-run", "--ignore-installed", "--target", str(tmp_path), "--python-version", version]
    words = [sys.executable, "-m", "pip", "install", "--quiet", *where, "--only-binary", ":all:"]
    subprocess.run([*words, f"{wheel}[onnx,sklearn]", *TODAY], check=True, capture_output=True)
