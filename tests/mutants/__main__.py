"""Change a module in one place at a time and tell the changes that no test notices: `python -m tests.mutants MODULE`.

This process imports pytest and the libraries, a fork of it for each module what of ours does not import that module.
Each change is compiled and tested in a fork of the latter, by the tests that run the changed statement, the module's
own and the fast ones first.
"""

import argparse
import ast
import os
import random
import signal
import sys
import threading
import warnings
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from itertools import accumulate
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.mutants.changes import Change, list_changes

TOP = Path(__file__).resolve().parents[2]
OURS = ("container", "linear_learner", "open_algorithms")
NOT_OURS_ALONE = ("tests", "mxnet")  # which import ours, and which ours imports in a way of its own
SEED = 0  # of the sample
MOST_SECONDS = 3  # of tests of other modules for one change, as they take unchanged
LEAST_PATIENCE = 10  # seconds that tests of a change may take beside three times what they take unchanged
OPTIONS = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what this process has imported before
NO_CHANGE = Change(0, range(0), "", lambda: None)
Lines = set[tuple[str, int]]

settings.register_profile(
    "mutants", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
)


@dataclass(eq=False)
class Survey:
    """What the tests do with unchanged modules: how long each that passes takes, and which of their lines it runs.

    `libraries` are the modules of others that they import, `ours` those of the project.
    """

    files: Sequence[str]
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, Lines] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    libraries: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        ran: Lines = set()

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            if frame.f_code.co_filename not in self.files:
                return None
            ran.add((frame.f_code.co_filename, frame.f_lineno))
            return trace

        started = monotonic()
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            self.seconds[item.nodeid], self.lines[item.nodeid] = monotonic() - started, ran

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        for name in sys.modules:
            top = name.partition(".")[0]
            if top not in NOT_OURS_ALONE:
                (self.ours if top in OURS else self.libraries).append(name)

    def choose_tests(self, path: Path, change: Change) -> list[str]:
        """Return the tests that run the changed statement: the module's own, then the fast ones.

        What is changed at the import may be seen by any test; those that run the module come before the others.
        """
        file = str(path)
        wanted = {(file, line) for line in change.lines}
        running = [test for test in self.lines if test not in self.failed and (not wanted or wanted & self.lines[test])]
        running.sort(key=lambda test: (all(ran != file for ran, _ in self.lines[test]), self.seconds[test]))
        own = [test for test in running if f"/test_{path.stem}.py::" in test]
        others = [test for test in running if test not in own]
        total = list(accumulate(self.seconds[test] for test in others))
        return own + others[: bisect_left(total, MOST_SECONDS)]


class Selection:
    """Has pytest run certain tests in a certain order, and no others."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.places), key=lambda i: self.places[i.nodeid])


class ChangedModule(SourceFileLoader):
    """Finds and loads a module, compiled from a tree instead of its file; without a tree its import fails."""

    def __init__(self, path: Path, tree: ast.Module | None) -> None:
        super().__init__(module_name(path), str(path))
        self.tree = tree

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        if self.tree is None:
            raise ImportError(self.name)
        return compile(ast.fix_missing_locations(self.tree), self.path, "exec")


def main() -> None:
    """Test the modules that are named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Tell the changes no test notices.")
    parser.add_argument("paths", nargs="+", type=Path, help="modules, or folders of them")
    parser.add_argument("--sample", type=int, help="test so many changes of each module at most")
    parser.add_argument("--tests", nargs="+", help="tests, else those of the folder that mirrors the first module's")
    given = parser.parse_args()
    os.chdir(TOP)
    modules = sorted(path.resolve() for given_path in given.paths for path in list_modules(given_path))
    survey = survey_tests(modules, given.tests or [str(mirrored_folder(modules[0]))])
    counts = [in_fork(partial(try_module, path, survey, given.sample)) for path in modules]
    if None in counts:
        sys.exit(1)
    killed, total = (sum(column) for column in zip(*counts, strict=True))
    print(f"{killed} of {total} noticed, {100 * killed / total:.1f} %")


def list_modules(path: Path) -> list[Path]:
    """Return the modules of a folder that somebody wrote, or the one module."""
    if path.is_file():
        return [path]
    return [p for p in path.rglob("*.py") if p.name != "__init__.py" and not p.stem.endswith("_pb2")]


def mirrored_folder(path: Path) -> Path:
    """Return the nearest folder of tests that mirrors a module's."""
    mirrors = (Path("tests") / folder for folder in path.relative_to(TOP).parents)
    return next(folder for folder in mirrors if folder.is_dir())


def module_name(path: Path) -> str:
    """Return the name under which a module is imported."""
    return ".".join(path.relative_to(TOP).with_suffix("").parts)


def survey_tests(modules: Sequence[Path], tests: Sequence[str]) -> Survey:
    """Run the tests once, and import what they import of others."""

    def run_unchanged() -> Survey:
        survey = Survey([str(path) for path in modules])
        run_pytest(tests, survey)
        return survey

    survey: Survey = in_fork(run_unchanged)
    if not survey.seconds:
        sys.exit(f"no test was run: {' '.join(tests)}")
    import_all(survey.libraries)
    print(f"{len(survey.seconds)} tests; these fail unchanged: {sorted(survey.failed) or 'none'}", flush=True)
    return survey


def import_all(names: Sequence[str]) -> None:
    """Import what can be imported here."""
    for name in names:
        with suppress(Exception), warnings.catch_warnings(action="ignore"):
            import_module(name)


def try_module(path: Path, survey: Survey, sample: int | None) -> tuple[int, int]:
    """Try the changes of a module; return how many of how many were noticed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    changes = list_changes(tree)
    if sample is not None and sample < len(changes):
        places = sorted(random.Random(SEED).sample(range(len(changes)), sample))
        changes = [changes[place] for place in places]
    absent = ChangedModule(path, None)
    sys.meta_path.insert(0, absent)
    import_all(survey.ours)
    sys.meta_path.remove(absent)
    name = path.relative_to(TOP)
    if is_noticed(path, tree, NO_CHANGE, survey):
        sys.exit(f"{name}: its tests fail in a fork without a change")
    started = monotonic()
    unnoticed = [change for change in changes if not is_noticed(path, tree, change, survey)]
    noticed, took = len(changes) - len(unnoticed), monotonic() - started
    print(f"{name}: {noticed} of {len(changes)} noticed, in {took:.0f} s", flush=True)
    for change in unnoticed:
        print(f"    {change.line}: {change.words}", flush=True)
    return noticed, len(changes)


def is_noticed(path: Path, tree: ast.Module, change: Change, survey: Survey) -> bool:
    """Tell whether a test fails, or does not come to an end, with one change of a module."""
    tests = survey.choose_tests(path, change)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))

    def run_changed() -> int:
        change.apply()
        sys.meta_path.insert(0, ChangedModule(path, tree))
        return run_pytest(files, Selection(tests), "-x")

    patience = LEAST_PATIENCE + 3 * sum(survey.seconds[test] for test in tests)
    return bool(tests) and in_fork(run_changed, patience) not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )


def run_pytest(tests: Sequence[str], plugin: object, *options: str) -> int:
    """Run tests in this process, silently."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    return int(pytest.main([*OPTIONS, *options, *tests], plugins=[plugin]))


def in_fork(work: Any, patience: float | None = None) -> Any:
    """Return what `work` returns in a fork of this process; None where it takes too long or dies."""

    def run(sender: Connection) -> None:
        os.setsid()
        sender.send(work())

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run, args=(sender,))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(patience) else None
    except EOFError:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        receiver.close()


if __name__ == "__main__":
    main()
