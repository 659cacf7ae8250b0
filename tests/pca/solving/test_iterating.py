"""Components that are found pass by pass are those of the sums of all products."""

from dataclasses import replace

import numpy as np
import pytest

from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.pca.solving.components import Solution
from open_algorithms.pca.solving.exact import solve_gram
from open_algorithms.pca.solving.iterating import Search, search_components
from open_algorithms.pca.solving.moments import Moments
from open_algorithms.pca.sums.passes import RowPasses
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.stops import Stop
from tests.pca.data import draw_rows, draw_sparse_rows, hold_rows

PATIENT = Search(4, 8, 200, 0, None, is_centred=True, is_patient=True)


def ignore(passes: int, residual: float) -> None:
    pass


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("is_centred", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_they_are_exact_where_the_search_is_patient(sparse: bool, is_centred: bool, normalize: bool) -> None:
    X = draw_sparse_rows(300, 60) if sparse else draw_rows(300, 60)
    rows = RowPasses(hold_rows(X, sparse=sparse), parts=2)
    search = replace(PATIENT, is_centred=is_centred)
    if normalize:
        search = replace(search, choose_scales=lambda moments: moments.deviations)
    found = search_components(rows, search, ignore)
    totals = rows.sum_gram()
    moments = Moments.from_totals(totals.columns, rows.shift, is_centred=is_centred)
    exact = solve_gram(totals.products, moments, moments.deviations if normalize else np.ones(60), 4)
    np.testing.assert_allclose(found.components.singular_values, exact.singular_values[:4], rtol=1e-7)
    np.testing.assert_allclose(found.components.directions, exact.directions, atol=1e-4)
    assert found.components.total == pytest.approx(exact.total, rel=1e-9)
    np.testing.assert_allclose(found.moments.center, moments.center, atol=1e-9)


def test_a_few_passes_explain_nearly_as_much() -> None:
    rows = RowPasses(hold_rows(draw_sparse_rows(500, 200), sparse=True))
    quick = search_components(rows, replace(PATIENT, count=5, width=15, passes=4, is_patient=False), ignore)
    exact = search_components(rows, replace(PATIENT, count=5, width=15), ignore)
    assert quick.passes == 4
    assert quick.components.explained_ratios.sum() > 0.99 * exact.components.explained_ratios.sum()


def test_a_seed_gives_the_same_components_each_time() -> None:
    rows = RowPasses(hold_rows(draw_rows(50, 20)))
    first, second = (search_components(rows, PATIENT, ignore).components for _ in range(2))
    np.testing.assert_array_equal(first.directions, second.directions)


def test_a_stopped_search_gives_the_components_of_its_passes_so_far() -> None:
    rows = RowPasses(hold_rows(draw_rows(50, 40)), raise_if_stopped=Stop(3))
    found = search_components(rows, PATIENT, ignore)
    assert (found.passes, rows.was_stopped) == (2, True)
    assert np.isfinite(found.components.directions).all()


def test_a_search_that_is_stopped_in_its_first_pass_has_no_components() -> None:
    with pytest.raises(KeyboardInterrupt):
        search_components(RowPasses(hold_rows(draw_rows(50, 40)), raise_if_stopped=Stop(1)), PATIENT, ignore)


def search_on_hosts(count: int, stops: tuple[int | None, ...] = ()) -> list[Solution]:
    X = draw_rows(101, 30)

    def work(hosts: Hosts) -> Solution:
        stop = Stop(stops[hosts.rank]) if stops else Stop()
        data = hold_rows(X[hosts.rank :: count], first=X[:10])
        return search_components(RowPasses(data, 1, hosts, stop), PATIENT, ignore)

    return run_hosts(count, work)


def test_two_hosts_find_what_one_does() -> None:
    (one,), two = search_on_hosts(1), search_on_hosts(2)
    for found in two:
        np.testing.assert_allclose(found.components.singular_values, one.components.singular_values, rtol=1e-9)
        np.testing.assert_allclose(found.components.directions, one.components.directions, atol=1e-6)
        assert found.passes == one.passes
    np.testing.assert_array_equal(two[0].components.directions, two[1].components.directions)


def test_hosts_stop_together() -> None:
    first, second = search_on_hosts(2, stops=(3, None))
    assert first.passes == second.passes == 2
    np.testing.assert_array_equal(first.components.directions, second.components.directions)
