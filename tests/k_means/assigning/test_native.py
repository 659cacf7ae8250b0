"""The native library assigns rows as numpy does, whoever does the work, and whatever sizes leave over of its tiles."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from open_algorithms.k_means.assigning import native
from open_algorithms.k_means.assigning.assignment import Assigner, Assignment
from open_algorithms.k_means.assigning.choice import choose_assigner
from open_algorithms.k_means.assigning.native import AssignmentJob, NativeAssigner
from open_algorithms.k_means.assigning.products import NumpyAssigner
from open_algorithms.learning.engine.native.build import FOLDER, library_name
from open_algorithms.learning.engine.native.library import Library, SharedWork, has_level
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.types.arrays import Float32s, Numbers
from tests.k_means.assigning.problems import (
    HOLD,
    assert_nearest,
    draw_problem,
    group_spans,
    hold_dense,
    hold_sparse,
    native_library,
)

pytestmark = pytest.mark.native
LEVELS = ("x86-64-v4", "x86-64-v3")
SIZES = [
    (300, 7, [3, 1, 20]),
    (1, 1, [1]),
    (2, 3, [5]),
    (49, 2, [2, 16, 15]),
    (1000, 70, [17, 40, 3, 90]),
    (130, 401, [10]),
    (7000, 17, [1] * 20),
]


def assign(assigner: Assigner, rows: AnyRows, centers: Float32s, ends: list[int]) -> Assignment:
    return assigner.assign(rows, centers, ends, with_labels=True, with_margins=True)


def parts(found: Assignment) -> list[Numbers]:
    assert found.labels is not None
    assert found.margins is not None
    return [found.counts, found.sums, found.labels, found.margins]


def bits(found: Assignment) -> list[bytes]:
    return [array.tobytes() for array in parts(found)]


def assert_alike(one: Assignment, other: Assignment) -> None:
    """They are the same but for roundings, which change no label of these rows."""
    for first, second in zip(parts(one), parts(other), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-4)


def native_assigner(processors: int = 1) -> NativeAssigner:
    return NativeAssigner(native_library(), processors)


@pytest.mark.parametrize("form", HOLD)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("rows", "features", "sizes"), SIZES)
def test_each_level_of_instructions_finds_the_nearest_centers(
    level: str, rows: int, features: int, sizes: list[int], form: str
) -> None:
    if not has_level(level):
        pytest.skip(f"this processor has no {level}")
    library = Library(ctypes.CDLL(str(FOLDER / library_name(level))), level)
    X, centers, ends = draw_problem(rows, features, sizes, held=0.6)
    for weights in (None, np.linspace(0, 3, rows, dtype=np.float32)):
        held = HOLD[form](X)
        held = held if weights is None else held.weigh_rows(weights)
        assert_nearest(held, centers, ends, assign(NativeAssigner(library, 3), held, centers, ends))


@pytest.mark.parametrize("form", HOLD)
def test_it_finds_what_numpy_finds(form: str) -> None:
    X, centers, ends = draw_problem(1000, 30, [8, 20, 2], held=0.5)
    held = HOLD[form](X)
    assert_alike(*(assign(assigner, held, centers, ends) for assigner in (native_assigner(), NumpyAssigner())))


def test_sparse_rows_are_assigned_as_dense_ones() -> None:
    X, centers, ends = draw_problem(1000, 30, [8, 20, 2], held=0.2)
    X[[0, 7, 999]] = 0
    assert_alike(*(assign(native_assigner(), hold(X), centers, ends) for hold in (hold_dense, hold_sparse)))


@pytest.mark.parametrize("form", HOLD)
def test_a_group_alone_is_assigned_as_beside_others_to_the_bit(form: str) -> None:
    X, centers, ends = draw_problem(3000, 100, [8, 50, 2, 1, 30], held=0.5)
    held = HOLD[form](X)
    together = parts(assign(native_assigner(), held, centers, ends))
    for group, (start, end) in enumerate(group_spans(ends)):
        counts, sums, labels, margins = parts(assign(native_assigner(), held, centers[start:end], [end - start]))
        np.testing.assert_array_equal(counts, together[0][start:end])
        np.testing.assert_array_equal(sums, together[1][start:end])
        np.testing.assert_array_equal(labels[:, 0], together[2][:, group])
        np.testing.assert_array_equal(margins[:, 0], together[3][:, group])


@pytest.mark.parametrize("form", HOLD)
def test_neither_threads_nor_looks_at_whether_to_stop_change_a_bit(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X, centers, ends = draw_problem(7000, 60, [8, 40, 2], held=0.3)
    held = HOLD[form](X)
    expected = bits(assign(native_assigner(), held, centers, ends))
    monkeypatch.setattr(native, "THREAD_COST", 1.0)
    assert bits(assign(native_assigner(5), held, centers, ends)) == expected
    monkeypatch.setattr(native, "RUN_COST", 1.0)
    assert bits(assign(native_assigner(3), held, centers, ends)) == expected
    monkeypatch.setattr(SharedWork, "run", lambda self, work: work(2))
    assert bits(assign(native_assigner(3), held, centers, ends)) == expected


@pytest.mark.parametrize("form", HOLD)
def test_of_equally_near_centers_the_first_is_taken(form: str) -> None:
    X, centers, _ = draw_problem(200, 40, [10])
    centers[[4, 9]] = centers[1]
    both = np.concatenate([centers, centers[::-1]])
    labels = assign(native_assigner(), HOLD[form](X), both, [10, 20]).labels
    assert labels is not None
    assert (labels == 1).any(axis=0)[0]
    assert not (labels[:, 0] == 4).any() | (labels[:, 0] == 9).any()
    assert not (labels[:, 1] == 5).any() | (labels[:, 1] == 8).any()


def test_rows_that_follow_those_that_are_assigned_do_not_touch_them() -> None:
    X, centers, ends = draw_problem(60, 3, [4, 2])
    alone = assign(native_assigner(), hold_dense(X[:50]), centers, ends)
    X[50:] = np.nan
    assert bits(assign(native_assigner(), hold_dense(X).slice_rows(0, 50), centers, ends)) == bits(alone)


def test_what_was_not_asked_for_is_none_and_nothing_is_found_in_no_rows() -> None:
    X, centers, ends = draw_problem(60, 3, [4, 2])
    found = native_assigner().assign(hold_dense(X).slice_rows(0, 0), centers, ends)
    assert (found.counts.sum(), abs(found.sums).sum(), found.labels, found.margins) == (0, 0, None, None)


def test_a_job_that_is_to_stop_stops_between_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "RUN_COST", 1.0)
    X, centers, ends = draw_problem(20_000, 3, [4, 2])
    looks = []

    def stop_at_third_look() -> None:
        looks.append(1)
        if len(looks) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        native_assigner().assign(hold_dense(X), centers, ends, raise_if_stopped=stop_at_third_look)


def test_a_signal_that_interrupts_the_work_waits_until_nobody_is_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What threads still write to must not be given back to the system, nor to the next call."""
    monkeypatch.setattr(native, "THREAD_COST", 1.0)
    X, centers, ends = draw_problem(20_000, 50, [10])
    held, at_work = hold_dense(X), []

    def interrupt(self: SharedWork, work: Callable[[int], object]) -> None:
        def come_and_go(number: int) -> None:
            if number == 0:
                raise KeyboardInterrupt
            at_work.append(number)
            work(number)
            at_work.remove(number)

        run(self, come_and_go)

    run = SharedWork.run
    monkeypatch.setattr(SharedWork, "run", interrupt)
    assigner = native_assigner(3)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            assigner.assign(held, centers, ends)
        assert at_work == []


def test_where_the_library_is_built_it_is_chosen() -> None:
    assert isinstance(choose_assigner(2), NativeAssigner)


def test_the_structure_is_that_of_the_library() -> None:
    size = native_library().functions.assignment_size
    size.restype = ctypes.c_int64
    assert ctypes.sizeof(AssignmentJob) == size()
