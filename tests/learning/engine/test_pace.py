"""The pace: the number of threads that is the fastest by now, found without losing much on the others."""

from collections.abc import Mapping
from itertools import pairwise

import pytest

from open_algorithms.learning.engine.pace import PART_SECONDS, RETURN_SHARE, TRIAL_SHARE, Pace

QUIET = {2: 0.001, 1: 0.0018}  # seconds an update, by threads
BESIDE_ONE = {2: 0.013, 1: 0.0019}
FOUR = {4: 0.001, 3: 0.0012, 2: 0.0017, 1: 0.003}
FOUR_BESIDE_ONE = {4: 0.02, 3: 0.0013, 2: 0.0018, 1: 0.003}
TOGETHER = 5000  # updates that nobody else waits for


def work(pace: Pace, costs: Mapping[int, float], seconds: float) -> list[tuple[int, int]]:
    """Let updates take their time for so long; give the threads and the updates of each part."""
    parts = []
    while seconds > 0:
        count, updates = pace.next_count, pace.next_part(TOGETHER)
        parts.append((count, updates))
        pace.record_timing(count, updates, updates * costs[count])
        seconds -= updates * costs[count]
    return parts


def time_lost(parts: list[tuple[int, int]], costs: Mapping[int, float]) -> float:
    """Return what part of the time would not have been needed."""
    taken = sum(updates * costs[count] for count, updates in parts)
    return 1 - sum(updates for _, updates in parts) * min(costs.values()) / taken


@pytest.mark.parametrize("costs", [QUIET, BESIDE_ONE, FOUR, FOUR_BESIDE_ONE])
def test_the_fastest_number_does_the_work_and_the_others_cost_next_to_nothing(costs: dict[int, float]) -> None:
    pace = Pace(list(costs))
    start = work(pace, costs, 1.5)
    assert time_lost(start, costs) < 0.1
    later = work(pace, costs, 60)
    assert pace.fastest_count == min(costs, key=lambda count: costs[count])
    assert time_lost(later, costs) < 1.2 * (TRIAL_SHARE if pace.fastest_count == max(costs) else RETURN_SHARE)


def test_a_neighbour_who_comes_is_made_room_for_after_one_part() -> None:
    pace = Pace([2, 1])
    work(pace, QUIET, 3)
    parts = work(pace, BESIDE_ONE, 3)
    first, *trials = [updates for count, updates in parts if count == 2]
    assert first == int(PART_SECONDS / QUIET[2])
    assert all(updates <= 3 for updates in trials)
    assert time_lost(parts, BESIDE_ONE) < 0.2


@pytest.mark.parametrize(("quiet", "busy"), [(QUIET, BESIDE_ONE), (FOUR, FOUR_BESIDE_ONE)])
def test_once_the_neighbour_has_left_all_threads_work_again_within_seconds(
    quiet: dict[int, float], busy: dict[int, float]
) -> None:
    pace = Pace(list(quiet))
    work(pace, quiet, 2)
    work(pace, busy, 30)
    assert pace.fastest_count < max(quiet)
    work(pace, quiet, 2)
    assert pace.fastest_count == max(quiet)


def test_where_others_never_pay_they_are_tried_less_often_the_dearer_they_are() -> None:
    for dear in (0.0012, 0.013, 0.1):
        costs = {2: 0.001, 1: dear}
        pace = Pace([2, 1])
        parts = work(pace, costs, 100)
        trials = [i for i, (count, _) in enumerate(parts) if count == 1]
        assert len(trials) > 2
        for first, second in pairwise(trials):
            between = sum(updates * costs[count] for count, updates in parts[first + 1 : second])
            lost = parts[first][1] * (dear - 0.001)
            assert between > 0.9 * lost / TRIAL_SHARE


def test_one_odd_part_does_not_change_the_number_for_long() -> None:
    pace = Pace([2, 1])
    work(pace, QUIET, 3)
    pace.record_timing(2, 10, 0.1)
    assert 2 in dict(work(pace, QUIET, 0.05))
    assert pace.fastest_count == 2


def test_no_part_is_longer_than_an_update_before_its_number_of_threads_is_known_to_be_fast() -> None:
    pace = Pace([2, 1])
    parts = work(pace, {2: 2.0, 1: 0.2}, 60)
    assert parts[:2] == [(2, 1), (1, 1)]
    assert max(updates for _, updates in parts) == 1


def test_where_only_one_number_will_do_the_work_is_not_cut() -> None:
    pace = Pace([8])
    assert set(work(pace, {8: 0.001}, 20)) == {(8, TOGETHER)}
