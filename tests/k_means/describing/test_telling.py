"""What tells a center apart is where it is furthest from the mean of all rows."""

import numpy as np
import pytest

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.telling import Differences, largest_clusters, mean_center, read_sizes
from tests.k_means.tables import make_model, make_table_model

CENTERS = np.array([[0, 10, 5], [4, 12, 5]], np.float32)


def test_the_mean_is_that_of_centers_by_their_rows_or_of_all_alike() -> None:
    np.testing.assert_allclose(mean_center(CentroidModel(CENTERS, facts={"sizes": [3, 1]})), [1, 10.5, 5])
    np.testing.assert_allclose(mean_center(CentroidModel(CENTERS)), [2, 11, 5])


def test_features_come_by_their_distance_in_the_units_of_the_model_and_only_those_that_differ() -> None:
    found = Differences(CentroidModel(CENTERS, facts={"sizes": [3, 1]})).find(1, 5)
    assert [(one.name, one.away, one.center, one.mean) for one in found] == [
        ("f0", 3, "4", "1"),
        ("f1", 1.5, "12", "10.5"),
    ]
    scaled = CentroidModel(CENTERS, np.array([10, 1, 1], np.float32), {"sizes": [3, 1]})
    assert [(one.name, round(one.away, 6)) for one in Differences(scaled).find(1, 5)] == [("f1", 1.5), ("f0", 0.3)]
    assert len(Differences(scaled).find(1, 1)) == 1


def test_a_column_of_a_table_is_told_once_in_its_own_words() -> None:
    found = Differences(make_table_model()).find(0, 9)
    assert len({one.name.partition("=")[0].partition(" (")[0] for one in found}) == len(found)
    texts = {one.name: one.center for one in found}
    assert texts["age"] == "31.5"
    assert texts["since"] == "1600000123.2"
    assert texts["town=Rome"] == "0%"
    assert texts["day (days)"] == "2024-02-29"
    assert texts["hour (days)"] == "08:30"


@pytest.mark.parametrize(
    "sizes", [None, "many", [1], [1, 2, 3], [1.5, 2], [-1, 2], [True, "2"], [0, 0], [2**60, 1], {"0": 1}]
)
def test_sizes_that_a_file_says_wrongly_are_not_known(sizes: object) -> None:
    model = CentroidModel(CENTERS, facts={"sizes": sizes})
    assert read_sizes(model) is None
    assert Differences(model).mean_of == "centers"


def test_the_largest_clusters_come_first_where_they_are_too_many() -> None:
    model = make_model(5, facts={"sizes": [1, 5, 3, 5, 0]})
    assert largest_clusters(model, 5) == [0, 1, 2, 3, 4]
    assert largest_clusters(model, 3) == [1, 3, 2]
    assert largest_clusters(make_model(5), 3) == [0, 1, 2]
