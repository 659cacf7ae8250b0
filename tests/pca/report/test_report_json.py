"""report.json: every key that programs may rely on."""

import json

from open_algorithms.learning.columns.recipe import NumberColumn, Recipe
from open_algorithms.learning.showing.report_json import encode_report
from open_algorithms.learning.work import Columns, Work
from open_algorithms.pca.learn import write_report
from tests.learning.job.recorder import Recorder
from tests.pca.jobs import find
from tests.pca.report.jobs import ROWS, TEST_ROWS, make_report
from tests.report_keys import Keys, add_keys, read_keys

NAMED = ("seconds", "given", "used", "versions")  # by the job
RECIPE = Recipe(tuple(NumberColumn(f"n{i}", 0.0) for i in range(8)))


def test_its_page_lists_every_key_and_none_that_is_not_there() -> None:
    texts = {"num_components": "2"}
    table = find(texts, ROWS, columns=Columns(RECIPE.feature_names, recipe=RECIPE))
    files = write_report(table, Work(texts, {}, Recorder(), seconds_by_part={"read": 1.0}))
    assert list(files) == ["report.json", "report.html"]
    found: Keys = {}
    for report in (files["report.json"], encode_report(make_report(test=TEST_ROWS))):
        add_keys(found, json.loads(report), NAMED)
    listed = read_keys("pca.md")
    assert {place: listed[place] for place in found} == found
    assert {place for place in listed if "." in place or "[]" in place} <= found.keys()
