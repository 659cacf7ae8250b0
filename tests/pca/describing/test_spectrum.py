"""How many components a share of the variance takes."""

import pytest

from open_algorithms.pca.describing.spectrum import accumulate_ratios, count_components


@pytest.mark.parametrize(("share", "count"), [(0.5, 1), (0.6, 1), (0.61, 2), (0.9, 2), (1.0, 3)])
def test_components_are_counted_until_the_share_is_reached(share: float, count: int) -> None:
    assert count_components([0.6, 0.3, 0.1], share) == count


def test_there_is_no_answer_where_more_components_are_needed_than_are_known() -> None:
    assert count_components([0.6, 0.3], 0.95) is None
    assert count_components([0.0, 0.0], 0.5) is None


def test_shares_never_add_up_to_more_than_all() -> None:
    assert accumulate_ratios([0.7, 0.3 + 1e-15, 0.0]) == [0.7, 1.0, 1.0]
