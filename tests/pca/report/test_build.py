"""The report tells of all components, the largest first."""

import json

import numpy as np
import pytest

from open_algorithms.learning.showing.report_json import encode_report
from open_algorithms.learning.types.arrays import Float32s
from tests.pca.data import exact_singular_values
from tests.pca.report.jobs import ROWS, TEST_ROWS, make_report, stretch

REPORT = make_report(test=TEST_ROWS)


def test_every_component_is_told_whatever_the_model_has() -> None:
    values = exact_singular_values(ROWS)
    np.testing.assert_allclose(REPORT.spectrum.singular_values, values, rtol=1e-6)
    np.testing.assert_allclose(REPORT.spectrum.explained_variance_ratios, values**2 / (values**2).sum(), rtol=1e-5)
    assert [(entry.component, entry.place) for entry in REPORT.components] == [(1, 2), (2, 1), (3, 0)]
    np.testing.assert_allclose([entry.variance for entry in REPORT.components], values[:3] ** 2 / 299, rtol=1e-5)
    totals = np.cumsum([entry.explained_variance_ratio for entry in REPORT.components])
    np.testing.assert_allclose([entry.cumulative_ratio for entry in REPORT.components], totals)


def test_loadings_have_names_and_squares_that_add_up_to_1() -> None:
    for entry in REPORT.components:
        assert sum(one.loading**2 for one in entry.loadings) == pytest.approx(1)
        assert entry.loadings[0].loading > 0
        assert {one.feature for one in entry.loadings} == {f"n{i}" for i in range(8)}


def test_what_is_kept_of_features_adds_up_to_what_is_kept_of_all() -> None:
    kept = sum(entry.share * entry.explained for entry in REPORT.features)
    assert kept == pytest.approx(REPORT.data.channels["train"].explained_variance_ratio, rel=1e-6)
    assert sum(entry.share for entry in REPORT.features) == pytest.approx(1)


def test_channels_are_measured() -> None:
    assert {name: found.rows for name, found in REPORT.data.channels.items()} == {"train": 300, "test": 40}


def test_the_number_of_components_for_a_share_is_told() -> None:
    totals = np.cumsum(REPORT.spectrum.explained_variance_ratios)
    assert {one.share: one.components for one in REPORT.needed} == {
        share: int((totals < share).sum()) + 1 for share in (0.5, 0.8, 0.9, 0.95, 0.99)
    }


def test_the_feature_of_the_largest_variance_is_told() -> None:
    report = make_report(X=stretch(ROWS, 5))
    assert report.data.dominant == "n5"
    assert report.data.dominant_share > 0.99
    assert make_report({"normalize_data": "true"}, stretch(ROWS, 5)).data.dominant_share == pytest.approx(1 / 8)


@pytest.mark.parametrize("X", [ROWS[:1], np.zeros((5, 3), np.float32), ROWS])
@pytest.mark.parametrize("subtract", ["true", "false"])
def test_report_json_has_no_number_that_is_none(X: Float32s, subtract: str) -> None:
    found = json.loads(encode_report(make_report({"subtract_mean": subtract}, X)))
    assert "null" not in json.dumps([found["components"], found["spectrum"], found["features"], found["data"]])
    assert len(found["sample"]["x"]) == len(found["sample"]["y"]) == len(X)


def test_one_component_has_one_axis() -> None:
    assert make_report({"num_components": "1"}).sample.y == []
